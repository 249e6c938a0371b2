"""From the request of a runtime call to the model that answers it and what it is asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from personalize_local.context import Context
from personalize_local.datasets.schema import fold
from personalize_local.errors import NOT_FOUND, NOT_IMPLEMENTED, WRONG_ARN
from personalize_local.provenance import Rule, invalid
from personalize_local.recipes.base import Query
from personalize_local.resources.campaign import KIND as CAMPAIGN
from personalize_local.resources.campaign import follows_latest
from personalize_local.resources.filter import KIND as FILTER
from personalize_local.resources.kind import Kind
from personalize_local.resources.lookup import require
from personalize_local.resources.recommender import KIND as RECOMMENDER
from personalize_local.resources.recommender import training_of
from personalize_local.resources.status import status_of
from personalize_local.runtime.models import Loaded
from personalize_local.store.records import Record
from personalize_local.store.sql import Rows

ONE_ARN = invalid("Provide exactly one of campaignArn and recommenderArn.", "inferred", "service model")
OTHER_OPERATION = invalid(
    "Recipe {recipe} does not support {operation}.", "documented", "dg/getting-recommendations.html"
)
NEEDED_ID = invalid("{member} is required for recipe {recipe}.", "documented", "dg/API_RS_GetRecommendations.html")
EMPTY_ID = invalid("{member} must not be empty.", "inferred")
VALUES_WITHOUT_FILTER = invalid("filterValues requires a filterArn.", "inferred")
UNKNOWN_CONTEXT = invalid("Context key {key} is not a column of the Item interactions dataset.", "inferred")
RULES = (
    Rule(
        says="A campaign or recommender that is not ACTIVE answers as if it were not there.",
        known="inferred",
    ),
    Rule(says="An answer takes the newest 100 events of a user or session into account.", known="inferred"),
    Rule(says="Filters exist and cannot be used in recommendations yet.", known="chosen"),
)

_RECENT_EVENTS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A checked request: the model, the query to put to it, and the tag that marks the campaign in answers."""

    loaded: Loaded
    query: Query
    tag: str


def question(context: Context, params: Mapping[str, Any], operation: str) -> Question:
    """Check a runtime request and gather what its answer needs.

    Raises ResourceNotFoundException for a campaign or recommender that is not there or not serving,
    InvalidInputException for what the recipe does not take, NotImplementedException for what is not built.
    """
    _refuse_unbuilt(params)
    kind, arn = _asked(params)
    with context.emulator.database.read() as rows:
        loaded = _serving(context, rows, kind, arn)
        recipe = loaded.recipe
        if recipe.operation != operation:
            raise OTHER_OPERATION(recipe=recipe.arn, operation=operation)
        user_id = _id(params, "userId", recipe.arn, needed=recipe.needs_user)
        item_id = _id(params, "itemId", recipe.arn, needed=recipe.needs_item)
        events = _events(rows, loaded, user_id) if recipe.realtime and user_id is not None else ()
        if "filterArn" in params:
            require(context, rows, FILTER, params["filterArn"])
            raise NOT_IMPLEMENTED(what="filterArn")
    query = Query(user_id=user_id, item_id=item_id, events=events, context=_context(loaded, params.get("context", {})))
    return Question(loaded=loaded, query=query, tag=blake2b(arn.encode(), digest_size=3).hexdigest())


def _refuse_unbuilt(params: Mapping[str, Any]) -> None:
    for member in ("promotions", "metadataColumns"):
        if params.get(member):
            raise NOT_IMPLEMENTED(what=member)
    if params.get("filterValues") and "filterArn" not in params:
        raise VALUES_WITHOUT_FILTER()


def _asked(params: Mapping[str, Any]) -> tuple[Kind, str]:
    campaign, recommender = params.get("campaignArn"), params.get("recommenderArn")
    if (campaign is None) == (recommender is None):
        raise ONE_ARN()
    return (CAMPAIGN, str(campaign)) if campaign is not None else (RECOMMENDER, str(recommender))


def _serving(context: Context, rows: Rows, kind: Kind, arn: str) -> Loaded:
    # Every recommendation comes through here: an ARN of another kind is only looked at when nothing is found.
    record = rows.get(arn)
    if record is None or record.kind != kind.name:
        if f":{kind.arn_type}/" not in arn:
            raise WRONG_ARN(member=kind.arn_member, arn=arn)
        raise NOT_FOUND(arn=arn)
    if record.account != context.account or record.region != context.region:
        raise NOT_FOUND(arn=arn)
    if kind is CAMPAIGN and follows_latest(record):
        record = _rolled_out(context, rows, record)
    status = status_of(context, kind, record)
    if not status.is_active:
        raise NOT_FOUND(arn=arn)
    training = status.body["solutionVersionArn"] if kind is CAMPAIGN else training_of(arn, status.body)
    return context.emulator.models.of(rows, training)


def _rolled_out(context: Context, rows: Rows, record: Record) -> Record:
    assert CAMPAIGN.refresh is not None
    CAMPAIGN.refresh(context, record.arn)
    return rows.get(record.arn) or record


def _id(params: Mapping[str, Any], member: str, recipe_arn: str, *, needed: bool) -> str | None:
    value: str | None = params.get(member)
    if needed and not value:
        raise NEEDED_ID(member=member, recipe=recipe_arn)
    if value == "":
        raise EMPTY_ID(member=member)
    return value


def _events(rows: Rows, loaded: Loaded, actor: str) -> list[str]:
    recent = rows.recent_events(loaded.dataset_group, actor, loaded.until, _RECENT_EVENTS)
    return [item for item, event_type, value in recent if loaded.moves(event_type, value)]


def _context(loaded: Loaded, given: Mapping[str, str]) -> dict[str, str]:
    if not given:
        return {}
    columns = {}
    for key, value in given.items():
        name = loaded.context_columns.get(fold(key))
        if name is None:
            raise UNKNOWN_CONTEXT(key=key)
        columns[name.upper()] = value
    return columns if loaded.recipe.context else {}
