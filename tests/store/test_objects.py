from __future__ import annotations

import io
import pickle
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

from personalize_local.store.objects import (
    AccessDenied,
    InvalidLocation,
    NoSuchBucket,
    NoSuchObject,
    ObjectError,
    Objects,
    ObjectsConfig,
    open_objects,
    parse_location,
)

BUCKET = "some-bucket"


@pytest.fixture
def in_folder(tmp_path: Path) -> Objects:
    (tmp_path / BUCKET).mkdir()
    return open_objects(ObjectsConfig(root=tmp_path))


@pytest.fixture
def under_mock_aws() -> Iterator[Objects]:
    objects = open_objects(ObjectsConfig())
    with mock_aws():
        boto3.client("s3", region_name="us-east-1").create_bucket(Bucket=BUCKET)
        yield objects


@pytest.fixture
def in_application() -> Iterator[Objects]:
    application: Any = DomainDispatcherApplication(create_backend_app)
    with mock_aws():  # resets moto's state around the test
        boto3.client("s3", region_name="us-east-1").create_bucket(Bucket=BUCKET)
        yield open_objects(ObjectsConfig(access_key="123456789012"), application)


@pytest.fixture(params=["in_folder", "under_mock_aws", "in_application"])
def objects(request: pytest.FixtureRequest) -> Objects:
    found: Objects = request.getfixturevalue(request.param)
    return found


def test_what_is_put_is_listed_in_key_order_below_its_prefix(objects: Objects) -> None:
    for key, data in {"b/2.csv": b"22", "b/1 ü+%.csv": b"1", "b/deep/3.csv": b"", "bc": b"1", "a": b"1"}.items():
        objects.put(BUCKET, key, data)
    found = [(info.key, info.size) for info in objects.list(BUCKET, "b/")]
    assert found == [("b/1 ü+%.csv", 1), ("b/2.csv", 2), ("b/deep/3.csv", 0)]
    assert [info.key for info in objects.list(BUCKET, "b")][-1] == "bc"
    assert [info.key for info in objects.list(BUCKET, "b/d")] == ["b/deep/3.csv"]
    assert len(list(objects.list(BUCKET))) == 5
    assert list(objects.list(BUCKET, "none/of/these")) == []


def test_a_stream_goes_up_and_comes_back_in_pieces(objects: Objects) -> None:
    data = bytes(range(256)) * 4096 * 17  # more than one part of an upload
    objects.put(BUCKET, "large", io.BytesIO(data))
    pieces = []
    with objects.open(BUCKET, "large") as stream:
        assert stream.readable()
        while piece := stream.read(1 << 20):
            pieces.append(piece)
    assert len(pieces) >= 17
    assert b"".join(pieces) == data


def test_an_opened_object_is_read_by_lines_and_by_buffers(objects: Objects) -> None:
    objects.put(BUCKET, "lines", b"one\ntwo\n")
    with objects.open(BUCKET, "lines") as stream:
        assert list(stream) == [b"one\n", b"two\n"]
    with objects.open(BUCKET, "lines") as stream:
        buffer = bytearray(5)
        assert stream.readinto(buffer) == 5  # type: ignore[attr-defined]  # BinaryIO does not declare it, files have it
        assert bytes(buffer) == b"one\nt"


def test_the_start_of_an_object_is_read_without_the_rest(objects: Objects) -> None:
    objects.put(BUCKET, "key", b"0123456789")
    objects.put(BUCKET, "empty", b"")
    assert objects.read_start(BUCKET, "key", 4) == b"0123"
    assert objects.read_start(BUCKET, "key", 400) == b"0123456789"
    assert objects.read_start(BUCKET, "empty", 4) == b""


def test_an_object_is_replaced_whole(objects: Objects) -> None:
    objects.put(BUCKET, "key", b"long content")
    objects.put(BUCKET, "key", b"short")
    assert objects.read_start(BUCKET, "key", 100) == b"short"


def test_existence_is_told_for_objects_and_absent_buckets(objects: Objects) -> None:
    objects.put(BUCKET, "folder/key", b"")
    assert objects.exists(BUCKET, "folder/key")
    assert not objects.exists(BUCKET, "folder")
    assert not objects.exists(BUCKET, "folder/other")
    assert not objects.exists("no-such-bucket", "key")


USES: list[Callable[[Objects, str, str], object]] = [
    lambda objects, bucket, key: objects.open(bucket, key),
    lambda objects, bucket, key: objects.read_start(bucket, key, 10),
]


