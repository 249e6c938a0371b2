"""``PersonalizeLocalContainer``: the server in a container that a test starts, for testcontainers."""

from __future__ import annotations

import time
from typing import Any

from personalize_local.http_client import ServerError, failed_scripts, health
from personalize_local.testing._credentials import ACCESS_KEY, SECRET_KEY

try:
    from testcontainers.core.container import DockerContainer
except ImportError:

    class DockerContainer:  # type: ignore[no-redef]  # stands for what is not installed
        """Says how to install what is missing."""

        def __init__(self, *_: object, **__: object) -> None:
            raise ImportError(
                "PersonalizeLocalContainer needs testcontainers: pip install 'personalize-local[testcontainers]'"
            )


__all__ = ["IMAGE", "PORT", "ContainerNotReady", "PersonalizeLocalContainer"]

IMAGE = "personalize-local"
"""What `docker build -t personalize-local .` makes; it is in no registry."""
PORT = 4777
"""The one port inside the container."""
_ASK_SECONDS = 5.0
_PAUSE_SECONDS = 0.2
_LOG_BYTES = 2000


class ContainerNotReady(Exception):
    """The server in the container did not become ready; the message says why, with the end of its log."""


class PersonalizeLocalContainer(DockerContainer):  # type: ignore[misc]  # Any to the type checker
    """Personalize, and S3 and the like, in a container of its own.

    ``start`` (or ``with``) returns once the init scripts have run; it waits for ``timeout`` seconds at most. Everything
    else is testcontainers': ``with_env("PERSONALIZE_LOCAL_STATUS", "polls:2")``, ``with_volume_mapping`` for
    ``/etc/personalize/init.d``. Raises ContainerNotReady from ``start``.
    """

    def __init__(self, image: str = IMAGE, *, region: str = "us-east-1", timeout: float = 60.0, **options: Any) -> None:
        super().__init__(image, **options)
        self.region, self.timeout = region, timeout
        self.with_exposed_ports(PORT)
        self.with_env("PERSONALIZE_LOCAL_REGION", region)

    def start(self) -> PersonalizeLocalContainer:
        """Start the container and wait until it is ready; one that does not become it is stopped again."""
        super().start()
        try:
            self._wait()
        except BaseException:
            self.stop()
            raise
        return self

    def get_url(self) -> str:
        """Where the server answers, seen from this machine."""
        return f"http://{self.get_container_host_ip()}:{self.get_exposed_port(PORT)}"

    def get_client(self, service: str = "personalize", **options: Any) -> Any:
        """A boto3 client of any service for this server; ``options`` are those of ``Session.client``."""
        import boto3

        session = boto3.session.Session(ACCESS_KEY, SECRET_KEY, region_name=self.region)
        make: Any = session.client
        return make(service, **({"endpoint_url": self.get_url()} | options))

    def _wait(self) -> None:
        end = time.monotonic() + self.timeout
        while True:
            facts = self._health()
            status = facts["status"]
            if status == "ready":
                return
            if status == "failed":
                raise ContainerNotReady(f"its init scripts failed: {'; '.join(failed_scripts(facts))}")
            if time.monotonic() >= end:
                raise ContainerNotReady(f"it is {status} after {self.timeout:g} seconds; its log ends:\n{self._log()}")
            time.sleep(_PAUSE_SECONDS)

    def _health(self) -> dict[str, Any]:
        """What the server says of itself; that it is ``silent`` where nothing answers."""
        container: Any = self.get_wrapped_container()
        container.reload()
        if container.status in ("exited", "dead"):
            raise ContainerNotReady(f"it has ended; its log ends:\n{self._log()}")
        try:
            return health(self.get_url(), seconds=_ASK_SECONDS)
        except (ServerError, ConnectionError):  # ConnectionError: its port is not mapped yet
            return {"status": "silent"}

    def _log(self) -> str:
        written: str = b"".join(self.get_logs()).decode(errors="replace")
        return written[-_LOG_BYTES:]
