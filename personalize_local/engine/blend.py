"""How the signals about a user are weighed against each other, and how the weights are chosen on held-out events.

Signals: item transitions, item affinity (EASE or neighbours), likeness in metadata, popularity, what was liked at the
time of the newest event, whether and how often the item is in the history, context, and what the user's own columns
say. The first three are divided by their deviation over the whole catalogue, user by user, so that one weight fits all
users.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np

from personalize_local.engine.data import Float32, Float64, Int32, Int64

Floats = Float32 | Float64

# How much better than the usual value of a setting another must be, so that noise is not chased: by so large a share,
# and by so many standard errors of the difference, event by event (as in the one-standard-error rule of CART).
_WORTH, _ERRORS = 0.005, 1.5
_GRIDS: Mapping[str, Sequence[float]] = {
    "near_share": (0.0, 0.5, 1.0),
    "seen_weight": (-20.0, -6.0, -2.0, 0.0, 2.0, 5.0, 12.0),
    "repeat_weight": (0.0, 1.0, 3.0, 8.0, 20.0, 40.0),
    "repeat_decay": (2.0, 10.0, 50.0),
    "transition_share": (0.15, 0.3, 0.5, 0.65, 0.8, 0.9),
    "reverse_share": (0.0, 0.5, 1.0),
    "damping": (0.0, 0.25, 0.5),
    "exponent": (0.5, 1.0),
    "transition_decay": (2.0, 5.0, 10.0),
    "affinity_decay": (5.0, 10.0, 20.0),
    "companion_weight": (0.0, 0.15, 0.4, 1.0),
    "content_weight": (0.0, 0.1, 0.25, 0.5, 1.0),
    "popularity_weight": (0.0, 0.1, 0.25, 0.5, 1.0),
    "period_weight": (0.0, 0.25, 0.5, 1.0),
}
_AGAIN = ("transition_share", "seen_weight", "repeat_weight")  # looked at again when the rest is settled
_RECENCY = ("transition_decay", "affinity_decay", "repeat_decay")
_BEFORE = {"near_share": 0.0, "exponent": 1.0, "period_weight": 0.0}  # settings that stored models may lack
_COLUMN_WEIGHTS = (0.0, 0.5, 1.0, 2.0)
_TEMPERATURES = tuple(float(value) for value in np.geomspace(0.1, 3.0, 14))


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The weights and shapes of the blend; the defaults served well on every data set that was measured.

    ``transition_share`` of the personal signal comes from transitions, the rest from affinity, of which ``near_share``
    from that of items that stand near each other in histories. ``reverse_share`` counts pairs also backwards,
    ``damping`` divides by popularity to this power, ``exponent`` is that of :func:`softened`, the decays are ages in
    events at which an event of the history weighs 1/e (infinite: all alike). ``companion_weight`` is that of the share
    of common users beside a model of affinity that weighs all items at once, ``content_weight`` that of likeness in
    metadata, ``period_weight`` that of what was liked at the time of the newest event of the history, ``seen_weight``
    is added to what the history has and ``repeat_weight`` times how often and lately it was had.
    ``context_weights`` are by context column and ``person_weights`` by column of the user. ``temperature`` turns the
    sum into logits.
    """

    near_share: float = 0.5
    transition_share: float = 0.5
    reverse_share: float = 0.5
    damping: float = 0.25
    exponent: float = 0.5
    transition_decay: float = 5.0
    affinity_decay: float = 5.0
    companion_weight: float = 0.15
    content_weight: float = 0.0
    popularity_weight: float = 0.1
    period_weight: float = 0.5
    seen_weight: float = 0.0
    repeat_weight: float = 0.0
    repeat_decay: float = 10.0
    temperature: float = 1.4
    context_weights: Mapping[str, float] = field(default_factory=dict)
    person_weights: Mapping[str, float] = field(default_factory=dict)

    def facts(self) -> dict[str, Any]:
        """The settings as JSON-able values; infinite decays are None."""
        facts = asdict(self)
        return {name: None if value == np.inf else value for name, value in facts.items()}

    @classmethod
    def from_facts(cls, facts: Mapping[str, Any]) -> Settings:
        """The inverse of :meth:`facts`; what those of an older model do not name was not there then."""
        values: dict[str, Any] = {name: np.inf if value is None else value for name, value in facts.items()}
        return cls(**{**_BEFORE, **values})


