"""What a training reads: nothing of the truth when it is measured, everything when it serves; both catalogue sizes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from personalize_local.engine.data import Categorical
from personalize_local.engine.ease import add_gram, add_near, item_weights
from personalize_local.engine.neighbours import NeighbourTable
from personalize_local.engine.popularity import popularity_logits
from personalize_local.engine.scores import PopularityOrder, Scores
from personalize_local.engine.transitions import add_pairs, no_pairs, transition_table
from personalize_local.engine.vocabulary import Vocabulary
from personalize_local.recipes import RECIPES
from personalize_local.recipes._common import histories, learned_users, measure_model, split_users
from personalize_local.recipes._personal_content import Content
from personalize_local.recipes._personal_model import PersonalModel
from personalize_local.recipes._personal_sums import NOBODY, Events, _SparseSums
from personalize_local.recipes.base import Query, TrainingParameters
from tests.recipes.worlds import random_world, world


def personal(data: object) -> PersonalModel:
    model = RECIPES["aws-user-personalization"].train(data, TrainingParameters()).model  # type: ignore[arg-type]
    assert isinstance(model, PersonalModel)
    return model


def test_the_served_model_is_learned_from_all_events_of_all_users() -> None:
    data = random_world(6, n_users=300, n_items=40)
    model, history = personal(data), histories(data)
    n_items, every = len(data.items), np.arange(len(history.items))
    counts = add_pairs(no_pairs(n_items), history.items, every, np.repeat(history.indptr[:-1], history.lengths))
    settings = model.settings
    table = transition_table(counts, settings.reverse_share, settings.damping, 149)
    np.testing.assert_allclose(model.transitions.sparse().toarray(), table.sparse().toarray(), rtol=1e-4)
    gram = np.zeros((n_items, n_items), np.float32, order="F")
    add_gram(gram, history, np.arange(len(data.users)))
    near = np.zeros((n_items, n_items), np.float32, order="F")
    add_near(near, history.items, every, np.repeat(history.indptr[:-1], history.lengths))
    parts = [(settings.near_share, item_weights(near, 60.0)), (1 - settings.near_share, item_weights(gram, 300.0))]
    expected = sum(share * weights / weights.std() for share, weights in parts)
    np.testing.assert_allclose(model.affinity / model.affinity.std(), expected / expected.std(), rtol=1e-3, atol=1e-5)
    expected = popularity_logits(np.bincount(history.items, minlength=n_items).astype(np.float64))
    assert np.corrcoef(model.popularity, expected)[0, 1] > 0.9


def test_rows_are_divided_by_what_follows_and_columns_by_what_leads_there() -> None:
    counts = np.random.default_rng(0).integers(0, 5, (5, 5)).astype(np.float32)
    both = counts + 0.5 * counts.T
    expected = both / (both.sum(axis=1) + 10.0)[:, None] / (both.sum(axis=0) + 1.0) ** 0.25
    np.testing.assert_allclose(transition_table(counts, 0.5, 0.25, 5).sparse().toarray(), expected, rtol=1e-5)
    ahead = counts / (counts.sum(axis=1) + 10.0)[:, None] / (counts.sum(axis=0) + 1.0) ** 0.5
    np.testing.assert_allclose(transition_table(counts, 0.0, 0.5, 5).sparse().toarray(), ahead, rtol=1e-5)


def test_a_test_user_is_asked_about_with_his_oldest_events_alone() -> None:
    data = world([[f"i{step}" for step in range(20)], ["i0"], ["i3", "i4"]])
    history, asked = histories(data), []

    def answer(user: int, end: int) -> Scores:
        asked.append(data.items.strings(history.before(user, end, 100)))
        return Scores(np.zeros(len(data.items)), PopularityOrder.of(np.zeros(len(data.items))))

    measure_model(answer, history, np.array([0, 2]), len(data.items))
    assert asked == [[f"i{step}" for step in range(18)], ["i3"]]


def test_users_who_test_do_not_teach() -> None:
    lengths = np.array([3] * 40 + [1] * 10)
    users = learned_users(lengths, {})
    learned, test = split_users(users, lengths, 0)
    assert len(test) == 4
    assert sorted([*learned.tolist(), *test.tolist()]) == list(range(50))


@pytest.fixture
def sparse(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every catalogue counts as too large to be scored as a whole."""
    monkeypatch.setattr("personalize_local.engine.transitions.DENSE_ITEMS", 0)
    monkeypatch.setattr("personalize_local.recipes._personal_sums.DENSE_ITEMS", 0)


