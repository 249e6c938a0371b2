"""The command line: what to run, with which settings, and which exit code tells how it went.

Exit codes are in commands/common.py. Errors go to standard error in one line. Nothing heavy is imported before a
command needs it.
"""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from personalize_local import __version__
from personalize_local.commands.apply import apply_command
from personalize_local.commands.common import client_variables as _variables
from personalize_local.commands.common import environment_settings as _environment_settings
from personalize_local.commands.common import exit_codes, server_errors, server_url
from personalize_local.commands.common import one_line_errors as _one_line_errors
from personalize_local.commands.common import settings_with as _settings
from personalize_local.commands.definitions import COMMANDS
from personalize_local.commands.options import json_option, seed_option, size_option, url_option
from personalize_local.experiments import defaults
from personalize_local.http_client import ask
from personalize_local.settings import SETTINGS, Setting
from personalize_local.snapshot_commands import snapshot

if TYPE_CHECKING:
    from personalize_local.server.serving import Server

Command = TypeVar("Command", bound=Callable[..., Any])

_HEALTH_SECONDS = 5.0


class _Commands(click.Group):
    """Leaves with 130 when it is interrupted, as shells have it; click's own code is 1."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise SystemExit(130) from None


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    epilog=exit_codes(),
)
@click.version_option(__version__, prog_name="personalize-local")
def main() -> None:
    """Amazon Personalize on your own machine."""


main.add_command(apply_command)
for _command in COMMANDS:
    main.add_command(_command)


def _with_settings(command: Command) -> Command:
    for setting in reversed(SETTINGS):
        command = _option(setting)(command)
    return command


def _option(setting: Setting) -> Callable[[Command], Command]:
    sources = ", ".join((setting.environment, *setting.also))
    notes = f"environment: {sources}"
    if not setting.is_switch and setting.default is not None:
        notes = f"default: {setting.default}; {notes}"
    options: dict[str, Any] = {"default": None, "help": f"{setting.help}  [{notes}]"}
    if setting.is_switch:
        options |= {"is_flag": True, "flag_value": not setting.default, "type": bool}
        if setting.default:
            options["help"] = f"Switch off: {options['help']}"
    else:
        options |= {"type": str, "metavar": _metavar(setting)}
    return click.option(setting.flag, setting.name, **options)


def _metavar(setting: Setting) -> str:
    name = setting.parse.__name__.strip("_")
    return {"folder": "DIR", "str": "TEXT"}.get(name, name if "|" in name else name.upper())


@main.command(short_help="Run the server until it is interrupted.")
@_with_settings
def serve(**options: object) -> None:
    """Run the server until it is interrupted.

    Prints `Ready.` and the environment variables to set once it answers; logs each call to standard error.
    """
    with _one_line_errors():
        settings = _settings({name: value for name, value in options.items() if value is not None})
        _check_folder(settings.data, "--data", make=True)
        _check_folder(settings.s3_root, "--s3-root", make=False)
        _log_to_stderr(settings.log_level)
        from personalize_local.server.serving import CannotListen
        from personalize_local.server.serving import serve as run

        try:
            run(settings, _say_ready)
        except CannotListen as error:
            raise click.ClickException(str(error)) from None


@main.command(short_help="Ask a running server how it is.")
@url_option
def health(url: str | None) -> None:
    """Ask a running server how it is; exit code 1 when it does not answer, or is not ready."""
    with server_errors():
        click.echo(json.dumps(ask(server_url(url), "/_personalize/health", seconds=_HEALTH_SECONDS), indent=2))


@main.command(short_help="Show what the jobs of a running server are doing.")
@url_option
@click.option("--watch", "watched", is_flag=True, help="Show it again and again, until no job is unfinished.")
@click.option("--every", type=click.FloatRange(min=0.05), default=1.0, show_default=True, help="Seconds between looks.")
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="How many jobs to show.")
@json_option
def jobs(url: str | None, watched: bool, every: float, limit: int, as_json: bool) -> None:
    """Show what the newest jobs of a running server are doing: how far batch jobs are, how fast, and the time left.

    With --watch and --json, each change is a line.
    """
    from personalize_local.watching import show, sleep, watch

    address = server_url(url)
    with server_errors():
        if watched:
            watch(address, click.echo, limit=limit, as_json=as_json, every=every, pause=sleep)
        else:
            show(address, click.echo, limit=limit, as_json=as_json)


@main.command(short_help="Tell what the same use would have cost on AWS.")
@url_option
@click.option("--prices", help="Price list, as 2026 or 2024.  [default: the setting of the server]")
@click.option("--account", help="One account alone.  [default: all]")
@click.option("--free-tier", is_flag=True, help="Count the free tier of new accounts.")
@json_option
def costs(url: str | None, prices: str | None, account: str | None, free_tier: bool, as_json: bool) -> None:
    """Tell what the same use would have cost on AWS, so far and per month if it is left running.

    Asks a running server. Training hours are estimates from the size of the data.
    """
    from urllib.parse import urlencode

    asked = {"prices": prices, "account": account, "free": "1" if free_tier else None}
    query = urlencode({name: value for name, value in asked.items() if value is not None})
    with server_errors():
        told = ask(server_url(url), f"/_personalize/costs?{query}")
    if as_json:
        click.echo(json.dumps(told, indent=2))
        return
    from personalize_local.costs.showing import as_text

    click.echo(as_text(told))


@main.command(short_help="Print the environment variables for AWS clients.")
@url_option
@click.option("--shell", type=click.Choice(["sh", "fish", "powershell", "json"]), default="sh", show_default=True)
def env(url: str | None, shell: str) -> None:
    """Print the environment variables that send AWS clients to the server.

    In a shell: eval "$(personalize-local env)"
    """
    click.echo(_in_shell(_variables(server_url(url), _environment_settings().region), shell))


@main.command(short_help="Go from data to recommendations.")
@click.option("--interactions", type=click.Path(path_type=Path), help="CSV file of your own interactions.")
@click.option("--items", type=click.Path(path_type=Path), help="CSV file of your items.")
@click.option("--users", type=click.Path(path_type=Path), help="CSV file of your users.")
@seed_option
@size_option
def demo(interactions: Path | None, items: Path | None, users: Path | None, seed: int, size: str) -> None:
    """Go from data to recommendations on a server of its own, on a sample or on your own CSV files."""
    from personalize_local.demo.run import run_demo

    raise SystemExit(run_demo(interactions=interactions, items=items, users=users, seed=seed, size=size))


@main.command(short_help="Write a sample catalogue.")
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False))
@seed_option
@size_option
def sample(directory: Path, seed: int, size: str) -> None:
    """Write a sample catalogue with users and interactions into DIRECTORY, as CSV files and their schemas."""
    import dataclasses

    from personalize_local.demo.sample import generate

    with _one_line_errors():
        files = generate(directory, seed=seed, size=size)  # type: ignore[arg-type]  # click.Choice holds the literals
    for file in dataclasses.astuple(files):
        click.echo(file)


@main.command("import", short_help="Check CSV files as an import would.")
@click.argument("files", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option("--check", is_flag=True, help="Only say what an import would come to; so far there is nothing else.")
@click.option(
    "--schema",
    "schema_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Schema of the dataset, as CreateSchema takes it.",
)
@click.option("--domain", type=click.Choice(["ECOMMERCE", "VIDEO_ON_DEMAND"]), help="Domain of the schema, if any.")
@click.option("--relaxed-minimums", is_flag=True, help="Fewer rows than the service's minimum will do.")
@click.option("--limit", type=click.IntRange(min=0), default=20, show_default=True, help="How many faults to show.")
@json_option
def import_(
    files: tuple[Path, ...],
    check: bool,
    schema_file: Path | None,
    domain: str | None,
    relaxed_minimums: bool,
    limit: int,
    as_json: bool,
) -> None:
    """Check CSV files as an import would: a dry run, without a server, that stores nothing.

    Of a folder, the files at its first level are read. Prints what the service would say, then the faults row by row,
    in all of the files. Rows are data rows, counted from 1.

    Exit code 0: the import would succeed. 1: the service would refuse the schema, the call or a row. 2: wrong usage.
    """
    if not check:
        raise click.UsageError("Only the dry run is there so far: add --check.")
    if schema_file is None or not files:
        raise click.UsageError("A check needs --schema and at least one file or folder.")
    from personalize_local.dry_run import run_check

    with _one_line_errors():
        raise SystemExit(run_check(files, schema_file, domain, relaxed=relaxed_minimums, limit=limit, as_json=as_json))


@main.command(short_help="Compare two strategies on held-out events.")
@click.argument("a")
@click.argument("b")
@click.option(
    "--events",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="CSV file of held-out interactions, with the columns of the Interactions schema.",
)
@click.option(
    "--k", type=click.IntRange(min=1), default=defaults.COUNT, show_default=True, help="How many items are asked for."
)
@click.option(
    "--seed", type=click.IntRange(min=0), default=defaults.SEED, show_default=True, help="Seed of the intervals."
)
@json_option
@url_option
def compare(a: str, b: str, events: Path, k: int, seed: int, as_json: bool, url: str | None) -> None:
    """Compare strategies A and B of a running server on held-out events: which is better, and is that certain?

    A and B are ARNs or names of campaigns, recommenders or solution versions (SOLUTION/ID; SOLUTION for its newest).
    The events are replayed in order of time: both are asked before each, then it is revealed to both. Nothing of it is
    stored.

    Exit code 0: compared, whatever came of it. 1: the server refuses or does not answer. 2: wrong usage.
    """
    from personalize_local.experiments.commands import run_compare

    with _one_line_errors():
        run_compare(a, b, events, k=k, seed=seed, as_json=as_json, url=url)


@main.group(short_help="Experiments on users: what came of them.")
def experiment() -> None:
    """Experiments on users, split by `personalize_local.experiments.variant`."""


@experiment.command("report", short_help="Which variant is better?")
@click.argument("name")
@click.option("--group", required=True, help="ARN or name of the dataset group that the events went to.")
@click.option(
    "--variant",
    "variants",
    multiple=True,
    required=True,
    metavar="NAME=WEIGHT",
    help="A variant and its weight, once for each; the first is the control.",
)
@click.option("--outcome", required=True, metavar="EVENT_TYPE", help="The event type that is the aim, as purchase.")
@click.option("--exposure", metavar="EVENT_TYPE", help="The event type by which a user saw a variant.  [default: any]")
@click.option(
    "--source",
    "sources",
    multiple=True,
    metavar="NAME=SOURCE",
    help="The eventAttributionSource of a variant, or the ARN of what recommends in it.  [default: EXPERIMENT/NAME]",
)
@click.option("--every-outcome", is_flag=True, help="Count outcomes that name no source or another one too.")
@click.option("--since", type=float, metavar="SECONDS", help="Only events from this time on, in epoch seconds.")
@click.option("--until", type=float, metavar="SECONDS", help="Only events before this time, in epoch seconds.")
@json_option
@url_option
def experiment_report(name: str, variants: tuple[str, ...], sources: tuple[str, ...], **options: Any) -> None:
    """Report on the experiment NAME: rates, lift, intervals, whether the split is sound, and how many users it takes.

    Exit code 0: reported, whatever came of it. 1: the server refuses or does not answer. 2: wrong usage.
    """
    from personalize_local.experiments.commands import run_report

    with _one_line_errors():
        run_report(name, variants, sources, **options)


@experiment.command("size", short_help="How many users will it take?")
@click.option("--rate", type=float, required=True, help="Share of users with the outcome so far, as 0.05.")
@click.option("--rise", type=float, help="The change of that share that should be told, as 0.01.")
@click.option("--users", type=click.IntRange(min=1), help="Users of each variant; says what they tell.")
def experiment_size(rate: float, rise: float | None, users: int | None) -> None:
    """How many users an experiment takes, or what it can tell, at 95 % certainty and 80 % power."""
    from personalize_local.experiments.commands import run_size

    run_size(rate, rise, users)


main.add_command(snapshot)


def _check_folder(folder: Path | None, flag: str, *, make: bool) -> None:
    if folder is None:
        return
    try:
        if make:
            folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise click.ClickException(f"{flag} {folder} cannot be made: {error.strerror}") from None
    if not folder.is_dir():
        raise click.ClickException(f"{flag} {folder} is not a folder")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise click.ClickException(f"{flag} {folder} cannot be written")


def _log_to_stderr(level: str) -> None:
    import logging

    # Libraries speak from warnings on; the chosen level is for what this project logs.
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    logging.getLogger("personalize_local").setLevel(level.upper())
    # Facts about threads and processes that no line shows need not be gathered for each.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False


def _say_ready(server: Server) -> None:
    # moto calls services of its own on this port (Step Functions, Lambda, custom resources).
    os.environ.setdefault("MOTO_PORT", str(server.settings.port))
    click.echo(f"Ready. Personalize Local {__version__} answers on {server.url}; send AWS clients there with")
    click.echo(_in_shell(_variables(server.url, server.settings.region), "sh"))


def _in_shell(variables: dict[str, str], shell: str) -> str:
    if shell == "json":
        return json.dumps(variables, indent=2)
    if shell == "fish":
        return "\n".join(f"set -gx {name} {shlex.quote(value)};" for name, value in variables.items())
    if shell == "powershell":
        quoted = {name: value.replace("'", "''") for name, value in variables.items()}
        return "\n".join(f"$Env:{name} = '{value}'" for name, value in quoted.items())
    return "\n".join(f"export {name}={shlex.quote(value)}" for name, value in variables.items())
