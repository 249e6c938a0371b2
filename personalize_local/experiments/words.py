"""Results in plain words: verdicts, notes and the lines that the commands print."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from personalize_local.experiments.statistics import Difference

__all__ = ["about_all", "about_data", "about_metric", "counted", "lines_of_comparison", "lines_of_report"]

_SHORT = {
    "hit_rate": "hit rate",
    "normalized_discounted_cumulative_gain": "NDCG",
    "mean_reciprocal_rank": "MRR",
}
NOTHING_JUDGED = "Nothing could be told: no held-out event is of an item that either of the two knows."


def short(metric: str) -> str:
    """A metric as people call it."""
    name, found, cut = metric.rpartition("_at_")
    return f"{_SHORT[name]}@{cut}" if found else metric


def about_metric(metric: str, told: Difference) -> str:
    """What a difference says, and where it says nothing how many users would be needed."""
    name = short(metric)
    if told.low is None or told.high is None:
        return f"No difference in {name} could be told: one user is not enough."
    if told.low == told.high == 0:
        return f"A and B do not differ in {name}."
    if told.told:
        sign = 1 if told.low > 0 else -1
        low, high = sorted((sign * told.low, sign * told.high))
        winner, size = "B" if sign > 0 else "A", f"{abs(told.difference):.4f}"
        interval = f"(95 % interval {low:.4f} to {high:.4f})"
        if metric == "coverage":
            return f"{winner} recommends {size} more of the catalogue {interval}."
        if metric == "novelty":
            return f"{winner} recommends less known items by {size} bits {interval}."
        return f"{winner} is better by {size} {name} {interval}."
    interval = f"B less A is {told.difference:.4f}, 95 % interval {told.low:.4f} to {told.high:.4f}"
    if told.needed is not None:
        more = f"about {told.needed:,} users would be needed for a difference of this size, {told.users:,} were there"
    else:
        more = f"{counted(told.users, 'user')} tell one of {told.detectable or 0:.4f} four times in five"
    return f"No difference in {name} could be told ({interval}); {more}."


def about_all(metrics: Mapping[str, Mapping[str, Any]], main: str) -> str:
    """The verdict of a comparison: that of its main metric."""
    return str(metrics[main]["verdict"]) if metrics else NOTHING_JUDGED


def about_data(sides: Sequence[Mapping[str, Any]], events: Mapping[str, int]) -> list[str]:
    """What one should know of the data before one believes the figures."""
    notes = []
    read = events["read"]
    if events["unknownItem"]:
        notes.append(f"{events['unknownItem']:,} of {read:,} events are of items that neither knows: not judged.")
    for name, side in zip("AB", sides, strict=True):
        if side["eventsNotAsked"]:
            notes.append(
                f"{name} could not be asked at {counted(side['eventsNotAsked'], 'event')}, as the user had no item yet "
                "to go from: misses."
            )
        if side["eventsNotNewerThanTraining"]:
            notes.append(
                f"{side['eventsNotNewerThanTraining']:,} of {read:,} events are not newer than the newest interaction "
                f"that {name} was trained on: those that were part of its training flatter it."
            )
    return notes


def counted(number: int, thing: str) -> str:
    """A number of things."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def lines_of_comparison(result: Mapping[str, Any]) -> Iterator[str]:
    """A comparison as the command prints it."""
    for name in "ab":
        side = result[name]
        yield f"{name.upper()}  {side['arn']}  ({side['recipe']}, {side['items']:,} items)"
    events = result["events"]
    yield (
        f"{counted(events['judged'], 'event')} of {counted(events['usersJudged'], 'user')} judged, "
        f"top {result['k']}, {result['catalogue']:,} items in the catalogue"
    )
    yield ""
    rows: list[tuple[str, ...]] = [("metric", "A", "B", "B less A", "95 % interval")]
    for metric, told in result["metrics"].items():
        rows.append((short(metric), *_figures(told["a"], told["b"], told["difference"]), _span(told, "low", "high")))
    yield from _table(rows)
    yield ""
    yield result["verdict"]
    for metric, told in result["metrics"].items():
        if told["verdict"] != result["verdict"]:
            yield f"  {short(metric)}: {told['verdict']}"
    yield from (f"Note: {note}" for note in result["notes"])


def lines_of_report(report: Mapping[str, Any]) -> Iterator[str]:
    """The report of an experiment as the command prints it."""
    yield f"Experiment {report['experiment']}, outcome {report['outcome']}, in {report['datasetGroupArn']}"
    yield ""
    rows = [("variant", "users", "with outcome", "rate", "95 % interval", "less control", "interval", "lift")]
    for variant in report["variants"]:
        rate, versus = variant["rate"], variant.get("difference")
        rows.append(
            (
                variant["name"],
                f"{variant['users']:,}",
                f"{variant['usersWithOutcome']:,}",
                "-" if rate is None else f"{rate:.4f}",
                _span(variant, "low", "high"),
                "" if versus is None else f"{versus['value']:.4f}",
                "" if versus is None else _span(versus, "low", "high"),
                "" if versus is None or versus["lift"] is None else f"{versus['lift']:+.1%}",
            )
        )
    yield from _table(rows)
    yield ""
    yield from report["verdicts"]
    yield from (f"Note: {note}" for note in report["notes"])


def _figures(*values: float) -> tuple[str, ...]:
    return tuple(f"{value:.4f}" for value in values)


def _span(told: Mapping[str, Any], low: str, high: str) -> str:
    return "-" if told[low] is None else f"{told[low]:.4f} to {told[high]:.4f}"


def _table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    for first, *others in rows:
        cells = [cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True)]
        yield "  ".join((first.ljust(widths[0]), *cells)).rstrip()
