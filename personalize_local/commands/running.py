"""What ``exec`` and ``aws`` do: run a program whose AWS clients go to a server."""

from __future__ import annotations

import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from urllib.parse import urlsplit

import click

from personalize_local.commands.calling import Server
from personalize_local.commands.common import client_variables
from personalize_local.settings import PREFIX, SETTINGS, Settings
from personalize_local.testing._credentials import MISLEADING

__all__ = ["program_environment", "run_aws", "run_program", "server_for_a_while"]

_NO_AWS = "The AWS CLI is not installed: there is no program `aws`. See https://aws.amazon.com/cli/."
_MISSING, _NOT_RUNNABLE, _SIGNALLED = 127, 126, 128


def program_environment(environment: Mapping[str, str], url: str, region: str) -> dict[str, str]:
    """The environment in which AWS clients, and this command line, go to the server at ``url``, whatever was set."""
    kept = {
        name: value
        for name, value in environment.items()
        if name not in MISLEADING and not name.startswith("AWS_ENDPOINT_URL")
    }
    address = urlsplit(url)
    own = {f"{PREFIX}HOST": address.hostname or "", f"{PREFIX}PORT": str(address.port or 80)}
    return {**kept, **client_variables(url, region), **own, "AWS_EC2_METADATA_DISABLED": "true"}


def run_program(command: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run a program and wait for it; its exit code, as a shell would give it. Raises ClickException with the code."""
    try:
        process = subprocess.Popen(list(command), env=dict(environment))
    except FileNotFoundError:
        raise _Failure(f"There is no program {command[0]}.", _MISSING) from None
    except OSError as error:
        raise _Failure(f"{command[0]} cannot be run: {error.strerror}.", _NOT_RUNNABLE) from None
    # Ctrl-C is for the program, which the terminal tells of it too.
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        code = process.wait()
    finally:
        signal.signal(signal.SIGINT, before)
    return code if code >= 0 else _SIGNALLED - code


def run_aws(arguments: Sequence[str], environment: Mapping[str, str], url: str) -> int:
    """Run the AWS CLI. Raises ClickException where there is none."""
    program = shutil.which("aws", path=environment.get("PATH"))
    if program is None:
        raise _Failure(_NO_AWS, _MISSING)
    # Versions from before AWS_ENDPOINT_URL know the flag.
    given = any(argument.partition("=")[0] == "--endpoint-url" for argument in arguments)
    endpoint = [] if given else ["--endpoint-url", url]
    return run_program([program, *endpoint, *arguments], {"AWS_PAGER": "", **environment})


@contextmanager
def server_for_a_while(settings: Settings, environment: Mapping[str, str]) -> Iterator[str]:
    """The address of a server on a free port with the settings of the environment, gone afterwards."""
    from personalize_local.demo.console import DemoError
    from personalize_local.demo.process import ServerProcess

    options: list[str] = []
    for setting in SETTINGS:
        text = environment.get(setting.environment)
        if text is None or setting.name == "port":
            continue
        if not setting.is_switch:
            options += [setting.flag, text]
        elif getattr(settings, setting.name) != setting.default:
            options.append(setting.flag)
    try:
        with ServerProcess(options) as server:
            Server(server.url).wait_until_ready()
            yield server.url
    except DemoError as error:
        raise click.ClickException(str(error)) from None


class _Failure(click.ClickException):
    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        setattr(self, "exit_code", code)  # noqa: B010  # click's is declared as one of the class
