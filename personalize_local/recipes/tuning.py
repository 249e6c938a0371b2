"""Hyperparameter optimization: which settings are tried, on what data, and which of them wins."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from random import Random
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from personalize_local.recipes.base import Hyperparameter, Recipe, complete

if TYPE_CHECKING:
    from personalize_local.engine.data import TrainingData

METRIC = "normalized_discounted_cumulative_gain_at_25"
"""What decides between trials (chosen: the service does not say, and hpoObjective cannot be set)."""
MOST_TRIALS = 10
"""Trials where the number of training jobs is not given (chosen)."""

RANGE_LISTS: Mapping[Literal["integer", "continuous", "categorical"], str] = {
    "integer": "integerHyperParameterRanges",
    "continuous": "continuousHyperParameterRanges",
    "categorical": "categoricalHyperParameterRanges",
}
"""Under which member of an HPO configuration the ranges of each kind of hyperparameter are."""

_PREFIX = re.compile(r"(training|data|model)\.")
_MOST_DRAWS = 100  # for one new point, before the space counts as exhausted

Point = dict[str, str]
Choice = TypeVar("Choice")


@dataclass(frozen=True, slots=True, kw_only=True)
class Dimension:
    """One hyperparameter that is searched: between two bounds, both included, or among values."""

    name: str
    kind: Literal["integer", "continuous", "categorical"]
    low: float = 0.0
    high: float = 0.0
    values: tuple[str, ...] = ()

    @property
    def size(self) -> float:
        """How many values there are; a range of numbers has no end of them."""
        if self.kind == "categorical":
            return len(self.values)
        if self.kind == "integer":
            return int(self.high) - int(self.low) + 1
        return 1 if self.high <= self.low else float("inf")

    def every(self) -> Sequence[str]:
        """All values of a dimension that has an end of them."""
        if self.kind == "categorical":
            return self.values
        if self.kind == "integer":
            return [str(value) for value in range(int(self.low), int(self.high) + 1)]
        return [_number(self.low)]

    def draw(self, random: Random) -> str:
        """One value by chance, all alike."""
        if self.kind == "categorical":
            return self.values[random.randrange(len(self.values))]
        if self.kind == "integer":
            return str(random.randint(int(self.low), int(self.high)))
        drawn = round(self.low + (self.high - self.low) * random.random(), 6)
        return _number(min(max(drawn, self.low), self.high))

    def nearest(self, value: str) -> str:
        """``value`` in the form of this dimension, moved into it where it lies outside."""
        if self.kind == "categorical":
            same = [own for own in self.values if own.lower() == value.lower()]
            return same[0] if same else self.values[0]
        number = min(max(float(value), self.low), self.high)
        return str(int(number)) if self.kind == "integer" else _number(number)


def _number(value: float) -> str:
    return repr(float(value))


Space = tuple[Dimension, ...]


def range_name(given: Mapping[str, Any]) -> str:
    """The hyperparameter that a range is for: its name may carry the prefixes that DescribeSolution shows."""
    return _PREFIX.sub("", given.get("name", ""), count=1)


def space_of(declared: Iterable[Hyperparameter], ranges: Mapping[str, Any] | None = None) -> Space:
    """What is searched: the ``ranges`` of an HPO configuration or, without any, all that is tunable.

    A bound that is not given is the declared one.
    """
    by_name = {parameter.name: parameter for parameter in declared}
    asked = [
        _dimension(by_name[range_name(given)], given)
        for name in RANGE_LISTS.values()
        for given in (ranges or {}).get(name, ())
    ]
    return tuple(asked or (_dimension(parameter, {}) for parameter in by_name.values() if parameter.tunable))


def _dimension(parameter: Hyperparameter, given: Mapping[str, Any]) -> Dimension:
    if parameter.kind == "categorical":
        values = tuple(dict.fromkeys(given.get("values") or parameter.choices))
        return Dimension(name=parameter.name, kind="categorical", values=values)
    low, high = given.get("minValue", parameter.minimum), given.get("maxValue", parameter.maximum)
    assert low is not None, parameter.name  # what is tunable has declared bounds
    assert high is not None, parameter.name
    return Dimension(name=parameter.name, kind=parameter.kind, low=float(low), high=float(high))


def trials(space: Space, given: Mapping[str, str], limit: int, seed: int) -> Iterator[Point]:
    """At most ``limit`` different points of ``space``, none twice; a space with no more than that is exhausted.

    The first is the configuration as ``given`` (every name of the space has a value there), moved into the ranges
    where it lies outside. The others are drawn by chance: a good search for few trials, and one that needs no order.
    """
    random = Random(seed)
    first = {dimension.name: dimension.nearest(given[dimension.name]) for dimension in space}
    seen = {tuple(first.values())}
    yield first
    for point in _others(space, limit, random):
        if len(seen) >= limit:
            return
        if point not in seen:
            seen.add(point)
            yield dict(zip(first, point, strict=True))


def _others(space: Space, limit: int, random: Random) -> Iterator[tuple[str, ...]]:
    if prod(dimension.size for dimension in space) <= limit:
        every = list(product(*(dimension.every() for dimension in space)))
        random.shuffle(every)
        yield from every
        return
    for _ in range(limit * _MOST_DRAWS):
        yield tuple(dimension.draw(random) for dimension in space)


def shares(spaces: Sequence[Space], limit: int) -> list[int]:
    """How many of ``limit`` trials each of several searches gets: one at least, and only one where nothing is tuned."""
    tuned = sum(1 for space in spaces if space)
    each = (limit - (len(spaces) - tuned)) // tuned if tuned else 1
    return [max(1, each) if space else 1 for space in spaces]


def best_of(choices: Iterable[Choice], measure: Callable[[Choice], float]) -> Choice:
    """The choice that is measured highest, the earlier of equals. They are measured one after the other.

    Raises ValueError when there is none.
    """
    best: tuple[Choice, float] | None = None
    for choice in choices:
        value = measure(choice)
        if best is None or value > best[1]:
            best = choice, value
    if best is None:
        raise ValueError("nothing to choose from")
    return best[0]


def searched_data(
    data: TrainingData, recipes: Iterable[Recipe], features: Mapping[str, str], seed: int
) -> TrainingData:
    """``data`` without the users whom the final training of any of ``recipes`` is tested on.

    A choice made on them would make the metrics that are reported better than they are.
    """
    from personalize_local.recipes._common import measured_users, without_users

    left_out = [measured_users(data, complete(recipe.feature_parameters, features), seed) for recipe in recipes]
    return without_users(data, left_out)
