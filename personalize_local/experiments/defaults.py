"""What a comparison takes where nothing else is asked for. Loads nothing."""

from __future__ import annotations

COUNT = 10
"""Items that are asked for: the length of a shelf (chosen; metrics at 10 are the most usual)."""
SEED = 0
