"""How the segmentation recipes learn: the personal engine, measured by whom it finds for items and attributes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from personalize_local.engine.data import (
    Categorical,
    Column,
    Float32,
    Int32,
    Int64,
    MultiCategorical,
    Numeric,
    TrainingData,
)
from personalize_local.recipes._common import histories, in_order
from personalize_local.recipes._personal_training import Controls, train_personal
from personalize_local.recipes.base import Trained, TrainingParameters, Untrainable
from personalize_local.recipes.minimums import taken
from personalize_local.recipes.segments import interests, members
from personalize_local.recipes.sentences import NO_ATTRIBUTE

if TYPE_CHECKING:
    from scipy.sparse import csr_array

_TEST_SHARE = 0.2  # of each user's interactions, the newest (documented)
_SEGMENT = 0.01  # of the users (documented)
# Chosen, to bound the work: users among whom segments are looked for, and items or attribute values that ask for one.
_MOST_USERS = 2_000
_MOST_GROUPS = 500
_RESERVED = ("CREATION_TIMESTAMP",)

Groups = Sequence[Int32]


def train_item_segments(data: TrainingData, algorithm: Mapping[str, str], params: TrainingParameters) -> Trained:
    """Train on all of ``data``; measure whom a model without the newest fifth finds for each item."""
    groups = [np.array([item], np.int32) for item in np.unique(data.interactions.item)]
    return _train(data, algorithm, params, groups)


def train_attribute_segments(data: TrainingData, algorithm: Mapping[str, str], params: TrainingParameters) -> Trained:
    """Train on all of ``data``; measure whom a model without the newest fifth finds for each attribute value.

    Raises Untrainable when no column groups the items.
    """
    groups = [
        group
        for name, column in sorted(data.item_metadata.items())
        if name not in _RESERVED
        for group in attribute_groups(column)
    ]
    if not groups:
        raise Untrainable(NO_ATTRIBUTE())
    return _train(data, algorithm, params, groups)


def attribute_groups(column: Column) -> list[Int32]:
    """The items of each value of a column; none where all values are the same, or all distinct, or text."""
    if isinstance(column, MultiCategorical):
        items = np.repeat(np.arange(len(column.indptr) - 1, dtype=np.int32), np.diff(column.indptr))
        codes = column.codes
    elif isinstance(column, Categorical):
        items = np.flatnonzero(column.codes >= 0).astype(np.int32)
        codes = column.codes[items]
    elif isinstance(column, Numeric):
        items = np.flatnonzero(~np.isnan(column.values)).astype(np.int32)
        codes = np.unique(column.values[items], return_inverse=True)[1].astype(np.int32)
    else:
        return []
    sizes = np.bincount(codes)
    n_values = np.count_nonzero(sizes)
    if n_values < 2 or n_values == len(codes):
        return []
    order = np.argsort(codes, kind="stable")
    return [group for group in np.split(items[order], np.cumsum(sizes)[:-1]) if len(group)]


def _train(data: TrainingData, algorithm: Mapping[str, str], params: TrainingParameters, groups: Groups) -> Trained:
    controls = Controls.of(algorithm)
    split = _split(data)
    measured = train_personal(split.learned, controls, {}, params).model
    random = np.random.default_rng([params.seed, 2])
    users = np.sort(random.permutation(np.unique(data.interactions.user))[:_MOST_USERS]).astype(np.int64)
    wanted = split.wanted(groups)[users]
    asked = np.sort(random.permutation(np.unique(wanted.nonzero()[1]))[:_MOST_GROUPS])
    found = interests(measured, [groups[int(number)] for number in asked], users)
    return Trained(
        model=train_personal(data, controls, {}, params).model,
        metrics=segment_metrics(found, wanted[:, asked].toarray() > 0),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Split:
    """The older part of everyone's interactions, and the (user, item) pairs of the newer part."""

    learned: TrainingData
    user: Int32
    item: Int32

    def wanted(self, groups: Groups) -> csr_array:
        """How much each user has of each group in the newer part, [users, groups]."""
        from scipy.sparse import csr_array

        shape = len(self.learned.users), len(self.learned.items)
        had = csr_array((np.ones(len(self.user)), (self.user, self.item)), shape=shape)
        found: csr_array = had @ members(groups, shape[1])
        return found


def _split(data: TrainingData) -> _Split:
    """Hold out the newest fifth of each user's interactions, of few none (rounded), so that the oldest one stays."""
    history = histories(data)
    held = np.rint(history.lengths * _TEST_SHARE).astype(np.int64)
    positions = np.arange(len(history.items))
    test = positions >= np.repeat(history.indptr[1:] - held, history.lengths)
    learned = replace(data, interactions=taken(data.interactions, np.sort(history.rows[~test])))
    return _Split(learned=learned, user=history.owners()[test], item=history.items[test])


def segment_metrics(found: Float32, wanted: NDArray[np.bool_]) -> dict[str, float]:
    """The three metrics of segmentation, of interests and truth [users, groups]; each group is wanted by someone.

    Coverage is the share of the users who are in any segment, hits are users, not a share (observed).
    """
    n_users, n_groups = found.shape
    if not n_groups:
        return {"coverage": 0.0, "hits_at_1_percent": 0.0, "recall_at_1_percent": 0.0}
    size = max(1, round(_SEGMENT * n_users))
    segments = np.argsort(-found, axis=0, kind="stable")[:size]
    hits: Int64 = np.take_along_axis(wanted, segments, axis=0).sum(axis=0)
    return in_order(
        {
            "coverage": len(np.unique(segments)) / n_users,
            "hits_at_1_percent": float(hits.mean()),
            "recall_at_1_percent": float((hits / wanted.sum(axis=0)).mean()),
        }
    )