@pytest.mark.usefixtures("sparse")
def test_context_and_repeats_count_in_large_catalogues_too() -> None:
    random = np.random.default_rng(0)
    habits, places = [], []
    for _ in range(200):
        own = random.choice(10, 2, replace=False)
        phone = random.random(12) < 0.5
        habits.append([f"{'m' if on else 't'}{own[random.integers(0, 2)]}" for on in phone])
        places.append(["phone" if on else "tv" for on in phone])
    model = personal(world(habits, context={"DEVICE": places}))
    assert "affinity.weights" not in model.arrays()[0]
    for number in range(5):
        for device, letter in (("phone", "m"), ("tv", "t")):
            top, _ = model.scores(Query(user_id=f"u{number}", context={"DEVICE": device})).top(2)
            wanted = {item for item in habits[number] if item[0] == letter}
            assert set(model.items.strings(top)[: len(wanted)]) == wanted


@pytest.mark.usefixtures("sparse")
def test_items_that_never_come_again_are_put_last_in_large_catalogues_too() -> None:
    random = np.random.default_rng(1)
    data = world([[f"{'ab'[user % 2]}{item}" for item in random.permutation(10)[:6]] for user in range(200)])
    model = personal(data)
    for user in range(6):
        top, _ = model.scores(Query(user_id=f"u{user}")).top(4)
        had = set(data.interactions.item[data.interactions.user == user].tolist())
        assert {item[0] for item in model.items.strings(top)} == {"ab"[user % 2]}
        assert not had & set(top.tolist())


@pytest.mark.parametrize(
    ("low", "high", "kept"),
    [("0.0", "0.99", 20), ("0.0", "1.0", 20), ("0.05", "0.95", 20), ("0.1", "0.9", 18), ("0.5", "0.5", 2)],
)
def test_percentiles_of_history_lengths_keep_the_users_at_their_bounds(low: str, high: str, kept: int) -> None:
    lengths = np.array([0, 0, *range(1, 21)])  # two users without events are never learned from
    features = {"min_user_history_length_percentile": low, "max_user_history_length_percentile": high}
    users = learned_users(lengths, features)
    assert len(users) == kept
    assert lengths[users].min() == 1 + (20 - kept) // 2


@pytest.mark.usefixtures("sparse")
@pytest.mark.parametrize("weighted", [False, True])
def test_what_is_added_in_parts_is_what_is_added_at_once(weighted: bool) -> None:
    data = random_world(5, n_users=300, n_items=40)
    history = histories(data)
    everyone = np.arange(len(data.users))
    test, learned = everyone[::10], np.setdiff1d(everyone, everyone[::10])
    learned = learned[history.lengths[learned] > 0]
    held = learned[history.lengths[learned] >= 3][::4]
    weights = np.random.default_rng(1).uniform(0.2, 3.0, len(history.items)).astype(np.float32) if weighted else None
    parts, whole = (_SparseSums(Events(histories=history, weights=weights), len(data.items), 40) for _ in range(2))
    parts.learn(learned, held)
    parts.complete(held, test)
    whole.learn(everyone, NOBODY)
    found, wanted = parts.affinity(), whole.affinity()
    assert isinstance(found, NeighbourTable)
    assert isinstance(wanted, NeighbourTable)
    np.testing.assert_allclose(found.sparse().toarray(), wanted.sparse().toarray(), atol=1e-5)
    np.testing.assert_allclose(parts.counts.toarray(), whole.counts.toarray(), atol=1e-4)


def test_items_of_few_events_borrow_from_their_like_in_rows() -> None:
    names = ("old", "new", "other")
    kind = Categorical(codes=np.array([0, 0, 1, 1], np.int32), values=names[:2])
    data = replace(world([["a", "b"]]), items=Vocabulary.from_strings(["a", "b", "c", "d"]), item_metadata={"K": kind})
    content = Content.of(data, 10)
    affinity = np.arange(16, dtype=np.float32).reshape(4, 4)
    lent = content.lent(affinity, np.array([9, 0, 9, 9]))
    assert isinstance(lent, np.ndarray)
    assert lent.flags["C_CONTIGUOUS"], "it is read by rows"
    np.testing.assert_allclose(lent[:, 1], affinity[:, 1] + 0.5 * affinity[:, 0])
    np.testing.assert_allclose(lent[:, [0, 2, 3]], affinity[:, [0, 2, 3]])
    assert content.lent(affinity, np.full(4, 9)) is affinity
    same = replace(data, item_metadata={"K": replace(kind, codes=np.zeros(4, np.int32))})
    assert Content.of(same, 10).lent(affinity, np.array([9, 0, 9, 9])) is affinity
