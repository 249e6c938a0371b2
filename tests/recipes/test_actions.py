"""The actions recipe on worlds in which it is known what users take."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from personalize_local.engine.data import TrainingData
from personalize_local.recipes import RECIPES
from personalize_local.recipes.base import Model, Query, Trained, TrainingParameters, Untrainable
from personalize_local.store.artifacts import Artifacts
from tests.recipes.worlds import DAY, Act, offers, random_world, two_tastes, with_actions, world

RECIPE = RECIPES["aws-next-best-action"]
KEYS = [
    "area_under_the_curve",
    "coverage",
    "normalized_discounted_cumulative_gain_at_10",
    "normalized_discounted_cumulative_gain_at_25",
    "normalized_discounted_cumulative_gain_at_5",
    "precision",
    "recall",
]
TASTE_A, TASTE_B = [f"a{n}" for n in range(6)], [f"b{n}" for n in range(6)]


def learned(data: TrainingData, *, relaxed: bool = False, **more: str) -> Trained:
    return RECIPE.train(data, TrainingParameters(relaxed_minimums=relaxed, feature_transformation=more))


def answer(model: Model, query: Query, k: int = 100) -> dict[str, float]:
    """Actions, best first, and their scores."""
    actions, scores = model.scores(query).top(k)
    return dict(zip(model.items.strings(actions), scores.tolist(), strict=True))


@pytest.fixture(scope="module")
def trained() -> Trained:
    return learned(offers())


@pytest.fixture(scope="module")
def model(trained: Trained) -> Model:
    return trained.model


def test_users_are_told_what_their_taste_takes(model: Model) -> None:
    for number in range(160):
        found = answer(model, Query(user_id=f"u{number}"))
        likes, other = ("x", "y") if number % 2 == 0 else ("y", "x")
        if number // 2 % 8:  # the others did the opposite of their taste
            assert next(iter(found)) == likes
            assert found[likes] > 0.6 > 0.4 > found[other]


def test_scores_are_chances_and_an_action_that_nobody_saw_has_none(model: Model) -> None:
    found = answer(model, Query(user_id="u2"))
    assert set(found) == {"x", "y", "z"}
    assert found["z"] == 0.0
    assert sum(found.values()) != 1
    assert all(0 <= score <= 1 and score == round(score, 7) for score in found.values())


def test_of_strangers_nothing_is_known_but_how_often_an_action_is_taken(model: Model) -> None:
    expected = {"y": 0.5, "x": 0.5, "z": 0.0}
    for query in (Query(), Query(user_id="a stranger"), Query(user_id="s", events=["nothing"], actions=[("n", "x")])):
        found = answer(model, query)
        assert list(found) == list(expected), "of equals the one of higher value is first"
        assert found == pytest.approx(expected, abs=1e-6)


def test_streamed_items_show_the_taste_of_a_stranger(model: Model) -> None:
    of_a = answer(model, Query(user_id="new", events=TASTE_A))
    of_b = answer(model, Query(user_id="new", events=TASTE_B))
    assert of_a["x"] > 0.65 > 0.35 > of_a["y"]
    assert of_b["y"] > 0.65 > 0.35 > of_b["x"]


def test_streamed_actions_move_the_answer_and_all_that_came_adds_up(model: Model) -> None:
    before = answer(model, Query(user_id="u2"))
    after = answer(model, Query(user_id="u2", actions=[("x", "NOT_TAKEN"), ("y", "TAKEN")]))
    assert after["x"] < before["x"]
    again = answer(model, Query(user_id="u2", actions=[("x", "NOT_TAKEN"), ("y", "TAKEN")] * 3))
    assert again["x"] < after["x"]
    assert answer(model, Query(user_id="u2", actions=[("nothing", "TAKEN"), ("x", "Liked")])) == before
    # Who took y is of the taste that refuses x.
    stranger = answer(model, Query(user_id="new", actions=[("y", "TAKEN")]))
    assert stranger["x"] < 0.45


def test_metrics_have_the_documented_names_and_are_high_where_tastes_decide(trained: Trained) -> None:
    assert list(trained.metrics) == KEYS
    assert trained.metrics["area_under_the_curve"] > 0.75
    assert trained.metrics["normalized_discounted_cumulative_gain_at_5"] > 0.7
    assert trained.metrics["coverage"] == 1
    assert all(value == round(value, 4) and 0 <= value <= 1 for value in trained.metrics.values())


def rated(counts: Mapping[str, tuple[int, int]], begin: int = 0) -> list[Act]:
    """Tries of users: so many taken and so many not of each action, all within ten days."""
    rows: list[Act] = []
    for action, (taken, refused) in counts.items():
        for number in range(taken + refused):
            kind = "TAKEN" if number < taken else "NOT_TAKEN" if number % 2 else "VIEWED"
            rows.append((f"u{number % 80}", action, kind, begin + (number // 80) * 20 * DAY + number * 60))
    return rows


def scored(rows: Sequence[Act], values: Mapping[str, float | None], *, relaxed: bool = False) -> dict[str, float]:
    data = with_actions(two_tastes(), rows, values)
    return answer(learned(data, relaxed=relaxed).model, Query())


def test_an_action_needs_fifty_taken_and_fifty_others() -> None:
    counts = {"x": (50, 50), "few taken": (49, 60), "few others": (60, 49)}
    found = scored(rated(counts), dict.fromkeys(counts, 1))
    assert found["x"] > 0.3
    assert (found["few taken"], found["few others"]) == (0.0, 0.0)


def test_with_relaxed_minimums_one_of_each_is_enough() -> None:
    counts = {"x": (1, 1), "never taken": (0, 40), "always taken": (40, 0)}
    found = scored(rated(counts), dict.fromkeys(counts, 1), relaxed=True)
    assert found["x"] > 0
    assert (found["never taken"], found["always taken"]) == (0.0, 0.0)


def test_only_the_newest_six_weeks_count_for_the_minimum() -> None:
    rows = rated({"old": (70, 70)}) + rated({"new": (70, 70)}, begin=100 * DAY)
    found = scored(rows, {"old": 1, "new": 1})
    assert found["new"] > 0.3
    assert found["old"] == 0.0


def test_without_action_interactions_all_scores_are_zero_and_values_decide() -> None:
    values = {"a": 1, "b": 10, "none": None, "c": 5}
    assert list(scored([], values).items()) == [("b", 0.0), ("c", 0.0), ("a", 0.0), ("none", 0.0)]


def test_of_equally_likely_actions_the_more_valuable_is_first() -> None:
    counts = {"low": (60, 60), "high": (60, 60), "sure": (90, 60)}
    found = scored(rated(counts), {"low": 2, "high": 7, "sure": 1})
    assert list(found) == ["sure", "high", "low"]
    assert found["high"] == found["low"]


def test_of_too_many_actions_those_with_the_most_events_are_learned() -> None:
    counts = {f"x{number:04d}": (2 if number == 7 else 1, 1) for number in range(1003)}
    counts["x1002"] = (3, 3)
    found = scored(rated(counts), dict.fromkeys(counts, 1), relaxed=True)
    zero = [action for action, score in found.items() if score == 0]
    assert zero == []  # the best hundred of them
    assert {"x0007", "x1002"} <= set(answer_all(rated(counts), counts))


def answer_all(rows: Sequence[Act], counts: Mapping[str, object]) -> set[str]:
    """The actions with a score above zero, 1000 of them."""
    model = learned(with_actions(two_tastes(), rows, dict.fromkeys(counts, 1)), relaxed=True).model
    positive = {action for action, score in answer(model, Query(), 2000).items() if score > 0}
    assert len(positive) == 1000
    return positive


def test_the_optimization_period_decides_what_is_a_success() -> None:
    rows: list[Act] = []
    for number in range(120):
        shown = number * 3600
        rows += [(f"u{number % 80}", f"x{number // 80}", "VIEWED", shown)]
        rows += [(f"u{number % 80}", f"x{number // 80}", "TAKEN", shown + 10 * DAY)]
    values = {"x0": 1, "x1": 1}
    data = with_actions(two_tastes(), rows, values)
    long, short = (
        answer(learned(data, relaxed=True, action_optimization_period=days).model, Query()) for days in ("14", "7")
    )
    assert long["x0"] > 0.95
    assert short["x0"] == pytest.approx(0.5, abs=0.05)


def test_scores_are_as_likely_as_they_say() -> None:
    random = np.random.default_rng(5)
    chances = {"x": 0.1, "y": 0.3, "z": 0.8}
    rows: list[Act] = []
    for number in range(400):
        for action, chance in chances.items():
            taste = 0.15 if number % 2 else -0.05
            kind = "TAKEN" if random.random() < chance + taste else "NOT_TAKEN"
            rows.append((f"u{number}", action, kind, number * 60))
    data = with_actions(two_tastes(400), rows, dict.fromkeys(chances, 1))
    model = learned(data, relaxed=True).model
    for action in chances:
        for odd, taste in ((1, TASTE_B), (0, TASTE_A)):
            wanted = chances[action] + (0.15 if odd else -0.05)
            assert answer(model, Query(events=taste))[action] == pytest.approx(wanted, abs=0.12)


def digest(seed: int) -> str:
    """A hash of everything that a training leaves."""
    trained = RECIPE.train(offers(), TrainingParameters(seed=seed))
    arrays, facts = trained.model.arrays()
    whole = sha256(repr([facts, sorted(trained.metrics.items())]).encode())
    for key in sorted(arrays):
        whole.update(f"{key} {arrays[key].dtype} {arrays[key].shape}".encode())
        whole.update(arrays[key].tobytes())
    return whole.hexdigest()


def test_the_same_data_and_seed_make_the_same_bytes_also_in_another_process() -> None:
    assert digest(1) == digest(1) != digest(2)
    environment = {**os.environ, "OMP_NUM_THREADS": "2", "OPENBLAS_NUM_THREADS": "2", "PYTHONHASHSEED": "77"}
    done = subprocess.run(
        [sys.executable, "-c", "from tests.recipes.test_actions import digest\nprint(digest(1))"],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
        env=environment,
        cwd=Path(__file__).resolve().parents[2],
    )
    assert done.stdout.strip() == digest(1)


QUERIES = [
    Query(),
    Query(user_id="u2"),
    Query(user_id="u3", events=[*TASTE_A * 30, "nothing"], actions=[("x", "TAKEN"), ("z", "VIEWED"), ("q", "TAKEN")]),
    Query(user_id="a stranger", events=TASTE_B, actions=[("y", "NOT_TAKEN")] * 120),
]


def test_a_stored_model_gives_the_same_answers(model: Model, tmp_path: Path) -> None:
    store = Artifacts(tmp_path)
    store.write("model", *model.arrays())
    loaded = RECIPE.load(*store.open("model"))
    for query in QUERIES:
        assert answer(loaded, query) == answer(model, query)


@given(seed=st.integers(0, 10_000), k=st.integers(0, 12))
@settings(max_examples=15, deadline=None)
def test_in_any_world_the_best_k_are_the_first_of_all(seed: int, k: int) -> None:
    random = np.random.default_rng(seed)
    names = [f"x{number}" for number in range(seed % 9 + 1)]
    rows: list[Act] = [
        (
            f"u{random.integers(0, 30)}" if random.random() < 0.8 else f"other {random.integers(0, 9)}",
            names[random.integers(0, len(names))],
            ("TAKEN", "NOT_TAKEN", "VIEWED")[random.integers(0, 3)],
            int(random.integers(0, 100 * DAY)),
        )
        for _ in range(seed % 200)
    ]
    data = with_actions(random_world(seed, n_users=20), rows, dict.fromkeys(names, 1))
    done = learned(data, relaxed=True)
    assert list(done.metrics) == KEYS
    for query in QUERIES:
        scores = done.model.scores(query)
        actions, propensities = scores.top(k)
        every, every_propensities = scores.top(len(names))
        assert sorted(every.tolist()) == list(range(len(names)))
        assert actions.tolist() == every[:k].tolist()
        assert propensities.tolist() == every_propensities[:k].tolist()
        assert ((every_propensities >= 0) & (every_propensities <= 1)).all()
        assert (np.diff(every_propensities) <= 0).all()
        ranked, ranked_propensities = scores.rank(every)
        assert ranked.tolist() == list(range(len(names)))
        assert ranked_propensities.tolist() == every_propensities.tolist()


def test_worlds_that_are_too_small_train_and_answer() -> None:
    one = with_actions(world([["x"]]), [("u0", "x", "TAKEN", 0)], {"x": 1})
    assert answer(learned(one, relaxed=True).model, Query(user_id="u0")) == {"x": 0.0}
    nobody = with_actions(world([], unseen=["x"]), [("v", "x", "TAKEN", 0), ("v", "x", "VIEWED", 1)], {"x": 1})
    assert 0 < answer(learned(nobody, relaxed=True).model, Query(user_id="v"))["x"] < 1


def test_without_actions_there_is_nothing_to_learn() -> None:
    for data in (two_tastes(), with_actions(two_tastes(), [], {})):
        with pytest.raises(Untrainable, match="has no actions to train on"):
            learned(data)


def test_a_parameter_that_is_not_declared_is_refused() -> None:
    for given_ in ({"algorithm": {"depth": "3"}}, {"feature_transformation": {"depth": "3"}}):
        with pytest.raises(ValueError, match="depth"):
            RECIPE.train(offers(), TrainingParameters(**given_))  # type: ignore[arg-type]  # one of two mappings
