"""A group of every dataset on a server of the test's own, and what its store holds."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from personalize_local.datasets.schema import parse_schema
from personalize_local.engine.data import TrainingData
from personalize_local.jobs.streaming import OwnedEvent, owned_events
from personalize_local.jobs.training import snapshot
from personalize_local.jobs.workplace import Workplace
from personalize_local.store.objects import ObjectsConfig
from tests.conftest import Small
from tests.wire.program import POPULARITY, Program, avro

INTERACTIONS = avro(
    "Interactions",
    ("USER_ID", "string"),
    ("ITEM_ID", "string"),
    ("TIMESTAMP", "long"),
    ("EVENT_TYPE", "string"),
    ("EVENT_VALUE", ["null", "float"]),
    ("IMPRESSION", ["null", "string"]),
    ("RECOMMENDATION_ID", ["null", "string"]),
    ("EVENT_ATTRIBUTION_SOURCE", ["null", "string"]),
    ("DWELL_TIME", ["null", "int"]),
)
ITEMS = avro(
    "Items",
    ("ITEM_ID", "string"),
    {"name": "GENRE", "type": ["null", "string"], "categorical": True},
    ("NUM_RATINGS", ["null", "long"]),
    ("PRICE", "float"),
    ("CREATION_TIMESTAMP", "long"),
)
WIDER_ITEMS = json.dumps(
    {**json.loads(ITEMS), "fields": [*json.loads(ITEMS)["fields"], {"name": "YEAR", "type": ["null", "int"]}]}
)
USERS = avro("Users", ("USER_ID", "string"), {"name": "PLAN", "type": ["null", "string"], "categorical": True})
ACTIONS = avro(
    "Actions",
    ("ACTION_ID", "string"),
    {"name": "KIND", "type": ["null", "string"], "categorical": True},
    ("VALUE", ["null", "long"]),
)
ACTION_INTERACTIONS = avro(
    "ActionInteractions",
    ("USER_ID", "string"),
    ("ACTION_ID", "string"),
    ("EVENT_TYPE", "string"),
    ("TIMESTAMP", "long"),
    ("IMPRESSION", ["null", "string"]),
    ("DEVICE", "string"),
)
TEXTS = {
    "INTERACTIONS": INTERACTIONS,
    "ITEMS": ITEMS,
    "USERS": USERS,
    "ACTIONS": ACTIONS,
    "ACTION_INTERACTIONS": ACTION_INTERACTIONS,
}
TIME = 1_700_000_000
WHOLE: dict[str, Any] = {"price": 2.5, "creationTimestamp": TIME}
"""What an item must have."""


@dataclass(frozen=True, kw_only=True)
class Ground:
    """``datasets`` by their types; ``tracking`` is for events, ``actions_tracking`` for action interactions."""

    small: Small
    group: str
    datasets: dict[str, str]
    tracking: str
    actions_tracking: str

    @property
    def program(self) -> Program:
        return self.small.program

    # Sending

    def item(self, id_: str, **properties: Any) -> None:
        given = json.dumps({**WHOLE, **properties})
        self.program.events.put_items(datasetArn=self.datasets["ITEMS"], items=[{"itemId": id_, "properties": given}])

    def event(self, *, session: str = "s", user: str | None = "u", **event: Any) -> None:
        self.program.events.put_events(
            trackingId=self.tracking,
            sessionId=session,
            eventList=[{"eventType": "watch", "sentAt": TIME, "itemId": "a1", **event}],
            **({} if user is None else {"userId": user}),
        )

    def action(self, event_type: str = "Taken", **more: Any) -> None:
        given = {"actionId": "offer", "userId": "u", "sessionId": "s", "timestamp": TIME, "eventType": event_type}
        self.program.events.put_action_interactions(
            trackingId=self.actions_tracking, actionInteractions=[{**given, **more}]
        )

    # Looking

    def rows(self, kind: str) -> list[tuple[str, dict[str, Any]]]:
        """What was put in a dataset, in order of arrival."""
        dataset = self.datasets[kind]
        with self.small.server.emulator.database.read() as rows:
            return [(id_, values) for _, id_, values in rows.rows_of(dataset, rows.last_row(dataset))]

    def kept(self, kind: str = "INTERACTIONS") -> list[OwnedEvent]:
        """The events that a job finds, with the columns of their dataset."""
        stream = self.group if kind == "INTERACTIONS" else self.datasets[kind]
        with self.small.server.emulator.database.read() as rows:
            schema = parse_schema(TEXTS[kind], None)
            return list(owned_events(rows, stream, rows.last_event(stream), schema))

    def trained(self, name: str) -> TrainingData:
        """What a training that begins now learns from."""
        version = self.program.version(self.program.solution(self.group, name, POPULARITY, performAutoTraining=False))
        emulator = self.small.server.emulator
        with emulator.database.read() as rows:
            job = rows.job(version)
        assert job is not None
        workplace = Workplace(root=emulator.root, storage=ObjectsConfig(), seed=0, relaxed_minimums=True)
        assert job.state == "DONE", job.result
        return snapshot(job.payload, workplace)


def stand(small: Small) -> Ground:
    """A group with a dataset of every type and both trackers, without data."""
    program = small.program
    group = program.group()
    datasets = {kind: program.dataset(group, kind, text) for kind, text in TEXTS.items()}
    described = program.personalize.describe_dataset(datasetArn=datasets["ACTION_INTERACTIONS"])["dataset"]
    return Ground(
        small=small,
        group=group,
        datasets=datasets,
        tracking=program.tracker(group),
        actions_tracking=described["trackingId"],
    )
