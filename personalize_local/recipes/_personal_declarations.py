"""What the declarations of all recipes on the personal engine share: percentiles, training and loading."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from personalize_local.recipes.base import Hyperparameter, Trained, TrainingParameters, complete

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from personalize_local.engine.data import TrainingData
    from personalize_local.recipes.base import Model


def percentile(name: str, default: str) -> Hyperparameter:
    """A bound on the distribution of histories or items, as feature transformations take it."""
    return Hyperparameter(name=name, kind="continuous", default=default, minimum=0.0, maximum=1.0)


HIDDEN_DIMENSION = Hyperparameter(
    name="hidden_dimension", kind="integer", default="149", minimum=32, maximum=256, tunable=True
)
BPTT = Hyperparameter(name="bptt", kind="integer", default="32", minimum=2, maximum=32, tunable=True)
RECENCY_MASK = Hyperparameter(
    name="recency_mask", kind="categorical", default="true", choices=("true", "false"), tunable=True
)
HISTORY_PERCENTILES = (
    percentile("max_user_history_length_percentile", "0.99"),
    percentile("min_user_history_length_percentile", "0.0"),
)


def train_as_declared(
    data: TrainingData,
    params: TrainingParameters,
    algorithm: Sequence[Hyperparameter] = (),
    features: Sequence[Hyperparameter] = (),
) -> Trained:
    """Train the personal engine under the declared hyperparameters; controls without one keep their defaults."""
    from personalize_local.recipes._personal_training import Controls, train_personal

    controls = Controls.of(complete(algorithm, params.algorithm))
    return train_personal(data, controls, complete(features, params.feature_transformation), params)


def load(arrays: Mapping[str, NDArray[np.generic]], meta: Mapping[str, Any]) -> Model:
    """Open a stored model of the personal engine."""
    from personalize_local.recipes._personal_model import load_personal

    return load_personal(arrays, meta)
