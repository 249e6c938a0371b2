"""The offline comparison of two strategies: from two names and a CSV file to figures, intervals and a verdict."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import log2
from typing import TYPE_CHECKING, Any

from personalize_local.context import Context
from personalize_local.datasets.csv import Source
from personalize_local.datasets.failures import ImportFailure
from personalize_local.experiments.replay import METRICS, Event, Replayed, replay
from personalize_local.experiments.words import about_all, about_data, about_metric
from personalize_local.runtime.contenders import (
    MAXIMUM_RESULTS,
    About,
    Contender,
    NoContender,
    context_of,
    find,
    learned_from,
)
from personalize_local.store.sql import Rows

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from personalize_local.datasets.evidence import Evidence
    from personalize_local.experiments.held_out import HeldOut
    from personalize_local.experiments.statistics import Difference

__all__ = ["Comparison", "Uncomparable", "begin"]

MAIN = "normalized_discounted_cumulative_gain"
"""The metric by which the verdict is given."""


class Uncomparable(ValueError):
    """Two things, or data, that cannot be compared; the message says why."""


def begin(context: Context, a: str, b: str, files: Sequence[Source], *, count: int, seed: int) -> Comparison:
    """Find ``a`` and ``b`` and read the held-out events, so that nothing that is asked for wrongly begins.

    Raises Uncomparable, ServiceError for what is not there or not ACTIVE, MissingColumns, and what reading raises.
    """
    if not 1 <= count <= MAXIMUM_RESULTS:
        raise Uncomparable(f"k must be between 1 and {MAXIMUM_RESULTS}, not {count}.")
    if seed < 0:
        raise Uncomparable(f"The seed must be 0 or more, not {seed}.")
    with context.emulator.database.read() as rows:
        try:
            one, other = _found(context, rows, (a, b))
        except NoContender as error:
            raise Uncomparable(str(error)) from None
        group = one.loaded.dataset_group
        if other.loaded.dataset_group != group:
            raise Uncomparable(
                f"Both must belong to one dataset group: {a} belongs to {group}, {b} to {other.loaded.dataset_group}."
            )
        dataset = context.emulator.views.of(context_of(context, group), rows, group).datasets.get("INTERACTIONS")
    if dataset is None:
        raise Uncomparable(f"{group} has no Interactions dataset, whose schema the held-out events would have.")
    from personalize_local.experiments.held_out import HeldOut

    try:
        events = HeldOut(files, dataset.schema)
    except ImportFailure as failure:
        raise Uncomparable(_told(failure)) from None
    return Comparison(context, (a, b), events, count=count, seed=seed)


def _found(context: Context, rows: Rows, names: tuple[str, str]) -> tuple[Contender, Contender]:
    """Both contenders; a name beside an ARN is one of the ARN's account and region."""
    a, b = names
    one = find(context_of(context_of(context, b), a), rows, a)
    return one, find(context_of(context_of(context, a), b), rows, b)


def _told(failure: ImportFailure) -> str:
    """The sentence of a failed import, and where in the file it is."""
    report = failure.report
    place = [report.file, None if report.row is None else f"row {report.row}", report.column]
    found = ", ".join(part for part in place if part)
    if report.problem:
        found = f"{found}: {report.problem}" if found else report.problem
    return f"{failure} ({found})" if found else str(failure)


