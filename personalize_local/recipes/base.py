"""What a recipe declares and what a trained model answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
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
    session, oldest first; the model adds the history that it was trained on. ``context`` maps upper-case column
    names to values.
    """

    user_id: str | None = None
    item_id: str | None = None
    events: Sequence[str] = ()
    context: Mapping[str, str] = field(default_factory=dict)


class Model(Protocol):
    """A trained model: immutable arrays, and a function from a query to scores."""

    @property
    def items(self) -> Vocabulary:
        """The catalogue that indexes in scores refer to."""

    def scores(self, query: Query) -> Scores:
        """Score the catalogue for ``query``. Unknown users and items are answered with popularity."""

    def arrays(self) -> tuple[Mapping[str, NDArray[np.generic]], Mapping[str, Any]]:
        """The arrays and the JSON-able facts from which ``Recipe.load`` makes the model again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingParameters:
    """What a solution asks of its recipe; values are those of the service, checked against the declaration."""

    algorithm: Mapping[str, str] = field(default_factory=dict)
    feature_transformation: Mapping[str, str] = field(default_factory=dict)
    seed: int = 0


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """A recipe's declaration. ``train`` and ``load`` import the engine when they are called, not before."""

    name: str
    type: RecipeType
    description: str
    algorithm: str
    feature_transformation: str
    created: float
    domain: str | None = None
    operation: Literal["GetRecommendations", "GetPersonalizedRanking"]
    needs_user: bool
    needs_item: bool
    scores: bool
    realtime: bool
    context: bool
    exploration: bool
    required_datasets: tuple[str, ...]
    optional_datasets: tuple[str, ...]
    algorithm_hyperparameters: tuple[Hyperparameter, ...]
    feature_parameters: tuple[Hyperparameter, ...]
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
