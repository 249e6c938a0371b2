"""Which items an answer tries out of which little is known: lifted to places that they may deserve, by chance.

Chance is a pure function of a key and of the item, so that the same question is answered alike by every process.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from personalize_local.engine.data import Float64, Int32, Int64
from personalize_local.engine.scores import Bool, PopularityOrder, Scores

if TYPE_CHECKING:
    from scipy.sparse import csr_array

UInt64 = NDArray[np.uint64]

WIDTH = 20
SOURCES = 5_000
"""Learned items among which those alike are looked for."""
MOST_JUDGED = 5_000
"""Items for which they are looked for: both bound the time of it to about a second."""
_PULL = 1.0
"""Likeness that the mean of the catalogue counts for."""
_WORD = 2**64 - 1
_SPREAD = 0.2
_LEAST = 0.02
_TASTE = 1.0
"""How strongly relevance, in deviations among the candidates, draws the chance to those that a user may like."""
_FURTHEST = 2.0
_ROWS_AT_A_TIME = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidates:
    """What may be tried out.

    ``items`` are indexes: items that the model knows, then ``new`` ones, numbered after the catalogue. ``evidence``
    counts what has been seen of each, ``marks`` are hashes of the ids. Of those at the places ``judged`` in ``items``
    nothing was learned; ``alike`` and ``likeness`` [judged, width] are the learned items like them, and how like.
    """

    items: Int32
    new: int
    evidence: Float64
    marks: UInt64
    judged: Int64
    alike: Int32
    likeness: Float64
    doubt: Float64 = field(init=False, repr=False)  # how many times the chance is less than that of the unknown
    _trust: Float64 = field(init=False, repr=False)  # that deviations from the mean are trusted, as a share
    _weights: Float64 = field(init=False, repr=False)  # of those alike in the relevance of the judged
    _pulls: Float64 = field(init=False, repr=False)  # and that of the mean of the catalogue

    def __post_init__(self) -> None:
        sums = self.likeness.sum(axis=1) + _PULL
        object.__setattr__(self, "doubt", 1.0 + self.evidence)
        object.__setattr__(self, "_trust", 1.0 / np.sqrt(self.doubt))
        object.__setattr__(self, "_weights", self.likeness / sums[:, None])
        object.__setattr__(self, "_pulls", _PULL / sums)

    def __len__(self) -> int:
        return len(self.items)

    @property
    def known(self) -> Int32:
        """Those that the model knows."""
        return self.items[: len(self.items) - self.new]


def marks(ids: Iterable[str]) -> UInt64:
    """Hashes of ids, the same in every process."""
    return np.array([_hash(id_) for id_ in ids], np.uint64)


def key_of(*parts: object) -> int:
    """The key of a chance that depends on ``parts``."""
    return _hash("/".join(map(str, parts)))


def _hash(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "little")


def chances(marked: UInt64, key: int) -> Float64:
    """A number from 0 to 1 for each mark, even and, for other keys, another one."""
    mixed = marked ^ np.uint64(key)
    # The finalizer of splitmix64.
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(31)
    return (mixed >> np.uint64(11)).astype(np.float64) * 2.0**-53


def positions(count: int, share: float, key: int) -> int:
    """How many of ``count`` positions are explored: ``share`` of them, on average over keys."""
    return int(count * share + _chance(key))


def _chance(key: int) -> float:
    """That of a mark of 0, as :func:`chances` gives it: without arrays, as it is asked for with each answer."""
    mixed = ((key ^ (key >> 30)) * 0xBF58476D1CE4E5B9) & _WORD
    mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _WORD
    return ((mixed ^ (mixed >> 31)) >> 11) * 2.0**-53


def alike(wanted: csr_array, learned: csr_array) -> tuple[NDArray[np.int64], Float64]:
    """For each row of features ``wanted`` the rows of ``learned`` most like it, and how like: 0 to 1.

    Both [wanted, width]; of equals the first rows come first. A likeness of 0 fills rows that have fewer.
    """
    width = min(WIDTH, learned.shape[0])
    found = np.zeros((wanted.shape[0], width), np.int64)
    values = np.zeros((wanted.shape[0], width))
    columns = learned.T.tocsr()
    longest = max((float(part.multiply(part).sum(axis=1).max()) for part in (wanted, learned) if part.nnz), default=0)
    for begin in range(0, wanted.shape[0], _ROWS_AT_A_TIME):
        block = (wanted[begin : begin + _ROWS_AT_A_TIME] @ columns).toarray() / max(longest, 1e-12)
        thresholds = np.partition(block, block.shape[1] - width, axis=1)[:, block.shape[1] - width]
        for row, (likeness, threshold) in enumerate(zip(block, thresholds, strict=True), begin):
            near = np.flatnonzero(likeness >= threshold)
            near = near[np.argsort(-likeness[near], kind="stable")][:width]
            found[row], values[row] = near, likeness[near]
    return found, values


def relevance(scores: Scores, candidates: Candidates) -> Float64:
    """The logit of each candidate: what the model says of it, or what it says of its like where that is more."""
    return _relevance(scores, candidates, scores.mean())


def _relevance(scores: Scores, candidates: Candidates, mean: float) -> Float64:
    logits = np.full(len(candidates), -np.inf)
    logits[: len(candidates.known)] = scores.logits_of(candidates.known)
    if len(candidates.judged):
        near = scores.logits_of(candidates.alike.reshape(-1)).reshape(candidates.alike.shape)
        # One that is kept down, as what a user had already may be, does not speak against its like.
        near = np.maximum(near, mean)
        judged = np.einsum("ij,ij->i", candidates._weights, near) + candidates._pulls * mean
        logits[candidates.judged] = np.maximum(logits[candidates.judged], judged)
    return logits


def with_new(scores: Scores, candidates: Candidates, order: PopularityOrder) -> Scores:
    """The scores over the catalogue with the new items, each by its relevance; all others as they are."""
    logits = relevance(scores, candidates)[len(candidates.known) :]
    return scores.changed(candidates.items[len(candidates.known) :], logits, order)


def explored(scores: Scores, candidates: Candidates, order: PopularityOrder, weight: float, key: int) -> Scores:
    """The scores over the catalogue with the new items, candidates lifted as ``weight`` (above 0, to 1) asks."""
    mean = scores.mean()
    logits = _relevance(scores, candidates, mean)
    rest = max(1.0 - weight, _LEAST)
    places = chances(candidates.marks, key)
    places *= candidates.doubt
    places /= _drawn(logits, _TASTE * (1.0 - weight))
    places *= len(scores) * _SPREAD * rest / weight
    # Of most nothing comes: their places are behind the catalogue.
    lifted = np.flatnonzero(places < len(scores))
    own = logits[lifted]
    levels = scores.levels(places[lifted].astype(np.int64))
    logits[lifted] = np.maximum(own, levels + rest * (own - mean) * candidates._trust[lifted])
    return scores.changed(candidates.items, logits, order)


def _drawn(relevance: Float64, strength: float) -> Float64:
    """How many times likelier each candidate is tried out for its relevance, 1 on average."""
    deviation = float(relevance.std())
    if not strength or deviation < 1e-9:
        return np.ones(len(relevance))
    tilt = np.exp(strength * np.clip((relevance - relevance.mean()) / deviation, -_FURTHEST, _FURTHEST))
    drawn: Float64 = tilt / tilt.mean()
    return drawn


def first_to_try(evidence: Float64, marked: UInt64, key: int, allowed: Bool, count: int) -> Int32:
    """Up to ``count`` of the allowed ones, by chance; rather those of which less is known."""
    waits = np.where(allowed, chances(marked, key) * (1.0 + evidence), np.inf)
    order = np.argsort(waits, kind="stable")[:count]
    return order[allowed[order]].astype(np.int32)
