"""The sample catalogue: a small newsroom, its readers and what they read, as CSV files and Avro schemas.

Everything follows from the seed. Readers have a taste (a mixture over categories and topics, in part that of their
age group), a daily rhythm and favourite devices; what is read depends on taste, on device and time of day, on how new
and how good an article is, and on what was read just before. So there is something to learn beyond popularity.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from personalize_local.demo.words import TOPICS, titles

if TYPE_CHECKING:
    from personalize_local.demo.newsroom import Articles
    from personalize_local.demo.readers import Readers, Reading

Size = Literal["small", "medium", "large"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """How much of everything a size has."""

    users: int
    items: int
    interactions: int


SCALES: Mapping[Size, Scale] = MappingProxyType(
    {
        "small": Scale(users=400, items=240, interactions=10_000),
        "medium": Scale(users=2_500, items=1_200, interactions=100_000),
        "large": Scale(users=6_000, items=3_500, interactions=1_000_000),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleFiles:
    """Where the generated files are."""

    interactions: Path
    items: Path
    users: Path
    interactions_schema: Path
    items_schema: Path
    users_schema: Path


def generate(directory: Path, *, seed: int = 0, size: Size | Scale = "medium") -> SampleFiles:
    """Write interactions.csv, items.csv, users.csv and their Avro schemas into ``directory`` (made if missing).

    The same seed and size give the same bytes on every day; the last interaction is from June 2025. ``user-789`` is
    in every size: a reader of sports and technology. Raises ValueError for an unknown size and OSError when the
    directory cannot be written.
    """
    import numpy as np

    from personalize_local.demo.newsroom import publish
    from personalize_local.demo.readers import invite, read

    if not isinstance(size, Scale) and size not in SCALES:
        raise ValueError(f"size must be one of {', '.join(SCALES)}, not {size!r}")
    scale = size if isinstance(size, Scale) else SCALES[size]
    rng = np.random.default_rng([seed, len(TOPICS), scale.interactions])
    articles = publish(scale.items, rng)
    readers = invite(scale.users, rng)
    reading = read(readers, articles, scale.interactions, rng)

    directory.mkdir(parents=True, exist_ok=True)
    files = SampleFiles(
        interactions=directory / "interactions.csv",
        items=directory / "items.csv",
        users=directory / "users.csv",
        interactions_schema=directory / "interactions.json",
        items_schema=directory / "items.json",
        users_schema=directory / "users.json",
    )
    _write_interactions(files.interactions, readers, articles, reading)
    _write_rows(files.items, [name for name, *_ in _ITEM_FIELDS], _item_rows(articles))
    _write_rows(
        files.users,
        [name for name, *_ in _USER_FIELDS],
        zip(readers.ids, readers.age_group, readers.membership, strict=True),
    )
    _write_schema(files.interactions_schema, "Interactions", _INTERACTION_FIELDS)
    _write_schema(files.items_schema, "Items", _ITEM_FIELDS)
    _write_schema(files.users_schema, "Users", _USER_FIELDS)
    return files


# Name, type and attribute of each column, in the order of the CSV files.
_Field = tuple[str, str, str | None]
_INTERACTION_FIELDS: tuple[_Field, ...] = (
    ("USER_ID", "string", None),
    ("ITEM_ID", "string", None),
    ("TIMESTAMP", "long", None),
    ("EVENT_TYPE", "string", None),
    ("DEVICE", "string", "categorical"),
    ("TIME_OF_DAY", "string", "categorical"),
)
_ITEM_FIELDS: tuple[_Field, ...] = (
    ("ITEM_ID", "string", None),
    ("CREATION_TIMESTAMP", "long", None),
    ("CATEGORY", "string", "categorical"),
    ("TOPIC", "string", "categorical"),
    ("TITLE", "string", "textual"),
)
_USER_FIELDS: tuple[_Field, ...] = (
    ("USER_ID", "string", None),
    ("AGE_GROUP", "string", "categorical"),
    ("MEMBERSHIP", "string", "categorical"),
)


def _write_schema(path: Path, name: str, fields: Iterable[_Field]) -> None:
    record = {
        "type": "record",
        "name": name,
        "namespace": "com.amazonaws.personalize.schema",
        "fields": [
            {"name": field, "type": kind} | ({attribute: True} if attribute else {})
            for field, kind, attribute in fields
        ],
        "version": "1.0",
    }
    path.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8", newline="\n")


def _write_rows(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def _write_interactions(path: Path, readers: Readers, articles: Articles, reading: Reading) -> None:
    from personalize_local.demo.readers import DEVICES, EVENT_TYPES, TIMES_OF_DAY

    columns = (
        map(readers.ids.__getitem__, reading.user.tolist()),
        map(articles.ids.__getitem__, reading.article.tolist()),
        reading.timestamp.tolist(),
        map(EVENT_TYPES.__getitem__, reading.event_type.tolist()),
        map(DEVICES.__getitem__, reading.device.tolist()),
        map(TIMES_OF_DAY.__getitem__, reading.time_of_day.tolist()),
    )
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write(",".join(name for name, *_ in _INTERACTION_FIELDS) + "\n")
        # No value holds a comma or a quote, so that plain formatting is enough; it is twice as fast as csv.writer.
        file.writelines(map("%s,%s,%d,%s,%s,%s\n".__mod__, zip(*columns, strict=True)))


def _item_rows(articles: Articles) -> Iterable[tuple[str, int, str, str, str]]:
    headlines = {topic: titles(category, topic) for category, topic in TOPICS}
    for number in articles.published.argsort(kind="stable").tolist():
        category, topic = TOPICS[articles.topic[number]]
        title = headlines[topic][articles.title[number]]
        yield articles.ids[number], int(articles.published[number]), category, topic, title
