"""How long the first test file of a new project takes: one of the quick start, alone and with two workers of xdist.

Run it alone: ``python benchmarks/quick_start.py [ROUNDS]``. The files are the blocks of ``docs/application-tests.md``,
each a project's first; all of them together are told beside the slowest. A test that knows nothing of this project
stands beside them: what pytest itself takes is in all the figures.
"""

from __future__ import annotations

import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from _servers import ROOT, environment
from _targets import Target, absent

ROUNDS = 5
TARGET_SECONDS = 5.0
SLOWEST = "the slowest file"
_NAME = re.compile(r"# ([\w.]+\.py)\n")


def write_tests(folder: Path) -> None:
    """The blocks of the page as files of a project."""
    page = (ROOT / "docs" / "application-tests.md").read_text(encoding="utf-8")
    for number, block in enumerate(re.findall(r"```python\n(.*?)```", page, re.DOTALL)):
        named = _NAME.match(block)
        (folder / (named[1] if named is not None else f"test_{number}.py")).write_text(block, encoding="utf-8")


def run(folder: Path, *options: str) -> float:
    """Seconds that pytest takes in ``folder``. Stops the benchmark when a test fails."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", ".", *options]
    began = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder, env=environment())
    seconds = time.perf_counter() - began
    if done.returncode != 0:
        raise SystemExit(done.stdout + done.stderr)
    return seconds


def main(rounds: int) -> int:
    """Measure and print; 1 when a target is missed."""
    if (missing := absent("xdist", "pytest-xdist") or absent("moto", "moto[server]")) is not None:
        print(missing)
        return 0
    with tempfile.TemporaryDirectory() as root:
        bare, project = Path(root, "bare"), Path(root, "project")
        bare.mkdir()
        project.mkdir()
        (bare / "test_bare.py").write_text("def test_nothing():\n    pass\n", encoding="utf-8")
        write_tests(project)
        files = [path.name for path in sorted(project.glob("test_*.py"))]
        runs = {
            "a bare test": lambda: run(bare),
            "all files": lambda: run(project),
            SLOWEST: lambda: max(run(project, file) for file in files),
            f"{SLOWEST}, -n 2": lambda: max(run(project, "-n", "2", file) for file in files),
        }
        taken: dict[str, list[float]] = {name: [] for name in runs}
        for _ in range(rounds):
            for name, each in runs.items():
                taken[name].append(each())
    medians = {name: statistics.median(seconds) for name, seconds in taken.items()}
    print(f"pytest from start to end, medians of {rounds} interleaved rounds")
    for name, seconds in medians.items():
        print(f"  {name:24} {seconds:5.2f} s")
    targets = [
        Target(title=f"{name}, s", value=seconds, side="at most", limit=TARGET_SECONDS)
        for name, seconds in medians.items()
        if name.startswith(SLOWEST)
    ]
    for target in targets:
        print(f"  {target}")
    return int(not all(target.is_met for target in targets))


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS))
