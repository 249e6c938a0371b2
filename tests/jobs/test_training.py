"""Training jobs: what is selected, what is searched, which recipe wins, and what ends a training early."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from personalize_local.engine.data import Categorical, TrainingData
from personalize_local.jobs import training
from personalize_local.jobs.workplace import JobFailure, Workplace
from personalize_local.recipes import RECIPES
from personalize_local.recipes.base import Recipe, Trained, TrainingParameters
from personalize_local.store.artifacts import Artifacts
from personalize_local.store.database import Database
from personalize_local.store.objects import ObjectsConfig
from personalize_local.store.records import Job
from tests.recipes.test_event_weights import typed
from tests.recipes.worlds import random_world, two_tastes, world

JOB = "arn:aws:personalize:us-east-1:123456789012:solution/s/0123abcd"


class Bench:
    """Runs trainings of a given world."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.workplace = Workplace(root=root, storage=ObjectsConfig(), seed=0, relaxed_minimums=True)
        self.trained: list[tuple[str, dict[str, str], int]] = []
        self._patch = monkeypatch

    def run(
        self, data: TrainingData, recipe: str, config: Mapping[str, Any] | None = None, **more: Any
    ) -> dict[str, Any]:
        payload = {"recipe": recipe, "solutionConfig": config or {}, "eventType": None, "artifact": "model", **more}
        self._patch.setattr(training, "snapshot", lambda *_: data)
        self._patch.setattr(training, "RECIPES", {name: self._watched(one) for name, one in RECIPES.items()})
        return training.run(payload, self.workplace)

    def _watched(self, recipe: Recipe) -> Recipe:
        def train(data: TrainingData, params: TrainingParameters) -> Trained:
            self.trained.append((recipe.name, dict(params.algorithm), len(data.interactions)))
            return recipe.train(data, params)

        return replace(recipe, train=train)

    def strict(self) -> None:
        self.workplace = replace(self.workplace, relaxed_minimums=False)


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    return Bench(tmp_path, monkeypatch)


