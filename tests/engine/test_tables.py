"""What item-to-item tables hold: transitions, EASE weights and co-interactions against plain computations."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from personalize_local.engine import transitions
from personalize_local.engine.data import Interactions
from personalize_local.engine.ease import add_gram, add_near, cosine_table, item_weights, read_rows, shift_gram
from personalize_local.engine.histories import Histories, histories_of
from personalize_local.engine.neighbours import NeighbourTable, cointeractions, strongest, strongest_of_sparse
from personalize_local.engine.transitions import add_pairs, backward, no_pairs, transition_table

N_ITEMS = 6
sequences = st.lists(st.lists(st.integers(0, N_ITEMS - 1), max_size=15), min_size=1, max_size=6)


def arranged(rows: list[list[int]]) -> Histories:
    user = np.repeat(np.arange(len(rows), dtype=np.int32), [len(row) for row in rows])
    item = np.array([value for row in rows for value in row], np.int32)
    return histories_of(Interactions(user=user, item=item, timestamp=np.zeros(len(item), np.int64)), len(rows))


def counted(rows: list[list[int]], window: int) -> np.ndarray:
    expected = np.zeros((N_ITEMS, N_ITEMS))
    for row in rows:
        for place, item in enumerate(row):
            for distance in range(1, min(window, place) + 1):
                expected[row[place - distance], item] += 1 / distance
    return expected


@pytest.mark.parametrize("dense", [True, False])
@given(rows=sequences, window=st.integers(1, 12))
@settings(max_examples=40)
def test_pairs_weigh_the_inverse_of_their_distance(dense: bool, rows: list[list[int]], window: int) -> None:
    histories = arranged(rows)
    starts = np.repeat(histories.indptr[:-1], histories.lengths)
    targets = np.arange(len(histories.items))
    limit = 5_000 if dense else 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(transitions, "DENSE_ITEMS", limit)
        patch.setattr(transitions, "_CHUNK", 7)
        counts = add_pairs(no_pairs(N_ITEMS), histories.items, targets, starts, window)
    assert isinstance(counts, np.ndarray) is dense
    full = counts if isinstance(counts, np.ndarray) else counts.toarray()
    np.testing.assert_allclose(full, counted(rows, window), rtol=1e-5)
    reverse = backward(counts)
    np.testing.assert_array_equal(reverse if isinstance(reverse, np.ndarray) else reverse.toarray(), full.T)


@pytest.mark.parametrize("weighted", [False, True])
@given(rows=sequences)
@settings(max_examples=40)
def test_nearness_is_a_kernel_of_the_steps_between_events(weighted: bool, rows: list[list[int]]) -> None:
    histories = arranged(rows)
    size = len(histories.items)
    weights = np.random.default_rng(0).integers(1, 5, size).astype(np.float32) if weighted else None
    place, owner = np.arange(size), histories.owners()
    kernel = np.exp(-np.abs(place[:, None] - place) / 15.0) * (owner[:, None] == owner)
    if weights is not None:
        kernel *= np.sqrt(weights[:, None] * weights)
    one_hot = np.eye(N_ITEMS)[histories.items]
    near = np.zeros((N_ITEMS, N_ITEMS), np.float32, order="F")
    starts = np.repeat(histories.indptr[:-1], histories.lengths)
    for positions in (place[::2], place[1::2]):
        add_near(near, histories.items, positions, starts[positions], weights)
    np.testing.assert_allclose(np.tril(near), np.tril(one_hot.T @ kernel @ one_hot), rtol=1e-4)


@given(rows=sequences)
@settings(max_examples=40)
def test_dense_and_sparse_counts_make_the_same_table(rows: list[list[int]]) -> None:
    counts = counted(rows, 10).astype(np.float32)
    dense = transition_table(counts, 0.5, 0.25, N_ITEMS)
    sparse = transition_table(csr_array(counts), 0.5, 0.25, N_ITEMS)
    np.testing.assert_allclose(dense.sparse().toarray(), sparse.sparse().toarray(), rtol=1e-4, atol=1e-7)


@given(rows=sequences)
@settings(max_examples=40)
def test_the_gram_matrix_counts_users_who_had_both(rows: list[list[int]]) -> None:
    histories = arranged(rows)
    had = np.zeros((len(rows), N_ITEMS))
    for user, row in enumerate(rows):
        had[user, row] = 1
    gram = np.zeros((N_ITEMS, N_ITEMS), np.float32, order="F")
    add_gram(gram, histories, np.arange(len(rows)))
    np.testing.assert_array_equal(np.tril(gram), np.tril(had.T @ had))
    some = np.flatnonzero(histories.lengths > 0)
    shift_gram(gram, histories, some, -1.0)
    for user in some:
        had[user] = 0
        had[user, rows[user][:-1]] = 1
    np.testing.assert_array_equal(np.tril(gram), np.tril(had.T @ had))


def test_ease_weights_solve_the_regression_of_each_item_on_the_others() -> None:
    had = (np.random.default_rng(3).random((40, 7)) < 0.4).astype(np.float64)
    gram = had.T @ had
    weights = item_weights(np.asfortranarray(np.tril(gram), np.float32), 2.0)
    for item in range(7):
        others = np.arange(7) != item
        solved = np.linalg.solve(gram[np.ix_(others, others)] + 2.0 * np.eye(6), gram[others, item])
        np.testing.assert_allclose(weights[others, item], solved, rtol=1e-3, atol=1e-4)
    assert not weights.diagonal().any()


def test_rows_are_read_with_their_strengths() -> None:
    weights = np.arange(12, dtype=np.float32).reshape(3, 4)
    read = read_rows(weights, np.array([2, 0, 2], np.int32), np.array([1, 10, 0.5], np.float32))
    np.testing.assert_allclose(read, weights[2] * 1.5 + weights[0] * 10)


def test_a_gram_matrix_that_cannot_be_inverted_is_told() -> None:
    with pytest.raises(ArithmeticError, match="not positive definite"):
        item_weights(np.full((2, 2), -1.0, np.float32, order="F"), 0.0)


def as_rows(table: NeighbourTable) -> list[dict[int, float]]:
    return [
        {int(index): float(value) for index, value in zip(indexes, values, strict=True) if value > 0}
        for indexes, values in zip(table.indexes, table.values, strict=True)
    ]


@given(st.integers(1, 8), st.integers(1, 12), st.integers(0, 999))
@settings(max_examples=60)
def test_the_strongest_of_each_row_stay(n_items: int, width: int, seed: int) -> None:
    block = np.random.default_rng(seed).integers(0, 4, (n_items, n_items)).astype(np.float32)
    for table in (strongest(n_items, width, lambda a, b: block[a:b]), strongest_of_sparse(csr_array(block), width)):
        assert table.indexes.shape == (n_items, min(width, n_items))
        for row, kept in enumerate(as_rows(table)):
            best = sorted(block[row][block[row] > 0], reverse=True)[:width]
            assert sorted(kept.values(), reverse=True) == best
            assert all(block[row, item] == value for item, value in kept.items())


def test_equals_at_the_edge_of_a_row_stay_by_index() -> None:
    table = strongest(4, 2, lambda a, b: np.ones((4, 4), np.float32)[a:b])
    assert [sorted(row) for row in as_rows(table)] == [[0, 1]] * 4


def test_a_table_with_more_columns_than_rows_keeps_the_width_that_was_asked_for() -> None:
    matrix = csr_array(np.arange(1, 21, dtype=np.float32).reshape(2, 10))
    table = strongest_of_sparse(matrix, 4)
    assert [sorted(row) for row in as_rows(table)] == [[6, 7, 8, 9]] * 2


def test_neighbours_are_summed_over_a_history() -> None:
    table = NeighbourTable(
        indexes=np.array([[1, 2], [0, 0]], np.int32), values=np.array([[1, 0.5], [2, 0]], np.float32)
    )
    table = NeighbourTable(
        indexes=np.vstack((table.indexes, [[0, 1]])).astype(np.int32),
        values=np.vstack((table.values, [[4, 4]])).astype(np.float32),
    )
    read = table.dense(np.array([0, 2], np.int32), np.array([1.0, 0.5], np.float32))
    np.testing.assert_allclose(read, [2.0, 3.0, 0.5])


USER = np.array([0, 0, 1, 1, 2, 2, 2, 3, 3, 4], np.int32)
ITEM = np.array([0, 1, 0, 1, 0, 2, 2, 0, 2, 0], np.int32)


@pytest.mark.parametrize("discount", [0.0, 0.5, 1.0])
def test_co_interactions_count_users_and_are_discounted_by_the_others_popularity(discount: float) -> None:
    table = cointeractions(USER, ITEM, 5, 3, discount=discount, width=3).toarray()
    both, users_of = np.array([[0, 2, 2], [2, 0, 0], [2, 0, 0]]), np.array([5, 2, 2])
    np.testing.assert_allclose(table, both / users_of**discount, rtol=1e-6)


def test_cosines_are_of_common_users_and_leave_the_item_itself_out() -> None:
    had = np.random.default_rng(2).random((60, 300)) < 0.2
    gram = (had.T.astype(np.float32) @ had).astype(np.float32)
    roots = np.sqrt(np.maximum(gram.diagonal(), 1.0))
    expected = gram / np.outer(roots, roots)
    np.fill_diagonal(expected, 0.0)
    found = cosine_table(np.asfortranarray(np.tril(gram)), 300)
    np.testing.assert_allclose(found.sparse().toarray(), expected, rtol=1e-5)
    assert cosine_table(np.asfortranarray(np.tril(gram)), 5).indexes.shape == (300, 5)
