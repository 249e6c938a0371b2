"""From the request of a runtime call to the model that answers it and what it is asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Any, NamedTuple

from botocore_shapes.errors import ServiceError
from personalize_local.context import Context
from personalize_local.datasets.schema import fold
from personalize_local.errors import NOT_FOUND, WRONG_ARN
from personalize_local.ids import resource_tag
from personalize_local.provenance import Rule, invalid
from personalize_local.recipes.base import Operation, Query
from personalize_local.resources.campaign import KIND as CAMPAIGN
from personalize_local.resources.campaign import follows_latest
from personalize_local.resources.kind import Kind
from personalize_local.resources.recommender import KIND as RECOMMENDER
from personalize_local.resources.recommender import training_of
from personalize_local.resources.status import status_of
from personalize_local.runtime.filtering import Choice, Who, choice
from personalize_local.runtime.models import Loaded
from personalize_local.store.records import Record
from personalize_local.store.sql import Rows

if TYPE_CHECKING:
    from personalize_local.filters.table import Mask

NEEDED_CAMPAIGN = invalid("campaignArn is required.", "documented", "dg/get-action-recommendations.html")
ONE_ARN = invalid("Provide exactly one of campaignArn and recommenderArn.", "inferred", "service model")
OTHER_OPERATION = invalid(
    "Recipe {recipe} does not support {operation}.", "documented", "dg/getting-recommendations.html"
)
NEEDED_ID = invalid("{member} is required for recipe {recipe}.", "documented", "dg/API_RS_GetRecommendations.html")
EMPTY_ID = invalid("{member} must not be empty.", "inferred")
UNKNOWN_CONTEXT = invalid("Context key {key} is not a column of the Item interactions dataset.", "inferred")
RULES = (
    Rule(
        says="A campaign or recommender that is not ACTIVE answers as if it were not there.",
        known="inferred",
    ),
    Rule(says="An answer takes the newest 100 events of a user or session into account.", known="inferred"),
    Rule(says="filterValues without a filterArn are passed over.", known="inferred"),
    Rule(
        says="Of a user who was deleted from the data, models that were trained before use only what has come since.",
        known="chosen",
        source="dg/delete-records.html asks for a new training",
    ),
)

RECENT_EVENTS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A checked request: the model, the query to put to it, and the tag that marks the campaign in answers.

    ``who`` says what it is about, ``choice`` what the answer may have (None: everything), ``config`` the configuration
    of the campaign or recommender, ``settled`` whether only a write can change what that serves.
    """

    loaded: Loaded
    query: Query
    tag: str
    who: Who
    choice: Choice | None
    config: Mapping[str, Any]
    settled: bool

    @property
    def allowed(self) -> Mask | None:
        """Which items of the model the answer may have."""
        return None if self.choice is None else self.choice.of_model(len(self.loaded.model.items))

    @property
    def until(self) -> float:
        """Until when, in epoch seconds, the same question has the same answer unless something is written."""
        if not self.settled:
            return -inf
        return self.loaded.ends if self.choice is None else min(self.loaded.ends, self.choice.until)


class Served(NamedTuple):
    """The model that a campaign or recommender serves, as it was trained, and the configuration in force.

    ``settled`` says whether only a write can change them, and not the time alone.
    """

    loaded: Loaded
    config: Mapping[str, Any]
    settled: bool


