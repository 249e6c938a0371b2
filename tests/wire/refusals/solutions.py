"""What a solution, its configuration and its versions may not ask for."""

from __future__ import annotations

from .cases import case, config, hpo, ranges, solution
from .world import TAKEN, recipe

_PERSONAL = recipe("user-personalization")
_AFFINITY = recipe("item-affinity")
_OF_ALGORITHM = "Provide a hyperparameter that is used in the algorithm: arn:aws:personalize:::algorithm/aws-"
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
_COLUMN = "optimizationObjective.itemAttribute must name a numeric column of the ITEMS dataset that allows no null."
_WEIGHTS = {"eventParametersList": [{"eventType": "watch", "weight": 1.0}]}

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
    solution(
        "actions without their dataset",
        lambda world: f"Recipe {recipe('next-best-action')} requires a dataset of type ACTIONS in dataset group "
        f"{world.group}.",
        "next-best-action",
    ),
    solution(
        "items without a name",
        f"Recipe {recipe('semantic-similarity')} requires an ITEMS dataset with a field marked itemName and a textual "
        "field.",
        "semantic-similarity",
    ),
    case(
        "a group without interactions",
        "CreateSolution",
        lambda world: {"name": "refused", "datasetGroupArn": world.bare, "recipeArn": _PERSONAL},
        "Dataset group must contain an INTERACTIONS dataset with successfully completed dataset import job or "
        "EVENT_INTERACTIONS",
    ),
    case(
        "actions in a domain",
        "CreateSolution",
        lambda world: {"name": "x", "datasetGroupArn": world.shop, "recipeArn": recipe("next-best-action")},
        f"Recipe {recipe('next-best-action')} is not supported in a domain dataset group.",
    ),
    solution(
        "incremental updates", f"performIncrementalUpdate is not supported by recipe {_PERSONAL}.",
        performIncrementalUpdate=True,
    ),
)  # fmt: skip

AUTOML = tuple(
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
            "AutoML on no schedule",
            "schedulingExpression must be a rate of 1 to 30 days.",
            {"autoTrainingConfig": {"schedulingExpression": "rate(31 days)"}},
        ),
    )
)

HYPERPARAMETERS = (
    config("of another algorithm", _OF_ALGORITHM + "user-personalization", algorithmHyperParameters={"depth": "3"}),
    config(
        "settable as a range alone",
        _OF_ALGORITHM + "similar-items",
        "similar-items",
        algorithmHyperParameters={"item_id_hidden_dim": "100"},
    ),
    config(
        "a recipe without any", _OF_ALGORITHM + "popularity-count", "popularity-count",
        algorithmHyperParameters={"bptt": "3"},
    ),
    config("below its range", "Value '31' of hidden_dimension must be in the range [32, 256].",
           algorithmHyperParameters={"hidden_dimension": "31"}),
    config("above its range", "Value '257' of hidden_dimension must be in the range [32, 256].",
           algorithmHyperParameters={"hidden_dimension": "257"}),
    config("a word for a number", "Value 'many' of bptt must be a number.", algorithmHyperParameters={"bptt": "many"}),
    config("a fraction for a count", "Value '2.5' of bptt must be an integer.",
           algorithmHyperParameters={"bptt": "2.5"}),
    config("not one of its choices", "Value 'maybe' of recency_mask must be one of: true, false.",
           algorithmHyperParameters={"recency_mask": "maybe"}),
    config("not a choice of v2", "Value '1' of apply_recency_bias must be one of: true, false.",
           "user-personalization-v2", algorithmHyperParameters={"apply_recency_bias": "1"}),
    config("a percentile above one", "Value '1.5' of max_user_history_length_percentile must be in the range [0, 1].",
           featureTransformationParameters={"max_user_history_length_percentile": "1.5"}),
    config("percentiles that cross", "min_user_history_length_percentile must not be above its maximum 0.2.",
           featureTransformationParameters={
               "min_user_history_length_percentile": "0.5", "max_user_history_length_percentile": "0.2",
           }),
    config("a feature of another recipe",
           "Provide a hyperparameter that is used in the algorithm: "
           "arn:aws:personalize:::feature-transformation/aws-similar-items",
           "similar-items", featureTransformationParameters={"trend_discovery_frequency": "1 day"}),
)  # fmt: skip

