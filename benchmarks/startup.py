"""How long the command line and the server take to start, and how much memory the server has then, beside moto's.

Run it alone: ``python benchmarks/startup.py [ROUNDS]``. Each round runs ``--help`` once, starts both servers, one after
the other, and asks each for its schemas until it answers; the server is also timed to its line ``Ready.``. A run of the
bare interpreter stands beside them: what it takes is in all the other figures. Memory is what is resident at the first
answer, child processes included (Linux only).
"""

from __future__ import annotations

import contextlib
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from _servers import control_headers, environment, free_port, moto_server, ours, running, wait_for_answer
from _targets import Target, absent

ROUNDS = 9
TARGET_HELP_MS = 250.0
TARGET_READY_SECONDS = 1.0
TARGET_SECONDS = 0.65
TARGET_MEMORY = 0.8


def start(make_command: Callable[[int], list[str]]) -> tuple[float, float]:
    """Seconds from the start of the process to its first answer, and MiB resident then (0 where it is not told)."""
    port = free_port()
    began = time.perf_counter()
    with running(make_command(port)) as process:
        wait_for_answer(process, port, "/", control_headers("ListSchemas"), b"{}")
        return time.perf_counter() - began, resident_mib(process.pid)


def resident_mib(pid: int) -> float:
    """Resident memory of a process and its children."""
    status = Path(f"/proc/{pid}/status")
    if not status.exists():
        return 0.0
    (own,) = (line for line in status.read_text().splitlines() if line.startswith("VmRSS:"))
    children = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(FileNotFoundError):  # a thread that ended meanwhile
            children += [int(child) for child in (task / "children").read_text().split()]
    return int(own.split()[1]) / 1024 + sum(resident_mib(child) for child in children)


def run(command: Sequence[str]) -> float:
    """Seconds that a command takes from its start to its end."""
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment())
    return time.perf_counter() - began


def until_ready() -> float:
    """Seconds from the start of the server to its line ``Ready.``, which it prints when it answers."""
    began = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, "-m", "personalize_local", "serve", "--port", "0", "--log-level", "warning"],
        stdout=subprocess.PIPE,
        text=True,
        env=environment(),
    ) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        seconds = time.perf_counter() - began
        process.terminate()
    if not line.startswith("Ready."):
        raise SystemExit(f"the server did not start: {line!r}")
    return seconds


def main(rounds: int) -> int:
    """Measure and print; 1 when a target is missed."""
    commands = {
        "python -c pass": lambda: run([sys.executable, "-c", "pass"]),
        "--help": lambda: run([sys.executable, "-m", "personalize_local", "--help"]),
        "serve to Ready.": until_ready,
    }
    servers = {"personalize-local": ours}
    missing = absent("moto", "moto[server]")
    if missing is None:
        servers["moto_server"] = moto_server
    alone: dict[str, list[float]] = {name: [] for name in commands}
    beside: dict[str, list[tuple[float, float]]] = {name: [] for name in servers}
    for number in range(rounds + 1):
        taken = {name: command() for name, command in commands.items()}
        pairs = {name: start(command) for name, command in servers.items()}
        if number:  # the first round fills the caches of the file system
            for name, seconds in taken.items():
                alone[name].append(seconds)
            for name, pair in pairs.items():
                beside[name].append(pair)
    seconds_of = {name: statistics.median(each) for name, each in alone.items()}
    medians = {name: [statistics.median(part) for part in zip(*each, strict=True)] for name, each in beside.items()}
    show(seconds_of, medians, rounds)
    if missing is not None:
        print(f"  beside moto: {missing}")
    targets = targets_of(seconds_of, medians)
    for target in targets:
        print(f"  {target}")
    return int(not all(target.is_met for target in targets))


def show(seconds_of: dict[str, float], medians: dict[str, list[float]], rounds: int) -> None:
    """Print what was measured."""
    print(f"start, medians of {rounds} interleaved rounds; of servers to the first answer, and the memory then")
    for name, seconds in seconds_of.items():
        print(f"  {name:18} {seconds * 1000:5.0f} ms")
    for name, (seconds, memory) in medians.items():
        print(f"  {name:18} {seconds * 1000:5.0f} ms  {memory:5.1f} MiB")


def targets_of(seconds_of: dict[str, float], medians: dict[str, list[float]]) -> list[Target]:
    """The figures that have a limit; those beside moto only where it was measured."""
    mine = medians["personalize-local"]
    targets = [
        Target(title="--help, ms", value=seconds_of["--help"] * 1000, side="at most", limit=TARGET_HELP_MS),
        Target(title="Ready., s", value=seconds_of["serve to Ready."], side="at most", limit=TARGET_READY_SECONDS),
        Target(title="first answer, s", value=mine[0], side="at most", limit=TARGET_READY_SECONDS),
    ]
    if (theirs := medians.get("moto_server")) is not None:
        targets.append(
            Target(title="start / moto_server's", value=mine[0] / theirs[0], side="at most", limit=TARGET_SECONDS)
        )
        if theirs[1]:
            targets.append(
                Target(title="memory / moto_server's", value=mine[1] / theirs[1], side="at most", limit=TARGET_MEMORY)
            )
    return targets


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS))
