"""What the demonstration is run on: the generated newsroom, or the CSV files of its user."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from personalize_local.demo.console import DemoError
from personalize_local.demo.sample import SampleFiles, Size, generate

# Rows that are looked at to choose a user and an item, and bytes from which types are guessed.
_ROWS = 300_000
_SAMPLE_BYTES = 1 << 20
_RESERVED = frozenset(
    {"USER_ID", "ITEM_ID", "TIMESTAMP", "EVENT_TYPE", "EVENT_VALUE", "IMPRESSION", "RECOMMENDATION_ID"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """One CSV file, and its Avro schema as text. ``kind`` is Interactions, Items or Users."""

    kind: str
    file: Path
    schema: str

    @property
    def label(self) -> str:
        """The kind in lower case, for names of resources."""
        return self.kind.lower()

    @property
    def fields(self) -> list[dict[str, Any]]:
        """The fields of the schema."""
        fields: list[dict[str, Any]] = json.loads(self.schema)["fields"]
        return fields


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """Datasets, and about whom and what the demonstration asks.

    ``item`` is one that ``user`` has not interacted with. ``items`` has the descriptive columns of each item, all
    with the same keys; it is empty without an Items file.
    """

    name: str
    datasets: tuple[Dataset, ...]
    user: str
    item: str
    event_type: str
    context: Mapping[str, str] = field(default_factory=dict)
    other_context: Mapping[str, str] = field(default_factory=dict)
    items: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    seen: frozenset[str] = frozenset()


def newsroom(directory: Path, *, seed: int, size: Size) -> Material:
    """Generate the sample into ``directory``: about ``user-789``, evenings on a mobile, and an article on trains."""
    files = generate(directory, seed=seed, size=size)
    articles = list(_rows(files.items))
    seen = frozenset(row["ITEM_ID"] for row in _rows(files.interactions) if row["USER_ID"] == "user-789")
    # The file is in the order of publication: the last unread article is news.
    item = [row["ITEM_ID"] for row in articles if row["TOPIC"] == "rail" and row["ITEM_ID"] not in seen][-1]
    return Material(
        name="news",
        datasets=_sample_datasets(files),
        user="user-789",
        item=item,
        event_type="read",
        context={"DEVICE": "mobile", "TIME_OF_DAY": "evening"},
        other_context={"DEVICE": "desktop", "TIME_OF_DAY": "morning"},
        items={row["ITEM_ID"]: {"title": row["TITLE"], "category": row["CATEGORY"]} for row in articles},
        seen=seen,
    )


def own_files(interactions: Path, items: Path | None, users: Path | None) -> Material:
    """Take the user's CSV files: infer schemas, choose a user with some history and a popular item new to them.

    Raises DemoError, in one line, for files that cannot be used.
    """
    given = (("Interactions", interactions), ("Items", items), ("Users", users))
    datasets = tuple(_inferred(kind, file) for kind, file in given if file is not None)
    events = _Events.read(interactions)
    context_columns = [
        column["name"]
        for column in datasets[0].fields
        if column.get("categorical") and column["name"].upper() not in _RESERVED
    ]
    user = events.user()
    seen = frozenset(events.items_of(user))
    return Material(
        name="own",
        datasets=datasets,
        user=user,
        item=events.popular_item(besides=seen),
        event_type=events.event_type,
        context={name: events.last(user, name) for name in context_columns if events.last(user, name)},
        items=_described(datasets[1]) if items is not None else {},
        seen=seen,
    )


def _sample_datasets(files: SampleFiles) -> tuple[Dataset, ...]:
    return tuple(
        Dataset(
            kind=kind,
            file=getattr(files, kind.lower()),
            schema=getattr(files, f"{kind.lower()}_schema").read_text(encoding="utf-8"),
        )
        for kind in ("Interactions", "Items", "Users")
    )


def _inferred(kind: str, file: Path) -> Dataset:
    from personalize_local.datasets.infer import infer_schema

    try:
        with file.open("rb") as opened:
            sample = opened.read(_SAMPLE_BYTES)
        if len(sample) == _SAMPLE_BYTES:
            # Types are guessed from whole lines.
            sample = sample[: sample.rfind(b"\n") + 1]
        return Dataset(kind=kind, file=file, schema=infer_schema(sample, kind.upper()))
    except OSError as error:
        raise DemoError(f"{file}: {error.strerror or error}.") from None
    except ValueError as error:
        raise DemoError(f"{file}: {error}") from None


def _rows(file: Path) -> Iterator[dict[str, str]]:
    """The rows of a CSV file, under upper-case column names."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as opened:
            reader = csv.DictReader(opened)
            reader.fieldnames = [name.strip().upper() for name in reader.fieldnames or ()]
            for row in reader:
                yield {name: value or "" for name, value in row.items() if name is not None}
    except UnicodeDecodeError:
        raise DemoError(f"{file}: not UTF-8.") from None
    except (OSError, csv.Error) as error:
        raise DemoError(f"{file}: {error}.") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Events:
    """The first rows of an Interactions file, as far as choosing from them needs."""

    histories: Mapping[str, list[dict[str, str]]]
    popularity: Counter[str]
    event_type: str

    @classmethod
    def read(cls, file: Path) -> _Events:
        histories: dict[str, list[dict[str, str]]] = {}
        popularity: Counter[str] = Counter()
        types: Counter[str] = Counter()
        for number, row in enumerate(_rows(file)):
            if number >= _ROWS:
                break
            histories.setdefault(row["USER_ID"], []).append(row)
            popularity[row["ITEM_ID"]] += 1
            types[row.get("EVENT_TYPE", "")] += 1
        if not histories:
            raise DemoError(f"{file}: no rows.")
        common = types.most_common(1)[0][0]
        return cls(histories=histories, popularity=popularity, event_type=common or "click")

    def user(self) -> str:
        """The user with the longest history of at most fifty events; else the one with the shortest."""
        lengths = {user: len(history) for user, history in self.histories.items()}
        usual = {user: length for user, length in lengths.items() if length <= 50}
        return max(usual, key=lambda user: usual[user]) if usual else min(lengths, key=lambda user: lengths[user])

    def items_of(self, user: str) -> list[str]:
        return [row["ITEM_ID"] for row in self.histories[user]]

    def last(self, user: str, column: str) -> str:
        return self.histories[user][-1].get(column.upper(), "")

    def popular_item(self, besides: frozenset[str]) -> str:
        ranked = [item for item, _ in self.popularity.most_common()]
        return next((item for item in ranked if item not in besides), ranked[0])


def _described(dataset: Dataset) -> dict[str, dict[str, str]]:
    """The first two text columns of an Items file, by item; a title or name column goes first."""
    names = [
        column["name"].upper()
        for column in dataset.fields
        if column["name"].upper() != "ITEM_ID" and "string" in str(column["type"])
    ]
    names.sort(key=lambda name: name not in {"TITLE", "NAME", "PRODUCT_NAME"})
    return {row["ITEM_ID"]: {name.lower(): row.get(name, "") for name in names[:2]} for row in _rows(dataset.file)}
