"""What a campaign, a recommender or a batch job may be told about how it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from personalize_local.context import Context
from personalize_local.provenance import Rule, invalid
from personalize_local.recipes.base import Recipe
from personalize_local.resources.dataset import live_datasets, schema_of
from personalize_local.store.sql import Rows

_CONFIG = "dg/API_CampaignConfig.html"

NO_EXPLORATION = invalid("itemExplorationConfig is not supported by recipe {arn}.", "documented", _CONFIG)
UNKNOWN_SETTING = invalid("{name} is not an exploration setting. Use {known}.", "documented", _CONFIG)
WEIGHT = invalid("explorationWeight must be between 0 and 1, not '{value}'.", "documented", _CONFIG)
AGE = invalid(
    "explorationItemAgeCutOff must be at least 1 day, not '{value}'.",
    "documented",
    "dg/use-case-recipe-features.html",
)
NO_INFLUENCE = invalid("rankingInfluence is not supported by recipe {arn}.", "documented", _CONFIG)
NO_FRESHNESS = invalid(
    "rankingInfluence FRESHNESS requires CREATION_TIMESTAMP in the ITEMS dataset.",
    "documented",
    "dg/native-recipe-semantic-similarity.html",
)
NO_POPULARITY = invalid(
    "rankingInfluence POPULARITY requires an INTERACTIONS dataset.",
    "documented",
    "dg/native-recipe-semantic-similarity.html",
)
NO_METADATA = invalid(
    "enableMetadataWithRecommendations requires an Items dataset with metadata.",
    "documented",
    _CONFIG,
)
RULES = (
    Rule(
        says="explorationWeight is 0.3 and explorationItemAgeCutOff 30 days where they are not given.",
        known="documented",
        source="dg/native-recipe-new-item-USER_PERSONALIZATION.html",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exploration:
    """How much answers explore, from 0 to 1, and up to which age of items, in days."""

    weight: float = 0.3
    days: float = 30.0

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> Exploration:
        """What the configuration of a campaign, a recommender or a batch job asks for."""
        given: Mapping[str, str] = config.get("itemExplorationConfig", {})
        return cls(**{_EXPLORATION[name]: float(value) for name, value in given.items()})


_EXPLORATION = {"explorationWeight": "weight", "explorationItemAgeCutOff": "days"}


def check_exploration(recipe: Recipe, values: Mapping[str, str]) -> None:
    """Check exploration settings. Raises InvalidInputException."""
    if values and not recipe.exploration_settings:
        raise NO_EXPLORATION(arn=recipe.arn)
    for name, value in values.items():
        if name not in _EXPLORATION:
            raise UNKNOWN_SETTING(name=name, known=" or ".join(_EXPLORATION))
        try:
            number = float(value)
        except ValueError:
            number = float("nan")
        if name == "explorationWeight" and not 0 <= number <= 1:
            raise WEIGHT(value=value)
        if name == "explorationItemAgeCutOff" and not 1 <= number < float("inf"):
            raise AGE(value=value)


def check_influence(context: Context, rows: Rows, group: str, recipe: Recipe, influence: Mapping[str, float]) -> None:
    """Check how freshness and popularity are to weigh. Raises InvalidInputException."""
    if not influence:
        return
    if not recipe.ranking_influence:
        raise NO_INFLUENCE(arn=recipe.arn)
    datasets = live_datasets(context, rows, group)
    if influence.get("POPULARITY") and "INTERACTIONS" not in datasets:
        raise NO_POPULARITY()
    if influence.get("FRESHNESS"):
        items = datasets.get("ITEMS")
        if items is None or schema_of(rows, items.body["schemaArn"]).field("CREATION_TIMESTAMP") is None:
            raise NO_FRESHNESS()


def check_metadata(context: Context, rows: Rows, group: str, config: Mapping[str, Any]) -> None:
    """Check that there is metadata to answer with. Raises InvalidInputException."""
    if config.get("enableMetadataWithRecommendations") and "ITEMS" not in live_datasets(context, rows, group):
        # A schema of Items has at least one metadata column.
        raise NO_METADATA()
