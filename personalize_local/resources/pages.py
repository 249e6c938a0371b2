"""Pages of lists: how long they are, and what is said to a token that is not the list's own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from botocore_shapes.paginate import InvalidToken
from personalize_local.errors import INVALID_TOKEN

PAGE = 100
"""Answers on a page when the caller does not say."""


@contextmanager
def own_tokens() -> Iterator[None]:
    """Within it, a token that another list has made raises InvalidNextTokenException."""
    try:
        yield
    except InvalidToken:
        raise INVALID_TOKEN() from None
