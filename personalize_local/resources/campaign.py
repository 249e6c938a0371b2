"""Campaigns: a solution version that answers in real time."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from personalize_local.context import Context
from personalize_local.errors import invalid_input, not_active, not_found, not_implemented
from personalize_local.recipes.base import Recipe
from personalize_local.resources import solution_version
from personalize_local.resources.changes import begin_update, insert
from personalize_local.resources.kind import Kind, Lifecycle, is_live, require, status_of
from personalize_local.resources.solution_rules import recipe_of
from personalize_local.store.records import Record
from personalize_local.store.sql import Rows

KIND = Kind(
    name="campaign",
    arn_type="campaign",
    lifecycle=Lifecycle(create=510, update=510),
    parent_member="solutionArn",
)

log = logging.getLogger("personalize_local.campaigns")

_LATEST = "/$LATEST"
_EXPLORATION = ("explorationWeight", "explorationItemAgeCutOff")


def create(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """CreateCampaign."""
    arn = context.arn(f"campaign/{params['name']}")
    with context.emulator.database.write() as rows:
        version = _version(context, rows, params["solutionVersionArn"])
        config = params.get("campaignConfig", {})
        _check_config(context, rows, version, config)
        body = {
            "name": params["name"],
            "solutionVersionArn": version.arn,
            "minProvisionedTPS": params.get("minProvisionedTPS", 1),
            "campaignConfig": config or None,
        }
        insert(context, rows, KIND, arn=arn, params=params, body=body, parent=version.body["solutionArn"])
    return {"campaignArn": arn}


def update(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """UpdateCampaign: the campaign goes on answering as before until the update is done.

    An update that changes nothing is refused (observed in programs that catch it).
    """
    with context.emulator.database.write() as rows:
        record = require(context, rows, KIND, params["campaignArn"])
        current = status_of(context, KIND, record).body
        body: dict[str, Any] = {name: params[name] for name in _CHANGEABLE if name in params}
        version = _version(context, rows, params.get("solutionVersionArn", current["solutionVersionArn"]))
        if "solutionVersionArn" in body:
            body["solutionVersionArn"] = version.arn
            _check_group(rows, current["solutionVersionArn"], version)
        if all(current.get(name) == value for name, value in body.items()):
            raise invalid_input(f"Campaign {record.arn} already has this configuration.")  # text chosen
        config = body.get("campaignConfig", current.get("campaignConfig", {}))
        _check_config(context, rows, version, config)
        view = {name: value for name in _CHANGEABLE if (value := {**current, **body}.get(name)) is not None}
        begin_update(
            context,
            rows,
            KIND,
            replace(record, parent=version.body["solutionArn"]),
            body=body,
            view=view,
        )
    return {"campaignArn": record.arn}


_CHANGEABLE = ("solutionVersionArn", "minProvisionedTPS", "campaignConfig")


def _version(context: Context, rows: Rows, arn: str) -> Record:
    """The version that a campaign is to serve.

    Raises ResourceNotFoundException for a bare solution ARN (observed) and for ``$LATEST`` without a version (chosen),
    ResourceInUseException while it trains (inferred), InvalidInputException when its training failed (chosen).
    """
    kind = solution_version.KIND
    if arn.endswith(_LATEST):
        solution = require(
            context, rows, context.emulator.kinds["solution"], arn.removesuffix(_LATEST), "solutionVersionArn"
        )
        latest = solution_version.newest_active(context, rows, solution.arn)
        if latest is None:
            raise not_found(arn)
        return latest
    version = require(context, rows, kind, arn)
    status = status_of(context, kind, version)
    if status.word == "CREATE FAILED":
        raise invalid_input(f"Solution version {arn} failed to train and cannot be used.")
    if not status.is_active:
        raise not_active(arn, status.word)
    return version


def _check_group(rows: Rows, served: str, version: Record) -> None:
    """A campaign's versions are of one dataset group (inferred; class and text chosen)."""
    before = rows.get(served)
    if before is not None and before.body["datasetGroupArn"] != version.body["datasetGroupArn"]:
        raise invalid_input(f"Solution version {version.arn} belongs to another dataset group.")


def _check_config(context: Context, rows: Rows, version: Record, config: Mapping[str, Any]) -> None:
    """Classes inferred, texts chosen."""
    recipe = recipe_of(version.body["recipeArn"])
    if config.get("syncWithLatestSolutionVersion"):
        raise not_implemented("campaignConfig.syncWithLatestSolutionVersion")
    if config.get("rankingInfluence"):
        raise invalid_input(f"rankingInfluence is not supported by recipe {recipe.arn}.")
    if config.get("enableMetadataWithRecommendations"):
        _check_metadata(context, rows, version)
    if config.get("itemExplorationConfig"):
        check_exploration(recipe, config["itemExplorationConfig"])


def check_exploration(recipe: Recipe, values: Mapping[str, str]) -> None:
    """Check exploration settings. Raises InvalidInputException."""
    if not recipe.exploration:
        raise invalid_input(f"itemExplorationConfig is not supported by recipe {recipe.arn}.")
    for name, value in values.items():
        if name not in _EXPLORATION:
            raise invalid_input(f"{name} is not an exploration setting. Use {' or '.join(_EXPLORATION)}.")
        try:
            number = float(value)
        except ValueError:
            number = float("nan")
        if name == "explorationWeight" and not 0 <= number <= 1:
            raise invalid_input(f"explorationWeight must be between 0 and 1, not {value!r}.")
        if name == "explorationWeight" and number > 0:
            # Refusing it would stop most programs in the field, which always send it.
            log.warning("explorationWeight %s is kept and shown; exploration is not implemented yet", value)
        if name == "explorationItemAgeCutOff" and not 1 <= number < float("inf"):
            raise invalid_input(f"explorationItemAgeCutOff must be at least 1 day, not {value!r}.")


def _check_metadata(context: Context, rows: Rows, version: Record) -> None:
    kind = context.emulator.kinds["dataset"]
    datasets = rows.children(version.body["datasetGroupArn"], kind.name)
    if not any(item.body["datasetType"] == "ITEMS" and is_live(context, kind, item) for item in datasets):
        raise invalid_input("enableMetadataWithRecommendations requires an Items dataset with metadata.")


HANDLERS = {"CreateCampaign": create, "UpdateCampaign": update}
