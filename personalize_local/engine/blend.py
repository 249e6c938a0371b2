"""How the signals about a user are weighed against each other, and how the weights are chosen on held-out events.

Signals: item transitions, item affinity (EASE or neighbours), popularity, whether the item is in the history, and
context. The first two are standardised per user over the whole catalogue, so that one weight fits all users.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np

from personalize_local.engine.data import Float32, Float64, Int32, Int64

Floats = Float32 | Float64

# How much better a setting must be than the one in force, so that noise is not chased: the more the fewer users tell.
_WORTH, _WORTH_OF_ONE = 0.005, 0.1
_GRIDS: Mapping[str, Sequence[float]] = {
    "seen_weight": (-6.0, -2.0, 0.0, 2.0),
    "transition_share": (0.15, 0.3, 0.45, 0.6, 0.75, 0.9),
    "reverse_share": (0.0, 0.5, 1.0),
    "damping": (0.0, 0.25, 0.5),
    "transition_decay": (2.0, 5.0, 10.0),
    "affinity_decay": (5.0, 10.0, 20.0),
    "popularity_weight": (0.0, 0.1, 0.25, 0.5, 1.0),
}
_AGAIN = ("transition_share", "seen_weight")  # looked at again when the rest is settled
_RECENCY = ("transition_decay", "affinity_decay")
_CONTEXT_WEIGHTS = (0.0, 0.5, 1.0, 2.0)
_ROWS_AT_A_TIME = 64  # users whose signals stay in the processor's cache while they are summed
_TEMPERATURES = tuple(float(value) for value in np.geomspace(0.1, 3.0, 14))


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The weights and shapes of the blend; the defaults served well on every data set that was measured.

    ``transition_share`` of the personal signal comes from transitions, the rest from affinity. ``reverse_share``
    counts pairs also backwards, ``damping`` divides by popularity to this power, the decays are ages in events at
    which an event of the history weighs 1/e (infinite: all alike). ``temperature`` turns the sum into logits.
    """

    transition_share: float = 0.45
    reverse_share: float = 0.5
    damping: float = 0.25
    transition_decay: float = 5.0
    affinity_decay: float = 10.0
    popularity_weight: float = 0.1
    seen_weight: float = 0.0
    temperature: float = 0.6
    context_weights: Mapping[str, float] = field(default_factory=dict)

    def facts(self) -> dict[str, Any]:
        """The settings as JSON-able values; infinite decays are None."""
        facts = asdict(self)
        return {name: None if value == np.inf else value for name, value in facts.items()}

    @classmethod
    def from_facts(cls, facts: Mapping[str, Any]) -> Settings:
        """The inverse of :meth:`facts`."""
        values: dict[str, Any] = {name: np.inf if value is None else value for name, value in facts.items()}
        return cls(**values)


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


def standardised_rows(scores: Float32) -> Float32:
    """Rows of the whole catalogue to mean 0 and deviation 1, in place; rows without variation become 0."""
    for begin in range(0, len(scores), _ROWS_AT_A_TIME):
        block = scores[begin : begin + _ROWS_AT_A_TIME]
        block -= block.mean(axis=1, keepdims=True)
        deviation = np.sqrt(np.einsum("ij,ij->i", block, block) / block.shape[1])
        block /= np.where(deviation > 1e-10, deviation, np.inf)[:, None].astype(np.float32)
    return scores