def recency(length: int, decay: float) -> Float32:
    """The strengths of the last ``length`` events, oldest first; the newest has 1."""
    strengths: Float32 = np.exp(np.arange(1 - length, 1, dtype=np.float32) / np.float32(decay)).astype(np.float32)
    return strengths


def spread(scores: Floats, n_items: int) -> tuple[float, float]:
    """The mean and the deviation of ``scores`` over ``n_items`` items; those that it leaves out count as 0.

    No variation gives an infinite deviation, so that dividing by it silences the signal.
    """
    mean = float(scores.sum()) / n_items
    variance = float(np.einsum("i,i->", scores, scores)) / n_items - mean * mean
    return mean, variance**0.5 if variance > 1e-20 else np.inf


def softened(signal: Float32, exponent: float) -> Float32:
    """``signal`` with its positive values to the power of ``exponent``.

    Below 1 it keeps one very strong value from deciding against several signals that agree.
    """
    if exponent == 1.0:
        return signal
    positive: Float32 = np.maximum(signal, np.float32(0))
    if exponent == 0.5:
        np.sqrt(positive, out=positive)  # the usual power: others take three times as long
    else:
        positive **= np.float32(exponent)
    if signal.size and signal.min() < 0:
        positive += np.minimum(signal, np.float32(0))
    return positive


def repeats(history: Int32, decay: float) -> tuple[Int32, Float32]:
    """The items of a history, oldest first, and how often and how lately each was had: the log of 1 + decayed counts.

    The newest event counts 1, one that is ``decay`` events old 1/e.
    """
    items, places = np.unique(history, return_inverse=True)
    counts = np.bincount(places, recency(len(history), decay), minlength=len(items))
    return items, np.log1p(counts).astype(np.float32)


@dataclass(frozen=True, kw_only=True)
class Validation:
    """Held-out events, one per user, and the signals that a model without them gives for the likeliest items.

    A cell is an item of a user's pool; cells are in the order of the users, and user u's first is ``starts[u]``.
    ``row`` is the user of each cell, ``own`` the cell of each held-out item, ``rest`` the number of items outside each
    pool, which count as without any signal. ``transitions`` maps (exponent, decay, reverse_share, damping),
    ``affinity`` (exponent, decay, near_share), of which the last only counts with ``nearness``, ``companions`` and
    ``content`` (None: there is no such table) (exponent, decay) to the standardised and softened signal of each cell,
    ``repeated`` a decay to that of :func:`repeats`; ``popularity`` is standardised, ``seen`` is 1 in the history.
    ``period`` has logits (None: time says nothing), ``context`` and ``persons`` map a column to such; ``weight``
    [users] is what each event counts for (None: all alike).
    """

    starts: Int64
    row: Int32
    own: Int64
    rest: Int64
    transitions: Callable[[float, float, float, float], Float32]
    affinity: Callable[[float, float, float], Float32]
    popularity: Float32
    seen: Float32
    repeated: Callable[[float], Float32]
    companions: Callable[[float, float], Float32] | None = None
    content: Callable[[float, float], Float32] | None = None
    period: Float32 | None = None
    context: Mapping[str, Float32] = field(default_factory=dict)
    persons: Mapping[str, Float32] = field(default_factory=dict)
    nearness: bool = False
    weight: Float32 | None = None

    def blended(self, settings: Settings) -> Float32:
        """The sum of the signals of each cell before the temperature."""
        share, power, decay = np.float32(settings.transition_share), settings.exponent, settings.affinity_decay
        total = share * self.transitions(power, settings.transition_decay, settings.reverse_share, settings.damping)
        total += (1 - share) * self.affinity(power, decay, settings.near_share)
        for weight, table in (
            (settings.companion_weight, self.companions),
            (settings.content_weight, self.content),
        ):
            if weight and table is not None:
                total += np.float32(weight) * table(power, decay)
        if settings.repeat_weight:
            total += np.float32(settings.repeat_weight) * self.repeated(settings.repeat_decay)
        parts = [
            (settings.popularity_weight, self.popularity),
            (settings.seen_weight, self.seen),
            *(() if self.period is None else ((settings.period_weight, self.period),)),
            *((weight, self.context[column]) for column, weight in settings.context_weights.items()),
            *((weight, self.persons[column]) for column, weight in settings.person_weights.items()),
        ]
        for weight, signal in parts:
            if weight:
                total += np.float32(weight) * signal
        return total

    def qualities(self, settings: Settings) -> Float64:
        """The mean of NDCG at 10 and at 25 of each held-out event; equals count as ranked above."""
        total = self.blended(settings)
        places = np.add.reduceat(total >= total[self.own][self.row], self.starts, dtype=np.int64)
        gains: Float64 = ((places <= 10) / 2 + (places <= 25) / 2) / np.log2(1.0 + places)
        return gains if self.weight is None else gains * (self.weight / self.weight.mean())

    def likelihoods(self, settings: Settings, temperatures: Sequence[float]) -> list[float]:
        """Log-probability of the held-out events under each of ``temperatures``."""
        total = self.blended(settings)
        peak = np.maximum(np.maximum.reduceat(total, self.starts), 0.0)
        own, total = total[self.own] - peak, total - peak[self.row]
        sums = []
        for temperature in temperatures:
            heat = np.float32(temperature)
            mass = np.add.reduceat(np.exp(total * heat), self.starts) + self.rest * np.exp(-peak * heat)
            sums.append(float((own * heat - np.log(mass)).sum(dtype=np.float64)))
        return sums


