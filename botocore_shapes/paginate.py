"""Where a list goes on: opaque tokens, bound to the operation and the filters that made them.

A token carries its position and a digest over position and binding. It needs no state and no secret, so every process
of a server reads every other's tokens; it guards against mix-ups and stale code, not against forgery.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Sequence
from typing import Any, TypeAlias, TypeVar

__all__ = ["Binding", "InvalidToken", "decode_token", "encode_token", "paginate"]

Item = TypeVar("Item")
Binding: TypeAlias = "str | tuple[str | int | None, ...]"

_DIGEST_BYTES = 12
_PURPOSE = b"next token"


class InvalidToken(ValueError):
    """The token is malformed, was changed, or was made for another operation or other filters."""


def encode_token(position: Any, binding: Binding) -> str:
    """Make the token that stands for ``position`` (anything that JSON holds: an offset, the last key of a page)."""
    content = json.dumps(position, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(_digest(content, binding) + content).rstrip(b"=").decode("ascii")


def decode_token(token: str, binding: Binding) -> Any:
    """The position that a token made under the same binding stands for; raises ``InvalidToken`` for any other."""
    try:
        packed = base64.b64decode(token.encode("ascii") + b"=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (UnicodeEncodeError, binascii.Error, ValueError):
        raise InvalidToken("malformed token") from None
    digest, content = packed[:_DIGEST_BYTES], packed[_DIGEST_BYTES:]
    # The unused low bits of the last character are the one change that decoding does not see.
    canonical = base64.urlsafe_b64encode(packed).rstrip(b"=").decode("ascii")
    if canonical != token or digest != _digest(content, binding):
        raise InvalidToken("token of another request")
    return json.loads(content)


def paginate(
    items: Sequence[Item], *, token: str | None, limit: int, binding: Binding
) -> tuple[list[Item], str | None]:
    """Cut one page out of ``items``: ``(page, token of the next page or None)``.

    ``limit`` is the largest number of items on the page, at least 1 (else ``ValueError``). Raises ``InvalidToken``.
    For lists that change between calls, page by key with ``encode_token`` instead: an offset may then skip or repeat.
    """
    if limit < 1:
        raise ValueError(f"limit must be at least 1, not {limit}")
    start = 0
    if token is not None:
        start = decode_token(token, binding)
        if type(start) is not int or start < 1:
            raise InvalidToken("token of another kind of list")
    end = start + limit
    return list(items[start:end]), encode_token(end, binding) if end < len(items) else None


def _digest(content: bytes, binding: Binding) -> bytes:
    # JSON keeps ("ab", "c") and ("a", "bc") apart, and a plain string from a tuple of one.
    bound = json.dumps(binding, separators=(",", ":")).encode()
    return hashlib.blake2b(bound + b"\x00" + content, digest_size=_DIGEST_BYTES, person=_PURPOSE).digest()