@pytest.mark.parametrize("use", USES)
def test_a_missing_key_is_told_from_a_missing_bucket(
    objects: Objects, use: Callable[[Objects, str, str], object]
) -> None:
    with pytest.raises(NoSuchObject, match=f"s3://{BUCKET}/missing"):
        use(objects, BUCKET, "missing")
    with pytest.raises(NoSuchBucket, match="no-such-bucket"):
        use(objects, "no-such-bucket", "missing")


def test_a_missing_bucket_is_told_when_listing_and_writing(objects: Objects) -> None:
    with pytest.raises(NoSuchBucket):
        list(objects.list("no-such-bucket"))
    for data in (b"x", io.BytesIO(b"x")):
        with pytest.raises(NoSuchBucket):
            objects.put("no-such-bucket", "key", data)


def test_a_mock_that_starts_after_another_is_seen_afresh() -> None:
    objects = open_objects(ObjectsConfig())
    for round_ in range(2):
        with mock_aws():
            with pytest.raises(NoSuchBucket):
                list(objects.list(BUCKET))
            boto3.client("s3", region_name="us-east-1").create_bucket(Bucket=BUCKET)
            objects.put(BUCKET, f"key-{round_}", b"")
            assert [info.key for info in objects.list(BUCKET)] == [f"key-{round_}"]


class TestFolder:
    @pytest.mark.parametrize("key", ["../other/key", "a/../../other/key", "a//b", "/absolute", "a/./b", "a\\b", "a\0b"])
    def test_no_key_leaves_its_bucket(self, tmp_path: Path, in_folder: Objects, key: str) -> None:
        (tmp_path / "other").mkdir()
        (tmp_path / "other" / "key").write_bytes(b"secret")
        with pytest.raises(AccessDenied):
            in_folder.open(BUCKET, key)
        with pytest.raises(AccessDenied):
            in_folder.put(BUCKET, key, b"overwritten")
        assert not in_folder.exists(BUCKET, key)
        assert (tmp_path / "other" / "key").read_bytes() == b"secret"

    @pytest.mark.parametrize("bucket", ["..", ".", "", "some-bucket/../..", "/etc", "a\0"])
    def test_no_bucket_name_leaves_the_folder(self, in_folder: Objects, bucket: str) -> None:
        with pytest.raises(NoSuchBucket):
            list(in_folder.list(bucket))

    def test_a_listing_with_dots_is_refused(self, in_folder: Objects) -> None:
        with pytest.raises(AccessDenied):
            list(in_folder.list(BUCKET, "../"))

    def test_a_file_and_a_folder_of_one_name_are_an_error_and_not_a_crash(self, in_folder: Objects) -> None:
        in_folder.put(BUCKET, "a", b"")
        with pytest.raises(ObjectError, match="in the way"):
            in_folder.put(BUCKET, "a/b", b"")
        in_folder.put(BUCKET, "c/d", b"")
        with pytest.raises(ObjectError, match="in the way"):
            in_folder.put(BUCKET, "c", b"")

    def test_an_upload_that_breaks_leaves_the_old_object_and_no_trace(self, in_folder: Objects, tmp_path: Path) -> None:
        class Breaking(io.BytesIO):
            def read(self, _: int | None = -1) -> bytes:
                raise RuntimeError("lost")

        in_folder.put(BUCKET, "key", b"old")
        with pytest.raises(RuntimeError, match="lost"):
            in_folder.put(BUCKET, "key", Breaking())
        assert [path.name for path in (tmp_path / BUCKET).iterdir()] == ["key"]
        assert in_folder.read_start(BUCKET, "key", 9) == b"old"

    def test_a_name_that_the_file_system_cannot_hold_is_no_object(self, in_folder: Objects) -> None:
        with pytest.raises(NoSuchObject):
            in_folder.open(BUCKET, "x" * 5000)

    def test_a_folder_key_is_kept_as_a_folder_and_not_listed(self, in_folder: Objects) -> None:
        in_folder.put(BUCKET, "folder/", b"")
        assert list(in_folder.list(BUCKET)) == []
        in_folder.put(BUCKET, "folder/key", b"")
        assert [info.key for info in in_folder.list(BUCKET, "folder/")] == ["folder/key"]


