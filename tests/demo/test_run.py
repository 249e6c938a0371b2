"""The demonstration as its user runs it: over the real server, to the end, without leftovers."""

from __future__ import annotations

import io
import os
import re
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from personalize_local.demo.console import WIDTH
from personalize_local.demo.run import run_demo
from personalize_local.demo.sample import generate

ROOT = Path(__file__).parents[2]


@pytest.fixture
def own_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where this process and its children make temporary files; empty again when they have cleaned up."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return folder


@pytest.mark.slow
def test_the_sample_goes_all_the_way_and_shows_what_events_change(own_temporary_folder: Path) -> None:
    out = io.StringIO()
    assert run_demo(size="small", out=out) == 0
    text = out.getvalue()
    lines = text.splitlines()
    assert max(map(len, lines)) <= WIDTH
    assert "\x1b" not in text
    assert "\r" not in text
    assert len(re.findall(r"^\d+\. ", text, re.MULTILINE)) == 12
    for call in ("s3.upload_file(", "create_dataset_import_job(", "create_solution_version(", "put_events("):
        assert call in text, call
    unwrapped = " ".join(text.split())
    assert "userId='user-789', context={'DEVICE': 'mobile', 'TIME_OF_DAY': 'evening'}" in unwrapped
    assert re.search(r"[0-9.]+ +new", text[text.index("\n8. ") :])
    metric = next(line for line in lines if "normalized_discounted_cumulative_gain_at_10" in line).split()
    recommender, popularity = float(metric[1]), float(metric[-1])
    assert recommender > popularity
    assert list(own_temporary_folder.iterdir()) == []


@pytest.mark.slow
def test_own_files_go_the_same_way_with_inferred_schemas(own_temporary_folder: Path, tmp_path: Path) -> None:
    sample = generate(tmp_path / "sample", size="small")
    out = io.StringIO()
    assert run_demo(interactions=sample.interactions, items=sample.items, out=out) == 0
    text = out.getvalue()
    assert "datasetType='Items'" in text
    assert "datasetType='Users'" not in text
    assert "context={'DEVICE': " in " ".join(text.split())
    assert max(map(len, text.splitlines())) <= WIDTH
    assert list(own_temporary_folder.iterdir()) == []


@pytest.mark.slow
def test_too_little_data_ends_with_the_reason_of_the_service(
    own_temporary_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "few.csv"
    rows = (f"user-{number % 7},item-{number % 5},{number}" for number in range(50))
    file.write_text("USER_ID,ITEM_ID,TIMESTAMP\n" + "\n".join(rows) + "\n", encoding="utf-8")
    assert run_demo(interactions=file, out=io.StringIO()) == 1
    errors = capsys.readouterr().err.splitlines()
    assert len(errors) == 1
    assert errors[0].startswith("Error: ")
    assert "CREATE FAILED" in errors[0]
    assert list(own_temporary_folder.iterdir()) == []


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_stops_the_server_and_cleans_up(own_temporary_folder: Path, number: signal.Signals) -> None:
    program = "import sys; from personalize_local.demo.run import run_demo; sys.exit(run_demo(size='small'))"
    running = subprocess.Popen(
        [sys.executable, "-u", "-c", program],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    with running:
        assert running.stdout is not None
        assert running.stderr is not None
        for line in running.stdout:
            if "endpoint_url=" in line:
                break
        running.send_signal(number)
        assert running.stderr.read().splitlines()[-1] == "Interrupted."
        running.stdout.read()
        assert running.wait() == 130
    assert list(own_temporary_folder.iterdir()) == []
