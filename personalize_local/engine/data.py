"""What a recommender is trained on: coded interactions and metadata as read-only arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from personalize_local.engine.vocabulary import Vocabulary

Int32 = NDArray[np.int32]
Int64 = NDArray[np.int64]
Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Categorical:
    """A string column as codes. ``codes[i]`` indexes ``values``; -1 is null."""

    codes: Int32
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MultiCategorical:
    """A multi-valued categorical column in compressed rows: row i holds ``codes[indptr[i]:indptr[i + 1]]``."""

    indptr: Int64
    codes: Int32
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Numeric:
    """A number column; NaN is null."""

    values: Float64


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A textual column; the empty string is null."""

    values: tuple[str, ...]


Column = Categorical | MultiCategorical | Numeric | Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Interactions:
    """Interactions sorted by timestamp; rows of equal timestamp keep the order in which they were imported.

    ``user`` and ``item`` index the vocabularies of the TrainingData, ``timestamp`` is in epoch seconds. ``value``
    is EVENT_VALUE (NaN is null). ``context`` holds the metadata columns of the Interactions schema. ``weight`` is what
    each interaction counts for as evidence, 1 on average; None: all alike.
    """

    user: Int32
    item: Int32
    timestamp: Int64
    event_type: Categorical | None = None
    value: Float32 | None = None
    context: Mapping[str, Categorical | Numeric] = field(default_factory=dict)
    weight: Float32 | None = None

    def __len__(self) -> int:
        return len(self.user)


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionData:
    """The actions that the Actions dataset describes, and what users did with them.

    In ``interactions`` an ``item`` indexes ``actions`` and a ``user`` indexes ``users``, which are numbered apart from
    those of the TrainingData; event types are TAKEN, NOT_TAKEN and VIEWED. ``metadata`` is aligned with ``actions``.
    """

    users: Vocabulary
    actions: Vocabulary
    interactions: Interactions
    metadata: Mapping[str, Column] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingData:
    """One consistent snapshot of a dataset group.

    ``items`` holds every item of the Interactions and Items datasets, so some have no interaction; the columns of
    ``item_metadata`` (by upper-case schema name, in catalogue order) are aligned with it, those of
    ``user_metadata`` with ``users``, which holds every user of the Interactions and Users datasets. ``actions`` is
    there for trainings that are about actions.
    """

    users: Vocabulary
    items: Vocabulary
    interactions: Interactions
    item_metadata: Mapping[str, Column] = field(default_factory=dict)
    user_metadata: Mapping[str, Column] = field(default_factory=dict)
    actions: ActionData | None = None
