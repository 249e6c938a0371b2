"""Which hyperparameters a solution may name, with which values, and over which ranges it may search."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from math import inf
from typing import Any

from personalize_local.context import Context
from personalize_local.provenance import Rule, invalid
from personalize_local.recipes.base import Hyperparameter, Recipe
from personalize_local.recipes.tuning import RANGE_LISTS, range_name
from personalize_local.resources.quotas import HPO_JOBS, HPO_PARALLEL_JOBS, Quota

_HPO = "dg/customizing-solution-config-hpo.html"

UNKNOWN = invalid(
    "Provide a hyperparameter that is used in the algorithm: {arn}",
    "observed",
    "https://github.com/aws-samples/amazon-personalize-samples/issues/156",
    error="observed",
    wording="observed",
)
NOT_A_CHOICE = invalid("Value '{value}' of {name} must be one of: {choices}.", "documented", _HPO)
NOT_AN_INTEGER = invalid("Value '{value}' of {name} must be an integer.", "documented", _HPO)
NOT_A_NUMBER = invalid("Value '{value}' of {name} must be a number.", "documented", _HPO)
OUT_OF_RANGE = invalid("Value '{value}' of {name} must be in the range [{low}, {high}].", "documented", _HPO)
ABOVE_MAXIMUM = invalid("{name} must not be above its maximum {highest}.", "inferred")
NOTHING_TO_TUNE = invalid("Recipe {arn} does not support hyperparameter optimization.", "documented", _HPO)
WRONG_RANGE_KIND = invalid("The range of {name} must be given in {list}.", "inferred", "service model")
NO_RANGE = invalid("The range of {name} is empty: {low} is above {high}.", "inferred")
RANGE_TWICE = invalid("The range of {name} is given twice.", "inferred")
JOB_LIMIT = invalid("{name} must be an integer from 1 to {most}.", "documented", "dg/API_HPOResourceConfig.html")

RULES = (
    Rule(
        says="hpoConfig without performHPO is kept and shown, and has no effect.",
        known="chosen",
    ),
    Rule(
        says="hpoConfig.hpoObjective is kept and shown, and has no effect.",
        known="documented",
        source="dg/API_HPOConfig.html: cannot be configured at this time",
    ),
    Rule(
        says="Names of ranges may carry the prefixes training., data. and model.; they are shown as they were sent.",
        known="inferred",
        source=f"{_HPO}: a sample answer has training.bptt and data.recency_mask",
    ),
    Rule(
        says="The trials of a search run one after the other; maxParallelTrainingJobs is checked and shown.",
        known="chosen",
    ),
)

_INTEGER = re.compile(r"[+-]?\d{1,18}", re.ASCII)
_NUMBER = re.compile(r"[+-]?(\d{1,18}(\.\d*)?|\.\d+)([eE][+-]?\d{1,2})?", re.ASCII)


def check_values(values: Mapping[str, str], declared: Iterable[Hyperparameter], owner: str) -> None:
    """Check hyperparameters against the declaration of the algorithm ``owner``. Raises InvalidInputException."""
    by_name = {parameter.name: parameter for parameter in declared}
    for name, value in values.items():
        parameter = by_name.get(name)
        if parameter is None or not parameter.settable:
            raise UNKNOWN(arn=owner)
        _check_value(parameter, value)


def _check_value(parameter: Hyperparameter, value: str) -> None:
    name = parameter.name
    if parameter.kind == "categorical":
        if value.lower() not in {choice.lower() for choice in parameter.choices}:
            raise NOT_A_CHOICE(value=value, name=name, choices=", ".join(parameter.choices))
        return
    number = checked_number(value, name)
    if parameter.kind == "integer" and not _INTEGER.fullmatch(value):
        raise NOT_AN_INTEGER(value=value, name=name)
    _check_bounds(parameter, number, value)


def _check_bounds(parameter: Hyperparameter, number: float, shown: str) -> None:
    low, high = parameter.minimum, parameter.maximum
    if not (-inf if low is None else low) <= number <= (inf if high is None else high):
        raise OUT_OF_RANGE(value=shown, name=parameter.name, low=_shown(low), high=_shown(high))


def _shown(bound: float | None) -> str:
    # In full: what is refused by a hair must not look like the bound itself.
    return "-" if bound is None else repr(bound).removesuffix(".0")


def checked_number(value: str, name: str) -> float:
    """The number that ``value`` is. Raises InvalidInputException."""
    if not _NUMBER.fullmatch(value):
        raise NOT_A_NUMBER(value=value, name=name)
    return float(value)


def check_percentiles(given: Mapping[str, str], recipe: Recipe) -> None:
    """Check that no minimum is above its maximum. Raises InvalidInputException."""
    values = {parameter.name: given.get(parameter.name, parameter.default) for parameter in recipe.feature_parameters}
    for name, value in values.items():
        highest = values.get(f"max_{name.removeprefix('min_')}")
        if name.startswith("min_") and highest is not None and float(value) > float(highest):
            raise ABOVE_MAXIMUM(name=name, highest=highest)


def check_search(context: Context, recipe: Recipe, config: Mapping[str, Any]) -> None:
    """Check what hyperparameter optimization is to do. Raises InvalidInputException."""
    if not recipe.hpo:
        raise NOTHING_TO_TUNE(arn=recipe.arn)
    seen: set[str] = set()
    ranges = config.get("algorithmHyperParameterRanges", {})
    for kind, list_name in RANGE_LISTS.items():
        for given in ranges.get(list_name, ()):
            name = range_name(given)
            if name in seen:
                raise RANGE_TWICE(name=name)
            seen.add(name)
            _check_range(recipe, name, kind, given)
    resources = config.get("hpoResourceConfig", {})
    for name, quota in (("maxNumberOfTrainingJobs", HPO_JOBS), ("maxParallelTrainingJobs", HPO_PARALLEL_JOBS)):
        if name in resources:
            _check_limit(context, name, resources[name], quota)


def _check_range(recipe: Recipe, name: str, kind: str, given: Mapping[str, Any]) -> None:
    parameter = next((one for one in recipe.algorithm_hyperparameters if one.name == name), None)
    if parameter is None or not parameter.tunable:
        raise UNKNOWN(arn=recipe.algorithm_arn)
    if parameter.kind != kind:
        raise WRONG_RANGE_KIND(name=name, list=RANGE_LISTS[parameter.kind])
    if kind == "categorical":
        for value in given.get("values", ()):
            _check_value(parameter, value)
        return
    low, high = given.get("minValue", parameter.minimum), given.get("maxValue", parameter.maximum)
    for bound in (low, high):
        if bound is not None:
            _check_bounds(parameter, bound, _shown(bound))
    if low is not None and high is not None and low > high:
        raise NO_RANGE(name=name, low=_shown(low), high=_shown(high))


def _check_limit(context: Context, name: str, value: str, quota: Quota) -> None:
    most = context.emulator.quotas.of(quota)
    if not _INTEGER.fullmatch(value) or not 1 <= int(value) <= most:
        raise JOB_LIMIT(name=name, most=most)
