"""The jobs that train: what a training is told, the same for solution versions and recommenders."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from personalize_local.context import Context
from personalize_local.resources.data_rules import Columns, excluded_columns
from personalize_local.resources.dataset import live_datasets
from personalize_local.store.sql import Rows


def training_payload(
    context: Context,
    rows: Rows,
    group: str,
    *,
    recipe: str,
    config: Mapping[str, Any],
    known: Columns,
    event_type: str | None = None,
    **more: Any,
) -> dict[str, Any]:
    """What a training of ``recipe`` needs to know, as values that are stored: later changes do not touch it.

    ``known`` are the columns that there were when the solution or recommender was made; newer ones are left out.
    ``more`` are further facts, for the job itself or for what happens at its end.
    """
    excluded = excluded_columns(context, rows, group, config, known)
    return {
        "recipe": recipe,
        "solutionConfig": {**config, "trainingDataConfig": {"excludedDatasetColumns": excluded}},
        "eventType": event_type,
        "datasetGroup": group,
        **_data_of(context, rows, group),
        "until": rows.last_event(group),
        "artifact": context.emulator.ids.uuid(),
        **more,
    }


def _data_of(context: Context, rows: Rows, group: str) -> dict[str, Any]:
    """Schema and imports (oldest first) of each dataset."""
    schemas, segments = {}, {}
    for dataset_type, dataset in live_datasets(context, rows, group).items():
        schema = rows.get(dataset.body["schemaArn"])
        assert schema is not None, dataset.arn
        schemas[dataset_type] = {"text": schema.body["schema"], "domain": schema.body.get("domain")}
        segments[dataset_type] = _folders(dataset.state)
    return {"schemas": schemas, "segments": segments}


def _folders(state: Mapping[str, Any]) -> list[str]:
    return [segment["folder"] for segment in state.get("segments", ())]


def has_new_data(context: Context, rows: Rows, payload: Mapping[str, Any]) -> bool:
    """Whether interactions have come since the training of ``payload`` began."""
    group = payload["datasetGroup"]
    if rows.last_event(group) != payload["until"]:
        return True
    datasets = live_datasets(context, rows, group)
    return any(
        _folders(datasets[name].state) != payload["segments"].get(name, [])
        for name in ("INTERACTIONS", "ACTION_INTERACTIONS")
        if name in datasets
    )
