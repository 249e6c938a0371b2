"""What the test kit costs its user: loading the plugin, a reset, the first sample campaign, and a mocked call.

Run it alone: ``python benchmarks/test_kit.py [ROUNDS]``. A mocked GetRecommendations is measured beside the same call
answered by botocore's own Stubber with the same answer, in turns, each of one client; beside it what a question takes
that was not asked before, each of another user. Loading and the first campaign
are measured in fresh processes.
"""

from __future__ import annotations

import gc
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from _targets import Target

ROUNDS = 5
CALLS = 300
TURNS = 12
RESETS = 50
_LOAD = """
import time, pytest
began = time.perf_counter()
import personalize_local.testing.plugin
print(time.perf_counter() - began)
"""
_CAMPAIGN = """
import pathlib, tempfile, time
from personalize_local.server.serving import BackgroundServer
from personalize_local.settings import Settings
with BackgroundServer(Settings(port=0, executor="inline")) as server, tempfile.TemporaryDirectory() as folder:
    began = time.perf_counter()
    from personalize_local.testing._campaign import restore, train
    restore(server.emulator, train(server.emulator.settings, pathlib.Path(folder)))
    print(time.perf_counter() - began)
"""


def in_fresh_process(program: str, rounds: int) -> float:
    """Median of the seconds that a program prints; the first run fills the caches of the file system."""
    command = [sys.executable, "-c", program]
    printed = [subprocess.run(command, capture_output=True, text=True, check=True).stdout for _ in range(rounds + 1)]
    return statistics.median(float(line) for line in printed[1:])


def reset_seconds(folder: Path) -> float:
    """Median of the resets of a server that has the sample campaign, which is brought back in between."""
    from personalize_local.server.serving import BackgroundServer
    from personalize_local.settings import Settings
    from personalize_local.testing._campaign import restore, train

    taken = []
    with BackgroundServer(Settings(port=0, executor="inline")) as server:
        kept = train(server.emulator.settings, folder)
        for _ in range(RESETS):
            restore(server.emulator, kept)
            began = time.perf_counter()
            server.reset()
            taken.append(time.perf_counter() - began)
    return statistics.median(taken)


def mocked_and_stubbed(folder: Path) -> tuple[float, float, float]:
    """Seconds of one GetRecommendations through ``mock_personalize``, of one that was not asked before, and through the
    Stubber: the best of the turns."""
    import boto3
    from botocore.stub import Stubber

    from personalize_local.testing import mock_personalize
    from personalize_local.testing._campaign import restore, train

    session = boto3.session.Session("testing", "testing", region_name="us-east-1")
    mocked: Any = session.client("personalize-runtime")
    stubbed: Any = session.client("personalize-runtime")
    with mock_personalize() as mock:
        kept = train(mock.emulator.settings, folder)
        restore(mock.emulator, kept)
        asked = {"campaignArn": kept.campaign.arn, "userId": kept.campaign.user_id, "numResults": 10}
        answer = mocked.get_recommendations(**asked)
        del answer["ResponseMetadata"]
        measured: dict[str, list[float]] = {"mock": [], "anew": [], "stub": []}
        users = iter(range(TURNS * CALLS))
        for _ in range(TURNS):
            measured["anew"].append(
                per_call(lambda: mocked.get_recommendations(**asked | {"userId": str(next(users))}))
            )
            measured["mock"].append(per_call(lambda: mocked.get_recommendations(**asked)))
            with Stubber(stubbed) as stub:
                for _ in range(CALLS):
                    stub.add_response("get_recommendations", answer, asked)
                measured["stub"].append(per_call(lambda: stubbed.get_recommendations(**asked)))
    return min(measured["mock"]), min(measured["anew"]), min(measured["stub"])


def per_call(call: Callable[[], object]) -> float:
    """Seconds of a call, without the collector's pauses."""
    gc.collect()
    gc.disable()
    began = time.perf_counter()
    for _ in range(CALLS):
        call()
    seconds = (time.perf_counter() - began) / CALLS
    gc.enable()
    return seconds


def main(rounds: int) -> int:
    """Measure and print; 1 when a target is missed."""
    loading = in_fresh_process(_LOAD, rounds)
    campaign = in_fresh_process(_CAMPAIGN, rounds)
    with tempfile.TemporaryDirectory() as name:
        reset = reset_seconds(Path(name) / "reset")
        mocked, anew, stubbed = mocked_and_stubbed(Path(name) / "mock")
    print(
        f"one GetRecommendations: mocked {mocked * 1e6:.0f} us (the first time that it is asked {anew * 1e6:.0f} us), "
        f"answered by a Stubber {stubbed * 1e6:.0f} us"
    )
    targets = [
        Target(title="loading the pytest plugin, ms", value=loading * 1e3, side="at most", limit=50),
        Target(title="reset, ms", value=reset * 1e3, side="at most", limit=10),
        Target(title="first sample campaign, s", value=campaign, side="at most", limit=1),
        Target(title="mocked GetRecommendations / Stubber's", value=mocked / stubbed, side="at most", limit=1.3),
    ]
    for target in targets:
        print(f"  {target}")
    return int(not all(target.is_met for target in targets))


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS))
