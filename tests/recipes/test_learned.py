"""What a training tells exploration of each item."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from personalize_local.recipes.learned import Learned

from .worlds import two_tastes


def test_interactions_are_counted_by_item_and_the_newest_is_known() -> None:
    data = two_tastes()
    found = Learned.of(data)
    assert len(found.interactions) == len(data.items)
    assert found.interactions.sum() == len(data.interactions)
    assert found.interactions[data.interactions.item[0]] == (data.interactions.item == data.interactions.item[0]).sum()
    assert found.newest == data.interactions.timestamp.max()


def test_it_is_stored_beside_a_model_and_of_older_ones_every_item_was_learned() -> None:
    found = replace(Learned.of(two_tastes()), interactions=np.array([3, 0, 1]))
    again = Learned.stored(found.arrays(), 3)
    assert (again.interactions.tolist(), again.newest) == ([3, 0, 1], found.newest)
    older = Learned.stored({}, 2)
    assert (older.interactions.tolist(), older.newest) == ([1, 1], -np.inf)
