"""The same data and seed make the same bytes: twice in a process, in two processes, with other threads allowed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest

from personalize_local.recipes import RECIPES
from personalize_local.recipes.base import TrainingParameters
from tests.recipes.test_every_recipe import NAMES, furnished
from tests.recipes.worlds import random_world

PROGRAM = "from tests.recipes.test_determinism import digest\nprint(digest({name!r}, {seed}))"


def digest(name: str, seed: int) -> str:
    """A hash of everything that a training leaves."""
    data = random_world(4, n_users=300, n_items=120)
    trained = RECIPES[name].train(furnished(RECIPES[name], data), TrainingParameters(seed=seed))
    arrays, facts = trained.model.arrays()
    whole = sha256(json.dumps([facts, dict(trained.metrics)], sort_keys=True).encode())
    for key in sorted(arrays):
        array = arrays[key]
        whole.update(f"{key} {array.dtype} {array.shape}".encode())
        whole.update(array.tobytes())
    return whole.hexdigest()


@pytest.mark.parametrize("name", NAMES)
def test_two_trainings_in_one_process_make_the_same_bytes(name: str) -> None:
    assert digest(name, 1) == digest(name, 1)


@pytest.mark.parametrize("name", ["aws-item-affinity", "aws-similar-items", "aws-user-personalization"])
def test_another_process_with_more_threads_and_other_hash_seed_makes_the_same_bytes(name: str) -> None:
    environment = {**os.environ, "OMP_NUM_THREADS": "2", "OPENBLAS_NUM_THREADS": "2", "PYTHONHASHSEED": "77"}
    program = PROGRAM.format(name=name, seed=1)
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
        env=environment,
        cwd=Path(__file__).resolve().parents[2],
    )
    assert done.stdout.strip() == digest(name, 1)


def test_the_seed_picks_who_is_tested() -> None:
    assert digest("aws-user-personalization", 1) != digest("aws-user-personalization", 2)
