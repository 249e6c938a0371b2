"""Ids and their dense indexes, in arrays that can be memory-mapped."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

_MANY = 16  # ids from which all are looked up in one step


class Vocabulary:
    """An immutable two-way map between distinct id strings and the indexes 0..n-1.

    Held as one UTF-8 blob with offsets and a table of sorted 64-bit hashes, so that opening a stored vocabulary of
    millions of ids costs nothing until an id is asked for.
    """

    __slots__ = ("_blob", "_hashes", "_offsets", "_order")

    def __init__(
        self,
        blob: NDArray[np.uint8],
        offsets: NDArray[np.int64],
        hashes: NDArray[np.uint64],
        order: NDArray[np.int32],
    ) -> None:
        self._blob, self._offsets, self._hashes, self._order = blob, offsets, hashes, order

    @classmethod
    def from_strings(cls, ids: Iterable[str]) -> Vocabulary:
        """Number distinct ``ids`` in the order given."""
        encoded = [value.encode() for value in ids]
        offsets = np.zeros(len(encoded) + 1, np.int64)
        np.cumsum([len(value) for value in encoded], out=offsets[1:])
        hashes = np.fromiter((_hash(value) for value in encoded), np.uint64, len(encoded))
        order = np.argsort(hashes, kind="stable").astype(np.int32)
        return cls(np.frombuffer(b"".join(encoded), np.uint8), offsets, hashes[order], order)

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[np.generic]]) -> Vocabulary:
        """The inverse of :meth:`arrays`."""
        return cls(arrays["blob"], arrays["offsets"], arrays["hashes"], arrays["order"])  # type: ignore[arg-type]  # dtypes are those written by arrays()

    def extended(self, ids: Sequence[str]) -> Vocabulary:
        """These ids, and distinct other ``ids`` numbered after them in the order given."""
        others = Vocabulary.from_strings(ids)
        hashes = np.concatenate((self._hashes, others._hashes))
        order = np.concatenate((self._order, others._order + np.int32(len(self))))
        sorted_ = np.argsort(hashes, kind="stable")
        return Vocabulary(
            np.concatenate((self._blob, others._blob)),
            np.concatenate((self._offsets, others._offsets[1:] + self._offsets[-1])),
            hashes[sorted_],
            order[sorted_],
        )

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """The parts to store: blob, offsets, hashes, order."""
        return {"blob": self._blob, "offsets": self._offsets, "hashes": self._hashes, "order": self._order}

    def __len__(self) -> int:
        return len(self._offsets) - 1

    def __getitem__(self, index: int) -> str:
        if index < 0:
            raise IndexError("indexes of a vocabulary count from 0")
        return self._bytes(index).decode()

    def get(self, id_: str) -> int:
        """The index of ``id_``, or -1."""
        value = id_.encode()
        wanted = _hash(value)
        at = int(self._hashes.searchsorted(np.uint64(wanted)))
        while at < len(self._hashes) and self._hashes.item(at) == wanted:
            index = self._order.item(at)
            if self._bytes(index) == value:
                return index
            at += 1
        return -1

    def indexes(self, ids: Sequence[str]) -> NDArray[np.int32]:
        """The indexes of ``ids``; -1 for the unknown."""
        if len(ids) < _MANY:
            return np.fromiter((self.get(value) for value in ids), np.int32, len(ids))
        values = [id_.encode() for id_ in ids]
        wanted = np.fromiter((_hash(value) for value in values), np.uint64, len(values))
        places = self._hashes.searchsorted(wanted)
        alike = np.flatnonzero(places < len(self._hashes))
        alike = alike[self._hashes[places[alike]] == wanted[alike]]
        found = np.full(len(values), -1, np.int32)
        candidates = self._order[places[alike]]
        view = self._blob.data
        begins, ends = self._offsets[candidates].tolist(), self._offsets[candidates + 1].tolist()
        for place, index, begin, end in zip(alike.tolist(), candidates.tolist(), begins, ends, strict=True):
            # Of two ids with one hash the first may be another one.
            found[place] = index if view[begin:end] == values[place] else self.get(ids[place])
        return found

    def strings(self, indexes: NDArray[np.integer]) -> list[str]:
        """The ids at ``indexes``, which are all known."""
        # Bounds in two steps for all, and slices of its memoryview: numpy's own slices cost four times as much.
        view = self._blob.data
        begins, ends = self._offsets[indexes].tolist(), self._offsets[np.add(indexes, 1)].tolist()
        return [str(view[begin:end], "utf-8") for begin, end in zip(begins, ends, strict=True)]

    def _bytes(self, index: int) -> bytes:
        return self._blob[self._offsets.item(index) : self._offsets.item(index + 1)].tobytes()


def _hash(value: bytes) -> int:
    return int.from_bytes(blake2b(value, digest_size=8).digest(), "little")
