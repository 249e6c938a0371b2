"""How many resources there may be: one table, with the service's defaults, adjusted by one setting."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from personalize_local.provenance import Provenance, Refusal
from personalize_local.settings import SettingError

_LIMITS = "dg/limits.html"

TOO_MANY_MOVING = Refusal(
    "LimitExceededException",
    "More than {most} resources with PENDING or IN_PROGRESS status.",
    rule="documented",
    error="observed",
    wording="documented",
    source="dg/error-messages.html",
)
TOO_MANY_ACTIVE = Refusal(
    "LimitExceededException",
    "More than {most} resources in ACTIVE state. Please delete some and try again.",
    rule="documented",
    error="inferred",
    wording="documented",
    source="dg/error-messages.html",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """One limit. ``name`` is how the setting calls it.

    ``counts`` says what counts: resources that stand, or those that are not made yet; None for a limit of another
    sort, which is checked beside its rule. ``per`` is what it holds for.
    """

    name: str
    default: int
    counts: Literal["standing", "moving"] | None
    per: Literal["region", "dataset group", "resource", "request"]
    known: Provenance = "documented"
    source: str = _LIMITS
    counts_failed: bool = False
    """Whether what failed to be made stands too: an update may mend it, and no update is refused for a quota."""

    @property
    def refusal(self) -> Refusal:
        """What one more is refused with."""
        return TOO_MANY_MOVING if self.counts == "moving" else TOO_MANY_ACTIVE


DATASET_GROUPS = Quota(name="dataset-groups", default=5, counts="standing", per="region")
SCHEMAS = Quota(name="schemas", default=500, counts="standing", per="region")
IMPORT_JOBS = Quota(name="moving-dataset-import-jobs", default=5, counts="moving", per="region")
INFERENCE_JOBS = Quota(name="moving-batch-inference-jobs", default=5, counts="moving", per="region")
SEGMENT_JOBS = Quota(name="moving-batch-segment-jobs", default=5, counts="moving", per="region")
SOLUTION_VERSIONS = Quota(name="moving-solution-versions", default=20, counts="moving", per="region")
SOLUTIONS = Quota(
    name="solutions",
    default=20,
    counts="standing",
    per="dataset group",
    known="chosen",
    source=f"{_LIMITS} says 10, the Service Quotas page 20",
)
CAMPAIGNS = Quota(name="campaigns", default=5, counts="standing", per="dataset group")
GROUP_RECOMMENDERS = Quota(name="recommenders", default=5, counts="standing", per="dataset group", counts_failed=True)
RECOMMENDERS = Quota(
    name="recommenders-in-region",
    default=15,
    counts="standing",
    per="region",
    source="dg/creating-recommenders.html",
    counts_failed=True,
)
FILTERS = Quota(name="filters", default=30, counts="standing", per="dataset group")
DELETION_JOBS = Quota(name="moving-data-deletion-jobs", default=5, counts="moving", per="dataset group")
FILTER_FIELDS = Quota(name="filter-fields", default=10, counts=None, per="resource")
GROUP_FILTER_FIELDS = Quota(name="filter-fields-in-dataset-group", default=20, counts=None, per="dataset group")
FILTER_EVENTS = Quota(name="filter-interactions", default=100, counts=None, per="request")
FILTER_ACTION_EVENTS = Quota(name="filter-action-interactions", default=300, counts=None, per="request")
ATTRIBUTION_SOURCES = Quota(name="attribution-sources", default=100, counts=None, per="resource")
METRICS = Quota(name="attribution-metrics", default=10, counts=None, per="resource")
TAGS = Quota(name="tags", default=50, counts=None, per="resource", source="dg/tagging-resources.html")
HPO_JOBS = Quota(
    name="hpo-training-jobs", default=40, counts=None, per="request", source="dg/API_HPOResourceConfig.html"
)
HPO_PARALLEL_JOBS = Quota(
    name="hpo-parallel-jobs", default=10, counts=None, per="request", source="dg/API_HPOResourceConfig.html"
)
BATCH_FILES = Quota(name="batch-input-files", default=1000, counts=None, per="request")
BATCH_BYTES = Quota(name="batch-input-bytes", default=1 << 30, counts=None, per="request")
BATCH_LINES = Quota(name="batch-input-lines", default=50_000_000, counts=None, per="request")
THEME_LINES = Quota(
    name="batch-theme-lines",
    default=100,
    counts=None,
    per="request",
    source="dg/themed-batch-recommendations.html",
)
ITEM_SEGMENT_LINES = Quota(name="batch-item-segment-lines", default=500, counts=None, per="request")
ATTRIBUTE_SEGMENT_LINES = Quota(name="batch-attribute-segment-lines", default=10, counts=None, per="request")

QUOTAS: tuple[Quota, ...] = tuple(value for value in list(globals().values()) if isinstance(value, Quota))
_UNLIMITED = 2**31


@dataclass(frozen=True, slots=True, kw_only=True)
class Quotas:
    """The limits in force: the defaults, or what the setting says instead."""

    adjusted: Mapping[str, int]
    lifted: bool = False

    @classmethod
    def parse(cls, text: str) -> Quotas:
        """Read ``on``, ``off`` or ``NAME=NUMBER[,…]``. Raises SettingError."""
        known = {quota.name for quota in QUOTAS}
        adjusted: dict[str, int] = {}
        lifted = False
        for part in (part.strip() for part in text.split(",")):
            name, equals, number = part.partition("=")
            if part in ("on", "off"):
                lifted = part == "off"
            elif not equals or name not in known:
                raise SettingError(f"quotas: unknown quota {name!r}; known are {', '.join(sorted(known))}")
            elif not number.isdecimal():
                raise SettingError(f"quotas: {number!r} is no number of {name}")
            else:
                adjusted[name] = int(number)
        return cls(adjusted=adjusted, lifted=lifted)

    def lifts(self, quota: Quota) -> bool:
        """Whether there may be any number."""
        return self.lifted and quota.name not in self.adjusted

    def of(self, quota: Quota) -> int:
        """How many there may be."""
        return self.adjusted.get(quota.name, _UNLIMITED if self.lifts(quota) else quota.default)
