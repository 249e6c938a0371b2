"""From the tables of an earlier version to those of this one, a format at a time."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from personalize_local.ids import resource_tag
from personalize_local.store import attributions
from personalize_local.store.connection import Connection, dump

FORMAT = 6
"""Version of the tables; a folder of a later one is refused rather than misread."""


def _campaigns_name_their_group(connection: Connection) -> None:
    """1 to 2: a campaign's body has the dataset group, as that of everything else in a group has."""
    for index in ("resources_listed", "resources_parent"):  # others have taken their place
        connection.execute(f"DROP INDEX IF EXISTS {index}")
    found = connection.execute("SELECT arn, parent, body FROM resources WHERE kind = 'campaign'").fetchall()
    for arn, parent, text in found:
        solution = connection.execute("SELECT body FROM resources WHERE arn = ?", (parent,)).fetchone()
        if solution is not None:
            body = {**json.loads(text), "datasetGroupArn": json.loads(solution[0])["datasetGroupArn"]}
            connection.execute("UPDATE resources SET body = ? WHERE arn = ?", (dump(body), arn))


def _events_are_of_a_stream(connection: Connection) -> None:
    """2 to 3: action interactions are events too, of their dataset instead of its group; trainings name datasets."""
    connection.execute("ALTER TABLE events RENAME COLUMN dataset_group TO stream")
    connection.execute("ALTER TABLE events ADD COLUMN arrived DOUBLE PRECISION")
    found = connection.execute("SELECT arn, payload FROM jobs WHERE payload LIKE '%\"datasetGroup\"%'").fetchall()
    for arn, text in found:
        payload = json.loads(text)
        if "schemas" in payload:
            held = _held(payload["datasetGroup"], payload.pop("schemas"), payload.pop("segments"))
            payload = {**payload, "held": held, "forgotten": 0}
            connection.execute("UPDATE jobs SET payload = ? WHERE arn = ?", (dump(payload), arn))


def _held(group: str, schemas: Mapping[str, Any], segments: Mapping[str, list[str]]) -> dict[str, Any]:
    """What a training is told of datasets, from the two lists in which it was told before."""
    return {
        kind: {
            "dataset": f"{group.replace(':dataset-group/', ':dataset/')}/{kind}",
            "schema": schema["text"],
            "domain": schema["domain"],
            "segments": [{"folder": folder} for folder in segments.get(kind, ())],
            "until": 0,
        }
        for kind, schema in schemas.items()
    }


def _rows_have_arrived(connection: Connection) -> None:
    """3 to 4: rows of items, users and actions say when they came; before format 3 there were none."""
    connection.execute("ALTER TABLE streamed_rows ADD COLUMN arrived DOUBLE PRECISION")


def _events_are_attributed(connection: Connection) -> None:
    """4 to 5: what gives recommendations is known by its tag, and attributions measure from here on."""
    for statement in attributions.TABLES:
        connection.execute(statement)
    found = connection.execute("SELECT arn, body FROM resources WHERE kind IN ('campaign', 'recommender')").fetchall()
    for arn, text in found:
        group = json.loads(text).get("datasetGroupArn")
        if group is not None:
            connection.execute(
                "INSERT INTO recommendation_sources (dataset_group, tag, arn) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                (group, resource_tag(arn), arn),
            )
    newest = connection.execute("SELECT MAX(sequence) FROM events").fetchone()[0] or 0
    connection.execute(
        "INSERT INTO attributions (arn, measured, sources) SELECT arn, CAST(? AS BIGINT), '[]' FROM resources "
        "WHERE kind = 'metricAttribution' AND deleted IS NULL",
        (newest,),
    )


def _usage_is_kept(_: Connection) -> None:
    """5 to 6: what is used is written down, in a table that is made where it is missing; what came before is not known.

    Of campaigns and recommenders that run, the start of the emulator writes down since when they have.
    """


_STEPS: Mapping[int, Callable[[Connection], None]] = {
    1: _campaigns_name_their_group,
    2: _events_are_of_a_stream,
    3: _rows_have_arrived,
    4: _events_are_attributed,
    5: _usage_is_kept,
}


def upgrade(connection: Connection, stored: int) -> None:
    """Bring tables of format ``stored`` to :data:`FORMAT`. Raises ValueError for one that is not known."""
    if not 1 <= stored <= FORMAT:
        raise ValueError(f"the data folder has format {stored}, this version reads format {FORMAT}")
    for step in range(stored, FORMAT):
        if step != 3 or stored == 3:  # what has no table yet is made as it is to be
            _STEPS[step](connection)
    connection.execute("UPDATE facts SET value = ? WHERE name = 'format'", (str(FORMAT),))
