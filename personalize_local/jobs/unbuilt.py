"""Jobs whose work is not there yet: they go their whole way and end in a failure that says so."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from personalize_local.jobs.workplace import JobFailure, Workplace
from personalize_local.provenance import Sentence

NOT_BUILT = Sentence(
    "{what} is not implemented in Personalize Local yet.",
    rule="chosen",
    wording="chosen",
    said="failureReason of batch and segment jobs",
)


def run(payload: Mapping[str, Any], workplace: Workplace) -> dict[str, Any]:
    """Raise JobFailure that names the work."""
    del workplace
    raise JobFailure(NOT_BUILT(what=payload["what"]))
