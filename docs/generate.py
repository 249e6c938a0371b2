"""Writes the pages of this folder that are made of the code or of other pages: ``python docs/generate.py``."""

from __future__ import annotations

import re
from pathlib import Path

from personalize_local.ledger import PAGES

__all__ = ["index"]

FOLDER = Path(__file__).parent
_SECTIONS = {
    "Quick starts": ("application-tests", "ci", "notebooks", "other-languages"),
    "How to": (),
    "Reference": ("command-line", "settings", "operations", "fidelity", "limits"),
}
"""Pages in the order in which they are listed; those that are named nowhere follow below *How to*."""
_TITLE = re.compile(r"# (.+)\n")


def index(folder: Path) -> str:
    """The table of contents of the pages in ``folder``, by their titles."""
    titles = {
        page.stem: _TITLE.match(page.read_text(encoding="utf-8"))
        for page in sorted(folder.glob("*.md"))
        if page.name != "index.md"
    }
    named = {stem for stems in _SECTIONS.values() for stem in stems}
    lines = ["# Documentation", "", "The [README](../README.md) has the first steps; here is the rest.", ""]
    for section, stems in _SECTIONS.items():
        listed = [stem for stem in stems if stem in titles]
        if section == "How to":
            listed += [stem for stem in titles if stem not in named]
        lines += [f"## {section}", ""]
        for stem in listed:
            title = titles[stem]
            lines.append(f"- [{title[1] if title is not None else stem}]({stem}.md)")
        lines.append("")
    lines += ["## Decisions", "", "Where a choice needs a reason:", ""]
    for page in sorted((folder / "decisions").glob("*.md")):
        title = _TITLE.match(page.read_text(encoding="utf-8"))
        lines.append(f"- [{title[1] if title is not None else page.stem}](decisions/{page.name})")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    for name, page in PAGES.items():
        (FOLDER / name).write_text(page(), encoding="utf-8")
    (FOLDER / "index.md").write_text(index(FOLDER), encoding="utf-8")
