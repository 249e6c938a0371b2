"""Data files of a chain in S3: a key that tells the content, so that an import job tells what it imported."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from personalize_local.chains.errors import ApplyError
from personalize_local.chains.remote import told

_BLOCK = 1 << 20


def location(files: Sequence[Path], bucket: str, prefix: str) -> str:
    """Where files of this content and these names are: one object, or a folder of several. Raises ApplyError."""
    digest = hashlib.sha256()
    for file in sorted(files, key=lambda each: each.name):
        digest.update(file.name.encode() + b"\0")
        digest.update(_digest(file))
    folder = f"s3://{bucket}/{prefix}/{digest.hexdigest()[:32]}/"
    return folder + files[0].name if len(files) == 1 else folder


def upload(s3: Any, files: Sequence[Path], where: str, *, make_bucket: bool) -> None:
    """Put files where :func:`location` says. Raises ApplyError."""
    bucket, _, key = where.removeprefix("s3://").partition("/")
    folder = key.rpartition("/")[0]
    if make_bucket:
        _make(s3, bucket)
    for file in files:
        with told(f"upload of {file} to {bucket}"):
            s3.upload_file(str(file), bucket, f"{folder}/{file.name}")


def _make(s3: Any, bucket: str) -> None:
    from botocore.exceptions import ClientError

    try:
        s3.head_bucket(Bucket=bucket)
    except ClientError:
        region = s3.meta.region_name
        # S3 does not take the name of this region here.
        place = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        with told(f"making of bucket {bucket}"):
            s3.create_bucket(Bucket=bucket, **place)


def _digest(file: Path) -> bytes:
    digest = hashlib.sha256()
    try:
        with file.open("rb") as opened:
            while block := opened.read(_BLOCK):
                digest.update(block)
    except OSError as error:
        raise ApplyError(f"{file} cannot be read: {error.strerror}") from None
    return digest.digest()