SEARCHES = (
    *(
        hpo(f"nothing to tune in {name}", f"Recipe {recipe(name)} does not support hyperparameter optimization.", name)
        for name in ("item-affinity", "popularity-count", "trending-now", "user-personalization-v2")
    ),
    hpo("an unknown range", _OF_ALGORITHM + "user-personalization",
        **ranges(integer=[{"name": "depth", "minValue": 1, "maxValue": 2}])),
    hpo("a range of another kind", "The range of bptt must be given in integerHyperParameterRanges.",
        **ranges(continuous=[{"name": "bptt", "minValue": 2.0, "maxValue": 3.0}])),
    hpo("a range beyond the declared", "Value '64' of bptt must be in the range [2, 32].",
        **ranges(integer=[{"name": "training.bptt", "minValue": 2, "maxValue": 64}])),
    hpo("an empty range", "The range of bptt is empty: 9 is above 3.",
        **ranges(integer=[{"name": "bptt", "minValue": 9, "maxValue": 3}])),
    hpo("a range twice", "The range of bptt is given twice.",
        **ranges(integer=[{"name": "bptt", "minValue": 2, "maxValue": 3}] * 2)),
    hpo("a value that is no choice", "Value 'no' of recency_mask must be one of: true, false.",
        **ranges(categorical=[{"name": "data.recency_mask", "values": ["true", "no"]}])),
    *(
        hpo(f"{value!r} for {name}", f"{name} must be an integer from 1 to {most}.", hpoResourceConfig={name: value})
        for name, most in (("maxNumberOfTrainingJobs", 40), ("maxParallelTrainingJobs", 10))
        for value in ("0", str(most + 1), "few")
    ),
)  # fmt: skip

CONFIGS = (
    config("a threshold that is a word", "Value 'high' of eventValueThreshold must be a number.",
           eventValueThreshold="high"),
    *(
        config(f"a schedule of {days} days", "schedulingExpression must be a rate of 1 to 30 days.",
               autoTrainingConfig={"schedulingExpression": f"rate({days} days)"})
        for days in (0, 31, 365)
    ),
    config("weights of events in version 1", f"eventsConfig is not supported by recipe {_PERSONAL}.",
           eventsConfig=_WEIGHTS),
    config("an event type twice", "Event type watch is given twice in eventsConfig.", "user-personalization-v2",
           eventsConfig={"eventParametersList": [{"eventType": "watch"}] * 2}),
    config("no weight at all", "eventsConfig requires a weight above 0 for at least one event type.",
           "user-personalization-v2", eventsConfig={"eventParametersList": [{"eventType": "watch", "weight": 0.0}]}),
    solution("weights and an event type", "eventsConfig cannot be combined with eventType or eventValueThreshold.",
             "user-personalization-v2", eventType="watch", solutionConfig={"eventsConfig": _WEIGHTS}),
    config("weights and a threshold", "eventsConfig cannot be combined with eventType or eventValueThreshold.",
           "personalized-ranking-v2", eventsConfig=_WEIGHTS, eventValueThreshold="1"),
    *(
        config(f"an objective of {name}", f"optimizationObjective is not supported by recipe {recipe(name)}.", name,
               optimizationObjective={"itemAttribute": "PRICE"})
        for name in ("user-personalization-v2", "similar-items", "item-affinity")
    ),
    *(
        config(f"the objective {column}", _COLUMN, optimizationObjective={"itemAttribute": column})
        for column in ("NONE", "GENRE", "STOCK", "PLOT")
    ),
    config("an objective without a column", _COLUMN, optimizationObjective={"objectiveSensitivity": "LOW"}),
)  # fmt: skip


