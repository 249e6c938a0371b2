"""A store, a data folder and buckets, on which the work of a job runs without a server."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from personalize_local.datasets.csv import read_batches
from personalize_local.datasets.schema import Schema
from personalize_local.datasets.segments import open_segment, write_segment
from personalize_local.jobs.holdings import reference
from personalize_local.jobs.workplace import Workplace, database_path
from personalize_local.store.database import Database
from personalize_local.store.objects import ObjectsConfig
from personalize_local.store.records import Record, StreamedEvent
from tests.datasets.helpers import source

GROUP = "arn:aws:personalize:us-east-1:123456789012:dataset-group/shop"


class Ground:
    """One dataset group. Buckets are folders, ``bucket`` is one of them."""

    def __init__(self, root: Path) -> None:
        self.root, self.bucket = root / "data", root / "buckets" / "bucket"
        self.bucket.mkdir(parents=True)
        self.root.mkdir()
        storage = ObjectsConfig(root=root / "buckets")
        self.workplace = Workplace(root=self.root, storage=storage, seed=0, relaxed_minimums=True)
        self.database = Database(database_path(self.root))

    def dataset(self, schema: Schema, *files: str) -> str:
        """A dataset with an imported segment for each file; its ARN."""
        arn = f"{GROUP.replace(':dataset-group/', ':dataset/')}/{schema.dataset_type}"
        with self.database.write() as rows:
            rows.insert(self._record(f"{arn}-schema", "schema", {"schema": schema.text}))
            rows.insert(
                self._record(
                    arn, "dataset", {"datasetType": schema.dataset_type, "schemaArn": f"{arn}-schema"}, parent=GROUP
                )
            )
        for text in files:
            self.load(arn, schema, text)
        return arn

    def load(self, arn: str, schema: Schema, text: str) -> str:
        """Add a segment as an import does; its folder."""
        folder = str(uuid.uuid4())
        info = write_segment(read_batches([source(text)], schema), schema, self.root / "datasets" / folder)
        with self.database.write() as rows:
            record = rows.get(arn)
            assert record is not None
            segment = {"folder": folder, "rows": info.rows, "after": rows.last_row(arn)}
            segments = [*record.state.get("segments", []), segment]
            rows.save(_with(record, segments=segments))
        return folder

    def put(self, arn: str, *given: tuple[str, Mapping[str, Any]]) -> None:
        """Rows that come one by one."""
        with self.database.write() as rows:
            rows.add_rows(arn, given)

    def send(self, *events: tuple[str | None, str, str | None], stream: str = GROUP, **more: Any) -> None:
        """Events, each of a user, a session and an item."""
        with self.database.write() as rows:
            rows.add_events(
                [
                    StreamedEvent(
                        stream=stream,
                        user_id=user,
                        session_id=session,
                        item_id=item,
                        event_type="watch",
                        event_value=more.get("value"),
                        sent_at=more.get("sent_at", 7.9),
                        event_id=more.get("event_id"),
                        extra=more.get("extra", {}),
                    )
                    for user, session, item in events
                ]
            )

    def state(self, arn: str) -> Mapping[str, Any]:
        return self._get(arn).state

    def segments(self, arn: str) -> Sequence[Mapping[str, Any]]:
        found: Sequence[Mapping[str, Any]] = self.state(arn).get("segments", ())
        return found

    def imported(self, arn: str) -> list[tuple[Any, ...]]:
        """The rows of the segments that are in force."""
        found = []
        for segment in self.segments(arn):
            table = open_segment(self.root / "datasets" / segment["folder"]).table
            assert table.num_rows == segment["rows"]
            found += [tuple(row.values()) for row in table.to_pylist()]
        return found

    def put_rows(self, arn: str) -> list[str]:
        """The ids of the rows that came one by one."""
        with self.database.read() as rows:
            return [id_ for _, id_, _ in rows.rows_of(arn, rows.last_row(arn))]

    def events(self, stream: str = GROUP) -> list[tuple[Any, ...]]:
        """User, session and item of each event that has an item."""
        with self.database.read() as rows:
            return [event[:3] for event in rows.events(stream, rows.last_event(stream))]

    def reference(self, arn: str) -> dict[str, Any]:
        with self.database.read() as rows:
            return reference(rows, self._get(arn))

    def _get(self, arn: str) -> Record:
        with self.database.read() as rows:
            record = rows.get(arn)
        assert record is not None
        return record

    def insert(self, arn: str, kind: str) -> None:
        with self.database.write() as rows:
            rows.insert(self._record(arn, kind, {}))

    def _record(self, arn: str, kind: str, body: Mapping[str, Any], parent: str | None = None) -> Record:
        return Record(
            arn=arn, kind=kind, account="123456789012", region="us-east-1", parent=parent, created=1.0, body=body
        )


def _with(record: Record, **state: Any) -> Record:
    return replace(record, state={**record.state, **state})
