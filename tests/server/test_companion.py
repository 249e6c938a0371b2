from __future__ import annotations

import io
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.client import HTTPConnection
from typing import Any

import boto3
import pytest
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import ClientError

from personalize_local.server.companion import Companion, account_of
from personalize_local.server.serving import BackgroundServer
from personalize_local.settings import Settings
from personalize_local.store.objects import NoSuchBucket, ObjectsConfig, open_objects

from .fakes import FakeEmulator


@pytest.fixture(scope="module")
def server() -> Iterator[BackgroundServer]:
    def build(*_: Any) -> Any:
        return FakeEmulator()

    with BackgroundServer(Settings(port=0, account="000000000042"), build) as running:
        yield running


@pytest.fixture(autouse=True)
def _fresh(server: BackgroundServer) -> None:
    server.reset()


def client(server: BackgroundServer, service: str, access_key: str = "test", **more: Any) -> Any:
    make: Any = boto3.client  # its stubs want a literal name
    return make(
        service,
        endpoint_url=server.url,
        region_name="eu-west-1",
        aws_access_key_id=access_key,
        aws_secret_access_key="test",
        **more,
    )


def new_bucket(s3: Any, name: str = "some-bucket") -> str:
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    return name


def test_objects_are_put_listed_read_and_missed(server: BackgroundServer) -> None:
    s3 = client(server, "s3")
    bucket = new_bucket(s3)
    s3.put_object(Bucket=bucket, Key="folder/a b+ü%2F.csv", Body=b"USER_ID\n1\n")
    (entry,) = s3.list_objects_v2(Bucket=bucket, Prefix="folder/")["Contents"]
    assert (entry["Key"], entry["Size"]) == ("folder/a b+ü%2F.csv", 10)
    assert s3.get_object(Bucket=bucket, Key="folder/a b+ü%2F.csv")["Body"].read() == b"USER_ID\n1\n"
    assert s3.head_object(Bucket=bucket, Key="folder/a b+ü%2F.csv")["ContentLength"] == 10
    with pytest.raises(s3.exceptions.NoSuchKey):
        s3.get_object(Bucket=bucket, Key="missing")


def test_a_hundred_megabytes_go_up_in_parts_and_come_down_again(server: BackgroundServer) -> None:
    s3 = client(server, "s3")
    bucket = new_bucket(s3)
    block = bytes(range(256)) * 4096
    size = 100 * len(block)

    class Blocks(io.RawIOBase):
        left = size

        def readable(self) -> bool:
            return True

        def readinto(self, buffer: Any) -> int:
            start = (size - self.left) % len(block)
            chunk = block[start : start + min(len(buffer), self.left)]
            buffer[: len(chunk)] = chunk
            self.left -= len(chunk)
            return len(chunk)

    parts = TransferConfig(multipart_threshold=16 << 20, multipart_chunksize=32 << 20, use_threads=False)
    s3.upload_fileobj(io.BufferedReader(Blocks()), bucket, "large", Config=parts)
    assert s3.head_object(Bucket=bucket, Key="large")["ContentLength"] == size
    body = s3.get_object(Bucket=bucket, Key="large")["Body"]
    assert all(chunk == block for chunk in body.iter_chunks(len(block)))


def test_an_upload_in_chunks_with_a_trailer_arrives_whole(server: BackgroundServer) -> None:
    s3 = client(server, "s3")
    bucket = new_bucket(s3)
    data = b"ITEM_ID\n" * 10_000

    def encoded() -> Iterator[bytes]:  # as newer SDKs send streams
        for start in range(0, len(data), 16_384):
            piece = data[start : start + 16_384]
            yield f"{len(piece):x}\r\n".encode() + piece + b"\r\n"
        yield b"0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n"

    connection = HTTPConnection(server.url.removeprefix("http://"), timeout=10)
    headers = {
        "Content-Encoding": "aws-chunked",
        "X-Amz-Decoded-Content-Length": str(len(data)),
        "X-Amz-Content-Sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        "X-Amz-Trailer": "x-amz-checksum-crc32",
        "Authorization": "AWS4-HMAC-SHA256 Credential=AKIA/20260101/eu-west-1/s3/aws4_request, Signature=0",
    }
    connection.request("PUT", f"/{bucket}/chunked", body=encoded(), headers=headers, encode_chunked=True)
    assert connection.getresponse().status == 200
    connection.close()
    assert s3.get_object(Bucket=bucket, Key="chunked")["Body"].read() == data


def test_presigned_and_plain_addresses_of_objects_are_answered(server: BackgroundServer) -> None:
    s3 = client(server, "s3", config=Config(signature_version="s3v4"))
    bucket = new_bucket(s3)
    s3.put_object(Bucket=bucket, Key="shared.txt", Body=b"shared", ACL="public-read")
    presigned = s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "shared.txt"})
    for url in (presigned, f"{server.url}/{bucket}/shared.txt"):
        with urllib.request.urlopen(url, timeout=10) as answer:
            assert answer.read() == b"shared"


