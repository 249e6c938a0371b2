"""What pages may take for granted: files of a small shop, and on the server the shop itself, trained and deployed.

Files: ``interactions.csv``, ``interactions-schema.json``, ``items.csv``, ``items-schema.json``, ``held-out.csv``, and
``test_application.py``, for commands that run somebody's tests.
In the account of the server: the dataset group ``shop`` with the solution ``other-solution`` and the campaign
``my-campaign`` of another solution.
"""

from __future__ import annotations

from pathlib import Path

from personalize_local.server.serving import BackgroundServer
from tests.wire.program import INTERACTIONS, ITEMS, POPULARITY, Program, interactions_csv, items_csv

__all__ = ["lay_out", "stock"]

ACCOUNT = "123456789012"
NEEDS = ("my-campaign", "other-solution", "--group shop")
"""A page that has one of these in its blocks needs the shop on the server."""


def lay_out(folder: Path) -> None:
    """Write the files."""
    folder.mkdir()
    written = {
        "interactions.csv": interactions_csv(users=60, steps=20),
        "interactions-schema.json": INTERACTIONS,
        "items.csv": items_csv(),
        "items-schema.json": ITEMS,
        "test_application.py": "def test_sums():\n    assert sum([1, 2]) == 3\n",
        "held-out.csv": interactions_csv(users=60, steps=2).replace(",170", ",175"),
    }
    for name, text in written.items():
        (folder / name).write_text(text, encoding="utf-8")


def stock(server: BackgroundServer) -> None:
    """Make the shop."""
    program = Program(server.url, account=ACCOUNT)
    group = program.stocked("shop", interactions_csv(users=60, steps=20))
    program.version(program.solution(group, "other-solution", POPULARITY))
    program.campaign(program.version(program.solution(group, "my-solution")), "my-campaign")
