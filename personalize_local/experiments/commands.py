"""What ``personalize-local compare`` and ``experiment`` do: ask the server, show progress, print."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from personalize_local.experiments import client
from personalize_local.experiments.split import check_weights
from personalize_local.experiments.words import counted, lines_of_comparison, lines_of_report

__all__ = ["run_compare", "run_report", "run_size"]

_BAR_EVENTS = 2_000
"""Fewer are done before a progress bar is of use."""


def run_compare(a: str, b: str, events: Path, *, k: int, seed: int, as_json: bool, url: str | None) -> None:
    """Compare and print. Raises ServerError and OSError."""
    with _progress() as progress:
        result = client.compare(a, b, events, k=k, seed=seed, url=url, progress=progress)
    _print(result, lines_of_comparison(result), as_json=as_json)


def run_report(
    name: str, variants: Sequence[str], sources: Sequence[str], *, as_json: bool, group: str, **options: Any
) -> None:
    """Report and print. Raises ServerError and UsageError."""
    weights: dict[str, float] = {}
    for text in variants:
        variant, weight = _pair(text, "--variant")
        if variant in weights:
            raise click.UsageError(f"--variant {variant} is given twice.")
        try:
            weights[variant] = float(weight)
        except ValueError:
            raise click.UsageError(f"--variant {text}: {weight!r} is no number.") from None
    given: dict[str, list[str]] = {}
    for text in sources:
        variant, source = _pair(text, "--source")
        given.setdefault(variant, []).append(source)
    try:
        check_weights(weights)
    except ValueError as error:
        raise click.UsageError(f"--variant: {error}") from None
    report = client.report(name, weights, group=group, sources=given, **options)
    _print(report, lines_of_report(report), as_json=as_json)


def run_size(rate: float, rise: float | None, users: int | None) -> None:
    """Print how many users are needed, or what they tell. Raises UsageError."""
    if (rise is None) == (users is None):
        raise click.UsageError("Give one of --rise and --users.")
    if not 0 < rate < 1:
        raise click.UsageError("--rate must lie between 0 and 1.")
    from personalize_local.experiments.statistics import detectable, sample_size

    if rise is not None:
        if not rise or not 0 <= rate + rise <= 1:
            raise click.UsageError("--rise must change the rate, and leave it between 0 and 1.")
        needed = sample_size(rate, rate + rise)
        if needed is None:
            raise click.UsageError("--rise is too small to change the rate.")
        click.echo(f"{counted(needed, 'user')} of each variant")
        return
    found = detectable(rate, users or 0, users or 0)
    click.echo("no rise at all" if found is None else f"a rise of {found:.4f}, to {rate + found:.4f}")


def _pair(text: str, flag: str) -> tuple[str, str]:
    name, found, value = text.partition("=")
    if not found or not name or not value:
        raise click.UsageError(f"{flag} {text}: write NAME=VALUE.")
    return name, value


@contextmanager
def _progress() -> Iterator[Callable[[int, int], None] | None]:
    """What takes the events that are done and all of them, and shows a bar where somebody sees it and has to wait."""
    if not sys.stderr.isatty():
        yield None
        return
    bar: Any = None

    def show(done: int, of: int) -> None:
        nonlocal bar
        if bar is None and of >= _BAR_EVENTS:
            bar = click.progressbar(length=of, label="Replaying", file=sys.stderr)
            bar.__enter__()
        if bar is not None:
            bar.update(done - bar.pos)

    try:
        yield show
    finally:
        if bar is not None:
            bar.update(bar.length - bar.pos)
            bar.__exit__(None, None, None)


def _print(result: Any, lines: Iterator[str], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(result, indent=2))
        return
    for line in lines:
        click.echo(line)