@pytest.mark.parametrize(("access_key", "account"), [("test", "000000000042"), ("111122223333", "111122223333")])
def test_sts_names_the_account_that_is_in_our_arns(server: BackgroundServer, access_key: str, account: str) -> None:
    identity = client(server, "sts", access_key).get_caller_identity()
    assert identity["Account"] == account
    assert f"::{account}:" in identity["Arn"]


def test_iam_roles_are_made_once_in_the_callers_account(server: BackgroundServer) -> None:
    iam = client(server, "iam")
    wanted = {"RoleName": "PersonalizeRole", "AssumeRolePolicyDocument": '{"Version": "2012-10-17", "Statement": []}'}
    assert iam.create_role(**wanted)["Role"]["Arn"] == "arn:aws:iam::000000000042:role/PersonalizeRole"
    with pytest.raises(iam.exceptions.EntityAlreadyExistsException):
        iam.create_role(**wanted)


def test_personalize_calls_never_reach_motos_own_personalize(server: BackgroundServer) -> None:
    assert client(server, "personalize").list_schemas()["ResponseMetadata"]["HTTPStatusCode"] == 200
    emulator: Any = server.emulator
    assert emulator.requests[-1].headers["x-amz-target"] == "AmazonPersonalize.ListSchemas"


@pytest.mark.parametrize("path", ["/_personalize/reset", "/moto-api/reset"])
def test_both_reset_addresses_empty_emulator_and_companion(server: BackgroundServer, path: str) -> None:
    emulator: Any = server.emulator
    s3 = client(server, "s3")
    new_bucket(s3)
    resets = emulator.resets
    request = urllib.request.Request(server.url + path, method="POST")
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.status == 200
    assert emulator.resets == resets + 1
    assert s3.list_buckets()["Buckets"] == []


def test_an_error_inside_moto_is_a_plain_500(server: BackgroundServer, monkeypatch: pytest.MonkeyPatch) -> None:
    s3 = client(server, "s3", config=Config(retries={"total_max_attempts": 1}))
    bucket = new_bucket(s3)

    def broken(*_: Any, **__: Any) -> Any:
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr("moto.s3.models.S3Backend.get_object", broken)
    with pytest.raises(ClientError) as raised:
        s3.get_object(Bucket=bucket, Key="x")
    assert raised.value.response["Error"]["Code"] == "InternalFailure"
    assert "secret" not in str(raised.value)


def test_jobs_see_the_same_buckets_in_this_process_and_through_the_port(server: BackgroundServer) -> None:
    bucket = new_bucket(client(server, "s3"))
    config = ObjectsConfig(endpoint_url=server.url, access_key="000000000042")
    inside, outside = open_objects(config, Companion("000000000042")), open_objects(config)
    inside.put(bucket, "from/inside", b"1")
    outside.put(bucket, "from/outside", io.BytesIO(b"22"))
    for objects in (inside, outside):
        assert [(info.key, info.size) for info in objects.list(bucket, "from/")] == [
            ("from/inside", 1),
            ("from/outside", 2),
        ]
        with objects.open(bucket, "from/outside") as stream:
            assert stream.read() == b"22"
        with pytest.raises(NoSuchBucket):
            objects.read_start("no-such-bucket", "key", 10)


def test_moto_is_not_imported_before_it_is_asked() -> None:
    script = (
        "import sys\n"
        "from personalize_local.server.companion import Companion, is_installed\n"
        "assert is_installed()\n"
        "companion = Companion('123456789012'); companion.reset()\n"
        "assert 'moto' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)


@pytest.mark.parametrize(
    ("access_key", "account"),
    [
        ("123456789012", "123456789012"),
        ("", "9"),
        ("AKIA12345678", "9"),
        ("1234567890123", "9"),
        ("１２３４５６７８９０１２", "9"),
    ],
)
def test_an_access_key_of_twelve_ascii_digits_is_the_account(access_key: str, account: str) -> None:
    assert account_of(access_key, "9") == account


@pytest.mark.parametrize("bucket", ["events", "items", "users", "recommendations"])
def test_a_bucket_may_have_the_name_of_a_route(bucket: str) -> None:
    with BackgroundServer(Settings(port=0, executor="inline")) as emulating:
        s3 = client(emulating, "s3")
        new_bucket(s3, bucket)
        s3.put_object(Bucket=bucket, Key="a", Body=b"1")
        deleted = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "a"}]})
        assert [item["Key"] for item in deleted["Deleted"]] == ["a"]
