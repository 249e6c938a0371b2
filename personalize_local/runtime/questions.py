"""From the request of a runtime call to the model that answers it and what it is asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from personalize_local.arns import parse_arn
from personalize_local.context import Context
from personalize_local.datasets.schema import fold
from personalize_local.errors import invalid_input, not_found, not_implemented, wrong_arn
from personalize_local.recipes.base import Query
from personalize_local.resources.campaign import KIND as CAMPAIGN
from personalize_local.resources.kind import status_of
from personalize_local.runtime.models import Loaded
from personalize_local.store.sql import Rows

_RECENT_EVENTS = 100
"""Streamed events of a user that an answer takes into account (inferred: 32 to 100)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A checked request: the model, the query to put to it, and the tag that marks the campaign in answers."""

    loaded: Loaded
    query: Query
    tag: str


def question(context: Context, params: Mapping[str, Any], operation: str) -> Question:
    """Check a runtime request and gather what its answer needs.

    Raises ResourceNotFoundException for a campaign that is not there or not serving, InvalidInputException for what
    the recipe does not take (classes and texts inferred), NotImplementedException for what is not built.
    """
    _refuse_unbuilt(params)
    arn = _campaign_arn(params)
    with context.emulator.database.read() as rows:
        loaded = _serving(context, rows, arn)
        recipe = loaded.recipe
        if recipe.operation != operation:
            raise invalid_input(f"Recipe {recipe.arn} does not support {operation}.")
        user_id = _id(params, "userId", recipe.arn, needed=recipe.needs_user)
        item_id = _id(params, "itemId", recipe.arn, needed=recipe.needs_item)
        events = _events(rows, loaded, user_id) if recipe.realtime and user_id is not None else ()
        if "filterArn" in params:
            # No filter can exist as long as CreateFilter is refused.
            raise not_found(params["filterArn"])
    query = Query(user_id=user_id, item_id=item_id, events=events, context=_context(loaded, params.get("context", {})))
    return Question(loaded=loaded, query=query, tag=blake2b(arn.encode(), digest_size=3).hexdigest())


def _refuse_unbuilt(params: Mapping[str, Any]) -> None:
    for member in ("promotions", "metadataColumns"):
        if params.get(member):
            raise not_implemented(member)
    if params.get("filterValues") and "filterArn" not in params:
        raise invalid_input("filterValues requires a filterArn.")


def _campaign_arn(params: Mapping[str, Any]) -> str:
    campaign, recommender = params.get("campaignArn"), params.get("recommenderArn")
    if (campaign is None) == (recommender is None):
        raise invalid_input("Provide exactly one of campaignArn and recommenderArn.")
    if campaign is None:
        # No recommender can exist as long as CreateRecommender is refused.
        raise not_found(str(recommender))
    return str(campaign)


def _serving(context: Context, rows: Rows, arn: str) -> Loaded:
    parsed = parse_arn(arn)
    if parsed is None or parsed.type != CAMPAIGN.arn_type:
        raise wrong_arn("campaignArn", arn)
    record = rows.get(arn)
    if record is None or record.account != context.account or record.region != context.region:
        raise not_found(arn)
    status = status_of(context, CAMPAIGN, record)
    if not status.is_active:
        raise not_found(arn)
    return context.emulator.models.of(rows, status.body["solutionVersionArn"])


def _id(params: Mapping[str, Any], member: str, recipe_arn: str, *, needed: bool) -> str | None:
    value: str | None = params.get(member)
    if needed and not value:
        raise invalid_input(f"{member} is required for recipe {recipe_arn}.")
    if value == "":
        raise invalid_input(f"{member} must not be empty.")
    return value


def _events(rows: Rows, loaded: Loaded, actor: str) -> list[str]:
    recent = rows.recent_events(loaded.dataset_group, actor, loaded.until, _RECENT_EVENTS)
    wanted, threshold = loaded.event_type, loaded.threshold
    return [
        item
        for item, event_type, value in recent
        if (wanted is None or event_type == wanted)
        and (threshold is None or (value is not None and value >= threshold))
    ]


def _context(loaded: Loaded, given: Mapping[str, str]) -> dict[str, str]:
    if not given:
        return {}
    columns = {}
    for key, value in given.items():
        name = loaded.context_columns.get(fold(key))
        if name is None:
            raise invalid_input(f"Context key {key} is not a column of the Item interactions dataset.")
        columns[name.upper()] = value
    return columns if loaded.recipe.context else {}
