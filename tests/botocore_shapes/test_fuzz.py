import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from botocore_shapes.http import Request, Response
from botocore_shapes.model import load_service_model
from tests.botocore_shapes.services import service

NAMES = ("personalize", "personalize-events", "personalize-runtime", "lex-runtime", "apigateway")
SERVICES = {
    name: service(name, dict.fromkeys(load_service_model(name).operation_names, lambda _call, _params: {}))
    for name in NAMES
}
TARGETS = [f"AmazonPersonalize.{name}" for name in load_service_model("personalize").operation_names]
PATHS = ["/events", "/items", "/recommendations", "/personalize-ranking", "/apikeys", "/bot/b/alias/a/user/u/content"]
WORDS = st.text(st.characters(codec="latin-1"), max_size=12)
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
MEMBERS = sorted(
    {
        member
        for name in NAMES[:3]
        for operation in load_service_model(name).operation_names
        for member in getattr(load_service_model(name).operation_model(operation).input_shape, "members", {})
    }
)
BODIES = st.one_of(
    st.binary(max_size=60),
    JUNK.map(lambda value: json.dumps(value).encode()),
    st.dictionaries(st.sampled_from(MEMBERS), JUNK, max_size=5).map(lambda value: json.dumps(value).encode()),
)
HEADERS = st.fixed_dictionaries(
    {},
    optional={
        "x-amz-target": st.sampled_from(TARGETS) | WORDS,
        "content-type": st.sampled_from(["application/json", "application/x-amz-json-1.1", "text/plain"]) | WORDS,
        "authorization": WORDS.map("AWS4-HMAC-SHA256 Credential={}".format) | WORDS,
        "x-amz-lex-session-attributes": WORDS,
        "x-other": WORDS,
    },
)
REQUESTS = st.builds(
    Request,
    method=st.sampled_from(["GET", "POST", "PUT", "DELETE", "HEAD", "PATCH", "NONSENSE"]),
    path=st.sampled_from(PATHS) | WORDS.map("/{}".format),
    query=WORDS | st.just("mode=import&parameters=%ZZ"),
    headers=HEADERS,
    body=BODIES,
)


def well_formed(response: Response) -> None:
    for name, value in response.headers.items():
        assert (name + value).isprintable() or name in ("content-type", "x-amzn-errortype")
        assert "\n" not in value
        assert "\r" not in value
    assert response.headers["content-length"] == str(len(response.body))
    assert response.headers["x-amzn-requestid"].startswith("request-")
    if response.status >= 400:
        content: dict[str, Any] = json.loads(response.body)
        assert content["message"]
        assert response.error


@given(st.sampled_from(NAMES), REQUESTS)
@settings(max_examples=400, deadline=None, derandomize=True, database=None)
def test_whatever_is_sent_the_answer_is_well_formed_and_no_fault(name: str, request: Request) -> None:
    response = SERVICES[name].handle(request)
    assert response.status < 500
    well_formed(response)


@given(st.sampled_from(TARGETS), BODIES)
@settings(max_examples=300, deadline=None, derandomize=True, database=None)
def test_whatever_body_an_operation_gets_the_answer_is_well_formed_and_no_fault(target: str, body: bytes) -> None:
    response = SERVICES["personalize"].handle(
        Request(method="POST", path="/", headers={"x-amz-target": target}, body=body)
    )
    assert response.status in (200, 400)
    well_formed(response)
