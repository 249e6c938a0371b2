"""Deletes what jobs left on disk and nothing refers to any more."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from personalize_local.jobs.workplace import Workplace
from personalize_local.store.database import Database
from personalize_local.store.sql import Rows

# Only what was named here is ever deleted: a data folder may hold its owner's files too. What is being written has the
# name with a dot, and more, around it.
_OWN = re.compile(r"\.?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(\..*)?")
_DOOMED = ".doomed"


def sweep(database: Database, workplace: Workplace) -> None:
    """Delete segments, spooled files and models that no record and no unfinished job refers to.

    They are renamed while nothing can come to refer to them, and deleted after that, when nobody has to wait.
    """
    folders = [folder for folder in (workplace.datasets, workplace.artifacts, workplace.spool) if folder.is_dir()]
    doomed = []
    with database.write() as rows:
        for path in [path for folder in folders for path in folder.iterdir()]:
            name = _OWN.fullmatch(path.name)
            if name is None or _is_needed(rows, path, name[1], lasting=path.parent != workplace.spool):
                continue
            if not path.name.endswith(_DOOMED):
                path = path.rename(path.with_name(f".{name[1]}{_DOOMED}"))
            doomed.append(path)
    for path in doomed:
        shutil.rmtree(path, ignore_errors=True)


def _is_needed(rows: Rows, path: Path, name: str, *, lasting: bool) -> bool:
    if path.name.endswith(_DOOMED):
        return False
    # What has more than its name is unfinished: once its job has ended, a crash left it, even where the name is in use.
    return rows.mentions(name) if lasting and path.name == name else rows.awaits(name)
