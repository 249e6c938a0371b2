"""What a recipe declares and what a trained model answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from personalize_local.engine.data import TrainingData
    from personalize_local.engine.scores import Scores
    from personalize_local.engine.vocabulary import Vocabulary

RecipeType = Literal[
    "USER_PERSONALIZATION",
    "PERSONALIZED_RANKING",
    "RELATED_ITEMS",
    "POPULAR_ITEMS",
    "USER_SEGMENTATION",
    "PERSONALIZED_ACTIONS",
]
Operation = Literal["GetRecommendations", "GetPersonalizedRanking", "GetActionRecommendations"]
Sensitivity = Literal["OFF", "LOW", "MEDIUM", "HIGH"]


class Untrainable(Exception):
    """The data, or what is asked of it, cannot be learned from; the message is the reason that a version shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hyperparameter:
    """One setting of a recipe, as DescribeAlgorithm or DescribeFeatureTransformation shows it.

    Values travel as strings. ``minimum`` and ``maximum`` bound an integer or continuous one (both inclusive),
    ``choices`` lists the values of a categorical one. ``settable`` is False for what HPO ranges alone may set.
    """

    name: str
    kind: Literal["integer", "continuous", "categorical"]
    default: str
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()
    tunable: bool = False
    settable: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """One question to a trained model.

    ``events`` are the items of the streamed events (those that came after the training snapshot) of the user or
    session, oldest first, and ``time`` that of the last of them (epoch seconds; None without any); the model adds the
    history that it was trained on. ``context`` maps upper-case column
    names to values. ``actions`` are the actions of the streamed action interactions, each with its event type.
    ``influence`` is the rankingInfluence, FRESHNESS and POPULARITY in 0..1.
    """

    user_id: str | None = None
    item_id: str | None = None
    events: Sequence[str] = ()
    time: float | None = None
    context: Mapping[str, str] = field(default_factory=dict)
    actions: Sequence[tuple[str, str]] = ()
    influence: Mapping[str, float] = field(default_factory=dict)


class Model(Protocol):
    """A trained model: immutable arrays, and a function from a query to scores.

    What is said of items is said of actions where the recipe is about actions.
    """

    @property
    def items(self) -> Vocabulary:
        """The catalogue that indexes in scores refer to."""

    def scores(self, query: Query) -> Scores:
        """Score the catalogue for ``query``. Unknown users and items are answered with popularity."""

    def arrays(self) -> tuple[Mapping[str, NDArray[np.generic]], Mapping[str, Any]]:
        """The arrays and the JSON-able facts from which ``Recipe.load`` makes the model again."""


class Trend(Model, Protocol):
    """A model that events move on by the clock. Both methods give a new model; times are in epoch seconds."""

    @property
    def every(self) -> float:
        """Seconds from one look at the data to the next."""

    def with_events(self, items: Sequence[str], times: NDArray[np.int64], arrived: Sequence[float | None]) -> Trend:
        """The model that knows of further events; ``arrived`` is by the emulator's clock."""

    def at(self, moment: float, trained: float) -> Trend:
        """The model as it answers from ``moment`` on, after a training at ``trained``."""


