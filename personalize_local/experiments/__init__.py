"""Which of two strategies is better: a stable split of users, replay of held-out data, and the report of a live test.

Applications call :func:`variant`; importing it loads hashlib and nothing else that is not small.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from personalize_local.experiments.split import variant

if TYPE_CHECKING:
    from personalize_local.experiments.client import compare, report

__all__ = ["compare", "report", "variant"]


def __getattr__(name: str) -> Any:
    # What asks a server needs the parts of Python that speak HTTP.
    if name in ("compare", "report"):
        from personalize_local.experiments import client

        return getattr(client, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
