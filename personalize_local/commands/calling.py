"""Calls of a running server as commands make them: its AWS operations and admin pages, names for ARNs."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any

import click

from personalize_local import http_client
from personalize_local.arns import parse_arn
from personalize_local.commands.common import server_errors

__all__ = ["Server"]

_INIT_SECONDS, _PAUSE_SECONDS = 600.0, 0.05
_PATHS = {"GetRecommendations": "/recommendations", "GetPersonalizedRanking": "/personalize-ranking"}
_LISTS = {
    "campaign": ("ListCampaigns", "campaigns", "campaignArn"),
    "recommender": ("ListRecommenders", "recommenders", "recommenderArn"),
    "filter": ("ListFilters", "Filters", "filterArn"),
}


class Server:
    """A running server at ``url``. Every method raises ClickException, in one line, for what goes wrong."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")

    def admin(self, path: str, body: Any = None) -> Any:
        """The answer of an admin page: to a POST where there is a body, else to a GET."""
        return self._send(f"/_personalize/{path}", body, {})

    def health(self) -> dict[str, Any]:
        """What the server says of itself, also while it is not ready: its ``status`` tells."""
        with server_errors():
            return http_client.health(self.url)

    def wait_until_ready(self) -> None:
        """Wait until the init scripts of the server are done, for ten minutes at the most."""
        end = time.monotonic() + _INIT_SECONDS
        while (health := self.health())["status"] != "ready":
            if health["status"] == "failed":
                failed = "; ".join(http_client.failed_scripts(health))
                raise click.ClickException(f"The init scripts of the server failed: {failed}")
            if time.monotonic() >= end:
                raise click.ClickException(f"The init scripts of the server ran for {_INIT_SECONDS:g} seconds.")
            time.sleep(_PAUSE_SECONDS)

    def control(self, operation: str, params: Mapping[str, Any], account: str | None = None) -> Any:
        """The answer of an operation of ``personalize``, of an account or of the server's own."""
        headers = {"X-Amz-Target": f"AmazonPersonalize.{operation}", "Content-Type": "application/x-amz-json-1.1"}
        return self._send("/", params, {**headers, **_whose(account, "us-east-1")})

    def runtime(self, operation: str, params: Mapping[str, Any]) -> Any:
        """The answer of a recommendation or ranking, by the account that the ARN names."""
        arn = parse_arn(str(params.get("campaignArn") or params.get("recommenderArn") or ""))
        whose = {} if arn is None else _whose(arn.account, arn.region)
        return self._send(_PATHS[operation], params, whose)

    def every(self, operation: str, member: str, account: str | None = None) -> Iterator[dict[str, Any]]:
        """All that an operation lists."""
        token = None
        while True:
            given = {"maxResults": 100} | ({} if token is None else {"nextToken": token})
            page = self.control(operation, given, account)
            yield from page[member]
            token = page.get("nextToken")
            if not token:
                return

    def arn_of(self, name: str, *kinds: str) -> tuple[str, str]:
        """The ARN of what has a name, or an ARN as it is, and its kind (campaign, recommender or filter)."""
        arn = parse_arn(name)
        if arn is not None:
            if arn.type not in kinds:
                raise click.UsageError(f"{name} is no {' or '.join(kinds)}.")
            return name, arn.type
        found = [
            (str(each[member]), kind)
            for kind in kinds
            for operation, listed, member in (_LISTS[kind],)
            for each in self.every(operation, listed)
            if each["name"] == name
        ]
        if not found:
            raise click.ClickException(f"There is no {' or '.join(kinds)} {name} at {self.url}.")
        if len(found) > 1:
            arns = ", ".join(arn for arn, _ in found)
            raise click.ClickException(f"{name} is the name of several resources; give the ARN: {arns}.")
        return found[0]

    def _send(self, path: str, body: Any, headers: Mapping[str, str]) -> Any:
        with server_errors():
            return http_client.ask(self.url, path, body, headers=headers)


def _whose(account: str | None, region: str) -> dict[str, str]:
    """What says whose a call is; signatures are not looked at."""
    if account is None:
        return {}
    scope = f"Credential={account}/20200101/{region}/personalize/aws4_request"
    return {"Authorization": f"AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=0"}
