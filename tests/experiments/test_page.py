"""The page about experiments says what is so, and the commands show that they go on."""

from __future__ import annotations

import io
import re
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from personalize_local.cli import main
from personalize_local.experiments import commands, variant

PAGE = (Path(__file__).parents[2] / "docs" / "experiments.md").read_text(encoding="utf-8")


def test_its_python_runs() -> None:
    blocks = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert blocks
    for block in blocks:
        exec(compile(block, "docs/experiments.md", "exec"), {})


def test_its_known_answers_are_the_answers() -> None:
    found = re.search(r"\| user \|(.*)\|\n.*\n\| variant \|(.*)\|", PAGE)
    assert found is not None
    users, variants = ([cell.strip() for cell in row.split("|")] for row in found.groups())
    weights = {"control": 8, "small": 1, "big": 1}
    assert len(users) >= 6
    assert [variant(user, "checkout", weights) for user in users] == variants


def test_its_sizes_are_what_the_command_prints() -> None:
    shown = re.findall(r"^\$ personalize-local (experiment size .*)\n(.*)$", PAGE, re.MULTILINE)
    assert len(shown) == 2
    for arguments, answer in shown:
        assert CliRunner().invoke(main, arguments.split()).stdout == answer + "\n"


def test_it_names_every_option_that_means_something_of_its_own() -> None:
    group = main.commands["experiment"]
    assert isinstance(group, click.Group)
    for command in (main.commands["compare"], *group.commands.values()):
        for parameter in command.params:
            if isinstance(parameter, click.Option) and parameter.name != "url":
                assert parameter.opts[0] in PAGE, parameter.opts[0]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("stream", "events", "shown"), [(Terminal(), 5_000, True), (Terminal(), 500, False), (io.StringIO(), 5_000, False)]
)
def test_the_bar_shows_on_a_terminal_alone_and_for_many_events_alone(
    monkeypatch: pytest.MonkeyPatch, stream: io.StringIO, events: int, shown: bool
) -> None:
    monkeypatch.setattr(sys, "stderr", stream)
    with commands._progress() as progress:
        assert (progress is not None) == stream.isatty()
        if progress is not None:
            progress(0, events)
            progress(events // 2, events)
    assert ("Replaying" in stream.getvalue()) == shown
