"""Logistic regression with ridge penalties by Newton's method."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from personalize_local.engine.data import Float64

_STEPS = 30
_HALVINGS = 20
_CLOSE = 1e-7


def fit_logistic(features: Float64, happened: NDArray[np.bool_], offset: Float64, penalty: Float64) -> Float64:
    """The weights w of the most likely model P(happened) = sigmoid(offset + features @ w).

    ``penalty`` has the ridge penalty of each weight, all above zero, so that there is always one answer.
    """
    weights = np.zeros(features.shape[1])
    target = happened.astype(np.float64)
    loss = _loss(features, target, offset, penalty, weights)
    for _ in range(_STEPS):
        likely = sigmoid(offset + features @ weights)
        slope = features.T @ (likely - target) + penalty * weights
        curvature = (features * (likely * (1.0 - likely))[:, None]).T @ features
        curvature[np.diag_indices_from(curvature)] += penalty
        step = np.linalg.solve(curvature, slope)
        for _ in range(_HALVINGS):
            after = _loss(features, target, offset, penalty, weights - step)
            if after <= loss:
                break
            step = step / 2
        else:
            break  # no step helps any more: rounding is all that is left
        weights, loss = weights - step, after
        if np.abs(step).max(initial=0.0) < _CLOSE:
            break
    return weights


def _loss(features: Float64, target: Float64, offset: Float64, penalty: Float64, weights: Float64) -> float:
    logits = offset + features @ weights
    likelihood = np.logaddexp(0.0, logits) - target * logits
    return float(likelihood.sum() + 0.5 * (penalty * weights**2).sum())


def sigmoid(logits: Float64) -> Float64:
    """Probabilities of log-odds."""
    result: Float64 = 0.5 * (1.0 + np.tanh(0.5 * logits))
    return result


def log_odds(probabilities: Float64) -> Float64:
    """The inverse of :func:`sigmoid`."""
    result: Float64 = np.log(probabilities) - np.log1p(-probabilities)
    return result
