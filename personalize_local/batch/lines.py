"""The lines of batch jobs: what is asked in one, and how its answer is written."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import isfinite
from operator import add
from typing import TYPE_CHECKING, Any

from personalize_local.provenance import Rule, Sentence

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_SAID = "error of an output line of a batch job"
_PAGE = "dg/batch-data-upload.html"

NO_OBJECT = Sentence("The line is not a JSON object.", rule="inferred", wording="chosen", said=_SAID, source=_PAGE)
NO_TEXT = Sentence("{member} must be a string.", rule="inferred", wording="chosen", said=_SAID, source=_PAGE)
NO_CHARACTERS = Sentence(
    "The line has characters that are not in Unicode.", rule="inferred", wording="chosen", said=_SAID
)
NO_LIST = Sentence(
    "itemList must be a list of 1 to {most} item ids.", rule="inferred", wording="chosen", said=_SAID, source=_PAGE
)
NO_VALUES = Sentence(
    "filterValues must be an object of strings.",
    rule="inferred",
    wording="chosen",
    said=_SAID,
    source="dg/filter-batch.html",
)
RULES = (
    Rule(
        says="The output of a batch job has a line for each line of the input that is not blank, in their order; bad "
        "lines have a null output and an error, and the job does not fail for them.",
        known="inferred",
        source="dg/API_CreateBatchInferenceJob.html: numResults includes the error messages of failed records",
    ),
    Rule(
        says="An output line begins with its input; of a line that is no JSON object that is its text.",
        known="observed",
        source="AWS's sample notebooks; of bad lines chosen",
    ),
    Rule(
        says="A line of batch input whose objects and lists lie more than 100 deep, or with a number that no double "
        "holds, is taken for none.",
        known="chosen",
    ),
    Rule(
        says="Ids in batch input are strings; a number is taken for its text.",
        known="inferred",
    ),
    Rule(
        says="Of a line of batch inference its ids and filterValues count; other members, context and numResults among "
        "them, are repeated in the output and say nothing.",
        known="inferred",
        source="dg/batch-data-upload.html has no others",
    ),
    Rule(
        says="Lines of batch inference are written without blanks; those of segments have them after the outer commas "
        "and colons.",
        known="observed",
        source="AWS's sample notebooks",
    ),
)

_compact = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_spaced = json.JSONEncoder(ensure_ascii=False).encode
_escaped = json.JSONEncoder(separators=(",", ":")).encode
_quoted = json.encoder.encode_basestring


class LineError(Exception):
    """A line cannot be answered; the message is its error."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of input. ``given`` is its object, or its text where it has none; then ``error`` says so."""

    given: Any
    error: str | None = None

    def id_(self, member: str) -> str | None:
        """The id of a member; None without it. Raises LineError."""
        return None if self.given.get(member) is None else _text(self.given[member], member)

    def ids(self, member: str, most: int) -> list[str]:
        """The ids of a list. Raises LineError."""
        given = self.given.get(member)
        if not isinstance(given, list) or not 1 <= len(given) <= most:
            raise LineError(NO_LIST(most=most))
        return [_text(value, member) for value in given]

    def filter_values(self) -> Mapping[str, str]:
        """The values for the placeholders of a filter. Raises LineError."""
        given = self.given.get("filterValues")
        if given is None:
            return {}
        if not isinstance(given, dict) or not all(isinstance(value, str) for value in given.values()):
            raise LineError(NO_VALUES())
        return given


def _text(value: object, member: str) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    raise LineError(NO_TEXT(member=member))


def _no_constant(name: str) -> object:
    raise ValueError(name)  # NaN and the infinities are no JSON


def _finite(text: str) -> float:
    number = float(text)
    if not isfinite(number):
        raise ValueError(f"{text} cannot be written as it was read")
    return number


_scan = json.JSONDecoder(parse_constant=_no_constant, parse_float=_finite).raw_decode
_DEEPEST = 100
"""Levels of a line's objects and lists: what can just be read could not be written (chosen)."""
_BLANKS = " \t\n\r"
_MARK = "\ufeff"
"""The byte order mark with which a file may begin."""


