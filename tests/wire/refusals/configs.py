"""What the configuration of a solution may not ask for."""

from __future__ import annotations

from .cases import Case, config, hpo, ranges, solution
from .world import recipe

_PERSONAL = recipe("user-personalization")
_OF_ALGORITHM = "Provide a hyperparameter that is used in the algorithm: arn:aws:personalize:::algorithm/aws-"
_COLUMN = "optimizationObjective.itemAttribute must name a numeric column of the ITEMS dataset that allows no null."
_WEIGHTS = {"eventParametersList": [{"eventType": "watch", "weight": 1.0}]}
_TYPE_AND_WEIGHTS = "eventsConfig cannot be combined with eventType or eventValueThreshold."

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
    *(
        config(f"{name} {value} of {of}", f"Value '{value}' of {name} must be {must}.", of,
               **{f"{where}Parameters": {name: value}})
        for of, where, name, value, must in (
            ("personalized-ranking", "algorithmHyper", "bptt", "33", "in the range [2, 32]"),
            ("personalized-ranking", "algorithmHyper", "bptt", "1", "in the range [2, 32]"),
            ("personalized-ranking", "algorithmHyper", "hidden_dimension", "", "a number"),
            ("personalized-ranking-v2", "algorithmHyper", "apply_recency_bias", "", "one of: true, false"),
            ("sims", "algorithmHyper", "popularity_discount_factor", "1.01", "in the range [0, 1]"),
            ("sims", "algorithmHyper", "popularity_discount_factor", "-0.01", "in the range [0, 1]"),
            ("sims", "algorithmHyper", "popularity_discount_factor", "inf", "a number"),
            ("sims", "algorithmHyper", "min_cointeraction_count", "11", "in the range [0, 10]"),
            ("sims", "algorithmHyper", "min_cointeraction_count", "1e1", "an integer"),
            ("sims", "featureTransformation", "min_item_interaction_count_percentile", "2", "in the range [0, 1]"),
            ("item-affinity", "algorithmHyper", "hidden_dimension", "300", "in the range [32, 256]"),
            ("item-attribute-affinity", "algorithmHyper", "hidden_dimension", "8", "in the range [32, 256]"),
            ("next-best-action", "featureTransformation", "action_optimization_period", "6", "in the range [7, 28]"),
            ("next-best-action", "featureTransformation", "action_optimization_period", "29", "in the range [7, 28]"),
            ("trending-now", "featureTransformation", "trend_discovery_frequency", "2 days",
             "one of: 30 minutes, 1 hour, 2 hours, 3 hours, 1 day, 30 min, 1h, 3h"),
        )
    ),
    *(
        config(f"{name} in {of}", _OF_ALGORITHM + algorithm, of, algorithmHyperParameters={name: "32"})
        for of, algorithm, name in (
            ("item-affinity", "item-affinity", "bptt"),
            ("user-personalization-v2", "user-personalization-v2", "hidden_dimension"),
            ("sims", "sims", "item_id_hidden_dim"), ("similar-items", "similar-items", "item_metadata_hidden_dim"),
            ("trending-now", "trending-now-custom", "trend_discovery_frequency"),
            ("next-best-action", "next-best-action", "action_optimization_period"),
            ("semantic-similarity", "semantic-similarity", "hidden_dimension"),
            ("user-personalization", "user-personalization", "HIDDEN_DIMENSION"),
        )
    ),
    config("items' percentiles that cross", "min_item_interaction_count_percentile must not be above its maximum 0.9.",
           "sims", featureTransformationParameters={"min_item_interaction_count_percentile": "0.95"}),
)  # fmt: skip

