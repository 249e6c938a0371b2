"""Starts the servers that the benchmarks compare, in processes of their own, and asks them over plain sockets."""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# What boto3 sends beside the signature; neither server verifies it, both read its scope.
SIGNED = {
    "Authorization": "AWS4-HMAC-SHA256 Credential=123456789012/20260101/us-east-1/personalize/aws4_request, "
    "SignedHeaders=content-type;host;x-amz-date;x-amz-target, Signature=" + "0" * 64,
    "X-Amz-Date": "20260101T000000Z",
    "User-Agent": "Boto3/1.44 md/Botocore#1.44 ua/2.1 os/linux lang/python#3.11",
    "amz-sdk-invocation-id": "00000000-0000-0000-0000-000000000000",
    "amz-sdk-request": "attempt=1",
}
# One that both servers take.
SCHEMA = json.dumps(
    {
        "type": "record",
        "name": "Interactions",
        "namespace": "com.amazonaws.personalize.schema",
        "fields": [
            {"name": "USER_ID", "type": "string"},
            {"name": "ITEM_ID", "type": "string"},
            {"name": "TIMESTAMP", "type": "long"},
        ],
        "version": "1.0",
    }
)
_PATIENCE_SECONDS = 60.0


def control_headers(operation: str) -> dict[str, str]:
    """The headers of a call of the control plane."""
    return {
        **SIGNED,
        "Content-Type": "application/x-amz-json-1.1",
        "X-Amz-Target": f"AmazonPersonalize.{operation}",
    }


def free_port() -> int:
    """A port that nothing listens on at this moment."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def ours(port: int) -> list[str]:
    """The command of this project's server, with default settings."""
    return [sys.executable, "-m", "personalize_local", "serve", "--port", str(port)]


def moto_server(port: int) -> list[str]:
    """The command of moto's server."""
    return [sys.executable, "-m", "moto.server", "-p", str(port)]


def environment() -> dict[str, str]:
    """The environment without settings of whoever runs the benchmarks, in which this checkout is imported."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PERSONALIZE_LOCAL_", "AWS_", "MOTO_"))
    }
    paths = os.pathsep.join(part for part in (str(ROOT), os.environ.get("PYTHONPATH")) if part)
    return {**kept, "PYTHONPATH": paths}


@contextmanager
def running(command: Sequence[str]) -> Iterator[subprocess.Popen[bytes]]:
    """The process of a server; its output goes to a file, as a terminal or a log collector would take it."""
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, env=environment(), start_new_session=True)
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def ask(port: int, path: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
    """Status and body of one POST on a connection of its own. Raises OSError while nobody listens."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("POST", path, body=body, headers=dict(headers))
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def wait_for_answer(
    process: subprocess.Popen[bytes], port: int, path: str, headers: Mapping[str, str], body: bytes
) -> bytes:
    """Ask every two milliseconds until the answer is a 200; gives its body."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            status, answer = ask(port, path, headers, body)
        except (OSError, http.client.HTTPException):
            time.sleep(0.002)
            continue
        if status == 200:
            return answer
        raise SystemExit(f"port {port} answered {status}: {answer[:200]!r}")
    raise SystemExit(f"{process.args!r} did not answer (exit code {process.poll()})")
