"""Files and schemas that are nearly right: valid ones, broken in a few places."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from personalize_local.datasets.schema import Field, Schema

BOM = b"\xef\xbb\xbf"
INSERTIONS = (
    *(b'"', b'""', b"\\", b"\0", b"\r", b"\n", b"\r\n", b"\n\r", b",", b",,", b"|", b" ", b"'", BOM, b"\xff", b"\x1a"),
    # UTF-8 cut short, overlong, of a surrogate, above the last code point; and a character that is fine.
    *(b"\xe6\x97", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", "\u65e5".encode(), "\u2028".encode()),
    *(b"0x1F", b"1e999", b"nan", b"-", b".", b"99999999999999999999", b"true", b'"a\nb"', b'"a""b"', b"\\\n"),
)
# Beside each limit of a value, Python's limit for a cell, and the size of the parser's pieces.
LENGTHS = (256, 257, 1000, 1001, 20_001, (1 << 17) + 1, (1 << 20) + 1)
HEADS = (BOM, BOM + BOM, b"\x1f\x8b", b"\xff\xfe", b"\0", b"\n", b"\r\n", b"PK\x03\x04", b"PAR1")

CELLS = {
    "string": st.sampled_from(["a", "b", "tv", "say hi", '"a,b"', '"say ""hi"""', r"a\,b", "\u65e5\u672c", "x|y"]),
    "int": st.integers(-(2**31), 2**31 - 1).map(str),
    "long": st.integers(-(2**63), 2**63 - 1).map(str) | st.sampled_from(["7.0", "1e3"]),
    "float": st.floats(allow_nan=False, allow_infinity=False).map(repr),
    "double": st.floats(allow_nan=False, allow_infinity=False).map(repr),
    "boolean": st.sampled_from(["true", "False", "1", "0"]),
}


def _cell(item: Field, action_events: bool) -> st.SearchStrategy[str]:
    if action_events and item.name == "EVENT_TYPE":
        return st.sampled_from(["Taken", "NOT_TAKEN", "viewed"])
    return CELLS[item.type] | st.just("") if item.nullable else CELLS[item.type]


@st.composite
def valid_files(draw: st.DrawFn, schema: Schema) -> tuple[bytes, int]:
    """A file that conforms to ``schema``, and its count of rows."""
    order = draw(st.permutations(schema.fields))
    actions = schema.dataset_type == "ACTION_INTERACTIONS"
    rows = draw(st.lists(st.tuples(*(_cell(item, actions) for item in order)), min_size=1, max_size=8))
    end = draw(st.sampled_from(["\n", "\r\n"]))
    lines = [",".join(item.name for item in order), *map(",".join, rows)]
    return (end.join(lines) + draw(st.sampled_from(["", end]))).encode(), len(rows)


@st.composite
def broken(draw: st.DrawFn, data: bytes) -> bytes:
    """``data`` after one to three mishaps."""
    for _ in range(draw(st.integers(1, 3))):
        data = draw(st.sampled_from(MISHAPS))(draw, data)
    return data


def _place(draw: st.DrawFn, data: bytes) -> int:
    return draw(st.integers(0, len(data)))


def _flip(draw: st.DrawFn, data: bytes) -> bytes:
    if not data:
        return data
    at = draw(st.integers(0, len(data) - 1))
    return data[:at] + bytes([data[at] ^ 1 << draw(st.integers(0, 7))]) + data[at + 1 :]


def _cut(draw: st.DrawFn, data: bytes) -> bytes:
    return data[: _place(draw, data)]


def _take_out(draw: st.DrawFn, data: bytes) -> bytes:
    at = _place(draw, data)
    return data[:at] + data[at + draw(st.integers(1, 8)) :]


def _repeat(draw: st.DrawFn, data: bytes) -> bytes:
    begin, end = sorted((_place(draw, data), _place(draw, data)))
    return data[:end] + data[begin:]


