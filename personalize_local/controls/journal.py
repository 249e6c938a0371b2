"""Every call with what came of it, the newest of them, in memory."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any

from botocore_shapes.http import Request, Response
from personalize_local.context import Context

_LARGEST = 65_536
"""Bytes of the longest body whose parameters are kept: what is kept must not grow with what is sent (chosen)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalCall:
    """One call. ``parameters`` is None where the request could not be read or was too long to be kept.

    ``status`` is the HTTP status, 0 where the client got no answer; ``error`` the error's class, None for success;
    ``seconds`` what the answer took; ``time`` the emulator's clock in epoch seconds.
    """

    service: str
    operation: str | None
    parameters: Mapping[str, Any] | None
    status: int
    error: str | None
    seconds: float
    time: float
    request_id: str
    account: str
    region: str

    def facts(self) -> dict[str, Any]:
        """As JSON values, under the names of the admin API."""
        return {
            "service": self.service,
            "operation": self.operation,
            "parameters": _plain(self.parameters),
            "status": self.status,
            "error": self.error,
            "durationMs": round(self.seconds * 1000, 3),
            "time": self.time,
            "requestId": self.request_id,
            "account": self.account,
            "region": self.region,
        }

    def line(self) -> str:
        """The same as one line of JSON."""
        return json.dumps(self.facts(), ensure_ascii=False, separators=(",", ":"))


class Journal:
    """Keeps the newest ``size`` calls; ``whose`` finds the context of a call that was refused before it had one."""

    def __init__(self, size: int, whose: Callable[[Request, str], Context]) -> None:
        self.size = size
        self._kept: deque[tuple[Any, ...]] = deque(maxlen=size)
        self._whose = whose

    def observer(self, service: str) -> Callable[..., None] | None:
        """What a service calls at the end of each call; None where nothing is kept."""
        if not self.size:
            return None
        keep = self._kept.append

        def observe(
            request: Request,
            response: Response,
            params: Mapping[str, Any] | None,
            context: Context | None,
            request_id: str,
            seconds: float,
        ) -> None:
            if context is None:
                context = self._whose(request, request_id)
            if len(request.body) > _LARGEST:
                params = None
            keep((service, params, response, seconds, context))

        return observe

    def calls(
        self,
        operation: str | None = None,
        parameters: Mapping[str, Any] | None = None,
        *,
        error: str | None = None,
        account: str | None = None,
    ) -> list[JournalCall]:
        """The calls that are kept, oldest first: of an operation (a name or glob), with these parameters, that failed
        with an error of this class (``"*"`` for any), of an account. What ``parameters`` are compared by says
        :func:`agrees`."""
        return [
            # One call's parameters may be another's, where an answer was given again.
            replace(call, parameters=deepcopy(call.parameters))
            for call in self._all()
            if (operation is None or (call.operation is not None and fnmatchcase(call.operation, operation)))
            and (error is None or (call.error is not None and fnmatchcase(call.error, error)))
            and (account is None or call.account == account)
            and (not parameters or agrees(parameters, call.parameters))
        ]

    def clear(self) -> None:
        """Forget all calls."""
        self._kept.clear()

    def _all(self) -> Iterator[JournalCall]:
        for service, params, response, seconds, context in self._kept.copy():
            yield JournalCall(
                service=service,
                operation=response.operation,
                parameters=params,
                status=response.status,
                error=response.error,
                seconds=seconds,
                time=context.now,
                request_id=context.request_id,
                account=context.account,
                region=context.region,
            )


def agrees(expected: Any, actual: Any) -> bool:
    """Whether a value is as expected: a mapping may have more members, a list has as many elements in the same order,
    a function is asked, everything else is equal."""
    if callable(expected):
        return bool(expected(actual))
    if isinstance(expected, Mapping):
        return isinstance(actual, Mapping) and all(
            name in actual and agrees(value, actual[name]) for name, value in expected.items()
        )
    if isinstance(expected, list | tuple):
        return isinstance(actual, list | tuple) and len(actual) == len(expected) and all(map(agrees, expected, actual))
    return bool(expected == actual)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, datetime):
        return value.timestamp()
    return value
