"""Opening what an earlier version wrote."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

from personalize_local.store.database import Database
from personalize_local.store.records import Record


def test_campaigns_of_format_1_learn_which_group_they_belong_to(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite3"
    database = Database(path)
    plain = Record(arn="s", kind="solution", account="1", region="r", created=1.0, body={"datasetGroupArn": "g"})
    campaign = replace(plain, arn="c", kind="campaign", parent="s", body={"name": "home"})
    orphan = replace(campaign, arn="o", parent="gone")
    with database.write() as rows:
        for record in (plain, campaign, orphan):
            rows.insert(record)
    database.close()
    connection = sqlite3.connect(path)
    connection.execute("UPDATE facts SET value = '1' WHERE name = 'format'")
    connection.commit()
    connection.close()
    for _ in range(2):  # the second time nothing is left to do
        database = Database(path)
        with database.read() as rows:
            found = {arn: getattr(rows.get(arn), "body", None) for arn in ("c", "o")}
        database.close()
        assert found == {"c": {"name": "home", "datasetGroupArn": "g"}, "o": {"name": "home"}}