def _insert(draw: st.DrawFn, data: bytes) -> bytes:
    at = _place(draw, data)
    return data[:at] + draw(st.sampled_from(INSERTIONS)) + data[at:]


def _insert_anything(draw: st.DrawFn, data: bytes) -> bytes:
    at = _place(draw, data)
    return data[:at] + draw(st.binary(max_size=12)) + data[at:]


def _lengthen(draw: st.DrawFn, data: bytes) -> bytes:
    at = _place(draw, data)
    return (
        data[:at] + draw(st.sampled_from([b"x", b",", b'"', b"\n", b"\0"])) * draw(st.sampled_from(LENGTHS)) + data[at:]
    )


def _put_before(draw: st.DrawFn, data: bytes) -> bytes:
    return draw(st.sampled_from(HEADS)) + data


def _change_ends(draw: st.DrawFn, data: bytes) -> bytes:
    return data.replace(b"\n", draw(st.sampled_from([b"\r", b"\n\r", b"\n\n", b"\r\r\n", b"\x0b"])))


def _encode_again(draw: st.DrawFn, data: bytes) -> bytes:
    if draw(st.booleans()):
        return gzip.compress(data, mtime=0)
    return data.decode("latin-1").encode(draw(st.sampled_from(["utf-16", "utf-16-be", "utf-8", "utf-32"])))


MISHAPS: tuple[Callable[[st.DrawFn, bytes], bytes], ...] = (
    *(_flip, _cut, _take_out, _repeat, _insert, _insert_anything, _lengthen, _put_before, _change_ends, _encode_again),
)


def any_files(schema: Schema) -> st.SearchStrategy[bytes]:
    """Bytes without sense, sense in the header alone, and valid files with mishaps."""
    header = ",".join(item.name for item in schema.fields).encode() + b"\n"
    valid = valid_files(schema).map(lambda made: made[0])
    pieces = st.lists(st.sampled_from(INSERTIONS), max_size=20).map(b"".join)
    return st.binary(max_size=60) | (st.binary(max_size=60) | pieces).map(header.__add__) | valid.flatmap(broken)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([10**400, float("nan"), float("inf"), "\ud800", "\0", "", "x" * 300])
    | st.sampled_from(["null", "string", "long", "record", "Interactions", "USER_ID", "user_id", "name", "type"])
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


@st.composite
def changed(draw: st.DrawFn, value: Any) -> Any:
    """A JSON value, with something in it replaced, taken out, doubled or put beside it."""
    if draw(st.integers(0, 4)) == 0 or not isinstance(value, dict | list) or not value:
        return draw(JSON)
    if isinstance(value, list):
        at = draw(st.integers(0, len(value) - 1))
        middle = draw(
            st.sampled_from([[], [value[at]] * 2, [value[at]] * 120]) | st.tuples(changed(value[at])).map(list)
        )
        return [*value[:at], *middle, *value[at + 1 :]]
    key = draw(st.sampled_from(sorted(value)))
    match draw(st.integers(0, 4)):
        case 0:
            return {name: inner for name, inner in value.items() if name != key}
        case 1:
            known = st.sampled_from(["categorical", "textual", "itemName", "type", "name", "fields"])
            return {**value, draw(known | st.text(max_size=6)): draw(JSON)}
        case _:
            return {**value, key: draw(changed(value[key]))}


@st.composite
def any_schema_texts(draw: st.DrawFn, valid: tuple[str, ...]) -> str:
    """Text, JSON, and valid schemas with mishaps in their characters or in what they say."""
    match draw(st.integers(0, 4)):
        case 0:
            return draw(st.text(st.characters(exclude_categories=()), max_size=60))
        case 1:
            return json.dumps(draw(JSON))
        case 2:
            text = draw(st.sampled_from(valid))
            return draw(broken(text.encode())).decode(errors="surrogateescape")
        case _:
            value = json.loads(draw(st.sampled_from(valid)))
            for _ in range(draw(st.integers(1, 2))):
                value = draw(changed(value))
            return json.dumps(value, ensure_ascii=draw(st.booleans()))