def choose_settings(validation: Validation, start: Settings, *, recency_weighted: bool) -> Settings:
    """The settings that serve the held-out events best, found one at a time from ``start``.

    With ``recency_weighted`` off the decays stay as they are.
    """
    optional = {
        "companion_weight": validation.companions,
        "content_weight": validation.content,
        "period_weight": validation.period,
        "near_share": validation.nearness or None,
    }
    absent = {name for name, signal in optional.items() if signal is None}
    search = _Search(validation, start)
    for name, values in _GRIDS.items():
        if name not in absent and (recency_weighted or name not in _RECENCY):
            search.vary([{name: value} for value in (getattr(start, name), *values)])
    for kind, columns in (("context_weights", validation.context), ("person_weights", validation.persons)):
        for column in sorted(columns):
            others = getattr(search.settings, kind)
            search.vary([{kind: {**others, column: weight}} for weight in _COLUMN_WEIGHTS])
    for name in _AGAIN:
        search.vary([{name: value} for value in (getattr(start, name), *_GRIDS[name])])
    likelihoods = validation.likelihoods(search.settings, _TEMPERATURES)
    return replace(search.settings, temperature=_TEMPERATURES[int(np.argmax(likelihoods))])


class _Search:
    """The best settings so far."""

    def __init__(self, validation: Validation, start: Settings) -> None:
        self.settings = start
        self._validation = validation
        self._known: dict[str, Float64] = {}

    def vary(self, changes: Sequence[Mapping[str, Any]]) -> None:
        """Take the best of ``changes``, or the first of them where it is not clearly worse."""
        usual, *others = (replace(self.settings, **change) for change in changes)
        base = self._qualities(usual)
        self.settings, found = usual, base
        for other in others:
            qualities = self._qualities(other)
            if qualities.mean() > found.mean():
                gained = qualities - base
                error = float(gained.std()) / len(gained) ** 0.5
                if float(gained.mean()) > max(_WORTH * float(base.mean()), _ERRORS * error):
                    self.settings, found = other, qualities
        self._known = {repr(self.settings): found}

    def _qualities(self, settings: Settings) -> Float64:
        key = repr(settings)
        if key not in self._known:
            self._known[key] = self._validation.qualities(settings)
        return self._known[key]
