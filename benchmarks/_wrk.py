"""Drives a server with wrk, so that the client is not what is measured."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass

_UNITS = {"us": 1e-3, "ms": 1.0, "s": 1e3, "m": 6e4}


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """One request as wrk sends it; ``%d`` in ``body`` becomes each of ``numbers``, one after the other."""

    name: str
    port: int
    path: str
    headers: Mapping[str, str]
    body: str
    numbers: range = range(1, 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What wrk saw: answers a second, and the 99th percentile of their milliseconds."""

    rate: float
    p99: float


def is_installed() -> bool:
    """Whether wrk is there."""
    return shutil.which("wrk") is not None


def drive(load: Load, connections: int, seconds: float) -> Figures:
    """Drive for so long with so many connections. Raises SystemExit when an answer was no 200."""
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(_script(load))
        script.flush()
        command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds:g}s", "--latency", "--timeout", "30s"]
        said = subprocess.run(
            [*command, "-s", script.name, f"http://127.0.0.1:{load.port}"], check=True, capture_output=True, text=True
        ).stdout
    if "Non-2xx" in said or "Socket errors" in said:
        raise SystemExit(f"{load.name}: {said}")
    rate = re.search(r"Requests/sec:\s+([\d.]+)", said)
    p99 = re.search(r"99%\s+([\d.]+)(us|ms|s|m)\b", said)
    assert rate is not None, said
    assert p99 is not None, said
    return Figures(rate=float(rate[1]), p99=float(p99[1]) * _UNITS[p99[2]])


def _script(load: Load) -> str:
    lines = ['wrk.method = "POST"', f"wrk.path = {json.dumps(load.path)}"]
    lines += [f"wrk.headers[{json.dumps(name)}] = {json.dumps(value)}" for name, value in load.headers.items()]
    if "%d" not in load.body:
        return "\n".join([*lines, f"wrk.body = {json.dumps(load.body)}"])
    return "\n".join(
        [
            *lines,
            "local number = -1",
            f"local body = {json.dumps(load.body)}",
            "function request()",
            f"  number = (number + 1) % {len(load.numbers)}",
            f"  return wrk.format(nil, {json.dumps(load.path)}, nil, string.format(body, number + {load.numbers[0]}))",
            "end",
        ]
    )