SEARCHES = (
    *(
        hpo(f"nothing to tune in {name}", f"Recipe {recipe(name)} does not support hyperparameter optimization.", name)
        for name in (
            *("item-affinity", "item-attribute-affinity", "next-best-action", "popularity-count", "trending-now"),
            *("semantic-similarity", "user-personalization-v2", "personalized-ranking-v2"),
        )
    ),
    hpo("an unknown range", _OF_ALGORITHM + "user-personalization",
        **ranges(integer=[{"name": "depth", "minValue": 1, "maxValue": 2}])),
    hpo("a range of another kind", "The range of bptt must be given in integerHyperParameterRanges.",
        **ranges(continuous=[{"name": "bptt", "minValue": 2.0, "maxValue": 3.0}])),
    hpo("a range beyond the declared", "Value '64' of bptt must be in the range [2, 32].",
        **ranges(integer=[{"name": "training.bptt", "minValue": 2, "maxValue": 64}])),
    *(
        hpo(f"a range that misses the declared by a hair at {bound}",
            f"Value '{value}' of popularity_discount_factor must be in the range [0, 1].", "sims",
            **ranges(continuous=[{"name": "popularity_discount_factor", bound: value}]))
        for bound, value in (("maxValue", 1.0000001), ("minValue", -1e-07))
    ),
    hpo("a range that is empty by a hair",
        "The range of popularity_discount_factor is empty: 0.1234567 is above 0.1234566.", "sims",
        **ranges(continuous=[
            {"name": "popularity_discount_factor", "minValue": 0.1234567, "maxValue": 0.1234566},
        ])),
    hpo("a range that is not tunable", _OF_ALGORITHM + "similar-items", "similar-items",
        **ranges(continuous=[{"name": "popularity_discount_factor", "minValue": 0.0, "maxValue": 1.0}])),
    hpo("a range under the name of an embedding", _OF_ALGORITHM + "similar-items", "similar-items",
        **ranges(integer=[{"name": "model.id_embedding_dim", "minValue": 30, "maxValue": 60}])),
    hpo("a range below the declared", "Value '29' of item_id_hidden_dim must be in the range [30, 200].",
        "similar-items", **ranges(integer=[{"name": "item_id_hidden_dim", "minValue": 29, "maxValue": 60}])),
    hpo("a range of words", "The range of recency_mask must be given in categoricalHyperParameterRanges.",
        **ranges(integer=[{"name": "recency_mask", "minValue": 0, "maxValue": 1}])),
    hpo("choices of a number", "The range of hidden_dimension must be given in integerHyperParameterRanges.",
        **ranges(categorical=[{"name": "hidden_dimension", "values": ["32"]}])),
    hpo("whole numbers of a fraction",
        "The range of popularity_discount_factor must be given in continuousHyperParameterRanges.", "sims",
        **ranges(integer=[{"name": "popularity_discount_factor", "minValue": 0, "maxValue": 1}])),
    hpo("a fraction above its range", "Value '1.5' of popularity_discount_factor must be in the range [0, 1].", "sims",
        **ranges(continuous=[{"name": "popularity_discount_factor", "minValue": 0.5, "maxValue": 1.5}])),
    hpo("an empty range of fractions", "The range of popularity_discount_factor is empty: 0.75 is above 0.25.", "sims",
        **ranges(continuous=[{"name": "popularity_discount_factor", "minValue": 0.75, "maxValue": 0.25}])),
    hpo("a range twice under two names", "The range of bptt is given twice.",
        **ranges(integer=[{"name": name, "minValue": 2, "maxValue": 3} for name in ("bptt", "training.bptt")])),
    hpo("a range without a name", _OF_ALGORITHM + "user-personalization",
        **ranges(integer=[{"minValue": 2, "maxValue": 3}])),
    hpo("an empty range", "The range of bptt is empty: 9 is above 3.",
        **ranges(integer=[{"name": "bptt", "minValue": 9, "maxValue": 3}])),
    hpo("a range twice", "The range of bptt is given twice.",
        **ranges(integer=[{"name": "bptt", "minValue": 2, "maxValue": 3}] * 2)),
    hpo("a value that is no choice", "Value 'no' of recency_mask must be one of: true, false.",
        **ranges(categorical=[{"name": "data.recency_mask", "values": ["true", "no"]}])),
    *(
        hpo(f"{value!r} for {name}", f"{name} must be an integer from 1 to {most}.", hpoResourceConfig={name: value})
        for name, most in (("maxNumberOfTrainingJobs", 40), ("maxParallelTrainingJobs", 10))
        for value in ("0", "-1", str(most + 1), "few", "2.0", "")
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
    *(
        config(f"the threshold {value!r}", f"Value '{value}' of eventValueThreshold must be a number.",
               eventValueThreshold=value)
        for value in ("", "nan", "1,5", "0x10")
    ),
    *(
        config(f"weights of events in {name}", f"eventsConfig is not supported by recipe {recipe(name)}.", name,
               eventsConfig=_WEIGHTS)
        for name in (
            *("user-personalization", "personalized-ranking", "similar-items", "sims", "popularity-count"),
            *("trending-now", "item-affinity", "item-attribute-affinity", "next-best-action", "semantic-similarity"),
        )
    ),
    config("weights where there are no event types", "eventsConfig requires EVENT_TYPE in the INTERACTIONS dataset.",
           "user-personalization-v2", "plain", eventsConfig=_WEIGHTS),
    config("no events at all", "eventsConfig requires a weight above 0 for at least one event type.",
           "personalized-ranking-v2", eventsConfig={"eventParametersList": []}),
    config("an event type twice", "Event type watch is given twice in eventsConfig.", "user-personalization-v2",
           eventsConfig={"eventParametersList": [{"eventType": "watch"}] * 2}),
    config("no weight at all", "eventsConfig requires a weight above 0 for at least one event type.",
           "user-personalization-v2", eventsConfig={"eventParametersList": [{"eventType": "watch", "weight": 0.0}]}),
    solution("weights and an event type", _TYPE_AND_WEIGHTS,
             "user-personalization-v2", eventType="watch", solutionConfig={"eventsConfig": _WEIGHTS}),
    config("weights and a threshold", _TYPE_AND_WEIGHTS,
           "personalized-ranking-v2", eventsConfig=_WEIGHTS, eventValueThreshold="1"),
    *(
        config(f"an objective of {name}", f"optimizationObjective is not supported by recipe {recipe(name)}.", name,
               optimizationObjective={"itemAttribute": "PRICE"})
        for name in (
            *("user-personalization-v2", "personalized-ranking-v2", "similar-items", "sims", "popularity-count"),
            *("trending-now", "item-affinity", "item-attribute-affinity", "next-best-action", "semantic-similarity"),
        )
    ),
    *(
        config(f"an objective of what {group} has not", _COLUMN, "personalized-ranking", group,
               optimizationObjective={"itemAttribute": "PRICE"})
        for group in ("shop", "plain")
    ),
    config("columns of actions", f"trainingDataConfig is not supported by recipe {recipe('next-best-action')}.",
           "next-best-action", "acts", trainingDataConfig={"excludedDatasetColumns": {"ITEMS": ["GENRE"]}}),
    *(
        config(f"the objective {column}", _COLUMN, optimizationObjective={"itemAttribute": column})
        for column in ("NONE", "GENRE", "STOCK", "PLOT", "SOLD", "ITEM_ID")
    ),
    config("an objective without a column", _COLUMN, optimizationObjective={"objectiveSensitivity": "LOW"}),
)  # fmt: skip


def _columns(name: str, text: str, **chosen: dict[str, list[str]]) -> Case:
    return config(name, text, trainingDataConfig={f"{verb}DatasetColumns": given for verb, given in chosen.items()})


COLUMNS = (
    _columns("event types left out", "EVENT_TYPE cannot be excluded from training.",
             excluded={"Interactions": ["EVENT_TYPE"]}),
    *(
        # Names of columns are the same in any case and without underscores.
        _columns(f"event types left out as {name}", "EVENT_TYPE cannot be excluded from training.",
                 excluded={"INTERACTIONS": ["DEVICE", name]})
        for name in ("event_type", "eventType", "EVENTTYPE")
    ),
    *(
        _columns(f"{column} of {kind} left out", f"{column} cannot be excluded from training.",
                 excluded={kind: [column]})
        for kind, column in (("ITEMS", "ITEM_ID"), ("USERS", "USER_ID"))
    ),
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
    *(
        config(f"{verb} of {kind}, which are not there",
               lambda world, kind=kind: f"Dataset group {world.group} has no dataset of type {kind}.",
               trainingDataConfig={f"{verb}DatasetColumns": {kind: ["KIND"]}})
        for verb in ("excluded", "included")
        for kind in ("ACTIONS", "FRIENDS")
    ),
)  # fmt: skip

CASES = (*HYPERPARAMETERS, *SEARCHES, *CONFIGS, *COLUMNS)
