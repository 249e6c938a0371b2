"""Held-out interactions: read from CSV under the schema of the Interactions dataset, given user by user.

Loads pyarrow and numpy.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from personalize_local.datasets import _columns as columns
from personalize_local.datasets._arrow import Array, pa
from personalize_local.datasets._rows import arrow_type
from personalize_local.datasets.csv import Source, read_batches
from personalize_local.datasets.schema import Schema
from personalize_local.experiments.replay import Event

__all__ = ["HeldOut"]


class HeldOut:
    """The events of some files, in columns of codes and numbers: some tens of bytes an event.

    Raises ImportFailure and MissingColumns, as an import of the files would, but for the least number of rows.
    """

    def __init__(self, files: Sequence[Source], schema: Schema) -> None:
        kept = ["USER_ID", "ITEM_ID", "TIMESTAMP", *(item.name for item in schema.metadata)]
        kept += [name for name in ("EVENT_TYPE", "EVENT_VALUE") if schema.field(name) is not None]
        pieces: dict[str, list[Array]] = {name: [] for name in kept}
        for batch in read_batches(files, schema):
            for name in kept:
                pieces[name].append(batch.column(batch.schema.get_field_index(name)))
        whole = {}
        for name in kept:
            item = schema.field(name)
            assert item is not None, name
            whole[name] = columns.join(pieces.pop(name), arrow_type(item))
        self._context = tuple(item.name for item in schema.metadata)
        self._columns = whole
        users = columns.codes(whole["USER_ID"])
        self.times: NDArray[np.int64] = columns.to_numpy(whole["TIMESTAMP"], np.dtype(np.int64))
        """In epoch seconds, in the order of the files."""
        # Stable: events of one time stay in the order of the files.
        self._order = np.lexsort((self.times, users))
        ends = np.flatnonzero(np.diff(users[self._order], prepend=-1))
        self._bounds = [*ends.tolist(), len(users)]

    def __len__(self) -> int:
        return len(self._order)

    @property
    def users(self) -> int:
        """How many users there are."""
        return len(self._bounds) - 1

    def by_user(self) -> Iterator[tuple[str, list[Event]]]:
        """Each user and his events in order of time; only his are made."""
        for begin, end in pairwise(self._bounds):
            rows = pa.array(self._order[begin:end])
            taken = {name: column.take(rows).to_pylist() for name, column in self._columns.items()}
            yield taken["USER_ID"][0], self._events(taken, end - begin)

    def _events(self, taken: dict[str, list[Any]], count: int) -> list[Event]:
        types = taken.get("EVENT_TYPE") or [""] * count
        values = taken.get("EVENT_VALUE") or [None] * count
        contexts: list[dict[str, str]] = [{} for _ in range(count)]
        for name in self._context:
            for context, value in zip(contexts, taken[name], strict=True):
                if value is not None:
                    context[name.upper()] = str(value).lower() if isinstance(value, bool) else str(value)
        return [
            Event(item=item, type=kind or "", value=value, context=context)
            for item, kind, value, context in zip(taken["ITEM_ID"], types, values, contexts, strict=True)
        ]
