import string
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from botocore_shapes.paginate import Binding, InvalidToken, decode_token, encode_token, paginate

URL_SAFE = set(string.ascii_letters + string.digits + "-_")
POSITIONS = st.integers() | st.text() | st.lists(st.integers() | st.text(), max_size=3)


@given(st.lists(st.integers(), max_size=30), st.integers(1, 12))
@settings(max_examples=50, deadline=None)
def test_following_the_tokens_gives_every_item_once(items: list[int], limit: int) -> None:
    seen: list[int] = []
    tokens: list[str] = []
    token = None
    for _ in range(len(items) + 1):
        page, token = paginate(items, token=token, limit=limit, binding="ListThings")
        assert len(page) <= limit
        seen += page
        if token is None:
            break
        tokens.append(token)
    assert seen == items
    assert len(set(tokens)) == len(tokens)


@given(POSITIONS)
@settings(max_examples=50, deadline=None)
def test_a_position_survives_its_token(position: Any) -> None:
    token = encode_token(position, ("ListThings", None))
    assert decode_token(token, ("ListThings", None)) == position
    assert set(token) <= URL_SAFE


@pytest.mark.parametrize("binding", ["ListOthers", ("ListThings",), ("ListThings", "x"), ("List", "Things")])
def test_a_token_of_another_list_is_refused(binding: Binding) -> None:
    token = encode_token(5, "ListThings")
    with pytest.raises(InvalidToken):
        decode_token(token, binding)


def test_any_change_of_a_token_is_seen() -> None:
    token = encode_token(["name", 17], "ListThings")
    for at in range(len(token)):
        for other in "Aa0-_":
            if token[at] != other:
                with pytest.raises(InvalidToken):
                    decode_token(token[:at] + other + token[at + 1 :], "ListThings")


@pytest.mark.parametrize("token", ["", "x", "AAAA", "not a token", "ä", "====", "A" * 1500, "\x00", "AQ=="])
def test_what_is_no_token_is_refused(token: str) -> None:
    with pytest.raises(InvalidToken):
        paginate([1, 2, 3], token=token, limit=1, binding="ListThings")


@pytest.mark.parametrize("position", ["a", -1, 0, True, None, [1]])
def test_a_position_that_is_no_offset_is_refused_by_a_list_of_offsets(position: Any) -> None:
    with pytest.raises(InvalidToken):
        paginate([1, 2, 3], token=encode_token(position, "ListThings"), limit=1, binding="ListThings")


def test_a_list_that_became_shorter_ends() -> None:
    _, token = paginate(range(10), token=None, limit=5, binding="x")
    assert paginate(range(3), token=token, limit=5, binding="x") == ([], None)


def test_a_page_holds_at_least_one_item() -> None:
    with pytest.raises(ValueError, match="limit must be at least 1, not 0"):
        paginate([1], token=None, limit=0, binding="x")


def test_another_process_makes_the_same_token() -> None:
    program = "from botocore_shapes.paginate import encode_token; print(encode_token([1, 'a'], ('L', None, 3)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == encode_token([1, "a"], ("L", None, 3))
