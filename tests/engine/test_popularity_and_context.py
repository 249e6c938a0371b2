"""How much items are chosen: by whom, of late, and under a context."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from personalize_local.engine.context import (
    ContextColumn,
    code_column,
    context_parts,
    fit_context,
    fit_periods,
    fit_persons,
    person_parts,
)
from personalize_local.engine.data import Categorical, MultiCategorical, Numeric
from personalize_local.engine.popularity import choose_lifetime, unique_users, weighted_counts


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 3)), max_size=40))
def test_popularity_counts_a_user_once(pairs: list[tuple[int, int]]) -> None:
    user, item = np.array(pairs, np.int32).reshape(-1, 2).T
    counts = unique_users(user, item, 6, 4)
    assert counts.tolist() == [len({owner for owner, own in pairs if own == number}) for number in range(4)]


def test_an_interaction_as_old_as_the_lifetime_weighs_a_third() -> None:
    counts = weighted_counts(np.array([0, 1, 1]), np.array([0, 50, 100]), 3, 100.0)
    np.testing.assert_allclose(counts, [np.exp(-1), 1 + np.exp(-0.5), 0])
    assert weighted_counts(np.array([0, 1, 1]), np.array([0, 50, 100]), 3, None).tolist() == [1, 2, 0]
    empty = np.zeros(0, np.int64)
    assert weighted_counts(empty.astype(np.int32), empty, 2, 5.0).tolist() == [0, 0]


def test_where_tastes_shift_a_short_memory_is_chosen_and_a_long_one_where_they_stay() -> None:
    time = np.arange(4000)
    random = np.random.default_rng(0)
    shifting = (time // 200 + random.integers(0, 2, 4000)).astype(np.int32)
    lifetime = choose_lifetime(shifting, time, 30)
    assert lifetime is not None
    assert lifetime <= 400
    assert choose_lifetime(random.integers(0, 5, 4000).astype(np.int32), time, 30) is None
    assert choose_lifetime(np.zeros(0, np.int32), np.zeros(0, np.int64), 3) is None


def test_items_chosen_more_under_a_value_are_raised_under_it_alone() -> None:
    codes = np.array([0] * 500 + [1] * 500 + [-1] * 10, np.int32)
    item = np.array([0] * 400 + [1] * 100 + [0] * 100 + [1] * 400 + [2] * 10, np.int32)
    device = fit_context({"DEVICE": Categorical(codes=codes, values=("phone", "tv"))}, item, 3)["DEVICE"]
    phone, tv = device.row("phone"), device.row("tv")
    assert phone is not None
    assert tv is not None
    assert phone[0] > 0.3 > -0.3 > phone[1]
    assert tv[1] > 0.3 > -0.3 > tv[0]
    assert device.row("watch") is None


def test_periods_have_equally_many_interactions_and_raise_what_was_chosen_in_them() -> None:
    time = np.sort(np.random.default_rng(0).integers(0, 10_000, 8_000))
    item = (time // 2_500).astype(np.int32)
    periods = fit_periods(time, item, 5)
    assert periods is not None
    sizes = np.bincount([periods.part(moment) for moment in time.tolist()])
    assert len(sizes) == 8
    assert sizes.min() > 900
    for moment, wanted in ((100, 0), (4_000, 1), (6_000, 2), (20_000, 3)):
        assert int(periods.logits[periods.part(moment)].argmax()) == wanted
    assert fit_periods(np.full(5, 7), np.zeros(5, np.int32), 2) is None
    assert fit_periods(np.zeros(0, np.int64), np.zeros(0, np.int32), 2) is None


def test_a_value_seen_once_changes_little() -> None:
    codes = np.array([0] * 999 + [1], np.int32)
    item = np.arange(1000, dtype=np.int32) % 10
    column = fit_context({"DEVICE": Categorical(codes=codes, values=("phone", "tv"))}, item, 10)["DEVICE"]
    assert np.abs(column.logits[1]).max() < 0.06


def test_numbers_are_cut_at_quantiles_and_unreadable_ones_say_nothing() -> None:
    hour = Numeric(values=np.array([float(value % 24) for value in range(480)] + [np.nan]))
    item = np.array([int(value % 24 >= 12) for value in range(480)] + [0], np.int32)
    column = fit_context({"HOUR": hour}, item, 2)["HOUR"]
    morning, evening = column.row("3"), column.row("21.5")
    assert morning is not None
    assert evening is not None
    assert morning[0] > morning[1]
    assert evening[1] > evening[0]
    assert column.row("noon") is None
    assert column.row("nan") is None


def test_a_column_of_one_value_is_not_learned() -> None:
    item = np.zeros(9, np.int32)
    assert fit_context({"A": Categorical(codes=np.zeros(9, np.int32), values=("x",))}, item, 1) == {}
    assert fit_context({"A": Numeric(values=np.full(9, np.nan))}, item, 1) == {}


def test_only_the_most_frequent_values_are_kept() -> None:
    column = Categorical(codes=np.array([2, 2, 2, 0, 1, 1, -1], np.int32), values=("a", "b", "c"))
    codes, values, edges = code_column(column, 2)
    assert values == ("b", "c")
    assert codes.tolist() == [1, 1, 1, -1, 0, 0, -1]
    assert edges == ()


def test_of_several_columns_those_that_are_known_and_weigh_something_count() -> None:
    row = np.array([[1.0, -1.0], [2.0, 0.0]], np.float32)
    columns = {name: ContextColumn(logits=row, values=("x", "y")) for name in ("A", "B", "C")}
    weights = {"A": 2.0, "B": 0.5, "C": 0.0}
    parts = context_parts(columns, weights, {"A": "x", "B": "y", "C": "x", "D": "x"})
    assert [(logits.tolist(), weight) for logits, weight in parts] == [([1, -1], 2.0), ([2, 0], 0.5)]
    assert context_parts(columns, weights, {"C": "x", "A": "z"}) == []


def test_the_columns_of_users_say_what_people_like_them_choose() -> None:
    group = Categorical(codes=np.array([0] * 6 + [1] * 6 + [2, -1], np.int32), values=("a", "b", "alone"))
    tags = MultiCategorical(
        indptr=np.array([0, *range(2, 14), 14, 15]), codes=np.array([0, 1, *[0, 1] * 6, 0], np.int32), values=("p", "q")
    )
    user = np.repeat(np.arange(12, dtype=np.int32), 20)
    item = (user >= 6).astype(np.int32)
    persons = fit_persons({"GROUP": group, "TAGS": tags}, user, item, 14, 2)
    first, second, alone, nobody = (persons["GROUP"].of(number) for number in (0, 11, 12, 99))
    assert first is not None
    assert second is not None
    assert first[0] > first[1]
    assert second[1] > second[0]
    assert alone is None  # a value of one user says only who he is
    assert nobody is None
    assert persons["TAGS"].of(0) is not None
    assert len(person_parts(persons, {"GROUP": 1.0, "TAGS": 0.0}, 0)) == 1


def test_a_number_that_is_always_the_same_is_not_learned() -> None:
    assert fit_context({"A": Numeric(values=np.full(9, 2.5))}, np.zeros(9, np.int32), 1) == {}
