"""Which places in object storage a job may name."""

from __future__ import annotations

from personalize_local.jobs.exporting import INVALID_OUTPUT
from personalize_local.jobs.importing import INVALID_LOCATION
from personalize_local.provenance import Refusal, Rule, invalid
from personalize_local.store.objects import Location, ObjectError, parse_location

_MESSAGES = "dg/error-messages.html"

INPUT = invalid("Invalid S3 input path", "documented", _MESSAGES, wording="documented")
OUTPUT = invalid(INVALID_OUTPUT.text, "documented", _MESSAGES, wording="documented")
LOCATION = invalid(INVALID_LOCATION.text, "documented", _MESSAGES, wording="documented")
RULES = (
    Rule(says="Input and output of a batch job must differ, else the output path is refused.", known="inferred"),
    Rule(says="An output path without a slash at its end is taken for a folder.", known="chosen"),
)


def location_at(path: str, refusal: Refusal) -> Location:
    """The place that a path means. Raises ``refusal`` for what is none in S3."""
    try:
        return parse_location(path)
    except ObjectError:
        raise refusal() from None


def check_apart(source: str, destination: str) -> None:
    """Check the places that a batch job reads and writes. Raises InvalidInputException."""
    location_at(source, INPUT)
    location_at(destination, OUTPUT)
    if source.rstrip("/") == destination.rstrip("/"):
        raise OUTPUT()
