"""pytest fixtures that run Personalize for a test session: a server in a thread, clients, environment variables.

Nothing is automatic: a test that asks for none of the fixtures is left alone, and loading this module imports neither
the emulator nor boto3. The server belongs to the pytest process (with xdist: to each worker). Its jobs run inline,
within the call that starts them: no child process has to start, and a resource is ACTIVE as soon as its status mode
says so. ``--personalize-url`` has the fixtures use, and reset, a server that runs already.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from personalize_local.testing._credentials import ACCESS_KEY, MISLEADING, SECRET_KEY
from personalize_local.testing._servers import OwnServer, PersonalizeClients, PersonalizeServer, RunningServer

if TYPE_CHECKING:
    from personalize_local.testing._campaign import Kept, SampleCampaign
    from personalize_local.testing._clock import PersonalizeClock

__all__ = ["PersonalizeClients", "PersonalizeServer"]

_ENDPOINTS = ("PERSONALIZE", "PERSONALIZE_RUNTIME", "PERSONALIZE_EVENTS", "S3")


def pytest_addoption(parser: pytest.Parser) -> None:
    """The running server that a session may use, and the settings of one of its own from the ini file."""
    parser.getgroup("personalize-local").addoption(
        "--personalize-url",
        metavar="URL",
        help="Use, and reset before each test, the personalize-local server that runs at URL instead of starting one.",
    )
    parser.addini(
        "personalize_status_mode",
        "How statuses advance on the personalize_server: instant, polls:N, timed:SECONDS or real.",
        default="instant",
    )
    parser.addini("personalize_seed", "Seed of training on the personalize_server.", default="0")
    parser.addini(
        "personalize_settings",
        "Further settings of the personalize_server, one NAME=VALUE a line, as in relaxed_minimums=true.",
        type="linelist",
    )


def pytest_report_header(config: pytest.Config) -> str | None:
    """Say so when a server elsewhere is used: its settings count then, and not those of the ini file."""
    url = config.getoption("--personalize-url")
    return f"personalize-local: {url}, with the settings that it was started with" if url else None


@pytest.fixture(scope="session")
def personalize_server(pytestconfig: pytest.Config) -> Iterator[PersonalizeServer]:
    """A server on a free port for the whole session. State stays between tests; see ``personalize``."""
    url = pytestconfig.getoption("--personalize-url")
    try:
        if url:
            _refuse_sharing(pytestconfig)
            yield RunningServer(url)
        else:
            yield from _own_server(pytestconfig)
    except ValueError as error:  # SettingError is one
        raise pytest.UsageError(f"personalize_local: {error}") from None


def _refuse_sharing(config: pytest.Config) -> None:
    workers = getattr(config, "workerinput", {}).get("workercount", 1)
    if workers > 1:
        raise ValueError(
            f"--personalize-url is one server, and {workers} workers would reset it for each other: use -n 0 or -n 1"
        )


def _own_server(config: pytest.Config) -> Iterator[PersonalizeServer]:
    from personalize_local.server.serving import BackgroundServer
    from personalize_local.settings import Settings

    chosen: dict[str, Any] = dict(line.partition("=")[::2] for line in config.getini("personalize_settings"))
    chosen |= {"status": config.getini("personalize_status_mode"), "seed": config.getini("personalize_seed")}
    # No environment: the same test does the same on every machine.
    settings = Settings.load({"port": 0, "executor": "inline", **chosen}, {})
    with BackgroundServer(settings) as background:
        yield OwnServer(background, settings.region)


@pytest.fixture(scope="session")
def _personalize_session_clients(personalize_server: PersonalizeServer) -> PersonalizeClients:
    # Making a client takes tens of milliseconds, so that a session shares them.
    return PersonalizeClients(personalize_server)


@pytest.fixture
def personalize(personalize_server: PersonalizeServer) -> PersonalizeServer:
    """The session's server, empty."""
    personalize_server.reset()
    return personalize_server


@pytest.fixture
def personalize_clients(
    personalize: PersonalizeServer,  # noqa: ARG001 # empties the server
    _personalize_session_clients: PersonalizeClients,
) -> PersonalizeClients:
    """Clients of an empty server: ``personalize``, ``personalize_runtime``, ``personalize_events`` and ``s3``."""
    return _personalize_session_clients


@pytest.fixture
def personalize_seed(personalize_clients: PersonalizeClients, request: pytest.FixtureRequest) -> Callable[..., Any]:
    """A function that makes on an empty server what a chain declares: a dict, a YAML file or a folder.

    A relative path, and those of the data files in a dict, begin at the folder of the test's file. Options and the
    report that it gives are those of ``personalize_local.chains.apply``.
    """
    from personalize_local.testing._seeding import seed

    return partial(seed, personalize_clients, request.path.parent)


@pytest.fixture
def personalize_clock(personalize: PersonalizeServer) -> Iterator[PersonalizeClock]:
    """The time of an empty server: ``freeze``, ``advance``, ``tick``, ``unfreeze`` and ``now``.

    After the test the server is empty and its clock as it was started. One elsewhere never goes back in time, and one
    that was started with a virtual clock keeps the time to which it was moved.
    """
    from personalize_local.testing._clock import OwnClock, RemoteClock

    yield RemoteClock(personalize) if isinstance(personalize, RunningServer) else OwnClock(personalize)
    # The clock goes as before again, and what was made at another time must not be there then.
    personalize.reset()


@pytest.fixture(scope="session")
def _personalize_kept(personalize_server: PersonalizeServer, tmp_path_factory: pytest.TempPathFactory) -> Kept | None:
    from personalize_local.testing._campaign import train

    if not personalize_server.is_own:
        return None
    return train(personalize_server.emulator.settings, tmp_path_factory.mktemp("personalize-sample"))


@pytest.fixture
def personalize_campaign(
    personalize: PersonalizeServer, _personalize_kept: Kept | None, tmp_path_factory: pytest.TempPathFactory
) -> SampleCampaign:
    """A campaign that is trained on sample data, alone on the server: its ARN, and whom and what to ask about.

    It is trained once per session and brought back after the reset of each test that asks for it, so that a test may
    do with it what it likes. On a server elsewhere it is made anew each time, which takes seconds.
    """
    from personalize_local.testing._campaign import deploy_on, restore

    if _personalize_kept is None:
        return deploy_on(personalize, tmp_path_factory.mktemp("personalize-sample"))
    restore(personalize.emulator, _personalize_kept)
    return _personalize_kept.campaign


@pytest.fixture
def personalize_env(personalize: PersonalizeServer, monkeypatch: pytest.MonkeyPatch) -> Mapping[str, str]:
    """The environment in which the clients that a test's code makes reach an empty server; undone after the test."""
    import boto3

    variables = {f"AWS_ENDPOINT_URL_{service}": personalize.url for service in _ENDPOINTS} | {
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "AWS_DEFAULT_REGION": personalize.region,
        "AWS_REGION": personalize.region,
    }
    for name in MISLEADING:
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    # boto3's default session keeps the credentials that it was made with.
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    return variables
