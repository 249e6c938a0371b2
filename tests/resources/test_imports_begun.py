"""What may happen between the first look of CreateDatasetImportJob at its files and the job."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from personalize_local.emulator import Emulator
from personalize_local.jobs.importing import Probe
from personalize_local.server.serving import BackgroundServer
from personalize_local.settings import Settings
from tests.conftest import Small, build_checked
from tests.wire.program import ITEMS, ROLE, Program, avro, items_csv, refused

MakeSmall = Callable[..., Small]
Between = Callable[[Callable[[], None]], None]

WIDER = avro("Items", ("ITEM_ID", "string"), ("GENRE", ["null", "string"]), ("YEAR", ["null", "int"]))


@pytest.fixture
def between(monkeypatch: pytest.MonkeyPatch) -> Between:
    """Has something done once, after the files were looked at."""

    def arrange(happen: Callable[[], None]) -> None:
        check, waiting = Probe.check, [happen]

        def checked(probe: Probe, *given: Any) -> None:
            check(probe, *given)
            if waiting:
                waiting.pop()()

        monkeypatch.setattr(Probe, "check", checked)

    return arrange


def remade(program: Program, dataset: str, schema: str) -> None:
    """Delete a dataset and make it anew."""
    group = program.arn("dataset-group/shop")
    program.personalize.delete_dataset(datasetArn=dataset)
    again = program.personalize.create_dataset(
        name="again", datasetGroupArn=group, datasetType="ITEMS", schemaArn=schema
    )
    assert again["datasetArn"] == dataset


def test_a_dataset_made_anew_meanwhile_is_read_under_its_own_schema(small: MakeSmall, between: Between) -> None:
    program = small().program
    dataset = program.dataset(program.group(), "ITEMS")
    schema = program.schema("wider", WIDER)
    between(lambda: remade(program, dataset, schema))
    given = {
        "jobName": "load",
        "datasetArn": dataset,
        "dataSource": {"dataLocation": program.put("items.csv", items_csv())},
        "roleArn": ROLE,
    }
    code, _, text = refused(program.personalize.create_dataset_import_job, **given)
    assert code == "InvalidInputException"
    assert "YEAR" in text
    program.put("items.csv", "ITEM_ID,GENRE,YEAR\ni1,opera,1990\n")
    arn = program.personalize.create_dataset_import_job(**given)["datasetImportJobArn"]
    found = program.personalize.describe_dataset_import_job(datasetImportJobArn=arn)["datasetImportJob"]
    assert found["status"] == "ACTIVE"


def test_a_dataset_made_anew_meanwhile_has_nothing_to_add_to(small: MakeSmall, between: Between) -> None:
    program = small().program
    dataset = program.dataset(program.group(), "ITEMS")
    program.load(dataset, items_csv())
    schema = program.schema("same", ITEMS)
    between(lambda: remade(program, dataset, schema))
    code, _, text = refused(program.load, dataset=dataset, content=items_csv(), job="more", importMode="INCREMENTAL")
    assert (code, text) == (
        "InvalidInputException",
        "importMode INCREMENTAL requires an earlier bulk import. Use FULL.",
    )


def test_a_sweep_before_the_job_is_there_leaves_its_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("moto", reason="the companion needs it")
    from personalize_local.resources import dataset_import_job

    spooled = []

    def spool(*given: Any) -> None:
        from personalize_local.jobs import importing

        importing.spool(*given)
        emulator.jobs.sweep()
        spooled.append({path.name for path in (emulator.root / "spool").iterdir()})

    monkeypatch.setattr(dataset_import_job, "spool", spool)
    settings = Settings(port=0, data=tmp_path / "data", executor="inline", relaxed_minimums=True)
    with BackgroundServer(settings, build_checked) as server:
        emulator: Emulator = server.emulator
        program = Program(server.url)
        dataset = program.dataset(program.group(), "ITEMS")
        assert program.load(dataset, items_csv())["status"] == "ACTIVE"
        assert len(spooled) == 1
        assert refused(program.load, dataset=dataset, content="ITEM_ID\n", job="bad")[0] == "InvalidInputException"
        emulator.jobs.sweep()
        assert list((emulator.root / "spool").iterdir()) == []