class Comparison:
    """A comparison that is ready to run; ``len`` of it is the number of events to replay."""

    def __init__(self, context: Context, names: tuple[str, str], events: HeldOut, *, count: int, seed: int) -> None:
        self._context, self._names, self._events = context, names, events
        self._count, self._seed = count, seed

    def __len__(self) -> int:
        return len(self._events)

    def steps(self) -> Iterator[dict[str, Any]]:
        """Runs it: ``{"done": events, "of": all}`` from time to time, at the end ``{"result": ...}``; JSON values."""
        with self._context.emulator.database.read() as rows:
            one, other = _found(self._context, rows, self._names)
            evidence = [learned_from(self._of(side), rows, side.loaded) for side in (one, other)]
            novelty = _Novelty(evidence[0], one, other)
            replaying = replay(self._events.by_user(), (_Replaying(one), _Replaying(other)), self._count, novelty.mean)
            outcome: Replayed = yield from self._telling(replaying)
        yield {"result": self._result((one, other), outcome, evidence, novelty.catalogue)}

    def _of(self, side: Contender) -> Context:
        return context_of(self._context, side.arn)

    def _telling(self, replaying: Generator[int, None, Replayed]) -> Generator[dict[str, Any], None, Replayed]:
        yield {"done": 0, "of": len(self)}
        while True:
            try:
                done = next(replaying)
            except StopIteration as ended:
                outcome: Replayed = ended.value
                return outcome
            yield {"done": done, "of": len(self)}

    def _result(
        self, sides: tuple[Contender, Contender], outcome: Replayed, evidence: Sequence[Evidence], catalogue: int
    ) -> dict[str, Any]:
        told = {
            metric: _as_json(difference, metric)
            for metric, difference in _differences(outcome, catalogue, self._count, self._seed).items()
        }
        facts = [self._facts(*one) for one in zip(sides, evidence, outcome.unasked, strict=True)]
        data = {
            "read": len(self),
            "judged": outcome.scored,
            "unknownItem": outcome.unknown,
            "users": self._events.users,
            "usersJudged": outcome.users,
        }
        return {
            "a": facts[0],
            "b": facts[1],
            "k": self._count,
            "seed": self._seed,
            "events": data,
            "catalogue": catalogue,
            "metrics": told,
            "verdict": about_all(told, f"{MAIN}_at_{self._count}"),
            "notes": about_data(facts, data),
        }

    def _facts(self, side: Contender, seen: Evidence, unasked: int) -> dict[str, Any]:
        return {
            "arn": side.arn,
            "recipe": side.loaded.recipe.name,
            "items": len(side.loaded.model.items),
            "eventsNotAsked": unasked,
            "eventsNotNewerThanTraining": int((self._events.times <= seen.newest).sum()),
        }


@dataclass(frozen=True, slots=True)
class _Replaying:
    """A contender as the replay asks it."""

    contender: Contender

    def about(self, user: str) -> _Asking:
        return _Asking(self.contender.about(user))

    def knows(self, item: str) -> bool:
        return self.contender.knows(item)


@dataclass(frozen=True, slots=True)
class _Asking:
    about: About

    def ask(self, context: Mapping[str, str], count: int) -> Sequence[str] | None:
        return self.about.ask(context, count)

    def reveal(self, event: Event) -> None:
        self.about.reveal(event.item, event.type, event.value)


class _Novelty:
    """The self-information of items in bits, by the share of A's training interactions that they have.

    One more interaction is counted for each item of the ``catalogue``, which both know together, so that items without
    any have a figure too (chosen).
    """

    def __init__(self, evidence: Evidence, one: Contender, other: Contender) -> None:
        from personalize_local.datasets._arrow import pa, pc
        from personalize_local.datasets.catalogue import strings_of

        both = pa.concat_arrays([strings_of(side.loaded.model.items) for side in (one, other)])
        items = pc.unique(both)
        self.catalogue = len(items)
        counts: NDArray[np.int64] = evidence.at(items).interactions + 1
        total = log2(max(int(counts.sum()), 1))
        self._bits = {item: total - log2(count) for item, count in zip(items.to_pylist(), counts.tolist(), strict=True)}

    def mean(self, items: Sequence[str]) -> float:
        """The mean over some items of the catalogue."""
        bits = self._bits
        return sum(bits[item] for item in items) / len(items)


def _differences(outcome: Replayed, catalogue: int, count: int, seed: int) -> dict[str, Difference]:
    import numpy as np

    from personalize_local.experiments.statistics import coverage_difference, paired_differences

    a, b = outcome.means
    found: dict[str, Difference] = {}
    if outcome.users:
        answers = paired_differences(a[:3], b[:3], seed)
        # To whom one recommended nothing there is nothing to compare.
        both = ~np.isnan(a[3]) & ~np.isnan(b[3])
        answers += paired_differences(a[3:, both], b[3:, both], seed) if both.any() else []
        names = [name if name == "novelty" else f"{name}_at_{count}" for name in METRICS]
        found = dict(zip(names, answers, strict=False))
        found["coverage"] = coverage_difference(*outcome.shown, catalogue, *outcome.alone)
    return found


def _as_json(difference: Difference, metric: str) -> dict[str, Any]:
    told = {
        "users": difference.users,
        "a": difference.a,
        "b": difference.b,
        "difference": difference.difference,
        "low": difference.low,
        "high": difference.high,
        "usersNeeded": difference.needed,
        "detectable": difference.detectable,
    }
    return {**told, "verdict": about_metric(metric, difference)}
