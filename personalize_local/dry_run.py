"""What ``personalize-local import --check`` does: reads files as an import would and prints what is wrong in them."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from personalize_local.datasets.checking import Finding, check_files
from personalize_local.datasets.schema import SchemaError, parse_schema
from personalize_local.jobs.importing import INVALID_LOCATION, files_at, minimum_rows
from personalize_local.store.objects import Location, ObjectError, ObjectsConfig, open_objects

if TYPE_CHECKING:
    from personalize_local.datasets.failures import Offence

_BAR_BYTES = 16 << 20
"""Less than this is read before a progress bar is of use."""
_IMPORT = "CreateDatasetImportJob"


def run_check(
    paths: Sequence[Path], schema_file: Path, domain: str | None, *, relaxed: bool, limit: int, as_json: bool
) -> int:
    """Print the outcome and give the exit code: 0 when the import would succeed, 1 when not. Raises OSError."""
    say = _print_json if as_json else _print
    try:
        # What is no UTF-8 is no JSON either.
        schema = parse_schema(schema_file.read_text(encoding="utf-8", errors="replace"), domain)
    except SchemaError as error:
        say(_refused(error), "CreateSchema")
        return 1
    try:
        files = list(_files(paths))
    except ObjectError:
        files = []
    if not files:
        say(_refused(INVALID_LOCATION()), _IMPORT)
        return 1
    with _progress(sum(path.stat().st_size for path in files)) as progress:
        finding = check_files(
            [(str(path), partial(_opened, path)) for path in files],
            schema,
            minimum_rows=minimum_rows(schema, relaxed=relaxed),
            limit=limit,
            progress=progress,
        )
    say(finding, _IMPORT if finding.at_once else None)
    return 0 if finding.reason is None else 1


def _refused(reason: object) -> Finding:
    return Finding(reason=str(reason), at_once=True, rows=0, rejected=0, offences=())


def _files(paths: Sequence[Path]) -> Iterator[Path]:
    """What an import would read at the paths. Raises ObjectError."""
    for path in paths:
        if path.is_dir():
            folder = path.resolve()
            objects = open_objects(ObjectsConfig(root=folder.parent))
            yield from (path / key for key in files_at(objects, Location(bucket=folder.name, key="")))
        else:
            yield path


def _opened(path: Path) -> BinaryIO:
    return path.open("rb")


@contextmanager
def _progress(size: int) -> Iterator[Callable[[int], None] | None]:
    """What takes the count of bytes that are done, and shows a bar where somebody sees it and has to wait."""
    if size < _BAR_BYTES or not sys.stderr.isatty():
        yield None
        return
    with click.progressbar(length=size, label="Checking", file=sys.stderr) as bar:
        yield bar.update
        bar.update(size - bar.pos)


def _print_json(finding: Finding, operation: str | None) -> None:
    told: dict[str, Any] = {
        "status": "REFUSED" if operation else "CREATE FAILED" if finding.reason else "ACTIVE",
        "operation": operation,
        "reason": finding.reason,
        "rowsRead": finding.rows,
        "rowsRejected": finding.rejected,
        "faults": [asdict(offence) for offence in finding.offences],
    }
    click.echo(json.dumps(told, indent=2))


def _print(finding: Finding, operation: str | None) -> None:
    if finding.reason is None:
        click.echo(f"The import would become ACTIVE with {_counted(finding.rows, 'row')}.")
        return
    if operation is not None:
        click.echo(f"{operation} would be refused with InvalidInputException: {finding.reason}")
    else:
        click.echo(f"The import would end in CREATE FAILED: {finding.reason}")
    for offence in finding.offences:
        click.echo(_line(offence))
    if finding.rows:
        click.echo(f"{finding.rejected:,} of {_counted(finding.rows, 'row')} rejected.")
    shown = {(offence.file, offence.row) for offence in finding.offences if offence.row is not None}
    if len(shown) < finding.rejected:
        click.echo(f"Shown are the first {_counted(len(finding.offences), 'fault')}; --limit shows more.")


def _line(offence: Offence) -> str:
    place = [offence.file]
    if offence.row is not None:
        place.append(f"row {offence.row}")
    if offence.column is not None:
        place.append(offence.column)
    return f"{', '.join(place)}: {offence.problem}" + (f": {offence.value}" if offence.value else "")


def _counted(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'' if number == 1 else 's'}"
