"""The control plane: one file per resource kind, and what is derived for all of them."""

from __future__ import annotations

from botocore_shapes.model import ServiceModel
from personalize_local.resources import (
    batch_inference_job,
    batch_segment_job,
    campaign,
    data_deletion_job,
    dataset,
    dataset_export_job,
    dataset_group,
    dataset_import_job,
    event_tracker,
    filter,
    metric_attribution,
    recipe,
    recommender,
    schema,
    solution,
    solution_version,
    tags,
)
from personalize_local.resources.kind import Kind
from personalize_local.resources.verbs import Handler, Verbs

__all__ = ["KINDS", "control_plane", "taggable_kinds"]

_RESOURCES = (
    dataset_group,
    schema,
    dataset,
    dataset_import_job,
    dataset_export_job,
    data_deletion_job,
    event_tracker,
    filter,
    solution,
    solution_version,
    campaign,
    recommender,
    batch_inference_job,
    batch_segment_job,
    metric_attribution,
)

KINDS: dict[str, Kind] = {module.KIND.name: module.KIND for module in _RESOURCES}


def control_plane(model: ServiceModel) -> dict[str, Handler]:
    """Every served operation of ``personalize``: the derived verbs and each resource's own."""
    handlers: dict[str, Handler] = {}
    for kind in KINDS.values():
        handlers.update(Verbs(kind, KINDS, model).handlers())
    for module in (*_RESOURCES, recipe, tags):
        handlers.update(getattr(module, "HANDLERS", {}))
    return handlers


def taggable_kinds(model: ServiceModel) -> frozenset[str]:
    """The kinds whose create operation takes tags."""
    taggable = set()
    for kind in KINDS.values():
        shape = model.operation_model(f"Create{kind.title}").input_shape
        if shape is not None and "tags" in getattr(shape, "members", {}):
            taggable.add(kind.name)
    return frozenset(taggable)
