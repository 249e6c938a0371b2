"""Calls that are made to fail, to come late, or to get no answer."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from botocore_shapes.errors import ServiceError, Unanswered
from personalize_local.controls import job_faults
from personalize_local.controls.declaring import DeclarationError, members, number, switch, text, whole
from personalize_local.controls.operations import Operations, made
from personalize_local.provenance import Rule
from personalize_local.throttling import THROTTLED

LONGEST = 60.0
"""Seconds that an answer is kept back at most: the thread that answers waits with it (chosen)."""
RULES = (
    Rule(
        says="A call that a declared fault ends is refused after its parameters were checked against the service "
        "model, and before anything else is.",
        known="chosen",
    ),
)

_EFFECTS = ("error", "throttle", "close", "timeout")
_CALL = ("operation", "arn", *_EFFECTS, "message", "delay", "times", "probability", "seed")
_JOB = ("job", "arn", "reason", "sentence", "facts", "times", "probability", "seed")


@dataclass(slots=True, kw_only=True)
class _Fault:
    """``left`` is how often it still hits, None for always; ``operations`` is empty for faults of jobs."""

    declared: dict[str, Any]
    operations: frozenset[str] = frozenset()
    job: str | None = None
    reason: str = ""
    arn: str | None = None
    left: int | None = None
    probability: float = 1.0
    delay: float = 0.0
    end: Callable[[], Exception] | None = None
    random: random.Random = field(default_factory=random.Random)
    hits: int = 0

    def draws(self) -> bool:
        return self.probability >= 1 or self.random.random() < self.probability

    def hit(self) -> None:
        self.hits += 1
        if self.left is not None:
            self.left -= 1


class Faults:
    """The faults that are declared, in that order. ``sleep`` waits for seconds."""

    def __init__(self, operations: Operations, sleep: Callable[[float], None] = time.sleep) -> None:
        self._operations, self._sleep = operations, sleep
        self._faults: dict[str, _Fault] = {}
        self._lock = threading.Lock()
        self._number = 0

    @property
    def any(self) -> bool:
        """Whether any is declared."""
        return bool(self._faults)

    @property
    def slow(self) -> bool:
        """Whether an answer may be kept back."""
        return any(fault.delay for fault in list(self._faults.values()))

    def add(self, declared: object) -> str:
        """Declare a fault; its id. Raises DeclarationError."""
        is_job = isinstance(declared, Mapping) and "job" in declared
        given = members("fault", declared, _JOB if is_job else _CALL)
        fault = self._of_job(given) if is_job else self._of_call(given)
        with self._lock:
            self._number += 1
            id_ = f"fault-{self._number}"
            self._faults[id_] = fault
        return id_

    def remove(self, id_: str) -> bool:
        """Take a fault back; whether it was there."""
        with self._lock:
            return self._faults.pop(id_, None) is not None

    def clear(self) -> None:
        """Take all faults back."""
        with self._lock:
            self._faults.clear()

    def listed(self) -> list[dict[str, Any]]:
        """The faults that stand, as they were declared, with their ids and how often each has hit."""
        with self._lock:
            return [{"id": id_, **fault.declared, "hits": fault.hits} for id_, fault in self._faults.items()]

    def meet(self, operation: str, params: Mapping[str, Any]) -> None:
        """Wait and raise as the faults of a call ask: ServiceError or Unanswered. A delay alone goes on to the next
        fault; the first other one ends the call."""
        delay, end = 0.0, None
        with self._lock:
            for id_, fault in list(self._faults.items()):
                if operation in fault.operations and _names(fault.arn, params) and fault.draws():
                    self._spend(id_, fault)
                    delay += fault.delay
                    if fault.end is not None:
                        end = fault.end()
                        break
        if delay:
            self._sleep(min(delay, LONGEST))
        if end is not None:
            raise end

    def reason(self, kind: str, arn: str) -> str | None:
        """Why the job of a resource is to fail; None where it is not."""
        with self._lock:
            for id_, fault in list(self._faults.items()):
                if fault.job is None or kind not in job_faults.JOBS[fault.job] or not _fits(fault.arn, arn):
                    continue
                if fault.draws():
                    self._spend(id_, fault)
                    return fault.reason
        return None

    def _spend(self, id_: str, fault: _Fault) -> None:
        fault.hit()
        if fault.left == 0:
            del self._faults[id_]

    def _of_call(self, given: dict[str, Any]) -> _Fault:
        pattern = text("fault", given, "operation")
        if pattern is None:
            raise DeclarationError("a fault needs an operation (a name or a glob) or a job")
        effects = [name for name in _EFFECTS if given.get(name) is not None and given[name] is not False]
        delay = number("fault", given, "delay", 0, LONGEST) or 0.0
        if len(effects) > 1 or not (effects or delay):
            raise DeclarationError(f"a fault of a call has exactly one of {', '.join(_EFFECTS)}, or a delay alone")
        if "message" in given and effects != ["error"]:
            raise DeclarationError("message of a fault goes with error")
        operations = frozenset(self._operations.matching(pattern))
        end: Callable[[], Exception] | None = None
        if effects == ["error"]:
            code, message = text("fault", given, "error") or "", text("fault", given, "message")
            operations = self._operations.failing(pattern, code)
            end = lambda: made(code, message)  # noqa: E731 # one of four alternatives
        elif effects == ["throttle"] and switch("fault", given, "throttle", False):
            end = _throttled
        elif effects == ["close"] and switch("fault", given, "close", False):
            end = lambda: Unanswered("ConnectionClosed")  # noqa: E731
        elif effects == ["timeout"]:
            delay += number("fault", given, "timeout", 0, LONGEST) or 0.0
            end = lambda: Unanswered("Timeout")  # noqa: E731
        return _Fault(operations=operations, delay=delay, end=end, **_common(given, None))

    def _of_job(self, given: dict[str, Any]) -> _Fault:
        job = str(given["job"])
        if job not in job_faults.JOBS:
            raise DeclarationError(f"job of a fault must be one of {', '.join(job_faults.JOBS)}, not {job}")
        reason, name = text("fault", given, "reason"), text("fault", given, "sentence")
        if reason is not None and (name is not None or "facts" in given):
            raise DeclarationError(
                "a fault of a job has a reason of yours, or a sentence of the service with its facts"
            )
        if reason is None:
            reason = job_faults.sentence(job, name, given.get("facts", {}))
        return _Fault(job=job, reason=reason, **_common(given, 1))


def _common(given: dict[str, Any], times: int | None) -> dict[str, Any]:
    probability = number("fault", given, "probability", 0, 1)
    seed = whole("fault", given, "seed", 0)
    if seed is not None and probability is None:
        raise DeclarationError("seed of a fault goes with a probability")
    left = whole("fault", given, "times", 1)
    return {
        "declared": given,
        "arn": text("fault", given, "arn"),
        "left": times if left is None else left,
        "probability": 1.0 if probability is None else probability,
        "random": random.Random(seed),
    }


def _throttled() -> ServiceError:
    return THROTTLED()


def _names(pattern: str | None, params: Mapping[str, Any]) -> bool:
    """Whether some parameter is an ARN that a pattern fits."""
    return pattern is None or any(isinstance(value, str) and fnmatchcase(value, pattern) for value in params.values())


def _fits(pattern: str | None, arn: str) -> bool:
    return pattern is None or fnmatchcase(arn, pattern)
