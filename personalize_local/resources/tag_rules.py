"""Which tags a resource may carry."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from personalize_local.context import Context
from personalize_local.provenance import Refusal, invalid
from personalize_local.resources.quotas import TAGS

_PAGE = "dg/tagging-resources.html"
RESERVED = invalid("Tag keys and values cannot start with aws:.", "documented", _PAGE)
DUPLICATE = invalid("Duplicate tag key: {key}.", "documented", _PAGE)
TOO_MANY = Refusal(
    "TooManyTagsException",
    "You have exceeded the maximum number of tags ({most}) for this resource.",
    rule="documented",
    error="documented",
    source=_PAGE,
)
TOO_MANY_KEYS = Refusal(
    "TooManyTagKeysException",
    "The request contains more than {most} tag keys.",
    rule="documented",
    error="documented",
    source="dg/API_UntagResource.html",
)


def checked_tags(
    context: Context, tags: Iterable[Mapping[str, str]], present: Mapping[str, str] | None = None
) -> dict[str, str]:
    """``tags`` as a mapping on top of those ``present``.

    Raises InvalidInputException for a key given twice or a reserved prefix, TooManyTagsException.
    """
    given: dict[str, str] = {}
    for tag in tags:
        key, value = tag["tagKey"], tag["tagValue"]
        if key.startswith("aws:") or value.startswith("aws:"):
            raise RESERVED()
        if key in given:
            raise DUPLICATE(key=key)
        given[key] = value
    merged = {**(present or {}), **given}
    most = context.emulator.quotas.of(TAGS)
    if len(merged) > most:
        raise TOO_MANY(most=most)
    return merged
