"""What a JSON body says in a shape's terms, and back: closures made once per shape, run on every request."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from botocore_shapes.errors import ServiceError, serialization_error
from botocore_shapes.model import Shape
from botocore_shapes.protocols.timestamps import parse_timestamp, timestamp_formatter

__all__ = [
    "Convert",
    "ParserFactory",
    "SerializerFactory",
    "conversion_error",
    "decode_body",
    "encode_body",
    "wire_name",
    "write_float",
]

Convert: TypeAlias = Callable[[Any], Any]

_SURROGATE_ESCAPE = re.compile(rb"\\u[dD][89a-fA-F]")
_NUMBER_NAMES = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}
_BITS = {"integer": 32, "long": 64}


def wire_name(name: str, shape: Shape) -> str:
    """The name under which a member travels."""
    return str(shape.traits.get("locationName", name))


def decode_body(body: bytes) -> Any:
    """Read a JSON body; anything that is not JSON in UTF-8 raises SerializationException (class observed)."""
    try:
        value = _DECODER.decode(body.decode("utf-8"))
        if _SURROGATE_ESCAPE.search(body):
            # Half a surrogate pair is a string that no store can hold.
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError):
        # Text chosen; the real one quotes the parser's internals.
        raise serialization_error("The request body is not valid JSON.") from None
    return value


def encode_body(value: Any) -> bytes:
    """Write a JSON body without spaces; NaN and infinities must have been named by the serializer before."""
    return _ENCODER.encode(value).encode("ascii")


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _plain_number(value: Any) -> Any:
    # numpy's scalars offer item(); the mathematics hands them out and this package does not know numpy.
    item = getattr(value, "item", None)
    if item is None:
        raise TypeError(f"{type(value).__name__} is not a value of a JSON body")
    return item()


# Both are made once: json.loads and json.dumps make a new one at each call that is not of the default kind. Results
# that hold themselves end in RecursionError; to look for them costs a tenth of the encoding.
_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)
_ENCODER = json.JSONEncoder(separators=(",", ":"), allow_nan=False, check_circular=False, default=_plain_number)


def _mismatch(value: Any, wanted: str) -> ServiceError:
    """The wrong JSON type for a member. Sentences observed on sister services of the same framework."""
    if isinstance(value, dict):
        return serialization_error("Start of structure or map found where not expected.")
    if isinstance(value, list):
        return serialization_error("Start of list found where not expected.")
    token = "STRING_VALUE"
    if isinstance(value, bool):
        token = "TRUE_VALUE" if value else "FALSE_VALUE"
    elif value is None:
        token = "NULL_VALUE"
    elif isinstance(value, int | float):
        token = "NUMBER_VALUE" if isinstance(value, int) else "DECIMAL_VALUE"
    return conversion_error(token, wanted)


def conversion_error(token: str, wanted: str) -> ServiceError:
    """A value that does not read as its type. Sentence observed on sister services; for other places, inferred."""
    wanted = wanted[0].upper() + wanted[1:]
    article = "an" if wanted[0] in "AEIOU" else "a"
    return serialization_error(f"{token} can not be converted to {article} {wanted}")


def _read_string(value: Any) -> str:
    if type(value) is not str:
        raise _mismatch(value, "String")
    return value


def _read_boolean(value: Any) -> bool:
    if type(value) is not bool:
        raise _mismatch(value, "Boolean")
    return value


def _read_float(value: Any) -> float:
    kind = type(value)
    if kind is float or kind is int:
        try:
            number = float(value)
        except OverflowError:
            number = float("inf")
        if number - number == 0:
            return value  # type: ignore[no-any-return]  # an int or a float by the test above
        # Text chosen: a literal beyond what a double holds.
        raise serialization_error("NUMBER_VALUE is out of the range of a Double")
    if kind is str and value in _NUMBER_NAMES:
        return _NUMBER_NAMES[value]
    raise _mismatch(value, "Double")


def _read_blob(value: Any) -> bytes:
    if type(value) is not str:
        raise _mismatch(value, "Blob")
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise conversion_error("STRING_VALUE", "Blob") from None


def _integer_reader(shape: Shape) -> Convert:
    bits = _BITS[shape.type_name]
    name = "Integer" if bits == 32 else "Long"
    # Some models allow values that the type's width does not; the wider of the two holds.
    low = min(-(2 ** (bits - 1)), shape.traits.get("min", 0))
    high = max(2 ** (bits - 1) - 1, shape.traits.get("max", 0))

    def read(value: Any) -> int:
        if type(value) is float and value.is_integer():
            value = int(value)
        if type(value) is not int:
            raise _mismatch(value, name)
        if not low <= value <= high:
            raise serialization_error(f"NUMBER_VALUE is out of the range of {name}")  # text chosen
        return value

    return read


def _timestamp_reader(format_name: str) -> Convert:
    def read(value: Any) -> Any:
        numeric = type(value) is int or type(value) is float
        if numeric != (format_name.lower() == "unixtimestamp"):
            raise _mismatch(value, "Timestamp")
        try:
            return parse_timestamp(value, format_name)
        except ValueError:
            raise _mismatch(value, "Timestamp") from None

    return read


class ParserFactory:
    """Makes the functions that turn decoded JSON into parameters.

    Members get the model's member names, members that the shape does not have are left out (AWS ignores them), a
    null member counts as absent. The functions raise SerializationException for a value of the wrong JSON type.
    """

    def __init__(self) -> None:
        self._structures: dict[str, Convert] = {}

    def make(self, shape: Shape) -> Convert:
        """The function for this shape; structures are made once and may be recursive."""
        kind = shape.type_name
        if kind == "structure":
            return self._structure(shape)
        if kind == "list":
            return self._list(shape)
        if kind == "map":
            return self._map(shape)
        if kind in _BITS:
            return _integer_reader(shape)
        if kind == "timestamp":
            return _timestamp_reader(shape.traits.get("timestampFormat", "unixTimestamp"))
        return _SCALAR_READERS[kind]

    def _structure(self, shape: Shape) -> Convert:
        if shape.is_document_type:
            return _unchanged
        made = self._structures.get(shape.name)
        if made is not None:
            return made
        fields: dict[str, tuple[str, Convert]] = {}

        def read(value: Any) -> dict[str, Any]:
            if type(value) is not dict:
                raise _mismatch(value, "Structure")
            found = {}
            for key, item in value.items():
                field = fields.get(key)
                if field is not None and item is not None:
                    found[field[0]] = field[1](item)
            return found

        self._structures[shape.name] = read
        for name, member in shape.members.items():
            fields[wire_name(name, member)] = (name, self.make(member))
        return read

    def _list(self, shape: Shape) -> Convert:
        element = self.make(shape.member)

        def read(value: Any) -> list[Any]:
            if type(value) is not list:
                raise _mismatch(value, "List")
            return [None if item is None else element(item) for item in value]

        return read

    def _map(self, shape: Shape) -> Convert:
        element = self.make(shape.value)

        def read(value: Any) -> dict[str, Any]:
            if type(value) is not dict:
                raise _mismatch(value, "Map")
            return {key: None if item is None else element(item) for key, item in value.items()}

        return read


def _unchanged(value: Any) -> Any:
    return value


_SCALAR_READERS: dict[str, Convert] = {
    "string": _read_string,
    "character": _read_string,
    "boolean": _read_boolean,
    "float": _read_float,
    "double": _read_float,
    "blob": _read_blob,
}


def write_float(value: Any) -> Any:
    """A number as JSON holds it: NaN and the infinities by name."""
    if value - value == 0:
        return value
    return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"


def write_blob(value: Any) -> str:
    """Bytes (or text, taken as UTF-8) in base64."""
    return base64.b64encode(value.encode() if isinstance(value, str) else value).decode("ascii")


class SerializerFactory:
    """Makes the functions that turn results into what ``json`` can write.

    None stands for "write it as it is". Members of None and members that the shape does not have are left out.
    """

    def __init__(self) -> None:
        self._structures: dict[str, Convert] = {}

    def make(self, shape: Shape) -> Convert | None:
        """The function for this shape; structures are made once and may be recursive."""
        kind = shape.type_name
        if kind == "structure":
            return None if shape.is_document_type else self._structure(shape)
        if kind == "list":
            return self._list(shape)
        if kind == "map":
            return self._map(shape)
        if kind == "timestamp":
            return timestamp_formatter(shape.traits.get("timestampFormat", "unixTimestamp"))
        return {"float": write_float, "double": write_float, "blob": write_blob}.get(kind)

    def _structure(self, shape: Shape) -> Convert:
        made = self._structures.get(shape.name)
        if made is not None:
            return made
        fields: dict[str, tuple[str, Convert | None]] = {}
        # Members that travel under their own name as they are, apart from numbers that JSON does not know.
        plain: set[str] = set()
        numbers: set[str] = set()

        def write(value: Mapping[str, Any]) -> dict[str, Any]:
            if type(value) is dict and value.keys() <= plain:
                # The hundreds of items of an answer are of this kind: nothing to rename, to leave out or to convert.
                for key, item in value.items():
                    if item is None or (key in numbers and item - item != 0):
                        break
                else:
                    return value
            found = {}
            for key, item in value.items():
                if item is None:
                    continue
                field = fields.get(key)
                if field is not None:
                    convert = field[1]
                    found[field[0]] = item if convert is None else convert(item)
            return found

        self._structures[shape.name] = write
        for name, member in shape.members.items():
            wire, convert = wire_name(name, member), self.make(member)
            fields[name] = (wire, convert)
            if wire == name and convert in (None, write_float):
                plain.add(name)
            if convert is write_float:
                numbers.add(name)
        return write

    def _list(self, shape: Shape) -> Convert:
        element = self.make(shape.member)
        if element is None:
            return list
        convert = element
        return lambda value: [None if item is None else convert(item) for item in value]

    def _map(self, shape: Shape) -> Convert:
        element = self.make(shape.value)
        if element is None:
            return dict
        convert = element
        return lambda value: {key: None if item is None else convert(item) for key, item in value.items()}
