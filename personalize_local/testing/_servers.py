"""The server that the fixtures give: one in this process, or one that runs elsewhere, and boto3 clients for both."""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from personalize_local.controls.handles import Handles
from personalize_local.http_client import ServerError, ask
from personalize_local.testing._credentials import ACCESS_KEY, SECRET_KEY

if TYPE_CHECKING:
    from personalize_local.emulator import Emulator
    from personalize_local.server.serving import BackgroundServer

_PATIENCE_SECONDS = 30.0


class PersonalizeServer(Handles, ABC):
    """A running server: its address, its state, and clients for it; the controls of one in this process."""

    region = "us-east-1"
    url = ""
    """Where it answers, as in ``http://127.0.0.1:40123``: Personalize, and S3 and the like where moto is."""

    @property
    def endpoint_url(self) -> str:
        """The same, by the name that boto3 has for it."""
        return self.url

    @property
    def is_own(self) -> bool:
        """Whether it runs in this process, for this session."""
        return False

    @property
    @abstractmethod
    def emulator(self) -> Emulator:
        """The emulator behind the server. Raises RuntimeError where that is another process's."""

    @abstractmethod
    def reset(self) -> None:
        """Forget every resource, record, model and bucket."""

    def client(self, service: str, **options: Any) -> Any:
        """A boto3 client of any service for this server; ``options`` are those of ``Session.client``."""
        import boto3

        session = boto3.session.Session(ACCESS_KEY, SECRET_KEY, region_name=self.region)
        make: Any = session.client
        return make(service, **({"endpoint_url": self.url} | options))


class OwnServer(PersonalizeServer):
    """A server in a thread of this process."""

    def __init__(self, background: BackgroundServer, region: str) -> None:
        self._background = background
        self.region = region
        self.url = background.url

    @property
    def is_own(self) -> bool:
        """Whether it runs in this process, for this session."""
        return True

    @property
    def emulator(self) -> Emulator:
        """The emulator behind the server, in this process."""
        return self._background.emulator

    def reset(self) -> None:
        """Forget every resource, record, model and bucket."""
        self._background.reset()


class RunningServer(PersonalizeServer):
    """A server of another process, reached by its address alone. Raises ValueError for what is no such server."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"{url!r} is no address as http://127.0.0.1:4777")
        self.url = url.rstrip("/")
        # What is reset must be one of ours, and never something else that happens to listen there.
        health = self.ask("/health")
        if "personalize-runtime" not in health.get("services", {}):
            raise ValueError(f"what answers at {url} is no personalize-local")

    @property
    def emulator(self) -> Emulator:
        """Raises RuntimeError: it is in another process."""
        raise RuntimeError(
            f"the emulator of {self.url} is in another process: without --personalize-url there is one in this process"
        )

    def reset(self) -> None:
        """Forget every resource, record, model and bucket, by the admin API."""
        self.ask("/reset", {})

    def ask(self, page: str, content: dict[str, Any] | None = None) -> dict[str, Any]:
        """The answer of an admin page, posted to if there is content. Raises ValueError with what the server says."""
        try:
            answer = ask(self.url, f"/_personalize{page}", content, seconds=_PATIENCE_SECONDS)
        except ServerError as error:
            raise ValueError(str(error)) from None
        return answer if isinstance(answer, dict) else {}


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
