"""Which users want what: how much of each user's interest goes to given groups of items."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

import numpy as np

from personalize_local.engine.data import Float32, Int32, Int64

if TYPE_CHECKING:
    from scipy.sparse import csr_array

    from personalize_local.recipes._personal_model import PersonalModel
    from personalize_local.recipes.base import Model

_USERS_AT_A_TIME = 512


def interests(model: Model, groups: Sequence[Int32], users: Int64 | None = None) -> Float32:
    """How likely the next item of each user is of each group, [users, groups]; by popularity without a history.

    ``model`` is that of a segmentation recipe, ``groups`` hold item indexes and ``users`` indexes into its users
    (None: all). The probabilities are those of the personal answers: the sum over the group's items.
    """
    from personalize_local.recipes._personal_blocks import shares_of_groups

    asked = cast("PersonalModel", model)
    rows = np.arange(len(asked.users)) if users is None else users
    belongs = members(groups, len(asked.items))
    found = np.zeros((len(rows), len(groups)), np.float32)
    for begin in range(0, len(rows), _USERS_AT_A_TIME):
        part = rows[begin : begin + _USERS_AT_A_TIME]
        found[begin : begin + len(part)] = shares_of_groups(asked, part.tolist(), belongs)
    return found


def members(groups: Sequence[Int32], n_items: int) -> csr_array:
    """1 where an item [items] is in a group [groups]."""
    from scipy.sparse import csr_array

    items = np.concatenate([np.zeros(0, np.int32), *groups])
    numbers = np.repeat(np.arange(len(groups)), [len(group) for group in groups])
    return csr_array((np.ones(len(items)), (items, numbers)), shape=(n_items, len(groups)))
