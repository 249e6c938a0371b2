"""pytest fixtures that run Personalize for a test session: a server in a thread, clients, environment variables.

Nothing is automatic: a test that asks for none of the fixtures is left alone, and loading this module imports neither
the emulator nor boto3. The server belongs to the pytest process (with xdist: to each worker). Its jobs run inline,
within the call that starts them: no child process has to start, and a resource is ACTIVE as soon as its status mode
says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pytest

from personalize_local.controls.handles import Handles
from personalize_local.testing._credentials import ACCESS_KEY, SECRET_KEY

if TYPE_CHECKING:
    from personalize_local.emulator import Emulator
    from personalize_local.server.serving import BackgroundServer

_ENDPOINTS = ("PERSONALIZE", "PERSONALIZE_RUNTIME", "PERSONALIZE_EVENTS", "S3")
# Each of these would lead a client away from the server, or mix real credentials with the dummies.
_MISLEADING = ("AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS")


class PersonalizeServer(Handles):
    """A running server: its address, its state, and clients for it."""

    def __init__(self, background: BackgroundServer, region: str) -> None:
        self._background = background
        self.region = region

    @property
    def url(self) -> str:
        """Where it answers, as in ``http://127.0.0.1:40123``: Personalize, and S3 and the like where moto is."""
        return self._background.url

    endpoint_url = url

    @property
    def emulator(self) -> Emulator:
        """The emulator behind the server, in this process."""
        return self._background.emulator

    def reset(self) -> None:
        """Forget every resource, record, model and bucket."""
        self._background.reset()

    def client(self, service: str, **options: Any) -> Any:
        """A boto3 client of any service for this server; ``options`` are those of ``Session.client``."""
        import boto3

        session = boto3.session.Session(ACCESS_KEY, SECRET_KEY, region_name=self.region)
        make: Any = session.client
        return make(service, **({"endpoint_url": self.url} | options))


class PersonalizeClients:
    """boto3 clients for one server, each made when it is first used."""

    def __init__(self, server: PersonalizeServer) -> None:
        self._server = server

    @cached_property
    def personalize(self) -> Any:
        """The control plane."""
        return self._server.client("personalize")

    @cached_property
    def personalize_runtime(self) -> Any:
        """Recommendations and rankings."""
        return self._server.client("personalize-runtime")

    @cached_property
    def personalize_events(self) -> Any:
        """Events, and single users and items."""
        return self._server.client("personalize-events")

    @cached_property
    def s3(self) -> Any:
        """The buckets that import jobs read; needs moto."""
        return self._server.client("s3")


def pytest_addoption(parser: pytest.Parser) -> None:
    """The settings of the server that a project may choose in its ini file."""
    parser.addini(
        "personalize_status_mode",
        "How statuses advance on the personalize_server: instant, polls:N, timed:SECONDS or real.",
        default="instant",
    )
    parser.addini("personalize_seed", "Seed of training on the personalize_server.", default="0")


@pytest.fixture(scope="session")
def personalize_server(pytestconfig: pytest.Config) -> Iterator[PersonalizeServer]:
    """A server on a free port for the whole session. State stays between tests; see ``personalize``."""
    from personalize_local.server.serving import BackgroundServer
    from personalize_local.settings import SettingError, Settings

    chosen = {"status": pytestconfig.getini("personalize_status_mode"), "seed": pytestconfig.getini("personalize_seed")}
    try:
        # No environment: the same test does the same on every machine.
        settings = Settings.load({"port": 0, "executor": "inline", **chosen}, {})
        background = BackgroundServer(settings)
        background.start()
    except SettingError as error:
        raise pytest.UsageError(f"personalize_local: {error}") from None
    try:
        yield PersonalizeServer(background, settings.region)
    finally:
        background.stop()


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
def personalize_env(personalize: PersonalizeServer, monkeypatch: pytest.MonkeyPatch) -> Mapping[str, str]:
    """The environment in which the clients that a test's code makes reach an empty server; undone after the test."""
    import boto3

    variables = {f"AWS_ENDPOINT_URL_{service}": personalize.url for service in _ENDPOINTS} | {
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "AWS_DEFAULT_REGION": personalize.region,
        "AWS_REGION": personalize.region,
    }
    for name in _MISLEADING:
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    # boto3's default session keeps the credentials that it was made with.
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    return variables
