"""Opening what an earlier version wrote."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

from personalize_local.ids import resource_tag
from personalize_local.store.attributions import Progress
from personalize_local.store.database import Database
from personalize_local.store.records import Job, Record, StreamedEvent
from personalize_local.store.usage import Used


def age(path: Path, version: int) -> None:
    """Make tables those of an earlier version."""
    connection = sqlite3.connect(path)
    connection.execute("UPDATE facts SET value = ? WHERE name = 'format'", (str(version),))
    connection.execute("ALTER TABLE events RENAME COLUMN stream TO dataset_group")
    connection.execute("ALTER TABLE events DROP COLUMN arrived")
    connection.execute("DROP TABLE streamed_rows")
    connection.commit()
    connection.close()


def test_events_and_trainings_of_format_2_are_found_again(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite3"
    group = "arn:aws:personalize:us-east-1:123456789012:dataset-group/shop"
    event = StreamedEvent(
        stream=group,
        user_id="u",
        session_id="s",
        item_id="i",
        event_type="click",
        event_value=None,
        sent_at=1.0,
        event_id=None,
    )
    old = {
        "datasetGroup": group,
        "schemas": {"ITEMS": {"text": "{}", "domain": None}, "USERS": {"text": "[]", "domain": "ECOMMERCE"}},
        "segments": {"ITEMS": ["a", "b"]},
    }
    database = Database(path)
    with database.write() as rows:
        rows.add_events([event])
        rows.add_job(Job(arn="version", kind="solutionVersion", payload=old, submitted=1.0))
        rows.add_job(Job(arn="import", kind="datasetImportJob", payload={"folder": "c"}, submitted=1.0))
    database.close()
    age(path, 2)
    database = Database(path)
    with database.read() as rows:
        assert rows.recent_events(group, "u", 0, 10) == [("i", "click", None, 1.0)]
        jobs = {job.arn: dict(job.payload) for job in rows.unfinished_jobs()}
    database.close()
    dataset = "arn:aws:personalize:us-east-1:123456789012:dataset/shop"
    folders = [{"folder": "a"}, {"folder": "b"}]
    assert jobs == {
        "import": {"folder": "c"},
        "version": {
            "datasetGroup": group,
            "forgotten": 0,
            "held": {
                "ITEMS": {
                    "dataset": f"{dataset}/ITEMS",
                    "schema": "{}",
                    "domain": None,
                    "segments": folders,
                    "until": 0,
                },
                "USERS": {
                    "dataset": f"{dataset}/USERS",
                    "schema": "[]",
                    "domain": "ECOMMERCE",
                    "segments": [],
                    "until": 0,
                },
            },
        },
    }


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
    age(path, 1)
    for _ in range(2):  # the second time nothing is left to do
        database = Database(path)
        with database.read() as rows:
            found = {arn: getattr(rows.get(arn), "body", None) for arn in ("c", "o")}
        database.close()
        assert found == {"c": {"name": "home", "datasetGroupArn": "g"}, "o": {"name": "home"}}


def test_rows_of_format_3_came_at_a_time_that_is_not_known(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite3"
    database = Database(path)
    with database.write() as rows:
        rows.add_rows("items", [("old", {"PRICE": 1})], 5.0)
    database.close()
    connection = sqlite3.connect(path)
    connection.execute("UPDATE facts SET value = '3' WHERE name = 'format'")
    connection.execute("ALTER TABLE streamed_rows DROP COLUMN arrived")
    connection.commit()
    connection.close()
    database = Database(path)
    with database.write() as rows:
        rows.add_rows("items", [("new", {"PRICE": 2})], 7.0)
        assert [row[1:] for row in rows.rows_of("items", 9)] == [("old", {"PRICE": 1}), ("new", {"PRICE": 2})]
        assert [rows.last_row_before("items", moment) for moment in (1.0, 7.0, 7.1)] == [1, 1, 2]
    database.close()


def test_a_store_of_format_5_keeps_usage_from_then_on(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite3"
    database = Database(path)
    with database.write() as rows:
        rows.add_rows("items", [("kept", {"PRICE": 1})], 5.0)
    database.close()
    connection = sqlite3.connect(path)
    connection.execute("UPDATE facts SET value = '5' WHERE name = 'format'")
    connection.execute("DROP TABLE usage")
    connection.commit()
    connection.close()
    used = Used(kind="import", resource="items", act="job", at=1.0, amount=7, facts={"rows": 1})
    for _ in range(2):
        database = Database(path)
        with database.write() as rows:
            assert [row[1] for row in rows.rows_of("items", 9)] == ["kept"]
            rows.use(used)
            assert rows.used() == [used]
        database.close()


def test_attributions_of_format_4_measure_from_their_upgrade_on(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite3"
    group = "arn:aws:personalize:us-east-1:123456789012:dataset-group/shop"
    plain = Record(arn="", kind="campaign", account="1", region="r", created=1.0, body={"datasetGroupArn": group})
    kinds = {"home": "campaign", "side": "recommender", "impact": "metricAttribution", "taste": "solution"}
    event = StreamedEvent(
        stream=group,
        user_id="u",
        session_id="s",
        item_id="i",
        event_type="click",
        event_value=None,
        sent_at=1.0,
        event_id=None,
        arrived=2.0,
    )
    database = Database(path)
    with database.write() as rows:
        rows.add_events([event, event])
        for arn, kind in kinds.items():
            rows.insert(replace(plain, arn=arn, kind=kind))
        rows.insert(replace(plain, arn="gone", kind="metricAttribution", deleted=3.0))
    database.close()
    connection = sqlite3.connect(path)
    connection.execute("UPDATE facts SET value = '4' WHERE name = 'format'")
    for table in ("recommendation_sources", "attributions", "attribution_figures"):
        connection.execute(f"DROP TABLE {table}")
    connection.commit()
    connection.close()
    for _ in range(2):  # the second time nothing is left to do
        database = Database(path)
        with database.read() as rows:
            assert rows.recommendation_sources(group) == {resource_tag(arn): arn for arn in ("home", "side")}
            assert rows.attribution_progress("impact") == Progress(measured=2)
            assert rows.attribution_progress("gone") is None
            assert rows.first_arrival(group, 0) == 2.0
        database.close()
