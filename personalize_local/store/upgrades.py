"""From the tables of an earlier version to those of this one, a format at a time."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from personalize_local.store.sql import Connection

FORMAT = 2
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
            connection.execute(
                "UPDATE resources SET body = ? WHERE arn = ?", (json.dumps(body, separators=(",", ":")), arn)
            )


_STEPS: Mapping[int, Callable[[Connection], None]] = {1: _campaigns_name_their_group}


def upgrade(connection: Connection, stored: int) -> None:
    """Bring tables of format ``stored`` to :data:`FORMAT`. Raises ValueError for one that is not known."""
    if not 1 <= stored <= FORMAT:
        raise ValueError(f"the data folder has format {stored}, this version reads format {FORMAT}")
    for step in range(stored, FORMAT):
        _STEPS[step](connection)
    connection.execute("UPDATE facts SET value = ? WHERE name = 'format'", (str(FORMAT),))
