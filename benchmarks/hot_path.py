"""What one call costs in the process, from Request to Response: CPU microseconds, without sockets or other processes.

``python benchmarks/hot_path.py [ROUNDS] [--profile OPERATION]``. The campaign is the one that the benchmark of serving
uses; every user asked for has history, and events were streamed. Medians over the rounds.
"""

from __future__ import annotations

import argparse
import cProfile
import json
import pstats
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from _servers import SIGNED, control_headers
from filters import make_filter
from serving import Deployed, deploy, stream_events

from botocore_shapes.http import Request
from personalize_local.emulator import Emulator
from personalize_local.server.serving import BackgroundServer

ROUNDS = 15
CALLS = 400
CONNECTION = {"host": "127.0.0.1:4777", "accept-encoding": "identity"}


def requests(deployed: Deployed, filter_arn: str) -> dict[str, list[Request]]:
    """The calls that are measured, by the name they are shown under."""
    signed = {name.lower(): value for name, value in SIGNED.items()} | CONNECTION
    control = {name.lower(): value for name, value in control_headers("DescribeCampaign").items()} | CONNECTION
    described = Request(
        method="POST", path="/", headers=control, body=json.dumps({"campaignArn": deployed.campaign}).encode()
    )

    def recommendations(**more: str) -> list[Request]:
        asked = {"campaignArn": deployed.campaign, "numResults": 25, **more}
        return [
            Request(
                method="POST",
                path="/recommendations",
                headers={**signed, "content-type": "application/json"},
                body=json.dumps({**asked, "userId": f"user-{deployed.users[number]}"}).encode(),
            )
            for number in range(CALLS)
        ]

    return {
        "GetRecommendations": recommendations(),
        "with a filter": recommendations(filterArn=filter_arn),
        "DescribeCampaign": [described] * CALLS,
    }


def cost(emulator: Emulator, calls: list[Request]) -> float:
    """CPU microseconds of a call, on average over ``calls``."""
    began = time.thread_time()
    for request in calls:
        response = emulator.handle(request)
    spent = time.thread_time() - began
    assert response.status == 200, response.body
    return spent / len(calls) * 1e6


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("rounds", type=int, nargs="?", default=ROUNDS)
    parser.add_argument("--profile", metavar="OPERATION", help="show where the time of this operation goes")
    arguments = parser.parse_args()
    with BackgroundServer() as server:
        port = int(server.url.rpartition(":")[2])
        deployed = deploy(port)
        stream_events(port, deployed)
        calls = requests(deployed, make_filter(port, deployed))
        measured: dict[str, list[float]] = {name: [] for name in calls}
        for number in range(arguments.rounds + 1):
            for name, made in calls.items():
                spent = cost(server.emulator, made)
                if number:  # the first round opens the model and makes the plans
                    measured[name].append(spent)
        for name, found in measured.items():
            print(f"  {name:20} {statistics.median(found):6.0f} microseconds of CPU, least {min(found):.0f}")
        if arguments.profile:
            profile = cProfile.Profile()
            profile.runcall(cost, server.emulator, calls[arguments.profile])
            pstats.Stats(profile).sort_stats("tottime").print_stats(35)
    return 0


if __name__ == "__main__":
    sys.exit(main())