class TestNetwork:
    def test_an_endpoint_that_refuses_connections_is_told_quickly(self) -> None:
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))  # bound and not listening: connections are refused
            objects = open_objects(ObjectsConfig(endpoint_url=f"http://127.0.0.1:{unused.getsockname()[1]}"))
            began = time.monotonic()
            with pytest.raises(ObjectError, match="Could not connect"):
                objects.exists(BUCKET, "key")
        assert time.monotonic() - began < 5

    @pytest.mark.parametrize(
        ("status", "body", "error"),
        [
            ("403 Forbidden", b"<Error><Code>AccessDenied</Code></Error>", AccessDenied),
            ("403 Forbidden", b"<Error><Code>SignatureDoesNotMatch</Code></Error>", AccessDenied),
            ("404 Not Found", b"<Error><Code>NoSuchBucket</Code></Error>", NoSuchBucket),
            ("400 Bad Request", b"<Error><Code>Strange</Code><Message>odd</Message></Error>", ObjectError),
            ("200 OK", b"not xml", ObjectError),
        ],
    )
    def test_error_codes_become_kinds_of_errors(self, status: str, body: bytes, error: type[ObjectError]) -> None:
        def application(_: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
            start_response(status, [("Content-Length", str(len(body)))])
            return [body]

        with pytest.raises(ObjectError) as raised:
            list(open_objects(ObjectsConfig(), application).list(BUCKET))
        assert type(raised.value) is error

    def test_a_body_that_ends_early_is_an_error_and_not_a_short_file(self) -> None:
        def cut_off(listener: socket.socket) -> None:
            with listener.accept()[0] as connection:
                connection.recv(65536)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this")

        with socket.create_server(("127.0.0.1", 0)) as listener:
            thread = threading.Thread(target=cut_off, args=(listener,))
            thread.start()
            objects = open_objects(ObjectsConfig(endpoint_url=f"http://127.0.0.1:{listener.getsockname()[1]}"))
            with objects.open(BUCKET, "key") as stream, pytest.raises(ObjectError, match=f"s3://{BUCKET}/key"):
                stream.read()
            thread.join(10)

    def test_the_endpoint_of_the_environment_is_not_taken(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
        with mock_aws(), pytest.raises(NoSuchBucket):
            list(open_objects(ObjectsConfig()).list(BUCKET))

    def test_a_profile_that_does_not_exist_is_an_object_error(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("AWS_PROFILE", "no-such-profile")
        with pytest.raises(ObjectError, match="no-such-profile"):
            list(open_objects(ObjectsConfig(endpoint_url="http://127.0.0.1:1")).list(BUCKET))

    def test_credentials_of_the_environment_are_used_when_there_are_any(self, monkeypatch: pytest.MonkeyPatch) -> None:
        seen: list[str] = []

        def notice(listener: socket.socket) -> None:
            with listener.accept()[0] as connection:
                seen.append(connection.recv(65536).decode())
                connection.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "KEYOFTHEENVIRONMENT")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
        with socket.create_server(("127.0.0.1", 0)) as listener:
            thread = threading.Thread(target=notice, args=(listener,))
            thread.start()
            config = ObjectsConfig(endpoint_url=f"http://127.0.0.1:{listener.getsockname()[1]}")
            assert not open_objects(config).exists(BUCKET, "key")
            thread.join(10)
        assert "Credential=KEYOFTHEENVIRONMENT/" in seen[0]
        assert seen[0].startswith(f"HEAD /{BUCKET}/key ")


@pytest.mark.parametrize(
    ("text", "bucket", "key", "is_folder"),
    [
        ("s3://bucket/folder/file.csv", "bucket", "folder/file.csv", False),
        ("s3://bucket/folder/", "bucket", "folder/", True),
        ("s3://bucket", "bucket", "", True),
        ("s3://bucket/", "bucket", "", True),
        ("S3://bucket/a b?c#d", "bucket", "a b?c#d", False),
    ],
)
def test_a_location_is_read(text: str, bucket: str, key: str, is_folder: bool) -> None:
    location = parse_location(text)
    assert (location.bucket, location.key, location.is_folder) == (bucket, key, is_folder)


@pytest.mark.parametrize(
    "text", ["", "bucket/key", "s3:/bucket", "https://host/key", "s3://", "s3:///key", "file:///x"]
)
def test_another_form_of_location_is_refused(text: str) -> None:
    with pytest.raises(InvalidLocation):
        parse_location(text)


def test_a_config_travels_to_another_process_and_hides_its_secret(tmp_path: Path) -> None:
    config = ObjectsConfig(root=tmp_path, access_key="1", secret_key="hidden")
    assert pickle.loads(pickle.dumps(config)) == config
    assert "hidden" not in repr(config)


def test_naming_the_port_imports_nothing_heavy() -> None:
    script = (
        "import sys, personalize_local.store.objects as o\n"
        "o.open_objects(o.ObjectsConfig()); o.open_objects(o.ObjectsConfig(root=o.Path('.')))\n"
        "assert not {'boto3', 'botocore', 'moto'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)
