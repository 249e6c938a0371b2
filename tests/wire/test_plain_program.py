"""A program that knows nothing of this project runs the whole workflow on real data."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "ml-latest-small"
STAR_WARS, EMPIRE, JEDI = "260", "1196", "1210"
POPULARITY_NDCG = 0.03


@pytest.mark.slow
@pytest.mark.skipif(not DATA.is_dir(), reason="the MovieLens data is not beside this checkout")
def test_nothing_but_the_endpoint_is_set() -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    command = [sys.executable, "-m", "personalize_local", "serve", "--port", "0", "--log-level", "error"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as server:
        assert server.stdout is not None
        try:
            told = dict(
                line.removeprefix("export ").strip().split("=", 1)
                for line in (server.stdout.readline() for _ in range(5))
                if line.startswith("export ")
            )
            program = [sys.executable, str(Path(__file__).with_name("plain_program.py")), str(DATA)]
            done = subprocess.run(
                program, capture_output=True, text=True, timeout=150, check=False, env={**environment, **told}
            )
        finally:
            server.terminate()
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert f":{answer['account']}:" in answer["group"]
    assert (
        answer["metrics"]["aws-user-personalization"]["normalized_discounted_cumulative_gain_at_10"] > POPULARITY_NDCG
    )
    assert len(set(answer["known"])) == len(set(answer["after"])) == 10
    assert answer["before"] != answer["after"]
    assert {EMPIRE, JEDI} <= set(answer["similar"])
    assert STAR_WARS not in answer["similar"]
