"""Batch inference jobs: recommendations for a file of users or items."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from personalize_local.context import Context
from personalize_local.provenance import invalid
from personalize_local.recipes.base import Recipe
from personalize_local.resources import quotas
from personalize_local.resources.batch_rules import active_version, copied, job_body, work_of
from personalize_local.resources.changes import insert
from personalize_local.resources.dataset import live_datasets, schema_of
from personalize_local.resources.kind import Kind, Lifecycle
from personalize_local.resources.serving_rules import check_exploration, check_influence
from personalize_local.resources.solution_version import recipe_of_version
from personalize_local.store.sql import Rows

_THEMES = "dg/themed-batch-recommendations.html"

NOT_FOR_BATCH = invalid(
    "Recipe {arn} does not support batch inference jobs.", "documented", "dg/getting-batch-recommendations.html"
)
NOT_FOR_THEMES = invalid("Recipe {arn} does not support THEME_GENERATION.", "documented", _THEMES)
NO_THEME_CONFIG = invalid("THEME_GENERATION requires themeGenerationConfig.", "documented", _THEMES)
THEME_CONFIG_WITHOUT_MODE = invalid(
    "themeGenerationConfig requires batchInferenceJobMode THEME_GENERATION.", "inferred"
)
NO_ITEM_NAME = invalid("Column {column} is no string column of the ITEMS dataset.", "documented", _THEMES)
NO_TEXT = invalid("THEME_GENERATION requires a textual column in the ITEMS dataset.", "documented", _THEMES)
MOST_RESULTS = 500
"""Results of one line: as many as in real time (inferred)."""

KIND = Kind(
    name="batchInferenceJob",
    arn_type="batch-inference-job",
    lifecycle=Lifecycle(create=900),
    parent_member="solutionVersionArn",
    quotas=(quotas.INFERENCE_JOBS,),
)


def create(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """CreateBatchInferenceJob."""
    arn = context.arn(f"batch-inference-job/{params['jobName']}")
    folder = context.emulator.ids.uuid()
    copying = copied(context, params["jobInput"]["s3DataSource"]["path"], folder)
    with copying as keep, context.emulator.database.write() as rows:
        version = active_version(context, rows, params["solutionVersionArn"])
        recipe, group = recipe_of_version(version), version.body["datasetGroupArn"]
        if not recipe.batch_inference:
            raise NOT_FOR_BATCH(arn=recipe.arn)
        config = params.get("batchInferenceJobConfig", {})
        check_exploration(recipe, config.get("itemExplorationConfig", {}))
        check_influence(context, rows, group, recipe, config.get("rankingInfluence", {}))
        _check_themes(context, rows, group, recipe, params)
        body = {
            **job_body(context, rows, params, version, entity="ItemID", most=MOST_RESULTS),
            "batchInferenceJobConfig": config or None,
            "batchInferenceJobMode": params.get("batchInferenceJobMode", "BATCH_INFERENCE"),
            "themeGenerationConfig": params.get("themeGenerationConfig"),
        }
        themes = params.get("themeGenerationConfig", {}).get("fieldsForThemeGeneration", {}).get("itemName")
        lines = quotas.BATCH_LINES if themes is None else quotas.THEME_LINES
        job = work_of(context, rows, body, folder, lines=lines, recipe=recipe.name, config=config, itemName=themes)
        insert(context, rows, KIND, arn=arn, params=params, body=body, parent=version.arn, job=job)
        keep()
    context.emulator.jobs.submit(arn)
    return {"batchInferenceJobArn": arn}


def _check_themes(context: Context, rows: Rows, group: str, recipe: Recipe, params: Mapping[str, Any]) -> None:
    config = params.get("themeGenerationConfig")
    if params.get("batchInferenceJobMode") != "THEME_GENERATION":
        if config is not None:
            raise THEME_CONFIG_WITHOUT_MODE()
        return
    if not recipe.themes:
        raise NOT_FOR_THEMES(arn=recipe.arn)
    if config is None:
        raise NO_THEME_CONFIG()
    items = live_datasets(context, rows, group).get("ITEMS")
    schema = None if items is None else schema_of(rows, items.body["schemaArn"])
    if schema is None or not any(field.textual for field in schema.fields):
        raise NO_TEXT()
    column = config["fieldsForThemeGeneration"]["itemName"]
    field = schema.field(column)
    if field is None or field.type != "string":
        raise NO_ITEM_NAME(column=column)


HANDLERS = {"CreateBatchInferenceJob": create}
