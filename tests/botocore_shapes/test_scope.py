import pytest

from botocore_shapes.http import Request
from botocore_shapes.scope import Scope, read_scope

EXPECTED = Scope(access_key="123456789012", date="20260102", region="eu-west-1", service="personalize")


def signed(authorization: str, **headers: str) -> Request:
    return Request(method="POST", path="/", headers={"authorization": authorization, **headers})


def test_the_scope_of_a_signature_in_the_header_is_read() -> None:
    credential = "Credential=123456789012/20260102/eu-west-1/personalize/aws4_request"
    assert read_scope(signed(f"AWS4-HMAC-SHA256 {credential}, SignedHeaders=host, Signature=ab")) == EXPECTED
    assert read_scope(signed(f"AWS4-HMAC-SHA256 SignedHeaders=host,{credential},Signature=ab")) == EXPECTED


def test_the_region_of_a_sigv4a_signature_is_the_first_of_its_set() -> None:
    request = signed(
        "AWS4-ECDSA-P256-SHA256 Credential=123456789012/20260102/personalize/aws4_request, SignedHeaders=host",
        **{"x-amz-region-set": "eu-west-1,us-east-1"},
    )
    assert read_scope(request) == EXPECTED


def test_the_scope_of_a_presigned_query_is_read() -> None:
    query = (
        "X-Amz-Algorithm=AWS4-HMAC-SHA256"
        "&X-Amz-Credential=123456789012%2F20260102%2Feu-west-1%2Fpersonalize%2Faws4_request&X-Amz-Signature=ab"
    )
    assert read_scope(Request(method="GET", path="/", query=query, headers={})) == EXPECTED


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Basic dXNlcjpwYXNz",
        "AWS4-HMAC-SHA256",
        "AWS4-HMAC-SHA256 Credential=",
        "AWS4-HMAC-SHA256 Credential=a/b",
        "AWS4-HMAC-SHA256 Credential=a/20260102/r/s/other",
        "AWS4-HMAC-SHA256 Credential=a/2026/r/s/aws4_request",
        "AWS4-HMAC-SHA256 Credential=a/20260102//s/aws4_request",
        "AWS4-HMAC-SHA256 Credential=a/20260102/r/s/t/aws4_request",
        "AWS4-ECDSA-P256-SHA256 Credential=a/20260102/s/aws4_request",
        "Bearer Credential=a/20260102/r/s/aws4_request",
    ],
)
def test_what_is_no_scope_reads_as_none(authorization: str) -> None:
    assert read_scope(signed(authorization)) is None


def test_an_unsigned_request_has_no_scope() -> None:
    assert read_scope(Request(method="GET", path="/", headers={})) is None
    assert read_scope(Request(method="GET", path="/", query="X-Amz-Credential=%FF%00", headers={})) is None
