"""Who signed a request and for which region and service: read from the signature's scope, never verified."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from botocore_shapes.http import Request

__all__ = ["Scope", "read_scope"]

_SIGNATURE_V4 = "AWS4-HMAC-SHA256"
_SIGNATURE_V4A = "AWS4-ECDSA-P256-SHA256"
_CREDENTIAL = re.compile(r"(?:^|[\s,])Credential=([^\s,]+)")
_DATE = re.compile(r"[0-9]{8}")
_TERMINATOR = "aws4_request"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """The credential scope of a signature. ``region`` of a SigV4A signature is the first of its region set."""

    access_key: str
    date: str
    region: str
    service: str


def read_scope(request: Request) -> Scope | None:
    """Read the scope from the ``Authorization`` header, else from a presigned query.

    None when the request is unsigned or its scope is malformed: whether that matters is for the caller to say.
    """
    authorization = request.headers.get("authorization", "")
    if authorization:
        algorithm, _, rest = authorization.partition(" ")
        found = _CREDENTIAL.search(rest)
        return None if found is None else _scope(algorithm, found[1], request.headers.get("x-amz-region-set", ""))
    if "X-Amz-Credential" in request.query:
        query: Mapping[str, str] = dict(parse_qsl(request.query, keep_blank_values=True, errors="replace"))
        return _scope(
            query.get("X-Amz-Algorithm", ""), query.get("X-Amz-Credential", ""), query.get("X-Amz-Region-Set", "")
        )
    return None


def _scope(algorithm: str, credential: str, region_set: str) -> Scope | None:
    parts = credential.split("/")
    if algorithm == _SIGNATURE_V4A and len(parts) == 4:
        # SigV4A signs for a set of regions, which travels beside the credential instead of in it.
        parts.insert(2, region_set.partition(",")[0].strip())
    elif algorithm != _SIGNATURE_V4:
        return None
    if len(parts) != 5 or not all(parts) or parts[4] != _TERMINATOR or not _DATE.fullmatch(parts[1]):
        return None
    return Scope(access_key=parts[0], date=parts[1], region=parts[2], service=parts[3])
