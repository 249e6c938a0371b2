"""The commands that talk with a running server or run other programs, as click has them; the work is elsewhere."""

from __future__ import annotations

import json
import os

import click

from personalize_local.commands.common import environment_settings, one_line_errors, server_url
from personalize_local.commands.options import json_option, url_option

__all__ = ["COMMANDS"]

_PASS_ON = {"ignore_unknown_options": True, "allow_interspersed_args": False}
_item = click.option("--item", help="The item that the answer should go with.")
_user = click.option("--user", "user", help="The user, or a session id.")
_filter = click.option("--filter", "filter_", metavar="FILTER", help="Name or ARN of a filter.")
_values = click.option(
    "--value", "values", multiple=True, metavar="K=V", help="A value for the filter; several with commas between them."
)
_context = click.option("--context", multiple=True, metavar="K=V", help="A column of the context, once for each.")
_num = click.option("--num", type=click.IntRange(1, 500), help="How many items.  [default: 25]")


@click.command("recommend", short_help="Ask for recommendations.")
@click.argument("name", metavar="CAMPAIGN_OR_RECOMMENDER")
@_user
@_item
@_num
@_filter
@_values
@_context
@json_option
@url_option
def recommend(
    name: str,
    user: str | None,
    item: str | None,
    num: int | None,
    filter_: str | None,
    values: tuple[str, ...],
    context: tuple[str, ...],
    as_json: bool,
    url: str | None,
) -> None:
    """Ask a campaign or recommender of a running server, by name or ARN, for recommendations."""
    from personalize_local.commands.asking import Asked, item_lines, print_answer
    from personalize_local.commands.calling import Server

    server = Server(server_url(url))
    asked = Asked(server, name, ("campaign", "recommender")).about(userId=user, itemId=item, numResults=num)
    answer = server.runtime("GetRecommendations", asked.filtered(filter_, values).within(context).params)
    print_answer(answer, item_lines(answer["itemList"]), as_json=as_json)


@click.command("rank", short_help="Rank items for a user.")
@click.argument("name", metavar="CAMPAIGN")
@click.argument("items", nargs=-1, required=True, metavar="ITEM...")
@_user
@_filter
@_values
@_context
@json_option
@url_option
def rank(
    name: str,
    items: tuple[str, ...],
    user: str | None,
    filter_: str | None,
    values: tuple[str, ...],
    context: tuple[str, ...],
    as_json: bool,
    url: str | None,
) -> None:
    """Ask a campaign of a running server, by name or ARN, in which order a user would like the items."""
    from personalize_local.commands.asking import Asked, item_lines, print_answer
    from personalize_local.commands.calling import Server

    if user is None:
        raise click.UsageError("A ranking needs --user.")
    server = Server(server_url(url))
    asked = Asked(server, name, ("campaign",)).about(userId=user, inputList=list(items))
    answer = server.runtime("GetPersonalizedRanking", asked.filtered(filter_, values).within(context).params)
    print_answer(answer, item_lines(answer["personalizedRanking"]), as_json=as_json)


@click.command("explain", short_help="Explain an answer: why these items?")
@click.argument("name", metavar="CAMPAIGN_OR_RECOMMENDER")
@click.argument("items", nargs=-1, metavar="[ITEM...]")
@_user
@_item
@_num
@_filter
@_values
@_context
@json_option
@url_option
def explain(
    name: str,
    items: tuple[str, ...],
    user: str | None,
    item: str | None,
    num: int | None,
    filter_: str | None,
    values: tuple[str, ...],
    context: tuple[str, ...],
    as_json: bool,
    url: str | None,
) -> None:
    """Explain what `recommend` or, with ITEMs, `rank` answers to the same options: why these items, in this order?

    Tells the parts of each score, the history that was read, what the filter dropped, promotions, exploration, and why
    an answer is empty. docs/explain.md says what the parts are.
    """
    from personalize_local.commands.asking import Asked, explanation_lines, print_answer
    from personalize_local.commands.calling import Server

    if items and (item is not None or num is not None):
        raise click.UsageError("A ranking takes neither --item nor --num.")
    server = Server(server_url(url))
    asked = Asked(server, name, ("campaign",) if items else ("campaign", "recommender"))
    asked.about(userId=user, itemId=item, numResults=num, inputList=list(items))
    told = server.admin("explain", asked.filtered(filter_, values).within(context).params)
    print_answer(told, explanation_lines(told), as_json=as_json)


