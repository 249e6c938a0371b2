"""Which variant of an experiment a user is in: a function of the two names and the weights, the same everywhere.

The definition, for programs in other languages:

1. Take SHA-256 of the UTF-8 bytes of ``EXPERIMENT/USER``, and of its hexadecimal digits the first 13 as a number: 52
   bits, which a double holds. Divided by 2^52 it is the user's point, from 0 up to but not 1.
2. Sort the variants by the UTF-8 bytes of their names, and add up their weights in that order, as doubles.
3. The user is in the first variant whose sum so far is above the point times the whole sum.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Mapping

__all__ = ["check_weights", "is_double", "point", "variant"]

_DIGITS = 13
_SCALE = float(16**_DIGITS)


def variant(user_id: str, experiment: str, weights: Mapping[str, float]) -> str:
    """The variant of ``experiment`` that a user is in, one of the names in ``weights``, which need not sum to one.

    A variant of weight 0 gets nobody. Experiments of other names split the same users independently. Raises ValueError
    for an empty id or name, and for weights that cannot be shared out.
    """
    check_weights(weights)
    at = point(user_id, experiment) * _total(weights)
    sum_, chosen = 0.0, ""
    for name in _ordered(weights):
        sum_ += weights[name]
        if weights[name] > 0:
            chosen = name
            if at < sum_:
                break
    return chosen


def point(user_id: str, experiment: str) -> float:
    """Where a user stands in an experiment: evenly spread over 0 up to 1. Raises ValueError for empty names."""
    for what, text in (("user_id", user_id), ("experiment", experiment)):
        if not isinstance(text, str) or not text:
            raise ValueError(f"{what} must be a text that is not empty, not {text!r}")
    digest = hashlib.sha256(f"{experiment}/{user_id}".encode("utf-8", "surrogatepass")).hexdigest()
    return int(digest[:_DIGITS], 16) / _SCALE


def check_weights(weights: Mapping[str, float]) -> None:
    """Raise ValueError for weights by which nobody can be split."""
    if not isinstance(weights, Mapping) or not weights:
        raise ValueError("an experiment needs at least one variant, as in {'a': 0.5, 'b': 0.5}")
    for name, weight in weights.items():
        if not isinstance(name, str) or not name:
            raise ValueError(f"the name of a variant must be a text that is not empty, not {name!r}")
        if isinstance(weight, bool) or not isinstance(weight, int | float) or not is_double(weight) or weight < 0:
            raise ValueError(f"the weight of variant {name!r} must be a number from 0 up, not {weight!r}")
    total = _total(weights)
    if not total > 0 or not is_double(total):
        raise ValueError(f"the weights of the variants must have a sum above 0, not {total!r}")


def is_double(number: float) -> bool:
    """Whether a finite double holds a number, be it a whole one of any size."""
    # Larger ones are below infinity too, and math.isfinite raises for them.
    return abs(number) <= sys.float_info.max


def _total(weights: Mapping[str, float]) -> float:
    # Not math.fsum: other languages add one after the other.
    total = 0.0
    for name in _ordered(weights):
        total += weights[name]
    return total


def _ordered(weights: Mapping[str, float]) -> list[str]:
    return sorted(weights, key=lambda name: name.encode("utf-8", "surrogatepass"))
