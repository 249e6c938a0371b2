"""The data that a training sees: datasets and streamed events made one TrainingData. Loads pyarrow and numpy."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from personalize_local.datasets import _columns as columns
from personalize_local.datasets._arrow import Array, pa, pc
from personalize_local.datasets._duplicates import first_of_each
from personalize_local.datasets._rows import arrow_type
from personalize_local.datasets.held import Held, column_of
from personalize_local.datasets.schema import ACTION_EVENT_TYPES, Field, Schema, fold
from personalize_local.engine.data import ActionData, Categorical, Column, Interactions, Numeric, TrainingData
from personalize_local.engine.vocabulary import Vocabulary
from personalize_local.provenance import Rule

if TYPE_CHECKING:
    from personalize_local.datasets.properties import Value

__all__ = ["NO_EVENTS", "StreamedEvents", "action_data", "training_data"]

RULES = (
    Rule(
        says="Interactions with equal timestamps follow each other as they were imported, streamed events last.",
        known="chosen",
    ),
    Rule(
        says="Interactions with an action that no row of the Actions dataset describes are left out of training.",
        known="inferred",
        source="dg/actions-datasets.html: the Actions dataset says which actions there are",
    ),
)

Excluded = Mapping[str, Collection[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamedEvents:
    """Events that came one by one, as columns of equal length, in the order of their arrival.

    Every event has a user and an item, or an action in its place. ``timestamps`` are in epoch seconds; None in
    ``event_values`` is no EVENT_VALUE; ``properties`` map names of schema columns to values that
    properties.map_properties has coerced (an IMPRESSION or RECOMMENDATION_ID of the event goes in there too). Events
    of one eventId come once: the caller leaves out the rest.
    """

    users: Sequence[str] = ()
    items: Sequence[str] = ()
    timestamps: Sequence[int] = ()
    event_types: Sequence[str] = ()
    event_values: Sequence[float | None] = ()
    properties: Sequence[Mapping[str, Value]] = field(default=())

    def __len__(self) -> int:
        return len(self.users)


NO_EVENTS = StreamedEvents()


def training_data(
    held: Mapping[str, Held],
    streamed: StreamedEvents = NO_EVENTS,
    *,
    excluded: Excluded | None = None,
    names: bool = False,
) -> TrainingData:
    """Join what the datasets of a group hold, by their type, and the group's streamed events.

    Interactions with the same timestamp and properties count once; of the rows of one item or user the newest counts.
    ``excluded`` lists columns to leave out by dataset type, as a solution's excludedDatasetColumns does; with ``names``
    the column that is marked as the items' name is a text among their metadata. Vocabularies and values are numbered
    by first appearance, interactions before items and users.
    """
    left_out = {kind.upper(): {fold(name) for name in some} for kind, some in (excluded or {}).items()}
    events, item_rows, user_rows = (
        _Source(held=held.get(kind), excluded=left_out.get(kind, set())) for kind in ("INTERACTIONS", "ITEMS", "USERS")
    )
    user_ids = columns.join([*events.chunks("USER_ID"), *_streamed_ids(streamed.users)], _ID)
    bulk_items = events.chunks("ITEM_ID")
    item_ids = columns.join([*bulk_items, *_streamed_ids(streamed.items)], _ID)
    # Items and users without interactions are numbered after those with some.
    catalogue = columns.join([item_ids, *item_rows.chunks("ITEM_ID")], _ID)
    people = columns.join([user_ids, *user_rows.chunks("USER_ID")], _ID)
    return TrainingData(
        users=Vocabulary.from_strings(columns.strings(people.dictionary)),
        items=Vocabulary.from_strings(columns.strings(catalogue.dictionary)),
        interactions=_interactions(events, streamed, columns.codes(user_ids), columns.codes(item_ids)),
        item_metadata=item_rows.metadata(
            columns.codes(catalogue)[len(item_ids) :], len(catalogue.dictionary), names=names
        ),
        user_metadata=user_rows.metadata(columns.codes(people)[len(user_ids) :], len(people.dictionary)),
    )


def action_data(held: Mapping[str, Held], streamed: StreamedEvents = NO_EVENTS) -> ActionData:
    """Join the actions of a group and what users did with them: datasets ACTIONS and ACTION_INTERACTIONS, and the
    latter's stream.

    Actions are numbered by their first row. Repeated interactions count once, whatever the case of their type.
    """
    rows, events = (_Source(held=held.get(kind), excluded=frozenset()) for kind in ("ACTIONS", "ACTION_INTERACTIONS"))
    described = columns.join(rows.chunks("ACTION_ID"), _ID)
    count = len(described.dictionary)
    users = columns.join([*events.chunks("USER_ID"), *_streamed_ids(streamed.users)], _ID)
    known = columns.join([described, *events.chunks("ACTION_ID"), *_streamed_ids(streamed.items)], _ID)
    done = _interactions(events, streamed, columns.codes(users), columns.codes(known)[len(described) :])
    return ActionData(
        users=Vocabulary.from_strings(columns.strings(users.dictionary)),
        actions=Vocabulary.from_strings(columns.strings(known.dictionary)[:count]),
        interactions=_of_actions(done, count),
        metadata=rows.metadata(columns.codes(described), count),
    )


def _of_actions(done: Interactions, count: int) -> Interactions:
    """The interactions with the first ``count`` actions, with nothing but what is learned of them."""
    types = done.event_type or Categorical(codes=np.full(len(done), -1, np.int32), values=())
    numbers = {name: number for number, name in enumerate(ACTION_EVENT_TYPES)}
    # The last entry answers for null, -1.
    codes = np.array([*(numbers[name] for name in types.values), -1], np.int32)[types.codes]
    kept = (done.item < count) & (codes >= 0)
    return Interactions(
        user=columns.read_only(done.user[kept]),
        item=columns.read_only(done.item[kept]),
        timestamp=columns.read_only(done.timestamp[kept]),
        event_type=Categorical(codes=columns.read_only(codes[kept]), values=ACTION_EVENT_TYPES),
    )


_ID = pa.dictionary(pa.int32(), pa.string())


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    """What one dataset holds, if the group has it."""

    held: Held | None
    excluded: Collection[str]

    @property
    def schema(self) -> Schema | None:
        return None if self.held is None else self.held.schema

    def trained_fields(self) -> Sequence[Field]:
        """The fields of the schema, without ids and excluded ones."""
        if self.schema is None:
            return ()
        ids = self.schema.id_fields
        return [item for item in self.schema.fields if item.name not in ids and fold(item.name) not in self.excluded]

    def chunks(self, name: str) -> list[Array]:
        """A column's pieces, none where the schema has no such column."""
        item = self.schema.field(name) if self.schema is not None else None
        return [] if self.held is None or item is None else self.held.chunks(item)

    def metadata(self, ids: NDArray[np.int32], count: int, *, names: bool = False) -> dict[str, Column]:
        """The metadata of the first ``count`` ids, from each one's newest row. ``ids`` has the id of every row."""
        newest = columns.newest(ids, max(count, int(ids.max(initial=-1)) + 1))[:count]
        rows = pa.array(newest, mask=newest < 0)
        found: dict[str, Column] = {}
        for item in self.trained_fields():
            named = names and item.item_name
            if item.numeric or item.categorical or item.textual or named:
                whole = columns.join(self.chunks(item.name), arrow_type(item)).take(rows)
                column = columns.text(whole) if named else columns.metadata_column(whole, item)
                if column is not None:
                    found[item.name.upper()] = column
        return found


