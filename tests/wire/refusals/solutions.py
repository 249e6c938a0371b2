"""What a solution, its configuration and its versions may not ask for."""

from __future__ import annotations

from .asking import IN_USE, TAKEN, not_active, taken
from .cases import Params, Text, case, solution
from .world import recipe

_PERSONAL = recipe("user-personalization")
_NOT_LISTED = "Recipe {} cannot be part of autoMLConfig.recipeList."
_USABLE = ", ".join(
    f"aws-{name}"
    for name in (
        *("item-affinity", "item-attribute-affinity", "next-best-action", "personalized-ranking"),
        *("personalized-ranking-v2", "popularity-count", "semantic-similarity", "similar-items", "sims"),
        *("trending-now", "user-personalization", "user-personalization-v2"),
    )
)
_METRICS = (
    "coverage, mean_reciprocal_rank_at_25, normalized_discounted_cumulative_gain_at_5, precision_at_5, "
    "normalized_discounted_cumulative_gain_at_10, precision_at_10, normalized_discounted_cumulative_gain_at_25, "
    "precision_at_25"
)
_ALGORITHM = "arn:aws:personalize:::algorithm/aws-sims"
_NO_CHANGE = "UpdateSolution requires at least one change."
_SCHEDULE = "schedulingExpression must be a rate of 1 to 30 days."


def _scheduled(expression: str) -> Params:
    return {"solutionUpdateConfig": {"autoTrainingConfig": {"schedulingExpression": expression}}}


def _weighing(*types: str) -> Params:
    events = [{"eventType": name, "weight": 1.0} for name in types]
    return {"solutionUpdateConfig": {"eventsConfig": {"eventParametersList": events}}}


def _requires(name: str, kind: str, group: str) -> Text:
    return lambda world: (
        f"Recipe {recipe(name)} requires a dataset of type {kind} in dataset group {world.groups[group]}."
    )


RECIPES = (
    solution("no recipe", "recipeArn is required unless performAutoML is true.", recipeArn=None),
    solution("a recipe with AutoML", "recipeArn must not be given when performAutoML is true.", performAutoML=True),
    solution("an unknown recipe", f"Recipe {recipe('none')} does not exist. Available recipes: {_USABLE}.", "none"),
    *(
        solution(f"the legacy recipe {name}", f"Recipe {recipe(name)} is no longer available.", name)
        for name in ("hrnn", "hrnn-metadata", "hrnn-coldstart")
    ),
    *(
        solution(
            f"the use case {name}", f"Recipe {recipe(name)} is not supported for this dataset group.", name
        )
        for name in ("ecomm-recommended-for-you", "vod-top-picks")
    ),
    solution("a recipe that is an algorithm", f"Recipe {_ALGORITHM} does not exist. Available recipes: {_USABLE}.",
             recipeArn=_ALGORITHM),
    *(
        solution(f"a use case of its domain in {group}",
                 f"Recipe {recipe(name)} is not supported for this dataset group.", name, group)
        for group, name in (("shop", "ecomm-recommended-for-you"), ("video", "vod-top-picks"))
    ),
    *(
        solution(f"{name} without its {kind}", _requires(name, kind, group), name, group)
        for name, kind, group in (
            ("next-best-action", "ACTIONS", "full"), ("item-attribute-affinity", "ITEMS", "shop"),
            ("semantic-similarity", "ITEMS", "bare"),
        )
    ),
    *(
        solution(
            f"{name} without interactions",
            "Dataset group must contain an INTERACTIONS dataset with successfully completed dataset import job or "
            "EVENT_INTERACTIONS",
            name, "bare",
        )
        for name in (
            *("user-personalization", "user-personalization-v2", "personalized-ranking", "personalized-ranking-v2"),
            *("similar-items", "sims", "popularity-count", "trending-now", "item-affinity", "next-best-action"),
            "item-attribute-affinity",
        )
    ),
    solution(
        "interactions that nobody imported",
        "Dataset group must contain an INTERACTIONS dataset with successfully completed dataset import job or "
        "EVENT_INTERACTIONS",
        "popularity-count", "empty shop",
    ),
    *(
        solution(
            f"items without a name in {group}",
            f"Recipe {recipe('semantic-similarity')} requires an ITEMS dataset with a field marked itemName and a "
            "textual field.",
            "semantic-similarity", group,
        )
        for group in ("full", "acts", "plain")
    ),
    solution(
        "attributes where there are texts alone",
        f"Recipe {recipe('item-attribute-affinity')} requires at least one metadata column that is neither textual nor "
        "reserved in the ITEMS dataset.",
        "item-attribute-affinity", "plain",
    ),
    *(
        solution(f"actions in {group}", f"Recipe {recipe('next-best-action')} is not supported in a domain dataset "
                 "group.", "next-best-action", group)
        for group in ("shop", "video")
    ),
    *(
        solution(f"increments of {name}", f"performIncrementalUpdate is not supported by recipe {recipe(name)}.", name,
                 performIncrementalUpdate=True)
        for name in ("user-personalization", "user-personalization-v2", "similar-items", "item-affinity")
    ),
)  # fmt: skip