def question(context: Context, rows: Rows, params: Mapping[str, Any], operation: Operation) -> Question:
    """Check a runtime request and gather what its answer needs.

    Raises ResourceNotFoundException for a campaign, recommender or filter that is not there or not serving,
    InvalidInputException for what the recipe does not take.
    """
    kind, arn = _asked(params, operation)
    trained, config, settled = serving(context, rows, kind, arn)
    loaded = trained.now(context, rows, config)
    recipe = loaded.recipe
    if recipe.operation != operation:
        raise OTHER_OPERATION(recipe=recipe.arn, operation=operation)
    user_id = _id(params, "userId", recipe.arn, needed=recipe.needs_user)
    item_id = _id(params, "itemId", recipe.arn, needed=recipe.needs_item)
    events = _events(rows, loaded, user_id) if recipe.realtime and user_id is not None else []
    asked_of = user_id if user_id is None or loaded.remembers(user_id) else None
    dataset = "ACTIONS" if operation == "GetActionRecommendations" else "ITEMS"
    who = Who(loaded=loaded, asked=arn, user_id=user_id, item_id=item_id, operation=operation, kind=dataset)
    return Question(
        loaded=loaded,
        query=Query(
            user_id=asked_of,
            item_id=item_id,
            events=[item for item, _ in events],
            time=events[-1][1] if events else None,
            context=_context(loaded, params),
            influence=config.get("rankingInfluence", {}),
        ),
        tag=resource_tag(arn),
        who=who,
        choice=choice(context, rows, who, params.get("filterArn"), params.get("filterValues", {})),
        config=config,
        settled=settled,
    )


def _asked(params: Mapping[str, Any], operation: Operation) -> tuple[Kind, str]:
    if operation == "GetActionRecommendations":  # there are no recommenders of actions
        if "campaignArn" not in params:
            raise NEEDED_CAMPAIGN()
        return CAMPAIGN, str(params["campaignArn"])
    campaign, recommender = params.get("campaignArn"), params.get("recommenderArn")
    if (campaign is None) == (recommender is None):
        raise ONE_ARN()
    return (CAMPAIGN, str(campaign)) if campaign is not None else (RECOMMENDER, str(recommender))


def serving(context: Context, rows: Rows, kind: Kind, arn: str) -> Served:
    """What a campaign or recommender serves.

    Raises InvalidInputException for an ARN of another kind, ResourceNotFoundException for one that is not serving.
    """
    record = _record(context, rows, kind, arn)
    follows = kind is CAMPAIGN and follows_latest(record)
    if follows:
        record = _rolled_out(context, rows, record)
    try:
        served = _loaded(context, rows, kind, record)
    except ServiceError:
        # A training that takes over lets go of the one before.
        served = _loaded(context, rows, kind, _record(context, rows, kind, arn))
    return served._replace(settled=False) if follows else served


def _record(context: Context, rows: Rows, kind: Kind, arn: str) -> Record:
    # Every recommendation comes through here: an ARN of another kind is only looked at when nothing is found.
    record = rows.get(arn)
    if record is None or record.kind != kind.name:
        if f":{kind.arn_type}/" not in arn:
            raise WRONG_ARN(member=kind.arn_member, arn=arn)
        raise NOT_FOUND(arn=arn)
    if record.account != context.account or record.region != context.region:
        raise NOT_FOUND(arn=arn)
    return record


def _loaded(context: Context, rows: Rows, kind: Kind, record: Record) -> Served:
    status = status_of(context, kind, record)
    if not status.is_active:
        raise NOT_FOUND(arn=record.arn)
    if kind is CAMPAIGN:
        loaded = context.emulator.models.of(rows, status.body["solutionVersionArn"], 0)
        return Served(loaded, status.body.get("campaignConfig", {}), status.settled)
    training = training_of(record.arn, status.body)
    loaded = context.emulator.models.of(rows, training, record.sequence)
    return Served(loaded, status.body.get("recommenderConfig", {}), status.settled)


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


def _events(rows: Rows, loaded: Loaded, actor: str) -> list[tuple[str, float]]:
    recent = rows.recent_events(loaded.dataset_group, actor, loaded.until, RECENT_EVENTS)
    return [(item, time) for item, event_type, value, time in recent if loaded.moves(event_type, value)]


def _context(loaded: Loaded, params: Mapping[str, Any]) -> dict[str, str]:
    given: Mapping[str, str] = params.get("context", {})
    if not given:
        return {}
    columns = {}
    for key, value in given.items():
        name = loaded.context_columns.get(fold(key))
        if name is None:
            raise UNKNOWN_CONTEXT(key=key)
        columns[name.upper()] = value
    return columns if loaded.recipe.context else {}