class Renewable(Model, Protocol):
    """A model that can look at its items anew, without what users did."""

    def with_items(self, data: TrainingData) -> Model:
        """The model of the items of ``data``; every item that it knew keeps its index."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Objective:
    """What to favour beside relevance: items with a high value in the numeric Items column ``attribute``."""

    attribute: str
    sensitivity: Sensitivity = "OFF"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingParameters:
    """What a solution asks of its recipe; values are those of the service, checked against the declaration.

    ``event_weights`` gives what an event of a type counts for; only ratios matter, and types that it leaves out count
    for nothing. Empty: all events count alike. ``relaxed_minimums`` lowers what the recipe itself asks of the data.
    """

    algorithm: Mapping[str, str] = field(default_factory=dict)
    feature_transformation: Mapping[str, str] = field(default_factory=dict)
    seed: int = 0
    event_weights: Mapping[str, float] = field(default_factory=dict)
    objective: Objective | None = None
    relaxed_minimums: bool = False


def complete(declared: Sequence[Hyperparameter], given: Mapping[str, str]) -> dict[str, str]:
    """The defaults of ``declared`` overlaid with ``given``. Raises ValueError for a name that is not declared."""
    values = {parameter.name: parameter.default for parameter in declared}
    unknown = sorted(set(given) - set(values))
    if unknown:
        raise ValueError(f"unknown parameter {unknown[0]}")
    return {**values, **given}


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """The model to serve (learned from all the data) and its metrics (measured on held-out data, 4 decimals)."""

    model: Model
    metrics: Mapping[str, float]


def released(year: int, month: int, day: int) -> float:
    """Midnight UTC of a day in epoch seconds: the precision in which release dates are known."""
    return datetime(year, month, day, tzinfo=UTC).timestamp()


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """A recipe's declaration. ``train`` and ``load`` import the engine when they are called, not before.

    ``train`` raises Untrainable for data that it cannot learn from. Fields without a remark are those of the service.
    """

    name: str
    type: RecipeType
    description: str
    algorithm: str
    feature_transformation: str
    created: float
    domain: str | None = None
    operation: Operation | None
    """The runtime call that asks a campaign or recommender of this recipe; None for user segmentation."""
    event_type: str | None = None
    """The event type that a domain use case learns from, matched ignoring case (inferred); None: all of them."""
    hides: str | None = None
    """The event type whose items a domain use case does not show to the user again."""
    available: bool = True
    """False for the legacy recipes: they can be described, are not listed and make no solution."""
    learns_as: str | None = None
    """Where a recipe's own learning is not there, the name of the recipe whose learning stands in for it."""
    needs_user: bool
    needs_item: bool
    scores: bool
    """Whether answers carry scores."""
    realtime: bool
    """Whether streamed events change the answer before the next training."""
    context: bool
    exploration: bool
    """Whether answers try out what little is known of, and take in what has come since the training."""
    exploration_settings: bool = False
    """Whether an itemExplorationConfig may be set."""
    impressions: bool = False
    """Whether what was shown in vain counts against trying it out."""
    events_config: bool = False
    """Whether eventsConfig may weigh event types."""
    reasons: bool = False
    """Whether items that the model would not have chosen say why they are there."""
    objective: bool = False
    """Whether an optimizationObjective may be set."""
    training_update: bool = False
    """Whether versions may be trained with trainingMode UPDATE."""
    incremental_update: bool = False
    """Whether performIncrementalUpdate may be set."""
    refreshes: Literal["events", "items"] | None = None
    """What a served model takes in by the clock without a new training: streamed events (it is a Trend then), or the
    items as they are now, where performIncrementalUpdate asks for that (Renewable)."""
    ranking_influence: bool = False
    """Whether campaigns and batch jobs may set a rankingInfluence."""
    item_names: bool = False
    """Whether training reads the column that is marked as the items' name."""
    metadata: Literal["opt-in", "automatic"] | None = "opt-in"
    """When answers carry item metadata: on request, without asking, or never."""
    batch_inference: bool = False
    themes: bool = False
    """Whether batch inference can make themes."""
    required_datasets: tuple[str, ...]
    optional_datasets: tuple[str, ...]
    algorithm_hyperparameters: tuple[Hyperparameter, ...] = ()
    feature_parameters: tuple[Hyperparameter, ...] = ()
    train: Callable[[TrainingData, TrainingParameters], Trained]
    load: Callable[[Mapping[str, NDArray[np.generic]], Mapping[str, Any]], Model]

    @property
    def arn(self) -> str:
        """The recipe's ARN; region and account are empty."""
        return f"arn:aws:personalize:::recipe/{self.name}"

    @property
    def algorithm_arn(self) -> str:
        """The ARN of the algorithm that the recipe uses."""
        return f"arn:aws:personalize:::algorithm/{self.algorithm}"

    @property
    def feature_transformation_arn(self) -> str:
        """The ARN of the feature transformation that the recipe uses."""
        return f"arn:aws:personalize:::feature-transformation/{self.feature_transformation}"

    @property
    def hpo(self) -> bool:
        """Whether there is any hyperparameter to tune."""
        return any(parameter.tunable for parameter in self.algorithm_hyperparameters)

    @property
    def is_domain(self) -> bool:
        """Whether the recipe is a use case of a domain, made into recommenders and not into solutions."""
        return self.domain is not None

    @property
    def item_attributes(self) -> bool:
        """Whether segments are asked for by attributes of items, not by items."""
        return self.segments and "ITEMS" in self.required_datasets

    @property
    def segments(self) -> bool:
        """Whether the recipe answers with users, through batch segment jobs."""
        return self.type == "USER_SEGMENTATION"