def _columns(name: str, text: str, **chosen: dict[str, list[str]]) -> object:
    return config(name, text, trainingDataConfig={f"{verb}DatasetColumns": given for verb, given in chosen.items()})


COLUMNS = (
    _columns("event types left out", "EVENT_TYPE cannot be excluded from training.",
             excluded={"Interactions": ["EVENT_TYPE"]}),
    *(
        _columns(f"{column} left out", f"{column} cannot be excluded from training.",
                 excluded={"INTERACTIONS": [column]})
        for column in ("USER_ID", "ITEM_ID", "TIMESTAMP")
    ),
    _columns("an unknown column left out", "Column COLOUR does not exist in the ITEMS dataset.",
             excluded={"ITEMS": ["COLOUR"]}),
    _columns("an unknown column alone", "Column COLOUR does not exist in the ITEMS dataset.",
             included={"ITEMS": ["COLOUR"]}),
    _columns("a dataset both ways",
             "excludedDatasetColumns and includedDatasetColumns cannot both name dataset type ITEMS.",
             excluded={"ITEMS": ["GENRE"]}, included={"items": ["PRICE"]}),
    case(
        "a dataset that is not there",
        "CreateSolution",
        lambda world: {
            "name": "x",
            "datasetGroupArn": world.group,
            "recipeArn": _PERSONAL,
            "solutionConfig": {"trainingDataConfig": {"excludedDatasetColumns": {"ACTIONS": ["KIND"]}}},
        },
        lambda world: f"Dataset group {world.group} has no dataset of type ACTIONS.",
    ),
)  # fmt: skip

UPDATES = (
    case("an update of nothing", "UpdateSolution", lambda world: {"solutionArn": world.personal},
         "UpdateSolution requires at least one change."),
    case("an update to what it is", "UpdateSolution",
         lambda world: {"solutionArn": world.personal, "performAutoTraining": True},
         "UpdateSolution requires at least one change."),
    case("an update of weights in version 1", "UpdateSolution",
         lambda world: {"solutionArn": world.personal, "solutionUpdateConfig": {"eventsConfig": _WEIGHTS}},
         f"eventsConfig is not supported by recipe {_PERSONAL}."),
    case("an update to another schedule", "UpdateSolution",
         lambda world: {
             "solutionArn": world.personal,
             "solutionUpdateConfig": {"autoTrainingConfig": {"schedulingExpression": "rate(99 days)"}},
         },
         "schedulingExpression must be a rate of 1 to 30 days."),
    case("an update to increments", "UpdateSolution",
         lambda world: {"solutionArn": world.personal, "performIncrementalUpdate": True},
         f"performIncrementalUpdate is not supported by recipe {_PERSONAL}."),
    case("a name that is taken", "CreateSolution",
         lambda world: {
             "name": "user-personalization", "datasetGroupArn": world.group, "recipeArn": _PERSONAL,
         },
         lambda world: f"Another resource with Arn {world.personal} already exists.", TAKEN),
)  # fmt: skip

VERSIONS = (
    *(
        case(f"an update of {name}", "CreateSolutionVersion",
             lambda world, name=name: {"solutionArn": world.arn(f"solution/{name}"), "trainingMode": "UPDATE"},
             f"Training mode UPDATE is not supported by recipe aws-{name}.")
        for name in ("popularity-count", "similar-items", "item-affinity")
    ),
    case("a stop of what has ended", "StopSolutionVersionCreation",
         lambda world: {"solutionVersionArn": world.versions["similar-items"]},
         lambda world: f"Solution version {world.versions['similar-items']} is in status ACTIVE and cannot be "
         "stopped."),
)  # fmt: skip

CASES = (
    *RECIPES, *AUTOML, *HYPERPARAMETERS, *SEARCHES, *CONFIGS, *COLUMNS, *UPDATES, *VERSIONS,
)  # fmt: skip
