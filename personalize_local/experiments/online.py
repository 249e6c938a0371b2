"""The report of an experiment on users: from what they did to rates, differences and what can be told.

Pure functions of values. What users saw is read off their events: a user has seen the variant that his events name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import Any

from personalize_local.experiments.split import check_weights, variant
from personalize_local.experiments.words import counted

__all__ = ["Counts", "Deed", "Design", "count", "report"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """What is asked of an experiment.

    ``weights`` are those of the split, the first variant the control. ``sources`` has the attribution sources (labels
    of events, or ARNs of what recommended) that stand for a variant; without any, it is EXPERIMENT/VARIANT. A user is
    exposed by his first event of the type ``exposure`` (None: any type) that counts for a variant, and succeeds by an
    event of the type ``outcome`` at that time or later that counts for the same variant or, with ``every_outcome``,
    by any. Only what happened from ``since`` on and before ``until`` is looked at, in epoch seconds as sent.
    """

    experiment: str
    weights: Mapping[str, float]
    outcome: str
    exposure: str | None = None
    sources: Mapping[str, Sequence[str]] = field(default_factory=dict)
    every_outcome: bool = False
    since: float = -inf
    until: float = inf

    def __post_init__(self) -> None:
        """Raises ValueError for what cannot be counted."""
        check_weights(self.weights)
        for what, text in (("experiment", self.experiment), ("outcome", self.outcome)):
            if not isinstance(text, str) or not text:
                raise ValueError(f"{what} must be a text that is not empty, not {text!r}")
        if len(self.weights) < 2:
            raise ValueError("a report needs at least two variants: the control and what is tried")
        for name in self.sources:
            if name not in self.weights:
                raise ValueError(f"there are sources for {name!r}, which is no variant")
        self.variants()

    def sources_of(self, name: str) -> Sequence[str]:
        """The attribution sources that stand for a variant."""
        return self.sources.get(name) or (f"{self.experiment}/{name}",)

    def variants(self) -> dict[str, str]:
        """The variant of each source. Raises ValueError where one stands for two."""
        found: dict[str, str] = {}
        for name in self.weights:
            for source in self.sources_of(name):
                if found.setdefault(source, name) != name:
                    raise ValueError(f"the source {source!r} stands for two variants, {found[source]!r} and {name!r}")
        return found

    @property
    def control(self) -> str:
        """The variant that the others are compared with."""
        return next(iter(self.weights))


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """What a user did: an event with its attribution. ``user`` is None where nobody knows who it was.

    ``label`` is its eventAttributionSource, ``recommender`` the ARN of what gave the answer that its recommendationId
    names.
    """

    user: str | None
    type: str
    time: float
    label: str | None = None
    recommender: str | None = None


@dataclass(slots=True)
class Counts:
    """Of each variant the users who saw it alone, and those of them with the outcome.

    ``several`` users saw more than one variant and count nowhere; ``strayed`` ones saw another than the split gives.
    ``nameless`` events name a variant and nobody who saw it.
    """

    users: dict[str, int]
    successes: dict[str, int]
    several: int = 0
    strayed: int = 0
    nameless: int = 0


class _User:
    """Times of one user: of the first exposure to each variant, and of the last outcome for each (None: for none)."""

    __slots__ = ("exposed", "succeeded")

    def __init__(self) -> None:
        self.exposed: dict[str, float] = {}
        self.succeeded: dict[str | None, float] = {}


def count(deeds: Iterable[Deed], design: Design) -> Counts:
    """Count an experiment; the order of ``deeds`` does not matter. Event types are compared ignoring case."""
    variants = design.variants()
    exposure = None if design.exposure is None else design.exposure.casefold()
    outcome = design.outcome.casefold()
    users: dict[str, _User] = {}
    nameless = 0
    for deed in deeds:
        if not design.since <= deed.time < design.until:
            continue
        name = _variant_of(deed, variants)
        kind = deed.type.casefold()
        is_outcome = kind == outcome
        if name is None and not is_outcome:
            continue
        if deed.user is None:
            nameless += name is not None
            continue
        user = users.setdefault(deed.user, _User())
        if name is not None and exposure in (None, kind):
            user.exposed[name] = min(deed.time, user.exposed.get(name, inf))
        if is_outcome:
            user.succeeded[name] = max(deed.time, user.succeeded.get(name, -inf))
    counts = _summed(users, design)
    counts.nameless = nameless
    return counts


def _variant_of(deed: Deed, variants: Mapping[str, str]) -> str | None:
    """The variant that an event counts for: by what it says itself, else by what recommended."""
    for source in (deed.label, deed.recommender):
        if source is not None and source in variants:
            return variants[source]
    return None


def _summed(users: Mapping[str, _User], design: Design) -> Counts:
    counts = Counts(users=dict.fromkeys(design.weights, 0), successes=dict.fromkeys(design.weights, 0))
    for id_, user in users.items():
        if not user.exposed:
            continue
        if len(user.exposed) > 1:
            counts.several += 1
            continue
        ((name, time),) = user.exposed.items()
        counts.users[name] += 1
        counts.strayed += id_ == "" or variant(id_, design.experiment, design.weights) != name
        times = user.succeeded.values() if design.every_outcome else (user.succeeded.get(name, -inf),)
        counts.successes[name] += any(time <= at for at in times)
    return counts


def report(counts: Counts, design: Design) -> dict[str, Any]:
    """What the counts of an experiment tell, as JSON values; docs/experiments.md says what each is."""
    from personalize_local.experiments.statistics import SUSPICIOUS, sample_ratio

    chance = sample_ratio(counts.users, design.weights)
    suspicious = chance is not None and chance < SUSPICIOUS
    variants = [_variant(name, counts, design) for name in design.weights]
    verdicts = []
    if suspicious:
        verdicts.append(
            "Do not believe these figures: users are not spread over the variants as the weights say (sample ratio "
            f"mismatch, p = {chance:.2g}), so that they may differ in more than what they saw."
        )
    verdicts += [_verdict(one, variants[0]) for one in variants[1:]]
    return {
        "experiment": design.experiment,
        "outcome": design.outcome,
        "exposure": design.exposure,
        "everyOutcome": design.every_outcome,
        "control": design.control,
        "variants": variants,
        "sampleRatio": {"pValue": chance, "mismatch": suspicious},
        "usersInSeveralVariants": counts.several,
        "usersInAnotherVariant": counts.strayed,
        "eventsWithoutUser": counts.nameless,
        "verdicts": verdicts,
        "notes": _notes(counts, design),
    }


def _variant(name: str, counts: Counts, design: Design) -> dict[str, Any]:
    from personalize_local.experiments.statistics import wilson

    users, successes = counts.users[name], counts.successes[name]
    low, high = wilson(successes, users) or (None, None)
    told: dict[str, Any] = {
        "name": name,
        "weight": design.weights[name],
        "sources": list(design.sources_of(name)),
        "users": users,
        "usersWithOutcome": successes,
        "rate": successes / users if users else None,
        "low": low,
        "high": high,
    }
    if name != design.control:
        control = (counts.successes[design.control], counts.users[design.control])
        told["difference"] = _difference(control, (successes, users), len(design.weights) - 1)
    return told


def _difference(control: tuple[int, int], tried: tuple[int, int], comparisons: int) -> dict[str, Any] | None:
    """B less A; with several comparisons each is held to a stricter level, so that all together keep to theirs."""
    from personalize_local.experiments.statistics import LEVEL, detectable, lift, newcombe, sample_size

    level = 1 - (1 - LEVEL) / comparisons
    interval = newcombe(control, tried, level)
    if interval is None:
        return None
    rates = control[0] / control[1], tried[0] / tried[1]
    ratio = tried[1] / control[1]
    needed = sample_size(*rates, ratio, level)
    relative = lift(control, tried, level)
    spread = (None, None) if relative is None or relative[1] is None else relative[1]
    return {
        "value": rates[1] - rates[0],
        "level": level,
        "low": interval[0],
        "high": interval[1],
        "told": interval[0] > 0 or interval[1] < 0,
        "lift": None if relative is None else relative[0],
        "liftLow": spread[0],
        "liftHigh": spread[1],
        "controlUsersNeeded": needed,
        "detectable": detectable(rates[0], control[1], tried[1], level),
    }


def _verdict(tried: Mapping[str, Any], control: Mapping[str, Any]) -> str:
    """What can be told of a variant and the control."""
    name, other = tried["name"], control["name"]
    told = tried["difference"]
    if told is None:
        missing = [one["name"] for one in (control, tried) if not one["users"]]
        return f"Nothing can be told of {name}: nobody is known to have seen {' nor '.join(missing)}."
    interval = f"{told['level'] * 100:.3g} % interval {_points(told['low'])} to {_points(told['high'])}"
    if told["told"]:
        better = "better" if told["value"] > 0 else "worse"
        lifted = "" if told["lift"] is None else f", a lift of {told['lift']:+.1%}"
        return f"{name} is {better} than {other} by {_points(abs(told['value']))} points ({interval}){lifted}."
    advice = []
    if told["controlUsersNeeded"] is not None:
        needed = counted(told["controlUsersNeeded"], "user")
        advice.append(f"about {needed} of {other} would be needed for a difference of this size")
    if told["detectable"] is not None:
        advice.append(f"these {control['users']:,} tell a rise of {_points(told['detectable'])} points 4 times in 5")
    advised = ", ".join(advice) or "more users are needed"
    return f"No difference between {name} and {other} could be told ({interval}); {advised}."


def _points(share: float) -> str:
    """A difference of shares in percentage points."""
    return f"{share * 100:.2f}"


def _notes(counts: Counts, design: Design) -> list[str]:
    notes = []
    if counts.several:
        notes.append(f"{counted(counts.several, 'user')} saw more than one variant: left out.")
    if counts.strayed:
        notes.append(
            f"{counted(counts.strayed, 'user')} saw another variant than variant(user, {design.experiment!r}, weights) "
            "gives: counted by what they saw."
        )
    if counts.nameless:
        notes.append(f"{counted(counts.nameless, 'event')} of nobody who is known: left out.")
    if len(design.weights) > 2:
        notes.append("With several comparisons each interval is wider, so that all hold together (Bonferroni).")
    return notes
