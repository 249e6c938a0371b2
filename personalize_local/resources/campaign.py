"""Campaigns: a solution version that answers in real time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from personalize_local.context import Context
from personalize_local.errors import NOT_FOUND
from personalize_local.ids import resource_tag
from personalize_local.provenance import Rule, invalid
from personalize_local.resources import metering, quotas, solution_version
from personalize_local.resources.changes import begin_update, check_resting, insert
from personalize_local.resources.kind import Kind, Lifecycle
from personalize_local.resources.lookup import require
from personalize_local.resources.serving_rules import check_exploration, check_influence, check_metadata
from personalize_local.resources.status import status_of
from personalize_local.store.records import Record
from personalize_local.store.sql import Rows

_CREATE = "dg/API_CreateCampaign.html"

BATCH_ONLY = invalid("Recipe {arn} does not support campaigns.", "documented", "dg/item-affinity-recipe.html")
NOT_TRAINED = invalid("Solution version {arn} failed to train and cannot be used.", "inferred", error="chosen")
SYNC_WITHOUT_LATEST = invalid(
    "syncWithLatestSolutionVersion requires a solutionVersionArn that ends in $LATEST.", "documented", _CREATE
)
OTHER_GROUP = invalid("Solution version {arn} belongs to another dataset group.", "inferred", error="chosen")
UNCHANGED = invalid(
    "Campaign {arn} already has this configuration.",
    "observed",
    "AWS Solutions: maintaining-personalized-experiences-with-machine-learning catches it",
    error="observed",
)
RULES = (
    Rule(says="A bare solution ARN is ResourceNotFoundException for a campaign.", known="observed",
         source="https://github.com/aws/aws-sdk-js-v3/issues/4982"),
    Rule(says="$LATEST without an ACTIVE version is ResourceNotFoundException.", known="chosen"),
    Rule(says="$LATEST is shown as the version that it meant when it was deployed.", known="chosen"),
    Rule(
        says="With syncWithLatestSolutionVersion each new ACTIVE version is rolled out by itself, from the moment at "
        "which it became ACTIVE or, if that is later, the campaign's latest change was over, and is shown in "
        "latestCampaignUpdate.",
        known="documented",
        source="dg/campaigns.html; of the moment chosen",
    ),
    Rule(
        says="While a campaign updates it stays ACTIVE and answers as before; members that an update omits keep their "
        "values, a campaignConfig replaces the earlier one whole.",
        known="observed",
        source="dg/update-campaigns.html; of the whole config chosen",
    ),
    Rule(
        says="latestCampaignUpdate has the words CREATE PENDING, CREATE IN_PROGRESS and ACTIVE.",
        known="documented",
        source="service model",
    ),
)  # fmt: skip

_LATEST = "/$LATEST"
_CHANGEABLE = ("solutionVersionArn", "minProvisionedTPS", "campaignConfig")


def _follow_latest(context: Context, arn: str) -> None:
    """Begin the roll-out of a version that has become ACTIVE, where the campaign is to follow it."""
    with context.emulator.database.read() as rows:
        record = rows.get(arn)
        if record is None or _next_version(context, rows, record) is None:
            return
    with context.emulator.database.write() as rows:
        record = rows.get(arn)
        version = None if record is None else _next_version(context, rows, record)
        if record is None or version is None:
            return
        status = status_of(context, KIND, record)
        body = {"solutionVersionArn": version.arn}
        view = {name: value for name in _CHANGEABLE if (value := {**status.body, **body}.get(name)) is not None}
        # A campaign changes one thing after the other: what was under way when the version came ends first.
        began = max(status_of(context, solution_version.KIND, version).updated, status.updated)
        begin_update(context, rows, KIND, record, body=body, view=view, since=began)
        _holds(context, rows, record, status.body["minProvisionedTPS"], version, since=began)


def follows_latest(record: Record) -> bool:
    """Whether a campaign may have to be rolled out anew; cheap, as every recommendation asks."""
    update = record.state.get("update")
    config = record.body.get("campaignConfig", {})
    if update is not None:
        config = update["body"].get("campaignConfig", config)
    return bool(config.get("syncWithLatestSolutionVersion"))


def _next_version(context: Context, rows: Rows, record: Record) -> Record | None:
    if record.kind != KIND.name or record.deleted is not None or not follows_latest(record):
        return None
    status = status_of(context, KIND, record)
    if not status.is_resting or not status.is_active:
        return None
    version = solution_version.newest_active(context, rows, str(record.parent))
    return None if version is None or version.arn == status.body["solutionVersionArn"] else version


def _holds(
    context: Context, rows: Rows, record: Record, rate: int, version: Record, since: float | None = None
) -> None:
    """Write down what the campaign will hold ready when a change is over, its creation or an update."""
    at = metering.ready_at(context, KIND, _SECONDS, since)
    metering.holds(rows, record, rate=rate, at=at, recipe=metering.version_recipe(version))


_SECONDS = 510.0

KIND = Kind(
    name="campaign",
    arn_type="campaign",
    lifecycle=Lifecycle(create=_SECONDS, update=_SECONDS),
    parent_member="solutionArn",
    refresh=_follow_latest,
    removed=metering.holds_nothing,
    quotas=(quotas.CAMPAIGNS,),
)


def create(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """CreateCampaign."""
    arn = context.arn(f"campaign/{params['name']}")
    with context.emulator.database.write() as rows:
        version = _version(context, rows, params["solutionVersionArn"])
        config = params.get("campaignConfig", {})
        _check_config(context, rows, version, config, params["solutionVersionArn"])
        body = {
            "name": params["name"],
            "solutionVersionArn": version.arn,
            "minProvisionedTPS": params.get("minProvisionedTPS", 1),
            "campaignConfig": config or None,
            "datasetGroupArn": version.body["datasetGroupArn"],
        }
        record = insert(context, rows, KIND, arn=arn, params=params, body=body, parent=version.body["solutionArn"])
        rows.add_recommendation_source(version.body["datasetGroupArn"], resource_tag(arn), arn)
        _holds(context, rows, record, record.body["minProvisionedTPS"], version)
    return {"campaignArn": arn}


def update(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """UpdateCampaign: the campaign goes on answering as before until the update is done."""
    with context.emulator.database.write() as rows:
        record = require(context, rows, KIND, params["campaignArn"])
        check_resting(context, KIND, record)
        current = status_of(context, KIND, record).body
        body: dict[str, Any] = {name: params[name] for name in _CHANGEABLE if name in params}
        followed = f"{record.parent}{_LATEST}" if follows_latest(record) else current["solutionVersionArn"]
        if body.get("campaignConfig") == {} and "campaignConfig" not in current:
            del body["campaignConfig"]  # there is none, and there shall be none
        named = params.get("solutionVersionArn", followed)
        version = _version(context, rows, named)
        if "solutionVersionArn" in body:
            body["solutionVersionArn"] = version.arn
            if version.body["datasetGroupArn"] != current["datasetGroupArn"]:
                raise OTHER_GROUP(arn=version.arn)
        if all(current.get(name) == value for name, value in body.items()):
            raise UNCHANGED(arn=record.arn)
        if "campaignConfig" in body:
            _check_config(context, rows, version, body["campaignConfig"], named)
        elif "solutionVersionArn" in body:
            body = _kept_config(context, rows, version, current, named, body)
        view = {name: value for name in _CHANGEABLE if (value := {**current, **body}.get(name)) is not None}
        moved = replace(record, parent=version.body["solutionArn"])
        begin_update(context, rows, KIND, moved, body=body, view=view)
        _holds(context, rows, record, view["minProvisionedTPS"], version)
    return {"campaignArn": record.arn}


def _kept_config(
    context: Context, rows: Rows, version: Record, current: Mapping[str, Any], named: str, body: dict[str, Any]
) -> dict[str, Any]:
    """``body`` with the configuration in force, which must fit the new version and follows no other one."""
    config = dict(current.get("campaignConfig", {}))
    if not named.endswith(_LATEST) and config.pop("syncWithLatestSolutionVersion", False):
        body = {**body, "campaignConfig": config}
    _check_config(context, rows, version, config, named)
    return body


def _version(context: Context, rows: Rows, arn: str) -> Record:
    """The version that a campaign is to serve.

    Raises ResourceNotFoundException for a bare solution ARN and for ``$LATEST`` without a version,
    ResourceInUseException while it trains, InvalidInputException when its training failed.
    """
    if arn.endswith(_LATEST):
        solution = require(
            context, rows, context.emulator.kinds["solution"], arn.removesuffix(_LATEST), "solutionVersionArn"
        )
        latest = solution_version.newest_active(context, rows, solution.arn)
        if latest is None:
            raise NOT_FOUND(arn=arn)
        return latest
    return solution_version.require_trained(context, rows, arn, NOT_TRAINED)


def _check_config(context: Context, rows: Rows, version: Record, config: Mapping[str, Any], named: str) -> None:
    recipe, group = solution_version.recipe_of_version(version), version.body["datasetGroupArn"]
    if recipe.segments:
        raise BATCH_ONLY(arn=recipe.arn)
    if config.get("syncWithLatestSolutionVersion") and not named.endswith(_LATEST):
        raise SYNC_WITHOUT_LATEST()
    check_influence(context, rows, group, recipe, config.get("rankingInfluence", {}))
    check_metadata(context, rows, group, config)
    check_exploration(recipe, config.get("itemExplorationConfig", {}))


HANDLERS = {"CreateCampaign": create, "UpdateCampaign": update}
