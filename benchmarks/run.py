"""Runs the benchmarks one after the other and ends with one table of ratios and targets: ``make bench``.

``python benchmarks/run.py [NAME ...]`` runs only those. A missed target is told, not an error; a benchmark whose tool
or data is absent says so and is left out. The exit code is 1 only when a benchmark broke.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from _targets import LEFT_OUT, Target, read_target

NAMES = (
    "startup",
    "quick_start",
    "import_csv",
    "training",
    "quality",
    "quality_cost",
    "control_plane",
    "serving",
    "put_events",
    "filters",
    "batch",
    "test_kit",
)
_PATIENCE_SECONDS = 600
FOLDER = Path(__file__).resolve().parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of one benchmark; ``remark`` says why there are no targets."""

    name: str
    targets: tuple[Target, ...]
    remark: str = ""
    broke: bool = False


def run(name: str) -> Outcome:
    """Run one benchmark, its output shown as it comes."""
    print(f"== {name}", flush=True)
    command = [sys.executable, "-u", str(FOLDER / f"{name}.py")]
    # One thread of linear algebra, as everywhere here: more are slower on a busy machine.
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    lines: list[str] = []
    began = time.monotonic()
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            print(f"   {line}", end="", flush=True)
            lines.append(line.rstrip())
            if time.monotonic() - began > _PATIENCE_SECONDS:
                process.terminate()
    print(f"   ({time.monotonic() - began:.0f} s)\n", flush=True)
    targets = tuple(target for line in lines if (target := read_target(line)) is not None)
    left_out = next((line for line in lines if line.startswith((LEFT_OUT, "skipped: "))), "")
    if targets or left_out:
        return Outcome(name=name, targets=targets, remark=left_out)
    return Outcome(name=name, targets=(), remark=f"broke (exit code {process.returncode})", broke=True)


def show(outcomes: list[Outcome]) -> None:
    """Print the table."""
    rows = [
        (f"{outcome.name}: {target.title}", f"{target.value:.4g}", f"{target.side} {target.limit:g}", target.is_met)
        for outcome in outcomes
        for target in outcome.targets
    ]
    width = max((len(row[0]) for row in rows), default=0)
    print(f"{'what':<{width}}  {'measured':>9}  {'target':<14}")
    for title, value, limit, is_met in rows:
        print(f"{title:<{width}}  {value:>9}  {limit:<14}  {'met' if is_met else 'MISSED'}")
    for outcome in outcomes:
        if outcome.remark:
            print(f"{outcome.name}: {outcome.remark}")


def main(names: list[str]) -> int:
    """Run and show; 1 when a benchmark broke."""
    unknown = sorted(set(names) - set(NAMES))
    if unknown:
        raise SystemExit(f"unknown benchmark {unknown[0]}; known are {', '.join(NAMES)}")
    outcomes = [run(name) for name in names or NAMES]
    show(outcomes)
    return int(any(outcome.broke for outcome in outcomes))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
