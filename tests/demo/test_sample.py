"""The sample catalogue: same bytes for a seed, schemas that fit, and a signal that popularity does not see."""

from __future__ import annotations

import csv
import hashlib
import json
from collections import Counter, defaultdict
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from personalize_local.datasets.schema import parse_schema
from personalize_local.demo.sample import SampleFiles, generate
from personalize_local.demo.words import CATEGORIES, TOPICS, titles

Row = dict[str, str]


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> SampleFiles:
    return generate(tmp_path_factory.mktemp("sample"), seed=3, size="small")


def rows(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def digests(files: SampleFiles) -> dict[str, str]:
    return {name: hashlib.sha256(getattr(files, name).read_bytes()).hexdigest() for name in (*SampleFiles.__slots__,)}


def test_the_same_seed_gives_the_same_bytes(sample: SampleFiles, tmp_path: Path) -> None:
    assert digests(generate(tmp_path / "again", seed=3, size="small")) == digests(sample)


def test_another_seed_gives_other_interactions(sample: SampleFiles, tmp_path: Path) -> None:
    other = generate(tmp_path, seed=4, size="small")
    assert other.interactions.read_bytes() != sample.interactions.read_bytes()


def test_an_unknown_size_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="size must be one of small, medium, large, not 'huge'"):
        generate(tmp_path, size="huge")  # type: ignore[arg-type]


@pytest.mark.parametrize(("size", "interactions"), [("small", 10_000), ("medium", 100_000)])
def test_each_size_has_its_interactions_and_the_guest(tmp_path: Path, size: Any, interactions: int) -> None:
    files = generate(tmp_path, size=size)
    read = rows(files.interactions)
    assert len(read) == interactions
    mine = [row["ITEM_ID"] for row in read if row["USER_ID"] == "user-789"]
    category = {row["ITEM_ID"]: row["CATEGORY"] for row in rows(files.items)}
    shares = Counter(category[item] for item in mine)
    assert len(mine) >= 20
    assert shares.most_common(1)[0][0] == "sports"
    assert shares["sports"] + shares["technology"] > len(mine) / 2


def test_headers_are_the_fields_of_the_schemas(sample: SampleFiles) -> None:
    for kind, name in (("interactions", "Interactions"), ("items", "Items"), ("users", "Users")):
        schema = json.loads(getattr(sample, f"{kind}_schema").read_text(encoding="utf-8"))
        header = getattr(sample, kind).read_text(encoding="utf-8").split("\n", 1)[0]
        assert schema["name"] == name
        assert header.split(",") == [field["name"] for field in schema["fields"]]


def test_schemas_keep_the_rules_of_the_service(sample: SampleFiles) -> None:
    for kind in ("interactions", "items", "users"):
        parsed = parse_schema(getattr(sample, f"{kind}_schema").read_text(encoding="utf-8"), None)
        assert parsed.dataset_type == kind.upper()


def test_every_interaction_names_a_known_user_and_a_published_article(sample: SampleFiles) -> None:
    published = {row["ITEM_ID"]: int(row["CREATION_TIMESTAMP"]) for row in rows(sample.items)}
    users = {row["USER_ID"] for row in rows(sample.users)}
    read = rows(sample.interactions)
    stamps = [int(row["TIMESTAMP"]) for row in read]
    assert {row["USER_ID"] for row in read} == users
    assert stamps == sorted(stamps)
    # Six hours are the grain in which articles appear.
    assert all(int(row["TIMESTAMP"]) > published[row["ITEM_ID"]] - 6 * 3600 for row in read)
    assert len({(row["USER_ID"], row["ITEM_ID"]) for row in read}) == len(read)


def test_time_of_day_is_that_of_the_timestamp(sample: SampleFiles) -> None:
    for row in rows(sample.interactions):
        quarter = int(row["TIMESTAMP"]) % 86_400 // 21_600
        assert row["TIME_OF_DAY"] == ("night", "morning", "afternoon", "evening")[quarter]


def test_headlines_differ_and_all_topics_are_there(sample: SampleFiles) -> None:
    items = rows(sample.items)
    headlines = [row["TITLE"] for row in items]
    assert len(set(headlines)) == len(headlines)
    assert {(row["CATEGORY"], row["TOPIC"]) for row in items} == set(TOPICS)
    every = [title for category, topic in TOPICS for title in titles(category, topic)]
    assert len(set(every)) == len(every)


def test_articles_are_read_while_they_are_new(sample: SampleFiles) -> None:
    published = {row["ITEM_ID"]: int(row["CREATION_TIMESTAMP"]) for row in rows(sample.items)}
    ages = [(int(row["TIMESTAMP"]) - published[row["ITEM_ID"]]) / 86_400 for row in rows(sample.interactions)]
    assert np.median(ages) < 5


def test_evenings_on_a_mobile_are_for_sports_and_entertainment(sample: SampleFiles) -> None:
    category = {row["ITEM_ID"]: row["CATEGORY"] for row in rows(sample.items)}
    counts: dict[bool, Counter[str]] = {True: Counter(), False: Counter()}
    for row in rows(sample.interactions):
        counts[row["DEVICE"] == "mobile" and row["TIME_OF_DAY"] == "evening"][category[row["ITEM_ID"]]] += 1
    light = {where: (count["sports"] + count["entertainment"]) / count.total() for where, count in counts.items()}
    assert light[True] > 1.5 * light[False]
    assert set(counts[False]) == set(CATEGORIES)


def test_what_was_read_before_says_more_than_popularity(tmp_path: Path) -> None:
    """Leave each user's last article out and look for it among ten, once by popularity and once by successors."""
    sample = generate(tmp_path, size="medium")
    histories: dict[str, list[str]] = defaultdict(list)
    for row in rows(sample.interactions):
        histories[row["USER_ID"]].append(row["ITEM_ID"])
    popularity: Counter[str] = Counter()
    follows: dict[str, Counter[str]] = defaultdict(Counter)
    for history in histories.values():
        known = history[:-1]
        popularity.update(known)
        for before, after in pairwise(known):
            follows[before][after] += 1
    ranked = [item for item, _ in popularity.most_common()]
    hits = Counter({"popularity": 0, "successors": 0})
    for history in histories.values():
        seen, target = set(history[:-1]), history[-1]
        popular = [item for item in ranked if item not in seen]
        votes: Counter[str] = Counter()
        for age, item in enumerate(reversed(history[:-1][-5:])):
            votes.update({after: count / (1 + age) for after, count in follows[item].items()})
        learned = [item for item, _ in votes.most_common() if item not in seen] + popular
        hits["popularity"] += target in popular[:10]
        hits["successors"] += target in learned[:10]
    assert hits["successors"] > 2 * hits["popularity"]
