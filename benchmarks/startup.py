"""How long the server takes to its first answer, and how much memory it has then, beside moto's server.

Run it alone: ``python benchmarks/startup.py [ROUNDS]``. Each round starts both, one after the other, and asks each for
its schemas until it answers. Memory is what is resident then, child processes included (Linux only).
"""

from __future__ import annotations

import contextlib
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

from _servers import control_headers, free_port, moto_server, ours, running, wait_for_answer
from _targets import Target, absent

ROUNDS = 9
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


def main(rounds: int) -> int:
    """Measure and print; 1 when a target is missed."""
    if (missing := absent("moto", "moto[server]")) is not None:
        print(missing)
        return 0
    commands = {"personalize-local": ours, "moto_server": moto_server}
    measured: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
    for number in range(rounds + 1):
        for name, command in commands.items():
            pair = start(command)
            if number:  # the first round fills the caches of the file system
                measured[name].append(pair)
    medians = {name: [statistics.median(part) for part in zip(*pairs, strict=True)] for name, pairs in measured.items()}
    print(f"start to first answer and memory then, medians of {rounds} interleaved rounds")
    for name, (seconds, memory) in medians.items():
        print(f"  {name:18} {seconds * 1000:5.0f} ms  {memory:5.1f} MiB")
    time_ratio, memory_ratio = (
        mine / theirs if theirs else 0.0
        for mine, theirs in zip(medians["personalize-local"], medians["moto_server"], strict=True)
    )
    targets = [
        Target(title="start / moto_server's", value=time_ratio, side="at most", limit=TARGET_SECONDS),
        Target(title="memory / moto_server's", value=memory_ratio, side="at most", limit=TARGET_MEMORY),
    ]
    for target in targets:
        print(f"  {target}")
    return int(not all(target.is_met for target in targets))


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS))