def _streamed_ids(ids: Sequence[str]) -> list[Array]:
    return [pa.array(ids, pa.string()).dictionary_encode()] if ids else []


def _interactions(
    source: _Source, streamed: StreamedEvents, user: NDArray[np.int32], item: NDArray[np.int32]
) -> Interactions:
    schema = source.schema
    timestamp = columns.to_numpy(
        columns.join([*source.chunks("TIMESTAMP"), pa.array(streamed.timestamps, pa.int64())], pa.int64()),
        np.dtype(np.int64),
    )
    main = () if schema is None else (*schema.id_fields, "TIMESTAMP")
    others = {
        column.name: columns.join(
            [*source.chunks(column.name), *_streamed_column(column, streamed)], arrow_type(column)
        )
        for column in (schema.fields if schema is not None else ())
        if column.name not in main
    }
    if schema is not None and schema.dataset_type == "ACTION_INTERACTIONS":
        others["EVENT_TYPE"] = _in_one_spelling(others["EVENT_TYPE"])
    # Stable: equal timestamps keep their order.
    order = np.argsort(timestamp, kind="stable")
    order = first_of_each(order, timestamp, user, item, others)
    trained = {column.name for column in source.trained_fields()}
    values = others.get("EVENT_VALUE") if "EVENT_VALUE" in trained else None
    context: dict[str, Categorical | Numeric] = {}
    for column in schema.metadata if schema is not None else ():
        if column.name not in trained:
            continue
        if column.categorical:
            context[column.name.upper()] = columns.categorical(others[column.name], order)
        elif column.numeric:
            context[column.name.upper()] = Numeric(
                values=columns.read_only(columns.numbers(others[column.name])[order])
            )
    return Interactions(
        user=columns.read_only(user[order]),
        item=columns.read_only(item[order]),
        timestamp=columns.read_only(timestamp[order]),
        event_type=columns.categorical(others["EVENT_TYPE"], order) if "EVENT_TYPE" in trained else None,
        value=None if values is None else columns.read_only(columns.numbers(values)[order].astype(np.float32)),
        context=context,
    )


def _in_one_spelling(types: Array) -> Array:
    """The event types of action interactions, whatever case they were imported in."""
    plain = pc.replace_substring(pc.utf8_upper(types.dictionary_decode()), " ", "_")
    return plain.dictionary_encode()


def _streamed_column(item: Field, streamed: StreamedEvents) -> list[Array]:
    if not len(streamed):
        return []
    if item.name == "EVENT_TYPE":
        values: Sequence[Value] = streamed.event_types
    elif item.name == "EVENT_VALUE":
        values = streamed.event_values
    else:
        values = [properties.get(item.name) for properties in streamed.properties]
    return [column_of(values, item)]
