"""Object storage behind the S3 protocol: an endpoint on the network, or a WSGI application of this process."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from personalize_local.store.objects import (
    AccessDenied,
    NoSuchBucket,
    NoSuchObject,
    ObjectError,
    ObjectInfo,
    ObjectsConfig,
    WSGIApplication,
)

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer
    from botocore.loaders import Loader

# Error codes by meaning. HEAD answers have no body, so botocore gives the bare status as the code.
_NO_OBJECT = frozenset({"NoSuchKey", "404", "NotFound"})
_DENIED = frozenset(
    {
        "AccessDenied",
        "403",
        "Forbidden",
        "AllAccessDisabled",
        "InvalidAccessKeyId",
        "SignatureDoesNotMatch",
        "ExpiredToken",
        "InvalidToken",
    }
)
# Seconds. A machine without network must get its answer within a second or two (chosen).
_CONNECT_TIMEOUT = 2
_READ_TIMEOUT = 20
_BUFFER = 1 << 20


class S3Objects:
    """Buckets behind S3. Threads may share it; it makes no connection before the first call."""

    def __init__(self, config: ObjectsConfig, application: WSGIApplication | None = None) -> None:
        self._config = config
        self._application = application
        self._lock = threading.Lock()
        self._kept: Any = None

    def list(self, bucket: str, prefix: str = "") -> Iterator[ObjectInfo]:
        """Every object below ``prefix``, page by page."""
        with _translated(bucket, prefix):
            pages = self._client().get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
            for page in pages:
                for entry in page.get("Contents", ()):
                    yield ObjectInfo(key=entry["Key"], size=entry["Size"])

    def open(self, bucket: str, key: str) -> BinaryIO:
        """The object's body as it comes from the network, buffered by a mebibyte."""
        with _translated(bucket, key):
            body = self._client().get_object(Bucket=bucket, Key=key)["Body"]
        return cast(BinaryIO, io.BufferedReader(_Body(body, bucket, key), _BUFFER))

    def read_start(self, bucket: str, key: str, size: int) -> bytes:
        """The first ``size`` bytes; no more than those are asked for."""
        with _translated(bucket, key):
            client = self._client()
            try:
                body = client.get_object(Bucket=bucket, Key=key, Range=f"bytes=0-{size - 1}")["Body"]
            except client.exceptions.ClientError as error:
                # S3 answers a range of an empty object with this code.
                if error.response["Error"]["Code"] in {"InvalidRange", "416"}:
                    return b""
                raise
            with closing(body):
                return cast(bytes, body.read())

    def exists(self, bucket: str, key: str) -> bool:
        """Whether HEAD finds the object."""
        try:
            with _translated(bucket, key):
                self._client().head_object(Bucket=bucket, Key=key)
        except (NoSuchObject, NoSuchBucket):
            return False
        return True

    def put(self, bucket: str, key: str, data: bytes | BinaryIO) -> None:
        """One PutObject for bytes; a stream goes up in parts, so that it is never whole in memory."""
        with _translated(bucket, key):
            if isinstance(data, bytes):
                self._client().put_object(Bucket=bucket, Key=key, Body=data)
                return
            from boto3.s3.transfer import TransferConfig

            self._client().upload_fileobj(data, bucket, key, Config=TransferConfig(use_threads=False))

    def _client(self) -> Any:
        with self._lock:
            if self._kept is not None:
                return self._kept
            client = self._new_client()
            # Without an endpoint of our own the answer may come from moto's `mock_aws`, whose handlers a session copies
            # when it is made: a client must not outlive the call, or it would miss a mock that starts later.
            if self._application is not None or self._config.endpoint_url is not None:
                self._kept = client
            return client

    def _new_client(self) -> Any:
        import boto3
        import botocore.session

        session = botocore.session.Session()
        session.register_component("data_loader", _loader(session.get_config_variable("data_path")))
        access_key, secret_key, token = self._credentials(session)
        endpoint = "http://127.0.0.1" if self._application is not None else self._config.endpoint_url
        client = boto3.Session(botocore_session=session).client(
            "s3",
            region_name=self._config.region,
            endpoint_url=endpoint,
            aws_access_key_id=access_key,
            aws_secret_access_key=secret_key,
            aws_session_token=token,
            config=_client_config(),
        )
        if self._application is not None:
            from personalize_local.store.objects_wsgi import answer_with

            client.meta.events.register_first("before-send.s3", answer_with(self._application))
        return client

    def _credentials(self, session: Any) -> tuple[str, str, str | None]:
        if self._config.access_key is not None:
            return self._config.access_key, self._config.secret_key or "local", None
        if self._application is None:
            # The last link asks the instance metadata service over the network; off EC2 that costs seconds (chosen).
            session.get_component("credential_provider").remove("iam-role")
            found = session.get_credentials()
            if found is not None:
                frozen = found.get_frozen_credentials()
                return frozen.access_key, frozen.secret_key, frozen.token
        return "local", "local", None


# Parsing the S3 model takes most of the time of making a client. A loader remembers what it parsed, and the files that
# botocore ships do not change, so one loader serves every client of the process.
@lru_cache(maxsize=1)
def _loader(data_path: str | None) -> Loader:
    import botocore.loaders

    return botocore.loaders.create_loader(data_path)


def _client_config() -> Any:
    from botocore.config import Config

    options: dict[str, Any] = {
        "connect_timeout": _CONNECT_TIMEOUT,
        "read_timeout": _READ_TIMEOUT,
        "retries": {"mode": "standard", "total_max_attempts": 2},
        "s3": {"addressing_style": "path"},
        # Checksum trailers are refused by S3-compatible servers older than 2025.
        "request_checksum_calculation": "when_required",
        "response_checksum_validation": "when_required",
        # AWS_ENDPOINT_URL usually names this very server; which S3 to use is a setting.
        "ignore_configured_endpoint_urls": True,
    }
    return Config(**options)


class _Body(io.RawIOBase):
    """A botocore body as a raw stream whose failures are ObjectErrors."""

    def __init__(self, body: Any, bucket: str, key: str) -> None:
        super().__init__()
        self._body = body
        self._name = (bucket, key)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer).cast("B")
        with _translated(*self._name):
            data: bytes = self._body.read(len(view))
        view[: len(data)] = data
        return len(data)

    def close(self) -> None:
        if not self.closed:
            self._body.close()
        super().close()


@contextmanager
def _translated(bucket: str, key: str) -> Iterator[None]:
    """Turn what boto3 raises into the port's errors."""
    from boto3.exceptions import Boto3Error
    from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError

    try:
        yield
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", ""))
        raise _meaning(code, bucket, key, str(error)) from None
    except Boto3Error as error:
        cause = error.__context__  # S3UploadFailedError keeps the answer only as its context
        if isinstance(cause, ClientError):
            raise _meaning(str(cause.response["Error"]["Code"]), bucket, key, str(cause)) from None
        raise ObjectError(f"s3://{bucket}/{key}: {error}") from None
    except (BotoCoreError, HTTPClientError) as error:
        raise ObjectError(f"s3://{bucket}/{key}: {error}") from None


def _meaning(code: str, bucket: str, key: str, text: str) -> ObjectError:
    if code == "NoSuchBucket":
        return NoSuchBucket(bucket)
    if code in _NO_OBJECT:
        return NoSuchObject(bucket, key)
    if code in _DENIED:
        return AccessDenied(bucket, key)
    return ObjectError(f"s3://{bucket}/{key}: {text}")
