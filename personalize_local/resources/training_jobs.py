"""The jobs that train: what a training is told, the same for solution versions and recommenders."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from personalize_local.context import Context
from personalize_local.jobs.holdings import folders, reference
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
        "held": {name: reference(rows, found) for name, found in live_datasets(context, rows, group).items()},
        "until": rows.last_event(group),
        "forgotten": rows.last_forgotten(group),
        "artifact": context.emulator.ids.uuid(),
        **more,
    }


def has_new_data(context: Context, rows: Rows, payload: Mapping[str, Any]) -> bool:
    """Whether interactions have come since the training of ``payload`` began."""
    group = payload["datasetGroup"]
    if rows.last_event(group) != payload["until"]:
        return True
    datasets = live_datasets(context, rows, group)
    return any(
        _growth(reference(rows, datasets[name])) != _growth(payload["held"].get(name, {}))
        for name in ("INTERACTIONS", "ACTION_INTERACTIONS")
        if name in datasets
    )


def _growth(known: Mapping[str, Any]) -> tuple[list[str], int]:
    """What differs between two references when something has come."""
    return folders(known), known.get("until", 0)