@click.command("reset", short_help="Forget everything that a running server has.")
@click.option("--yes", is_flag=True, help="Do not ask on a terminal.")
@json_option
@url_option
def reset(yes: bool, as_json: bool, url: str | None) -> None:
    """Forget all resources, data, events and models of a running server, and its companion's buckets."""
    import sys

    from personalize_local.commands.calling import Server

    server = Server(server_url(url))
    if not yes and sys.stdin.isatty():
        click.confirm(f"Forget everything at {server.url}?", abort=True)
    told = server.admin("reset", {})
    click.echo(json.dumps(told, indent=2) if as_json else "Everything is forgotten.")


@click.command("support", short_help="Print what a report of a fault needs.")
@json_option
@url_option
def support(as_json: bool, url: str | None) -> None:
    """Print versions, settings without secrets, and the health and counts of a running server, if there is one.

    Counts are of the server's own account.
    """
    from personalize_local.commands.calling import Server
    from personalize_local.commands.support import support_facts, support_lines

    settings = environment_settings()
    facts = support_facts(Server(url or settings.url), settings)
    click.echo(json.dumps(facts, indent=2) if as_json else "\n".join(support_lines(facts)))


@click.command("exec", short_help="Run a program whose AWS clients go to the server.", context_settings=_PASS_ON)
@click.option("--serve", is_flag=True, help="Start a server on a free port, for the time of the program.")
@url_option
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED, metavar="-- CMD...")
def exec_(serve: bool, url: str | None, command: tuple[str, ...]) -> None:
    """Run a program with the environment variables that send AWS clients to a running server.

    The exit code is that of the program. With --serve the server has the settings of the environment.
    """
    from personalize_local.commands.calling import Server
    from personalize_local.commands.running import program_environment, run_program, server_for_a_while

    if serve and url is not None:
        raise click.UsageError("Give one of --serve and --url.")
    settings = environment_settings()
    with one_line_errors():
        if serve:
            with server_for_a_while(settings, os.environ) as own:
                code = run_program(command, program_environment(os.environ, own, settings.region))
        else:
            server = Server(url or settings.url)
            server.health()  # there must be one; an init script asks before it is ready
            code = run_program(command, program_environment(os.environ, server.url, settings.region))
    raise SystemExit(code)


@click.command(
    "aws", short_help="Run the AWS CLI on the server.", context_settings={**_PASS_ON, "help_option_names": []}
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="ARGUMENTS...")
def aws(arguments: tuple[str, ...]) -> None:
    """Run the AWS CLI with the endpoint of the server and credentials that it takes: personalize-local aws personalize
    list-campaigns. The exit code is that of the AWS CLI."""
    from personalize_local.commands.running import program_environment, run_aws

    settings = environment_settings()
    with one_line_errors():
        environment = program_environment(os.environ, settings.url, settings.region)
        raise SystemExit(run_aws(arguments, environment, settings.url))


@click.command("completion", short_help="Print the completion script of a shell.")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the completion script of a shell.

    bash, zsh: eval "$(personalize-local completion bash)"; fish: personalize-local completion fish | source
    """
    from click.shell_completion import get_completion_class

    made = get_completion_class(shell)
    assert made is not None
    name = "personalize-local"
    click.echo(made(context.find_root().command, {}, name, "_PERSONALIZE_LOCAL_COMPLETE").source())


COMMANDS = (recommend, rank, explain, reset, support, exec_, aws, completion)