def couples(n_users: int = 160, n_items: int = 40) -> TrainingData:
    """Each user has some of his neighbourhood of five items: two of them are shared by few users."""
    random = np.random.default_rng(0)
    histories = []
    for _ in range(n_users):
        home = random.integers(0, n_items // 5) * 5
        histories.append([f"i{home + item:02d}" for item in random.permutation(5)[:4]])
    return world(histories)


SEARCH = {
    "integerHyperParameterRanges": [{"name": "training.min_cointeraction_count", "minValue": 2, "maxValue": 10}],
    "continuousHyperParameterRanges": [],
    "categoricalHyperParameterRanges": [],
}
KEEP = {"max_item_interaction_count_percentile": "1.0", "min_item_interaction_count_percentile": "0.0"}


def searching(most: str | None = None) -> dict[str, Any]:
    resources = {} if most is None else {"hpoResourceConfig": {"maxNumberOfTrainingJobs": most}}
    return {
        "algorithmHyperParameters": {"min_cointeraction_count": "10", "popularity_discount_factor": "0.3"},
        "featureTransformationParameters": KEEP,
        "hpoConfig": {"algorithmHyperParameterRanges": SEARCH, **resources},
    }


def test_a_plain_training_says_what_it_trained_and_stores_the_model(bench: Bench) -> None:
    result = bench.run(two_tastes(), "aws-similar-items")
    assert sorted(result) == ["metrics", "recipe", "seconds", "trainingHours", "trainings", "tuned", "users"]
    assert (result["recipe"], result["tuned"]) == ("aws-similar-items", None)
    assert len(bench.trained) == 1
    arrays, _ = Artifacts(bench.workplace.artifacts).open("model")
    assert "neighbours.values" in arrays


def test_an_old_payload_still_trains(bench: Bench) -> None:
    assert bench.run(two_tastes(), "aws-popularity-count", candidates=None)["tuned"] is None


def test_a_search_finds_the_planted_better_value(bench: Bench) -> None:
    data = couples(n_users=60)
    plain = bench.run(data, "aws-sims", searching())
    result = bench.run(data, "aws-sims", searching(), performHPO=True)
    assert int(result["tuned"]["min_cointeraction_count"]) < 10
    assert result["tuned"]["popularity_discount_factor"] == "0.3", "what was given stays"
    key = "normalized_discounted_cumulative_gain_at_25"
    assert result["metrics"][key] > plain["metrics"][key]


def test_a_search_starts_as_given_ends_with_the_best_and_sees_fewer_users_until_then(bench: Bench) -> None:
    data = couples()
    result = bench.run(data, "aws-sims", searching("4"), performHPO=True)
    names, points, sizes = zip(*bench.trained, strict=True)
    assert set(names) == {"aws-sims"}
    assert len(points) == 4 + 1
    assert points[0] == {"min_cointeraction_count": "10", "popularity_discount_factor": "0.3"}
    assert len({point["min_cointeraction_count"] for point in points[:4]}) == 4
    assert points[-1] == result["tuned"]
    assert set(sizes[:4]) == {len(data.interactions) - 16 * 4}
    assert sizes[-1] == len(data.interactions)


def test_a_search_without_ranges_tries_everything_tunable_ten_times(bench: Bench) -> None:
    result = bench.run(two_tastes(), "aws-sims", performHPO=True)
    assert len(bench.trained) == 11
    assert sorted(result["tuned"]) == ["min_cointeraction_count", "popularity_discount_factor"]
    assert all(isinstance(value, str) for value in result["tuned"].values())


def test_trials_that_are_alike_keep_the_first(bench: Bench) -> None:
    result = bench.run(two_tastes(), "aws-similar-items", performHPO=True)
    assert result["tuned"] == {"item_id_hidden_dim": "100", "item_metadata_hidden_dim": "100"}


def test_nothing_to_tune_is_no_search(bench: Bench) -> None:
    assert bench.run(two_tastes(), "aws-popularity-count", performHPO=True)["tuned"] is None
    assert len(bench.trained) == 1


CANDIDATES = ["aws-popularity-count", "aws-user-personalization", "aws-user-personalization-v2"]


def test_automl_takes_the_recipe_that_sees_the_tastes(bench: Bench) -> None:
    result = bench.run(two_tastes(200), "aws-popularity-count", candidates=CANDIDATES[:2])
    assert result["recipe"] == "aws-user-personalization"
    assert sorted(result["tuned"]) == ["bptt", "hidden_dimension", "recency_mask"]
    assert [name for name, *_ in bench.trained].count("aws-user-personalization") == 9 + 1


def test_automl_takes_the_simpler_recipe_where_all_do_alike_and_looks_at_nothing_else(bench: Bench) -> None:
    data = world([["x"] * 4] * 40)
    config = {"algorithmHyperParameters": {"no such": "1"}, "eventValueThreshold": "3"}
    result = bench.run(data, CANDIDATES[0], config, candidates=CANDIDATES, metric="precision_at_5")
    assert (result["recipe"], result["tuned"]) == ("aws-popularity-count", None)


def test_automl_goes_by_the_metric_that_is_asked_for(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Callable[..., float]] = []
    real = training.tuning.best_of

    def spying(choices: Any, measure: Callable[..., float]) -> Any:
        asked.append(measure)
        return real(choices, measure)

    monkeypatch.setattr(training.tuning, "best_of", spying)
    seen = {}
    for metric in ("coverage", "no such metric", None):
        bench.run(two_tastes(), CANDIDATES[0], candidates=CANDIDATES[::2], metric=metric)
        inner = training.tuning.searched_data(two_tastes(), [RECIPES[name] for name in CANDIDATES[::2]], {}, 0)
        metrics = RECIPES[CANDIDATES[0]].train(inner, TrainingParameters()).metrics
        seen[metric] = asked[-1]((RECIPES[CANDIDATES[0]], {}))
        expected = "coverage" if metric == "coverage" else "normalized_discounted_cumulative_gain_at_25"
        assert seen[metric] == metrics[expected]


@pytest.mark.parametrize("state", ["STOPPED", "PENDING", None])
def test_a_search_ends_between_trials_when_its_job_is_wanted_no_more(bench: Bench, state: Any) -> None:
    database = Database(bench.workplace.database)
    if state is not None:
        with database.write() as rows:
            rows.add_job(Job(arn=JOB, kind="training", state=state, submitted=0.0))
    database.close()
    if state == "PENDING":
        assert bench.run(two_tastes(), "aws-sims", performHPO=True, job=JOB)["tuned"]
        return
    with pytest.raises(JobFailure, match="stopped"):
        bench.run(two_tastes(), "aws-sims", performHPO=True, job=JOB)
    assert not bench.trained


def shop(case: Callable[[str], str] = str) -> TrainingData:
    """1,200 views of v0..v9 by 60 users and 300 purchases of p0..p9."""
    histories = [
        [f"v{(user + step) % 10}" for step in range(20)] + [f"p{(user + step) % 10}" for step in range(5)]
        for user in range(60)
    ]
    data = world(histories)
    kinds = [case("View" if data.items[int(item)][0] == "v" else "Purchase") for item in data.interactions.item]
    return typed(data, kinds, [float(item % 3) for item in data.interactions.item])


@pytest.mark.parametrize("case", [str, str.upper, str.lower])
def test_a_use_case_learns_from_its_event_type_in_any_case(bench: Bench, case: Callable[[str], str]) -> None:
    bench.strict()
    bench.run(shop(case), "aws-ecomm-popular-items-by-views")
    assert bench.trained[0][2] == 1200
    with pytest.raises(JobFailure) as caught:
        bench.run(shop(case), "aws-ecomm-popular-items-by-purchases")
    assert caught.value.reason == "Dataset has fewer than 1000 interactions after filtering by event type: Purchase"


def test_a_solution_learns_from_its_event_type_to_the_letter(bench: Bench) -> None:
    bench.run(shop(), "aws-popularity-count", eventType="View")
    assert bench.trained[0][2] == 1200
    with pytest.raises(JobFailure, match="no interactions"):
        bench.run(shop(), "aws-popularity-count", eventType="view")


def test_events_config_selects_and_weighs(bench: Bench) -> None:
    entries = [
        {"eventType": "View", "eventValueThreshold": 2.0, "weight": 0.1},
        {"eventType": "Purchase", "weight": 1.0},
    ]
    config = {"eventsConfig": {"eventParametersList": entries}}
    result = bench.run(shop(), "aws-user-personalization-v2", config)
    views = shop().interactions
    assert bench.trained[0][2] == 300 + np.count_nonzero((views.value >= 2) & (views.event_type.codes == 1))  # type: ignore[operator, union-attr]  # both columns are there
    assert "normalized_discounted_cumulative_gain_with_event_weights_at_k" in result["metrics"]
    bench.trained.clear()
    bench.run(shop(), "aws-user-personalization", config)
    assert bench.trained[0][2] == 1500, "other recipes do not know it"


def test_an_objective_reaches_the_recipe_and_a_missing_column_fails_the_version(bench: Bench) -> None:
    config = {"optimizationObjective": {"itemAttribute": "PRICE", "objectiveSensitivity": "HIGH"}}
    with pytest.raises(JobFailure, match="PRICE"):
        bench.run(two_tastes(), "aws-user-personalization", config)
    assert "average_rewards_at_k" not in bench.run(two_tastes(), "aws-user-personalization-v2", config)["metrics"]
    bench.run(two_tastes(), "aws-user-personalization", {"optimizationObjective": {}})


def test_what_cannot_be_learned_fails_in_the_services_words(bench: Bench) -> None:
    bench.strict()
    with pytest.raises(JobFailure) as caught:
        bench.run(random_world(0), "aws-next-best-action")
    assert caught.value.reason == "Dataset has fewer than 1000 interactions"
    with pytest.raises(JobFailure, match=r"The Actions dataset has no actions to train on\."):
        bench.run(shop(), "aws-next-best-action")
    with pytest.raises(JobFailure, match="Did not find any attribute to train on"):
        bench.run(shop(), "aws-item-attribute-affinity")


def test_a_recipe_that_needs_no_interactions_trains_without(bench: Bench) -> None:
    bench.strict()
    kinds = Categorical(codes=np.array([0, 0, 1, 1], np.int32), values=("x", "y"))
    data = world([], unseen=["a", "b", "c", "d"], metadata={"KIND": kinds})
    assert list(bench.run(data, "aws-semantic-similarity")["metrics"]) == ["item_similarity"]
