"""What each user did, found by user: imported interactions as filters look at them. Loads pyarrow and numpy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from personalize_local.datasets import _columns as columns
from personalize_local.datasets._arrow import Array, pa
from personalize_local.datasets.held import Held
from personalize_local.engine.vocabulary import Vocabulary

__all__ = ["Did", "PastEvents"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Did:
    """Events of one user, aligned: codes of the items and of the event types, and times in epoch seconds."""

    items: NDArray[np.int32]
    types: NDArray[np.int32]
    times: NDArray[np.int64]
    tables: NDArray[np.int64]
    """Which table of the dataset each event is from."""


class PastEvents:
    """The imported interactions of a dataset with the users, or with actions in place of items.

    ``items`` are the ids that codes index, as an array of strings, ``types`` the names of the event types in the case
    in which they are compared; a dataset without event types has one, the empty one.
    """

    def __init__(self, held: Held) -> None:
        user, item = held.schema.id_fields
        coded = pa.dictionary(pa.int32(), pa.string())
        users = columns.join(self._chunks(held, user), coded)
        items = columns.join(self._chunks(held, item), coded)
        kinds = columns.join(self._chunks(held, "EVENT_TYPE"), coded)
        self._users: Array = users.dictionary
        self.items: Array = items.dictionary
        names = [str(name).casefold() for name in columns.strings(kinds.dictionary)] if len(kinds) else [""]
        self.types: tuple[str, ...] = tuple(names)
        self._item = columns.codes(items)
        self._type = columns.codes(kinds) if len(kinds) else np.zeros(len(self._item), np.int32)
        self._time = columns.to_numpy(columns.join(self._chunks(held, "TIMESTAMP"), pa.int64()), np.dtype(np.int64))
        codes = columns.codes(users)
        # The rows of each user beside each other, in the order in which they were imported.
        self._rows = np.argsort(codes, kind="stable").astype(np.int32)
        self._indptr = np.zeros(len(self._users) + 1, np.int64)
        np.cumsum(np.bincount(codes, minlength=len(self._users)), out=self._indptr[1:])
        self._ends = np.cumsum([table.num_rows for table in held.tables])

    @staticmethod
    def _chunks(held: Held, name: str) -> Sequence[Array]:
        item = held.schema.field(name)
        return [] if item is None else held.chunks(item)

    @cached_property
    def users(self) -> Vocabulary:
        """The users, to find one."""
        return Vocabulary.from_strings(columns.strings(self._users))

    @property
    def user_ids(self) -> Array:
        """The ids of the users, as an array of strings that their codes index."""
        return self._users

    def users_with(self, types: frozenset[str] | None) -> NDArray[np.int64]:
        """The codes of the users with an event of the types (None: of any)."""
        owners = np.repeat(np.arange(len(self._users)), np.diff(self._indptr))
        if types is not None:
            codes = [code for code, name in enumerate(self.types) if name in types]
            owners = owners[np.isin(self._type[self._rows], codes)]
        return np.unique(owners)

    def of(self, user: str) -> Did:
        """What a user did, in the order in which it was imported."""
        index = self.users.get(user)
        rows = self._rows[:0] if index < 0 else self._rows[self._indptr[index] : self._indptr[index + 1]]
        return Did(
            items=self._item[rows],
            types=self._type[rows],
            times=self._time[rows],
            tables=np.searchsorted(self._ends, rows, side="right"),
        )
