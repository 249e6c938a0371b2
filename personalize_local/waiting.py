"""Waiting for resources by their ARN, with a plain boto3 client, here and on AWS alike."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from personalize_local.arns import parse_arn

__all__ = ["ResourceFailed", "WaitTimeout", "wait_until_active", "wait_until_deleted"]

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_TOO_FAST = frozenset({"ThrottlingException", "TooManyRequestsException"})
_ABSENT = "ResourceNotFoundException"
_NO_STATUS = "ACTIVE"
"""What a schema counts as: it has no status, and is ready as soon as it is there."""
_DONE = frozenset({"ACTIVE", "COMPLETED"})
"""What ends a wait; the second is how data deletion jobs end."""
_NEVER_ACTIVE = frozenset({"CREATE FAILED", "CREATE STOPPED", "FAILED", "INACTIVE"})
_LEAVING = ("DELETE", "STOP ")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pace:
    """Seconds to the second look, how much longer each next pause is, the longest pause, and the patience of all."""

    first: float
    growth: float
    longest: float
    timeout: float


# Here a change is over in milliseconds or, in a timed mode, in seconds. There creations take minutes, trainings hours.
_HERE = _Pace(first=0.01, growth=1.5, longest=0.25, timeout=300.0)
_AWS = _Pace(first=5.0, growth=1.5, longest=30.0, timeout=3 * 3600.0)


class ResourceFailed(RuntimeError):
    """The resource will not become what was waited for; ``reason`` is the service's failureReason, if it gave one."""

    def __init__(self, arn: str, status: str, reason: str | None) -> None:
        super().__init__(f"{arn} is {status}: {reason or 'the service gives no failureReason'}")
        self.arn = arn
        self.status = status
        self.reason = reason


class WaitTimeout(TimeoutError):
    """The resource did not become what was waited for in time; ``status`` is the last one seen."""

    def __init__(self, arn: str, status: str, seconds: float, wanted: str) -> None:
        super().__init__(f"{arn} was not {wanted} after {seconds:g} seconds: its last status is {status}")
        self.arn = arn
        self.status = status


def wait_until_active(
    client: Any,
    arn: str,
    *,
    timeout: float | None = None,
    poll: float | None = None,
    latest_update: bool = False,
) -> dict[str, Any]:
    """Describe the resource of ``arn`` until it is ACTIVE (a data deletion job: COMPLETED); gives the description.

    ``client`` is a boto3 client of ``personalize``; the kind of resource is read from the ARN. With ``latest_update``
    the last update of a campaign, a recommender or a solution must be in force too. ``timeout`` and ``poll`` are
    seconds: without them it looks quickly and for 5 minutes where the client's endpoint is this machine, and from
    every 5 to every 30 seconds and for 3 hours elsewhere.

    Raises ResourceFailed for what will never be ACTIVE by itself, WaitTimeout, ValueError for an ARN of nothing that
    can be described, and what the client raises, for instance where there is no such resource.
    """
    describe = _describer(client, arn)
    status = ""
    for _ in _looks(pace := _pace_of(client, timeout, poll)):
        resource = _unless_throttled(describe)
        if resource is None:
            continue
        seen = [resource, *(_updates_of(resource) if latest_update else ())]
        for part in seen:
            status = part.get("status", _NO_STATUS)
            if status in _NEVER_ACTIVE or status.endswith(" FAILED") or status.startswith(_LEAVING):
                raise ResourceFailed(arn, status, part.get("failureReason"))
            if status not in _DONE:
                break
        else:
            return resource
    raise WaitTimeout(arn, status or "unknown, as every look was throttled", pace.timeout, "ACTIVE")


def wait_until_deleted(client: Any, arn: str, *, timeout: float | None = None, poll: float | None = None) -> None:
    """Describe the resource of ``arn`` until there is none; the parameters are those of :func:`wait_until_active`.

    Raises ResourceFailed where the deletion failed, WaitTimeout, ValueError, and what the client raises.
    """
    describe = _describer(client, arn)
    status = ""
    for _ in _looks(pace := _pace_of(client, timeout, poll)):
        try:
            resource = _unless_throttled(describe)
        except Exception as error:
            if _code_of(error) == _ABSENT:
                return
            raise
        if resource is None:
            continue
        status = resource.get("status", _NO_STATUS)
        if status == "DELETE FAILED":
            raise ResourceFailed(arn, status, resource.get("failureReason"))
    raise WaitTimeout(arn, status or "unknown, as every look was throttled", pace.timeout, "deleted")


def _describer(client: Any, arn: str) -> Callable[[], dict[str, Any]]:
    """The call that describes ``arn``, as the client's own model has it."""
    from botocore import xform_name

    model = client.meta.service_model
    if model.service_name != "personalize":
        raise ValueError(f"a client of personalize is needed to wait, not one of {model.service_name}")
    kind = _kind_of(arn)
    operation = f"Describe{kind[:1].upper()}{kind[1:]}"
    if operation not in model.operation_names:
        raise ValueError(f"{arn!r} is not the ARN of anything that Personalize describes")
    call = getattr(client, xform_name(operation))

    def describe() -> dict[str, Any]:
        resource: dict[str, Any] = call(**{f"{kind}Arn": arn})[kind]
        return resource

    return describe


def _kind_of(arn: str) -> str:
    """The name of a resource in the API, as in ``datasetGroup``; empty for what is no ARN of Personalize."""
    parts = parse_arn(arn)
    if parts is None or parts.service != "personalize":
        return ""
    # A solution version stands below its solution: solution/NAME/ID.
    is_version = parts.type == "solution" and parts.tail.count("/") == 2
    head, *words = ("solution-version" if is_version else parts.type).split("-")
    return head + "".join(word.capitalize() for word in words)


def _updates_of(resource: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The latest update of a campaign, a recommender or a solution, if there was one."""
    for name, value in resource.items():
        if name.startswith("latest") and name.endswith("Update") and isinstance(value, Mapping):
            yield value


def _pace_of(client: Any, timeout: float | None, poll: float | None) -> _Pace:
    pace = _HERE if urlsplit(client.meta.endpoint_url).hostname in _LOOPBACK else _AWS
    for name, seconds in (("timeout", timeout), ("poll", poll)):
        if seconds is not None and not seconds >= 0:
            raise ValueError(f"{name} is a number of seconds, not {seconds!r}")
    if poll is not None:
        pace = _Pace(first=poll, growth=1.0, longest=poll, timeout=pace.timeout)
    if timeout is not None:
        pace = _Pace(first=pace.first, growth=pace.growth, longest=pace.longest, timeout=timeout)
    return pace


def _looks(pace: _Pace) -> Iterator[None]:
    """One step for each look: at once, then after longer and longer pauses, and a last one when time is up."""
    end = time.monotonic() + pace.timeout
    pause = pace.first
    yield
    while (left := end - time.monotonic()) > 0:
        time.sleep(min(pause, left))
        pause = min(pause * pace.growth, pace.longest)
        yield


def _unless_throttled(describe: Callable[[], dict[str, Any]]) -> dict[str, Any] | None:
    # botocore has tried again several times by then: the account is busy, and the next look comes soon enough.
    try:
        return describe()
    except Exception as error:
        if _code_of(error) in _TOO_FAST:
            return None
        raise


def _code_of(error: Exception) -> str:
    """The code of a botocore ClientError, without importing it; empty for any other error."""
    response = getattr(error, "response", None)
    return str(response["Error"].get("Code", "")) if isinstance(response, dict) and "Error" in response else ""
