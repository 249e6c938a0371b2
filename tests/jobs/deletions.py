"""A dataset group with users in three datasets, and deletion jobs on it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from personalize_local.jobs import deleting
from personalize_local.jobs.sweeping import sweep
from personalize_local.store.records import Job
from tests.datasets.helpers import ACTION, EVENT, TIME, USER, interactions, schema

from .ground import GROUP, Ground

JOB = "arn:aws:personalize:us-east-1:123456789012:data-deletion-job/job"
USERS = schema("Users", USER, {"name": "AGE", "type": "int"})
EVENTS = interactions()
ACTIONS = schema("Action_Interactions", USER, ACTION, EVENT, TIME)


class Deletions(Ground):
    """A group with the three datasets that have users in them, and deletion jobs on it."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.users = self.dataset(USERS)
        self.interactions = self.dataset(EVENTS)
        self.actions = self.dataset(ACTIONS)
        self._jobs = 0

    def stock(self) -> None:
        """Two segments of interactions, one of the others, and something of each that came by itself."""
        self.load(self.users, USERS, "USER_ID,AGE\nann,1\nbob,2\n")
        self.load(self.interactions, EVENTS, "USER_ID,ITEM_ID,TIMESTAMP\nann,i,1\nbob,i,1\nann,i,2\n")
        self.load(self.interactions, EVENTS, "USER_ID,ITEM_ID,TIMESTAMP\nbob,i,3\n")
        self.load(self.actions, ACTIONS, "USER_ID,ACTION_ID,EVENT_TYPE,TIMESTAMP\nann,a,Taken,1\n")
        self.put(self.users, ("ann", {"AGE": 3}), ("bob", {"AGE": 4}), ("ann", {"AGE": 5}))
        self.send(("ann", "s1", "x"), (None, "s1", "y"), ("bob", "s2", "x"), (None, "s3", "y"))
        self.send(("ann", "s1", "a"), ("bob", "s2", "a"), stream=self.actions)

    def job(self, *files: tuple[str, str], location: str = "s3://bucket/in/") -> Job:
        """A job in the store, with its input in the bucket."""
        for name, text in files:
            path = self.bucket / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode())
        self._jobs += 1
        payload = {
            "account": "123456789012",
            "group": GROUP,
            "location": location,
            "input": str(uuid.uuid4()),
            "users": str(uuid.uuid4()),
            "datasets": {
                arn.rpartition("/")[2]: {
                    "dataset": arn,
                    "replacements": {one["folder"]: str(uuid.uuid4()) for one in self.segments(arn)},
                }
                for arn in (self.users, self.interactions, self.actions)
            },
        }
        job = Job(arn=f"{JOB}{self._jobs}", kind="dataDeletionJob", payload=payload, submitted=1.0)
        self.insert(job.arn, "dataDeletionJob")
        with self.database.write() as rows:
            rows.add_job(job)
        return job

    def complete(self, job: Job, result: Mapping[str, Any]) -> int:
        """What the server does at the end of a job; the count that it shows."""
        done = replace(job, state="DONE", result=result, finished=2.0)
        with self.database.write() as rows:
            assert rows.finish_job(done)
            deleting.complete(rows, done, self.workplace)
        sweep(self.database, self.workplace)
        return int(self.state(job.arn)["numDeleted"])

    def delete(self, *ids: str) -> int:
        job = self.job(("in/a.csv", "\n".join(["USER_ID", *ids])))
        return self.complete(job, deleting.run(job.payload, self.workplace))

    def everything(self) -> dict[str, list[Any]]:
        return {
            "users": [row[0] for row in self.imported(self.users)] + self.put_rows(self.users),
            "interactions": [row[0] for row in self.imported(self.interactions)],
            "actions": [row[0] for row in self.imported(self.actions)],
            "events": self.events(),
            "action events": self.events(self.actions),
        }

    def folders(self) -> set[str]:
        return {path.name for room in ("datasets", "spool") for path in (self.root / room).glob("*")}

    def in_force(self) -> set[str]:
        return {
            str(one["folder"]) for arn in (self.users, self.interactions, self.actions) for one in self.segments(arn)
        }

    def marks(self) -> frozenset[str]:
        with self.database.read() as rows:
            return rows.forgotten(GROUP, 0)
