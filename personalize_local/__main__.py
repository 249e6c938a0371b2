"""``python -m personalize_local`` is the command line."""

from __future__ import annotations

from personalize_local.cli import main

if __name__ == "__main__":
    main(prog_name="personalize-local")