@dataclass(frozen=True, kw_only=True)
class Validation:
    """Held-out events, one per user, and the signals that a model without them gives. Rows are users.

    ``transitions`` maps (reverse_share, damping, decay) and ``affinity`` a decay to scores [users, items];
    ``popularity`` [items] is standardised; ``seen_rows`` and ``seen_items`` mark the items in the histories, in the
    order of the users; ``context`` maps a column to logits [users, items]; ``weight`` [users] is what each event
    counts for (None: all alike).
    """

    target: Int32
    transitions: Callable[[float, float, float], Float32]
    affinity: Callable[[float], Float32]
    popularity: Float32
    seen_rows: Int64
    seen_items: Int32
    context: Mapping[str, Float32] = field(default_factory=dict)
    weight: Float32 | None = None

    def blended(self, settings: Settings) -> Iterator[tuple[Float32, Float32]]:
        """The sum of the signals before the temperature, and that of the target, some users at a time."""
        share = np.float32(settings.transition_share)
        moves = self.transitions(settings.reverse_share, settings.damping, settings.transition_decay)
        likes = self.affinity(settings.affinity_decay)
        popularity = np.float32(settings.popularity_weight) * self.popularity
        bounds = np.searchsorted(self.seen_rows, np.arange(0, len(self.target) + _ROWS_AT_A_TIME, _ROWS_AT_A_TIME))
        for number, begin in enumerate(range(0, len(self.target), _ROWS_AT_A_TIME)):
            rows = slice(begin, begin + _ROWS_AT_A_TIME)
            total = share * moves[rows]
            total += (1 - share) * likes[rows]
            total += popularity
            for column, weight in settings.context_weights.items():
                if weight:
                    total += np.float32(weight) * self.context[column][rows]
            seen = slice(bounds[number], bounds[number + 1])
            total[self.seen_rows[seen] - begin, self.seen_items[seen]] += np.float32(settings.seen_weight)
            yield total, total[np.arange(len(total)), self.target[rows]]

    def quality(self, settings: Settings) -> float:
        """Mean of NDCG at 10 and at 25 of the held-out events; equals count as ranked above."""
        blocks = [np.count_nonzero(total >= own[:, None], axis=1) for total, own in self.blended(settings)]
        places = np.concatenate(blocks)
        gains = 1.0 / np.log2(1.0 + places)
        if self.weight is not None:
            gains *= self.weight / self.weight.mean()
        return float((gains * (places <= 10)).mean() + (gains * (places <= 25)).mean()) / 2

    def likelihoods(self, settings: Settings, temperatures: Sequence[float]) -> list[float]:
        """Log-probability of the held-out events under each of ``temperatures``."""
        sums = np.zeros(len(temperatures))
        for total, own in self.blended(settings):
            peak = total.max(axis=1)
            total -= peak[:, None]
            for number, temperature in enumerate(temperatures):
                mass = np.exp(total * np.float32(temperature)).sum(axis=1)
                sums[number] += float(((own - peak) * np.float32(temperature) - np.log(mass)).sum())
        return [float(value) for value in sums]


def choose_settings(validation: Validation, start: Settings, *, recency_weighted: bool) -> Settings:
    """The settings that serve the held-out events best, found one at a time from ``start``.

    With ``recency_weighted`` off the decays stay as they are.
    """
    settings, best = start, validation.quality(start)
    for name in _GRIDS:
        if recency_weighted or name not in _RECENCY:
            settings, best = _try_values(validation, settings, best, name)
    for column in sorted(validation.context):
        for weight in _CONTEXT_WEIGHTS:
            weights = {**settings.context_weights, column: weight}
            settings, best = _better(validation, settings, best, replace(settings, context_weights=weights))
    for name in _AGAIN:
        settings, best = _try_values(validation, settings, best, name)
    likelihoods = validation.likelihoods(settings, _TEMPERATURES)
    return replace(settings, temperature=_TEMPERATURES[int(np.argmax(likelihoods))])


def _try_values(validation: Validation, settings: Settings, best: float, name: str) -> tuple[Settings, float]:
    for value in _GRIDS[name]:
        changes: dict[str, Any] = {name: value}
        settings, best = _better(validation, settings, best, replace(settings, **changes))
    return settings, best


def _better(validation: Validation, settings: Settings, best: float, other: Settings) -> tuple[Settings, float]:
    if other == settings:
        return settings, best
    quality = validation.quality(other)
    worth = max(_WORTH, _WORTH_OF_ONE / len(validation.target) ** 0.5)
    return (other, quality) if quality > best * (1 + worth) else (settings, best)
