"""Plain boto3 for the demonstration: clients of one endpoint, calls that show themselves, and waiting."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from personalize_local.demo.console import Console, DemoError, written_call

ACCESS_KEY = "demo"
SECRET_KEY = "demo"
REGION = "us-east-1"
_POLL_SECONDS = 0.2
_PATIENCE_SECONDS = 1800.0


class Aws:
    """boto3 clients whose endpoint is ``url``. Each call is printed with its time as it would be written in Python."""

    def __init__(self, url: str, console: Console) -> None:
        import boto3

        session = boto3.session.Session(ACCESS_KEY, SECRET_KEY, region_name=REGION)
        self._make: Callable[..., Any] = session.client
        self._url = url
        self._clients: dict[str, Any] = {}
        self.console = console

    def client(self, service: str) -> Any:
        """The client of a service, made once."""
        if service not in self._clients:
            self._clients[service] = self._make(service, endpoint_url=self._url)
        return self._clients[service]

    def call(self, service: str, operation: str, /, **parameters: Any) -> Any:
        """Call, print, and give the answer. Raises what boto3 raises."""
        client = self.client(service)
        with self.console.timed(written_call(service.replace("-", "_"), operation, parameters)):
            return getattr(client, operation)(**parameters)

    def wait_until_active(self, kind: str, arns: Sequence[str]) -> None:
        """Poll ``describe_KIND`` until every resource is ACTIVE.

        Raises DemoError, with the service's reason, when one fails.
        """
        client = self.client("personalize")
        describe = getattr(client, f"describe_{kind}")
        words = kind.split("_")
        member = words[0] + "".join(word.capitalize() for word in words[1:])
        began = time.monotonic()
        waiting = list(arns)
        while waiting:
            for arn in list(waiting):
                resource: Mapping[str, Any] = describe(**{f"{member}Arn": arn})[member]
                if resource["status"] == "ACTIVE":
                    waiting.remove(arn)
                    name = arn.split(":")[-1]
                    self.console.done(f"  ACTIVE: {name}", time.monotonic() - began)
                elif resource["status"].endswith("FAILED"):
                    raise DemoError(f"{arn}: {resource['status']}: {resource.get('failureReason', 'no reason given')}")
            if not waiting:
                return
            seconds = time.monotonic() - began
            if seconds > _PATIENCE_SECONDS:
                raise DemoError(f"{waiting[0]} was not ACTIVE after {seconds:.0f} seconds.")
            self.console.waiting(f"  waiting for {len(waiting)} of {len(arns)}: describe_{kind} says so", seconds)
            time.sleep(_POLL_SECONDS)
