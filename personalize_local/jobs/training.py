"""Training jobs: from the data of a dataset group to a stored model and its metrics."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from personalize_local.costs import recording
from personalize_local.jobs.holdings import open_held, schema_of
from personalize_local.jobs.streaming import owned_events
from personalize_local.jobs.workplace import JobFailure, Workplace
from personalize_local.recipes import RECIPES, tuning
from personalize_local.recipes.base import Objective, Recipe, TrainingParameters, Untrainable
from personalize_local.recipes.base import complete as completed
from personalize_local.recipes.sentences import NO_INTERACTIONS, STOPPED
from personalize_local.store.artifacts import Artifacts
from personalize_local.store.database import reading
from personalize_local.store.records import Job
from personalize_local.store.sql import Rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from personalize_local.datasets.snapshot import StreamedEvents
    from personalize_local.engine.data import TrainingData


def run(payload: Mapping[str, Any], workplace: Workplace) -> dict[str, Any]:
    """Train the recipe of ``payload``, or the best of its candidates, on its snapshot, and store the model.

    Returns the metrics, the hours, the name of the recipe, what was tuned (None without a search), and what a training
    costs by: its seconds of compute, the models that were trained and the users that there are. Raises JobFailure when
    there is less data than the service asks for, and when the job is stopped between two trials.
    """
    started = time.process_time()
    recipes = [RECIPES[name] for name in payload.get("candidates") or [payload["recipe"]]]
    everything = snapshot(payload, workplace)
    data = _selected(everything, payload, workplace, recipes[0])
    search = _Search(payload=payload, workplace=workplace, recipes=recipes, given=_parameters(payload, workplace))
    try:
        recipe, tuned, trials = search.best(data)
        algorithm = {**search.given.algorithm, **(tuned or {})}
        trained = recipe.train(data, replace(search.given, algorithm=algorithm))
    except Untrainable as error:
        raise JobFailure(str(error)) from None
    arrays, facts = trained.model.arrays()
    Artifacts(workplace.artifacts).write(payload["artifact"], {**arrays, **_learned(recipe, data)}, facts)
    seconds = time.process_time() - started
    return {
        "metrics": dict(trained.metrics),
        # The service bills compute, not wall time (observed); three decimals as it prints them.
        "trainingHours": round(seconds / 3600, 3),
        "seconds": round(seconds, 3),
        "trainings": trials + 1,
        "users": len(everything.users),
        "recipe": recipe.name,
        "tuned": None if tuned is None else dict(algorithm),
    }


def _learned(recipe: Recipe, data: TrainingData) -> dict[str, NDArray[Any]]:
    """What exploration of items must know of the training."""
    from personalize_local.recipes.learned import Learned

    return Learned.of(data).arrays() if recipe.exploration and recipe.operation == "GetRecommendations" else {}


def complete(rows: Rows, job: Job, workplace: Workplace) -> None:
    """Write down what the training of a solution version has cost."""
    del workplace
    version = rows.get(job.arn)
    if job.state == "DONE" and version is not None:
        used(rows, job, str(version.parent), at=job.finished or job.submitted)


def used(rows: Rows, job: Job, resource: str, *, at: float, elapsed: float | None = None) -> None:
    """Write down what a training of ``resource`` has cost that is done, or was stopped after ``elapsed`` seconds."""
    stopped = {"recipe": job.payload["recipe"], "trainings": len(planned(job.payload)) + 1}
    recording.trained(
        rows,
        job,
        resource=resource,
        interactions=interactions_of(rows, job.payload),
        result=job.result if elapsed is None else stopped,
        at=at,
        elapsed=elapsed,
    )


def planned(payload: Mapping[str, Any], seed: int = 0) -> list[tuple[Recipe, tuning.Point]]:
    """The trials of the search that a training begins with, each a recipe and its settings; none without a search.

    The ``seed`` chooses them and not how many there are.
    """
    automatic = bool(payload.get("candidates"))
    recipes = [RECIPES[name] for name in payload.get("candidates") or [payload["recipe"]]]
    settings = {} if automatic else payload["solutionConfig"]
    config, given = settings.get("hpoConfig", {}), settings.get("algorithmHyperParameters", {})
    ranges = config.get("algorithmHyperParameterRanges")
    wanted = automatic or payload.get("performHPO", False)
    spaces = [tuning.space_of(recipe.algorithm_hyperparameters, ranges) if wanted else () for recipe in recipes]
    if len(recipes) == 1 and not spaces[0]:
        return []
    limit = int(config.get("hpoResourceConfig", {}).get("maxNumberOfTrainingJobs", tuning.MOST_TRIALS))
    return [
        (recipe, point)
        for recipe, space, share in zip(recipes, spaces, tuning.shares(spaces, limit), strict=True)
        for point in tuning.trials(space, completed(recipe.algorithm_hyperparameters, given), share, seed)
    ]


def interactions_of(rows: Rows, payload: Mapping[str, Any]) -> int:
    """How many interactions there were for the training of ``payload``, imported and streamed, none left out."""
    held, stream, until = payload["held"], payload["datasetGroup"], payload["until"]
    known = held.get("INTERACTIONS", {})
    if "ACTIONS" in RECIPES[payload["recipe"]].required_datasets:
        known = held.get("ACTION_INTERACTIONS", {})
        stream, until = known.get("dataset", ""), known.get("until", 0)
    imported = sum(int(segment.get("rows", 0)) for segment in known.get("segments", ()))
    return imported + rows.count_events(stream, until)


def _selected(
    everything: TrainingData, payload: Mapping[str, Any], workplace: Workplace, recipe: Recipe
) -> TrainingData:
    """The events that the solution or use case learns from. Raises JobFailure when they are too few."""
    from personalize_local.recipes.minimums import minimum_data_failure, select_entries, select_events

    # AutoML looks at nothing but its own configuration (documented).
    config = {} if payload.get("candidates") else payload["solutionConfig"]
    event_type = recipe.event_type if recipe.is_domain else payload.get("eventType")
    threshold = config.get("eventValueThreshold")
    data = select_events(
        everything,
        event_type,
        None if threshold is None else float(threshold),
        any_case=recipe.is_domain,
    )
    if recipe.events_config and _entries(config):
        data = select_entries(data, _entries(config))
    if "INTERACTIONS" not in recipe.required_datasets:
        return data
    if not workplace.relaxed_minimums:
        reason = minimum_data_failure(data, event_type)
        if reason is not None:
            raise JobFailure(reason)
    elif not len(data.interactions):
        raise JobFailure(NO_INTERACTIONS())
    return data


def _entries(config: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    entries = config.get("eventsConfig", {}).get("eventParametersList", ())
    return [entry for entry in entries if "eventType" in entry]


def _parameters(payload: Mapping[str, Any], workplace: Workplace) -> TrainingParameters:
    from personalize_local.recipes.minimums import weights_of

    if payload.get("candidates"):
        return TrainingParameters(seed=workplace.seed, relaxed_minimums=workplace.relaxed_minimums)
    config = payload["solutionConfig"]
    recipe = RECIPES[payload["recipe"]]
    objective = config.get("optimizationObjective")
    return TrainingParameters(
        algorithm=config.get("algorithmHyperParameters", {}),
        feature_transformation=config.get("featureTransformationParameters", {}),
        seed=workplace.seed,
        event_weights=weights_of(_entries(config)) if recipe.events_config else {},
        objective=_objective(objective) if recipe.objective and objective else None,
        relaxed_minimums=workplace.relaxed_minimums,
    )


def _objective(given: Mapping[str, Any]) -> Objective | None:
    attribute = given.get("itemAttribute")
    return Objective(attribute=attribute, sensitivity=given.get("objectiveSensitivity", "OFF")) if attribute else None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Search:
    """The search of HPO and AutoML: which recipe and which of its hyperparameters are the best.

    Trials run one after the other, whatever maxParallelTrainingJobs says: a job has one process, in which the
    linear algebra has one thread, so that two at once would be no faster and take twice the memory.
    """

    payload: Mapping[str, Any]
    workplace: Workplace
    recipes: Sequence[Recipe]
    given: TrainingParameters

    def best(self, data: TrainingData) -> tuple[Recipe, tuning.Point | None, int]:
        """The recipe to train, what was found for it, None where nothing was searched, and how many were tried."""
        choices = planned(self.payload, self.given.seed)
        if not choices:
            return self.recipes[0], None, 0
        inner = tuning.searched_data(data, self.recipes, self.given.feature_transformation, self.given.seed)
        recipe, point = tuning.best_of(choices, lambda choice: self._measure(inner, *choice))
        return recipe, point if point else None, len(choices)

    def _measure(self, data: TrainingData, recipe: Recipe, point: tuning.Point) -> float:
        if self._stopped():
            raise JobFailure(STOPPED())
        params = replace(self.given, algorithm={**self.given.algorithm, **point})
        return recipe.train(data, params).metrics[self._metric()]

    def _metric(self) -> str:
        from personalize_local.engine.evaluation import METRICS

        asked = self.payload.get("metric") if self.payload.get("candidates") else None
        return asked if asked in METRICS else tuning.METRIC

    def _stopped(self) -> bool:
        """Whether the job of this training is wanted no more."""
        arn = self.payload.get("job")
        if arn is None:
            return False
        with reading(self.workplace.database) as rows:
            job = rows.job(arn)
        return job is None or job.state != "PENDING"


def snapshot(payload: Mapping[str, Any], workplace: Workplace) -> TrainingData:
    """The data of the group as it was when the job was made."""
    from personalize_local.datasets.snapshot import action_data, training_data

    with reading(workplace.database) as rows:
        held = {kind: open_held(rows, workplace, known) for kind, known in payload["held"].items()}
    data = training_data(
        held,
        streamed(payload, workplace),
        excluded=payload["solutionConfig"].get("trainingDataConfig", {}).get("excludedDatasetColumns", {}),
        names=RECIPES[payload["recipe"]].item_names,
    )
    if "ACTIONS" not in RECIPES[payload["recipe"]].required_datasets:
        return data
    return replace(data, actions=action_data(held, streamed_actions(payload, workplace)))


def streamed(payload: Mapping[str, Any], workplace: Workplace) -> StreamedEvents:
    """The group's events up to the snapshot, with sessions joined to the users who were named in them."""
    return _streamed(workplace, payload["datasetGroup"], payload["until"], payload["held"].get("INTERACTIONS"))


def streamed_actions(payload: Mapping[str, Any], workplace: Workplace) -> StreamedEvents:
    """The same of what came into the group's Action interactions dataset."""
    known = payload["held"].get("ACTION_INTERACTIONS", {})
    return _streamed(workplace, known.get("dataset", ""), known.get("until", 0), known or None)


def _streamed(workplace: Workplace, stream: str, until: int, known: Mapping[str, Any] | None) -> StreamedEvents:
    from personalize_local.datasets.snapshot import StreamedEvents

    schema = None if known is None else schema_of(known)
    with reading(workplace.database) as rows:
        events = list(owned_events(rows, stream, until, schema))
    return StreamedEvents(
        users=[event.user for event in events],
        items=[event.item for event in events],
        timestamps=[event.timestamp for event in events],
        event_types=[event.event_type for event in events],
        event_values=[event.value for event in events],
        properties=[event.properties for event in events],
    )
