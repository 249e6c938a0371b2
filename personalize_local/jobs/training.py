"""Training jobs: from the data of a dataset group to a stored model and its metrics."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from personalize_local.datasets.properties import PropertiesError, Value, map_properties
from personalize_local.datasets.schema import Schema, parse_schema
from personalize_local.jobs.workplace import JobFailure, Workplace
from personalize_local.recipes import RECIPES
from personalize_local.recipes.base import TrainingParameters
from personalize_local.store.artifacts import Artifacts
from personalize_local.store.database import reading

if TYPE_CHECKING:
    from personalize_local.datasets.snapshot import StreamedEvents
    from personalize_local.engine.data import TrainingData


def run(payload: Mapping[str, Any], workplace: Workplace) -> dict[str, Any]:
    """Train the recipe of ``payload`` on its snapshot; store the model, return metrics and hours.

    Raises JobFailure when there is less data than the service asks for.
    """
    from personalize_local.recipes.minimums import minimum_data_failure, select_events

    started = time.process_time()
    recipe = RECIPES[payload["recipe"]]
    config = payload["solutionConfig"]
    event_type = payload["eventType"]
    threshold = config.get("eventValueThreshold")
    data = select_events(snapshot(payload, workplace), event_type, None if threshold is None else float(threshold))
    if not workplace.relaxed_minimums:
        reason = minimum_data_failure(data, event_type)
        if reason is not None:
            raise JobFailure(reason)
    elif not len(data.interactions):
        raise JobFailure("There are no interactions to train on.")
    parameters = TrainingParameters(
        algorithm=config.get("algorithmHyperParameters", {}),
        feature_transformation=config.get("featureTransformationParameters", {}),
        seed=workplace.seed,
    )
    trained = recipe.train(data, parameters)
    arrays, facts = trained.model.arrays()
    Artifacts(workplace.artifacts).write(payload["artifact"], arrays, facts)
    # The service bills compute, not wall time (observed); three decimals as it prints them.
    hours = round((time.process_time() - started) / 3600, 3)
    return {"metrics": dict(trained.metrics), "trainingHours": hours}


def snapshot(payload: Mapping[str, Any], workplace: Workplace) -> TrainingData:
    """The data of the group as it was when the job was made."""
    from personalize_local.datasets.snapshot import training_data

    def folders(dataset_type: str) -> Sequence[Any]:
        return [workplace.datasets / folder for folder in payload["segments"].get(dataset_type, ())]

    return training_data(
        folders("INTERACTIONS"),
        streamed(payload, workplace),
        items=folders("ITEMS"),
        users=folders("USERS"),
        excluded=payload["solutionConfig"].get("trainingDataConfig", {}).get("excludedDatasetColumns", {}),
        schemas=schemas(payload),
    )


def schemas(payload: Mapping[str, Any]) -> dict[str, Schema]:
    """The schemas that were in use when the job was made, by dataset type."""
    return {kind: parse_schema(schema["text"], schema["domain"]) for kind, schema in payload["schemas"].items()}


def streamed(payload: Mapping[str, Any], workplace: Workplace) -> StreamedEvents:
    """The group's events up to the snapshot, with sessions joined to the users who were named in them.

    An event without a user counts once any event carries both its session and a user (documented); a session never
    named stays out of training. A repeated eventId counts once (documented).
    """
    from personalize_local.datasets.snapshot import StreamedEvents

    schema = schemas(payload).get("INTERACTIONS")
    with reading(workplace.database) as rows:
        events = list(rows.events(payload["datasetGroup"], payload["until"]))
    named = {session: user for user, session, *_ in events if user is not None}
    seen: set[str] = set()
    kept: list[tuple[Any, ...]] = []
    for user, session, item, event_type, value, sent_at, event_id, extra in events:
        owner = user if user is not None else named.get(session)
        if owner is None or (event_id is not None and event_id in seen):
            continue
        if event_id is not None:
            seen.add(event_id)
        kept.append((owner, item, int(sent_at), event_type, value, _properties(extra, schema)))
    columns: Sequence[Sequence[Any]] = list(zip(*kept, strict=True)) or [()] * 6
    return StreamedEvents(
        users=columns[0],
        items=columns[1],
        timestamps=columns[2],
        event_types=columns[3],
        event_values=columns[4],
        properties=columns[5],
    )


def _properties(extra: str, schema: Schema | None) -> dict[str, Value]:
    """An event's properties by column. They were checked when the event came, unless the dataset is younger."""
    properties = json.loads(extra).get("properties")
    if not properties or schema is None:
        return {}
    try:
        return map_properties(properties, schema)
    except PropertiesError:
        return {}
