"""What some texts have in common, in a few words: class TF-IDF over clusters of them.

The words of a cluster weigh what they are frequent in it and rare elsewhere (Grootendorst, "BERTopic", 2022, section
3.3, with the words of a whole catalogue as the background). Everything is deterministic: equals go by their place.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import log

import numpy as np

from personalize_local.engine.data import Float64, Int64

_WORD = re.compile(r"[^\W\d_]{3,}")
_STOP = frozenset(
    """
    about after all also and any are because been before between both but can could each for from get had has have
    her here him his how into its just more most not now off one only other our out over own than that the their
    them then there these they this those through too two under until very was were what when where which while who
    whose why will with would you your
    """.split()  # noqa: SIM905 (a list of words is read better as words)
)
_MOST_TEXTS = 50_000
"""Texts of a catalogue that are counted: they say well enough which words are rare."""
_ITEMS_OF_A_CLUSTER, _MOST_CLUSTERS, _ROUNDS = 4, 4, 10
_IN_A_TITLE = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Theme:
    """``title`` names a theme, ``relevance`` says how well each text fits it: a cosine, from 0 on."""

    title: str
    relevance: Float64


class Background:
    """In how many texts of a catalogue each word is."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._counts: Counter[str] = Counter()
        self._texts = 0
        for _, text in zip(range(_MOST_TEXTS), texts, strict=False):
            self._texts += 1
            self._counts.update(set(words_of(text)))

    def rarity(self, word: str) -> float:
        """How much a word says: 0 for one that all texts have."""
        return log((1 + self._texts) / (1 + self._counts[word]))


def words_of(text: str) -> list[str]:
    """The words of a text that may say something, in lower case."""
    return [word for word in map(str.lower, _WORD.findall(text)) if word not in _STOP]


def theme_of(texts: Sequence[str], background: Background) -> Theme | None:
    """The theme of the largest cluster of ``texts``, and how well each of them fits; None without any word."""
    counted = [Counter(words_of(text)) for text in texts]
    names = sorted({word for counts in counted for word in counts})
    if not names:
        return None
    places = {word: place for place, word in enumerate(names)}
    counts = np.zeros((len(texts), len(names)))
    for row, found in enumerate(counted):
        for word, number in found.items():
            counts[row, places[word]] = number
    rarity = np.array([background.rarity(word) for word in names])
    vectors = _unit(counts * rarity)
    clusters = _clusters(vectors)
    largest = int(np.bincount(clusters).argmax())
    weights = _weights(counts, clusters, largest) * rarity
    # A word of one text alone is no theme, where there are others.
    common = np.count_nonzero(counts[clusters == largest], axis=0) > 1
    weights = np.where(common, weights, 0.0) if (weights * common).any() else weights
    if not weights.any():
        return None
    relevance: Float64 = vectors @ _unit(weights[None])[0]
    best = np.lexsort((np.arange(len(names)), -weights))[:_IN_A_TITLE]
    return Theme(title=_title([names[place] for place in best if weights[place] > 0]), relevance=relevance)


def _weights(counts: Float64, clusters: Int64, chosen: int) -> Float64:
    """The class TF-IDF of each word in the chosen cluster."""
    sums = np.stack([counts[clusters == number].sum(axis=0) for number in range(int(clusters.max()) + 1)])
    share = sums[chosen] / max(float(sums[chosen].sum()), 1.0)
    weights: Float64 = share * np.log1p(sums.sum(axis=1).mean() / np.maximum(sums.sum(axis=0), 1.0))
    return weights


def _clusters(vectors: Float64) -> Int64:
    """The cluster of each row of length 1: k-means by cosine from rows that are far from each other."""
    most = min(_MOST_CLUSTERS, max(1, len(vectors) // _ITEMS_OF_A_CLUSTER))
    centres = [int(np.argmax(vectors @ vectors.sum(axis=0)))]
    nearest = vectors @ vectors[centres[0]]
    while len(centres) < most:
        centres.append(int(np.argmin(nearest)))
        nearest = np.maximum(nearest, vectors @ vectors[centres[-1]])
    means = vectors[centres]
    clusters = np.zeros(len(vectors), np.int64)
    for _ in range(_ROUNDS):
        found = np.argmax(vectors @ means.T, axis=1)
        if (found == clusters).all():
            break
        clusters = found.astype(np.int64)
        sums = [vectors[clusters == number].sum(axis=0) for number in range(len(centres))]
        means = _unit(np.stack(sums))
    return clusters


def _unit(rows: Float64) -> Float64:
    lengths = np.sqrt(np.einsum("ij,ij->i", rows, rows))
    scaled: Float64 = rows / np.where(lengths > 0, lengths, 1.0)[:, None]
    return scaled


def _title(words: Sequence[str]) -> str:
    *first, last = [word.capitalize() for word in words]
    return f"{', '.join(first)} and {last}" if first else last
