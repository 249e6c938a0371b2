"""Writes the pages of this folder that are made of the code: ``python docs/generate.py``."""

from __future__ import annotations

from pathlib import Path

from personalize_local.ledger import PAGES

if __name__ == "__main__":
    for name, page in PAGES.items():
        Path(__file__).with_name(name).write_text(page(), encoding="utf-8")
