"""Themes: what the items of an answer have in common, found in their names and texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from personalize_local.engine.themes import Background, theme_of
from personalize_local.provenance import Rule, Sentence

if TYPE_CHECKING:
    from personalize_local.datasets.catalogue import Catalogue
    from personalize_local.datasets.schema import Schema

SCORE_DECIMALS = 8
LIKE = Sentence(
    "Items like {name}",
    rule="chosen",
    wording="chosen",
    said="theme of an output line whose items have no word in common with anything",
)
RULES = (
    Rule(
        says="A theme is the three words that are most frequent in the largest cluster of the recommended items and "
        "rare elsewhere (class TF-IDF), of their names and textual columns; the same question has the same theme.",
        known="chosen",
        source="dg/themed-batch-recommendations.html: the service has a language model write a title",
    ),
    Rule(
        says="Items with a theme are ordered by the cosine between their words and the theme's, which is their "
        "relevance score, with eight decimals.",
        known="chosen",
        source="dg/themed-batch-recommendations.html: ordered by a relevance whose making is not published",
    ),
)


class Themes:
    """Finds the themes of answers over one state of the Items dataset."""

    def __init__(self, catalogue: Catalogue, schema: Schema, name: str) -> None:
        self._catalogue, self._name = catalogue, name
        self._columns = [name, *(field.name for field in schema.fields if field.textual and field.name != name)]
        self._background = Background(self._texts(np.arange(len(catalogue), dtype=np.int32)))

    def of(self, item_id: str, listed: Sequence[str]) -> Mapping[str, Any]:
        """The members of the answer about ``item_id``, whose items are ``listed``, as a theme has them ordered."""
        vocabulary = self._catalogue.vocabulary
        found = theme_of(self._texts(vocabulary.indexes(listed)), self._background)
        if found is None:
            (name,) = self._catalogue.texts(self._name, vocabulary.indexes([item_id]))
            return _told(listed, LIKE(name=name or item_id), [0.0] * len(listed))
        order = np.argsort(-found.relevance, kind="stable")
        scores = found.relevance[order].round(SCORE_DECIMALS).tolist()
        return _told([listed[place] for place in order.tolist()], found.title, scores)

    def _texts(self, rows: np.ndarray[tuple[int], np.dtype[np.int32]]) -> list[str]:
        columns = [self._catalogue.texts(column, rows) for column in self._columns]
        return [" ".join(text for text in texts if text) for texts in zip(*columns, strict=True)]


def _told(listed: Sequence[str], title: str, scores: list[float]) -> Mapping[str, Any]:
    return {"recommendedItems": list(listed), "theme": title, "itemsThemeRelevanceScores": scores}
