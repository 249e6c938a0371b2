"""Histories in compressed rows: order, parts and what is kept."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from personalize_local.engine.data import Interactions
from personalize_local.engine.histories import Histories, histories_of, ranges

events = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 6)), max_size=40)


def arranged(pairs: list[tuple[int, int]]) -> Histories:
    user, item = np.array(pairs, np.int32).reshape(-1, 2).T
    return histories_of(Interactions(user=user, item=item, timestamp=np.zeros(len(pairs), np.int64)), 5)


@given(events)
def test_each_user_keeps_the_order_in_which_the_rows_came(pairs: list[tuple[int, int]]) -> None:
    histories = arranged(pairs)
    for user in range(5):
        assert histories.of(user).tolist() == [item for owner, item in pairs if owner == user]
        assert histories.of(user, 3).tolist() == histories.of(user).tolist()[-3:]
    assert [pairs[row] for row in histories.rows] == list(
        zip(histories.owners().tolist(), histories.items.tolist(), strict=True)
    )


@given(events, st.integers(1, 5))
def test_only_the_latest_are_kept(pairs: list[tuple[int, int]], limit: int) -> None:
    histories = arranged(pairs)
    latest = histories.latest(limit)
    assert [latest.of(user).tolist() for user in range(5)] == [histories.of(user, limit).tolist() for user in range(5)]


@given(events, st.data())
def test_selected_positions_stay_with_their_users(pairs: list[tuple[int, int]], data: st.DataObject) -> None:
    histories = arranged(pairs)
    keep = np.array(data.draw(st.lists(st.booleans(), min_size=len(pairs), max_size=len(pairs))), bool)
    selected = histories.select(keep)
    for user in range(5):
        positions = histories.positions_of(np.array([user]))
        assert selected.of(user).tolist() == histories.items[positions[keep[positions]]].tolist()


def test_ranges_follow_each_other() -> None:
    assert ranges(np.array([3, 0, 5]), np.array([5, 0, 8])).tolist() == [3, 4, 5, 6, 7]