def read_line(line: bytes) -> Line:
    """Read one line."""
    try:
        text = line.decode().removeprefix(_MARK)
        content = text.strip(_BLANKS)
        given, end = _scan(content)
        if end < len(content):
            raise ValueError("there is more than one value")
        if content.count("[") + content.count("{") > _DEEPEST and _depth(given) > _DEEPEST:
            raise RecursionError
    except (ValueError, RecursionError):
        return Line(given=line.decode("utf-8", "replace"), error=NO_OBJECT())
    if not isinstance(given, dict):
        return Line(given=text, error=NO_OBJECT())
    if "\\u" in text and not _is_unicode(given):
        return Line(given=given, error=NO_CHARACTERS())
    return Line(given=given)


def _depth(given: object) -> int:
    """How deep objects and lists lie in each other."""
    deepest, waiting = 0, [(given, 1)]
    while waiting:
        value, depth = waiting.pop()
        if isinstance(value, dict | list):
            deepest = max(deepest, depth)
            waiting += [(inner, depth + 1) for inner in (value.values() if isinstance(value, dict) else value)]
    return deepest


def _is_unicode(given: object) -> bool:
    try:
        _compact(given).encode()
    except UnicodeEncodeError:  # half of a surrogate pair
        return False
    return True


def as_json(value: object) -> str:
    """A value as it is written in the lines of batch inference."""
    return _compact(value)


@lru_cache(maxsize=1)
def _digits() -> tuple[list[str], list[str], list[str]]:
    """The first four decimals of a number, the same where no other follows, and the next three."""
    first = [f"0.{number:04d}" for number in range(10_000)]
    whole = [text.rstrip("0") if number else "0.0" for number, text in enumerate(first)]
    return [*first, "1."], [*whole, "1.0"], [f"{number:03d}".rstrip("0") for number in range(1_000)]


def score_texts(probabilities: NDArray[np.float64]) -> list[str]:
    """Probabilities with seven decimals, as JSON numbers: of millions, which a number's own text takes longer for."""
    import numpy as np

    first, whole, rest = _digits()
    head, tail = np.divmod(np.rint(probabilities * 1e7).astype(np.int64), 1_000)
    texts = list(map(add, map(first.__getitem__, head.tolist()), map(rest.__getitem__, tail.tolist())))
    for place in np.flatnonzero(tail == 0).tolist():
        texts[place] = whole[head[place]]
    return texts


def answered(line: Line, output: str) -> bytes:
    """The output line of a line of batch inference, which has the JSON ``output``."""
    return f'{{"input":{_compact_object(line.given)},"output":{output},"error":null}}\n'.encode()


def _compact_object(given: dict[str, Any]) -> str:
    for value in given.values():
        if type(value) is not str:
            return _compact(given)
    # Most have a few ids alone: an encoder takes longer to begin than for its work.
    return "{" + ",".join([f"{_quoted(name)}:{_quoted(value)}" for name, value in given.items()]) + "}"


def refused(line: Line, error: str) -> bytes:
    """The output line of a bad line of batch inference."""
    return f'{{"input":{_echo(line)},"output":null,"error":{_compact(error)}}}\n'.encode()


def answered_with_users(line: Line, users: list[str]) -> bytes:
    """The output line of a line of a segment job."""
    return (
        f'{{"input": {_spaced(line.given)}, "output": {{"usersList": {_compact(users)}}}, "error": null}}\n'
    ).encode()


def refused_users(line: Line, error: str) -> bytes:
    """The output line of a bad line of a segment job."""
    return f'{{"input": {_echo(line, _spaced)}, "output": null, "error": {_spaced(error)}}}\n'.encode()


def _echo(line: Line, encode: Callable[[Any], str] = _compact) -> str:
    return encode(line.given) if _is_unicode(line.given) else _escaped(line.given)
