"""Arrays on disk: whole or not at all, mapped and read-only."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from personalize_local.store.artifacts import Artifacts


def test_arrays_and_facts_come_back(tmp_path: Path) -> None:
    artifacts = Artifacts(tmp_path)
    arrays = {"a": np.arange(6, dtype=np.int32).reshape(2, 3), "empty": np.zeros(0, np.float32)}
    artifacts.write("model", arrays, {"n": 1})
    opened, facts = artifacts.open("model")
    assert facts == {"n": 1}
    for name, array in arrays.items():
        np.testing.assert_array_equal(opened[name], array)
        assert opened[name].dtype == array.dtype
    with pytest.raises(ValueError, match="read-only"):
        opened["a"][0, 0] = 5  # type: ignore[index]  # the dtype is not known here


def test_writing_again_replaces(tmp_path: Path) -> None:
    artifacts = Artifacts(tmp_path)
    artifacts.write("model", {"a": np.zeros(1)}, {})
    artifacts.write("model", {"b": np.ones(1)}, {})
    assert list(artifacts.open("model")[0]) == ["b"]


def test_a_half_written_bundle_is_no_bundle(tmp_path: Path) -> None:
    (tmp_path / "model.partial").mkdir()
    with pytest.raises(FileNotFoundError):
        Artifacts(tmp_path).open("model")


def test_an_object_array_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"[Oo]bject"):
        Artifacts(tmp_path).write("model", {"a": np.array([{}], dtype=object)}, {})
