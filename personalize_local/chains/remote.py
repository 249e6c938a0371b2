"""Calls of a plain boto3 client: finding, describing and waiting, with errors in a line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from personalize_local.chains.errors import ApplyError
from personalize_local.chains.model import model, title, words
from personalize_local.waiting import ResourceFailed, WaitTimeout, wait_until_active, wait_until_deleted


@contextmanager
def told(what: str) -> Iterator[None]:
    """Turn what botocore raises into one line that begins with ``what``."""
    from boto3.exceptions import Boto3Error
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        answer = error.response["Error"]
        raise ApplyError(f"{what}: {answer.get('Code')}: {answer.get('Message')}") from error
    except (BotoCoreError, Boto3Error, OSError) as error:
        raise ApplyError(f"{what}: {' '.join(str(error).split())}") from error


class Remote:
    """The control plane behind a client. ``timeout`` is how many seconds a resource may take to become ACTIVE."""

    def __init__(self, client: Any, timeout: float) -> None:
        self.client, self._timeout = client, timeout
        self._lists: dict[tuple[str, str], list[dict[str, Any]]] = {}

    def call(self, verb: str, kind: str, label: str, **params: Any) -> dict[str, Any]:
        """Create, update, delete or describe. Raises ApplyError."""
        with told(f"{verb} of {words(kind)} {label}"):
            answer: dict[str, Any] = getattr(self.client, f"{verb}_{words(kind).replace(' ', '_')}")(**params)
        if verb != "describe":
            self._lists.clear()
        return answer

    def describe(self, kind: str, label: str, arn: str) -> dict[str, Any]:
        described: dict[str, Any] = self.call("describe", kind, label, **{f"{kind}Arn": arn})[kind]
        return described

    def listed(self, kind: str, **parent: str) -> list[dict[str, Any]]:
        """All summaries of a kind, below ``parent`` if one is given. Raises ApplyError."""
        key = (kind, "".join(parent.values()))
        if key not in self._lists:
            output = model().operation_model(f"List{title(kind)}s").output_shape.members
            member = next(name for name, shape in output.items() if shape.type_name == "list")
            operation = f"list_{words(kind).replace(' ', '_')}s"
            found: list[dict[str, Any]] = []
            more: Mapping[str, str] = {}
            with told(f"list of {words(kind)}s"):
                while True:
                    page = getattr(self.client, operation)(**parent, **more)
                    found += page[member]
                    if not page.get("nextToken"):
                        break
                    more = {"nextToken": page["nextToken"]}
            self._lists[key] = found
        return self._lists[key]

    def tags(self, label: str, arn: str) -> list[dict[str, str]]:
        """The tags of a resource. Raises ApplyError."""
        with told(f"tags of {label}"):
            tags: list[dict[str, str]] = self.client.list_tags_for_resource(resourceArn=arn)["tags"]
        return tags

    def tag(self, label: str, arn: str, tags: list[dict[str, str]]) -> None:
        """Add tags, or change their values. Raises ApplyError."""
        with told(f"tagging of {label}"):
            self.client.tag_resource(resourceArn=arn, tags=tags)

    def wait(self, kind: str, label: str, arn: str) -> dict[str, Any]:
        """Describe until a resource and its latest update are ACTIVE. Raises ApplyError when it fails or time is up."""
        with told(f"describe of {words(kind)} {label}"):
            try:
                return wait_until_active(self.client, arn, timeout=self._timeout, latest_update=True)
            except ResourceFailed as failed:
                reason = failed.reason or "without a reason"
                raise ApplyError(f"{words(kind)} {label} is {failed.status}: {reason}") from failed
            except WaitTimeout as late:
                told_of = f"{words(kind)} {label} is still {late.status} after {self._timeout:g} seconds"
                raise ApplyError(told_of) from late

    def delete(self, kind: str, label: str, arn: str) -> None:
        """Delete and wait until it is gone. Raises ApplyError."""
        self.call("delete", kind, label, **{f"{kind}Arn": arn})
        with told(f"describe of {words(kind)} {label}"):
            try:
                wait_until_deleted(self.client, arn, timeout=self._timeout)
            except (ResourceFailed, WaitTimeout) as error:
                raise ApplyError(f"{words(kind)} {label} is {error.status} and cannot be replaced") from error


def state(kind: str, described: Mapping[str, Any]) -> tuple[str, str | None]:
    """Status and reason of a resource, or of its latest update while that is not done. A schema has none."""
    status = described.get("status", "ACTIVE")
    update = described.get(f"latest{title(kind)}Update")
    if status == "ACTIVE" and update and update.get("status", "ACTIVE") != "ACTIVE":
        return update["status"], update.get("failureReason")
    return status, described.get("failureReason")
