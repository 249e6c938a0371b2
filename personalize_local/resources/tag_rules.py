"""Which tags a resource may carry."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from botocore_shapes.errors import ServiceError
from personalize_local.errors import invalid_input

MAXIMUM = 50
"""Tags per resource (documented)."""


def checked_tags(tags: Iterable[Mapping[str, str]], present: Mapping[str, str] | None = None) -> dict[str, str]:
    """``tags`` as a mapping on top of those ``present``.

    Raises InvalidInputException for a key given twice or a reserved prefix (inferred), TooManyTagsException.
    """
    given: dict[str, str] = {}
    for tag in tags:
        key, value = tag["tagKey"], tag["tagValue"]
        if key.startswith("aws:") or value.startswith("aws:"):
            raise invalid_input("Tag keys and values cannot start with aws:.")  # chosen
        if key in given:
            raise invalid_input(f"Duplicate tag key: {key}.")  # chosen
        given[key] = value
    merged = {**(present or {}), **given}
    if len(merged) > MAXIMUM:
        raise ServiceError(
            "TooManyTagsException",
            f"You have exceeded the maximum number of tags ({MAXIMUM}) for this resource.",  # chosen
        )
    return merged