_AUTOML = tuple(
    solution(name, text, recipeArn=None, performAutoML=True, solutionConfig=given)
    for name, text, given in (
        (
            "AutoML among rankings",
            _NOT_LISTED.format(recipe("personalized-ranking")),
            {"autoMLConfig": {"recipeList": [recipe("personalized-ranking")]}},
        ),
        (
            "AutoML among similar items",
            _NOT_LISTED.format(recipe("similar-items")),
            {"autoMLConfig": {"recipeList": [_PERSONAL, recipe("similar-items")]}},
        ),
        (
            "AutoML among legacy recipes",
            f"Recipe {recipe('hrnn')} is no longer available.",
            {"autoMLConfig": {"recipeList": [recipe("hrnn")]}},
        ),
        (
            "AutoML by no metric",
            f"autoMLConfig.metricName luck is no metric. Use one of: {_METRICS}.",
            {"autoMLConfig": {"metricName": "luck"}},
        ),
        (
            "AutoML among unknown recipes",
            f"Recipe {recipe('none')} does not exist. Available recipes: {_USABLE}.",
            {"autoMLConfig": {"recipeList": [recipe("none")]}},
        ),
        (
            "AutoML among use cases",
            f"Recipe {recipe('vod-top-picks')} is not supported for this dataset group.",
            {"autoMLConfig": {"recipeList": [recipe("vod-top-picks")]}},
        ),
        (
            "AutoML on no schedule",
            "schedulingExpression must be a rate of 1 to 30 days.",
            {"autoTrainingConfig": {"schedulingExpression": "rate(31 days)"}},
        ),
    )
)
AUTOML = (
    *_AUTOML,
    solution(
        "AutoML by increments", "performIncrementalUpdate is not supported by a solution with performAutoML.",
        recipeArn=None, performAutoML=True, performIncrementalUpdate=True,
    ),
    solution(
        "AutoML without interactions",
        "Dataset group must contain an INTERACTIONS dataset with successfully completed dataset import job or "
        "EVENT_INTERACTIONS",
        group="bare", recipeArn=None, performAutoML=True,
    ),
)  # fmt: skip

UPDATES = (
    *(
        case(f"an update {name}", "UpdateSolution",
             lambda world, of=of, given=given: {"solutionArn": world.arn(f"solution/{of}"), **given}, text)
        for name, of, given, text in (
            ("of nothing", "user-personalization", {}, _NO_CHANGE),
            ("of no configuration", "user-personalization", {"solutionUpdateConfig": {}}, _NO_CHANGE),
            ("to what it is", "user-personalization", {"performAutoTraining": False}, _NO_CHANGE),
            ("to no schedule", "user-personalization", _scheduled("rate(99 days)"), _SCHEDULE),
            ("to a schedule of no day", "popularity-count", _scheduled("rate(0 days)"), _SCHEDULE),
            ("of AutoML to no schedule", "automl", _scheduled("rate(31 days)"), _SCHEDULE),
            ("of AutoML to weights", "automl", _weighing("watch"),
             "eventsConfig is not supported by a solution with performAutoML."),
            ("of AutoML to increments", "automl", {"performIncrementalUpdate": True},
             "performIncrementalUpdate is not supported by a solution with performAutoML."),
            ("to an event type twice", "user-personalization-v2", _weighing("watch", "watch"),
             "Event type watch is given twice in eventsConfig."),
            ("to no weight", "user-personalization-v2", _weighing(),
             "eventsConfig requires a weight above 0 for at least one event type."),
            *(
                (f"of {of} to weights", of, _weighing("watch"),
                 f"eventsConfig is not supported by recipe {recipe(of)}.")
                for of in ("user-personalization", "personalized-ranking", "similar-items", "item-affinity")
            ),
            *(
                (f"of {of} to increments", of, {"performIncrementalUpdate": True},
                 f"performIncrementalUpdate is not supported by recipe {recipe(of)}.")
                for of in ("user-personalization", "user-personalization-v2", "item-affinity")
            ),
        )
    ),
    *(
        case(f"a name that is taken, in {group}", "CreateSolution",
             lambda world, group=group: {
                 "name": "user-personalization", "datasetGroupArn": world.groups[group], "recipeArn": _PERSONAL,
             },
             lambda world: taken(world.arn("solution/user-personalization"))[2], TAKEN)
        for group in ("full", "acts", "shop")
    ),
)  # fmt: skip

VERSIONS = (
    *(
        case(f"an update of {name}", "CreateSolutionVersion",
             lambda world, name=name: {"solutionArn": world.arn(f"solution/{name}"), "trainingMode": "UPDATE"},
             f"Training mode UPDATE is not supported by recipe aws-{name}.")
        for name in (
            *("popularity-count", "similar-items", "item-affinity", "trending-now", "personalized-ranking"),
            *("user-personalization-v2", "next-best-action", "semantic-similarity"),
        )
    ),
    case("an update by AutoML", "CreateSolutionVersion",
         lambda world: {"solutionArn": world.arn("solution/automl"), "trainingMode": "UPDATE"},
         "Training mode UPDATE is not supported by recipe AutoML."),
    case("an update before all", "CreateSolutionVersion",
         lambda world: {"solutionArn": world.arn("solution/untrained"), "trainingMode": "UPDATE"},
         "Training mode UPDATE requires an ACTIVE solution version that was trained with mode FULL."),
    *(
        case(f"a stop of what is {status}", "StopSolutionVersionCreation",
             lambda world, name=name: {"solutionVersionArn": world.versions[name]},
             lambda world, name=name, status=status: f"Solution version {world.versions[name]} is in status {status} "
             "and cannot be stopped.")
        for name, status in (("similar-items", "ACTIVE"), ("failed", "CREATE FAILED"))
    ),
    case("metrics of what has failed", "GetSolutionMetrics",
         lambda world: {"solutionVersionArn": world.versions["failed"]},
         lambda world: not_active(world.versions["failed"], "CREATE FAILED")[2], IN_USE),
)  # fmt: skip

CASES = (*RECIPES, *AUTOML, *UPDATES, *VERSIONS)
