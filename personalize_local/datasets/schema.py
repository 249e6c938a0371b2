"""Schemas: Avro JSON text as the service accepts it, read into typed fields. Standard library only."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from personalize_local.datasets import schema_sentences as say
from personalize_local.datasets._schema_rules import (
    ACTION_EVENT_TYPES,
    FIELD_TYPES,
    ID_FIELDS,
    ID_LENGTH,
    LAYOUTS,
    RECORD_NAMES,
    STRING_LENGTH,
    TEXTUAL_LENGTH,
    DatasetType,
    FieldType,
    Layout,
    Reserved,
    action_event_type,
    fold,
)

__all__ = [
    "ACTION_EVENT_TYPES",
    "DatasetType",
    "Field",
    "FieldType",
    "Schema",
    "SchemaError",
    "action_event_type",
    "check_replacement",
    "fold",
    "parse_schema",
]

# Avro's own rule for names; the guide says alphanumeric, with underscores allowed.
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)

_IDS: Final = frozenset(name for names in ID_FIELDS.values() for name in names)


class SchemaError(ValueError):
    """The schema breaks a rule; the message is a sentence for the one who wrote it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One column. ``categorical``, ``textual`` and ``item_name`` are the attributes of a string field."""

    name: str
    type: FieldType
    nullable: bool = False
    categorical: bool = False
    textual: bool = False
    item_name: bool = False

    @property
    def numeric(self) -> bool:
        """Whether values are numbers."""
        return self.type not in ("string", "boolean")

    @property
    def longest(self) -> int:
        """The most characters of a string; textual ones are cut, others refused."""
        if self.textual:
            return TEXTUAL_LENGTH
        return ID_LENGTH if self.name in _IDS else STRING_LENGTH


@dataclass(frozen=True, slots=True, kw_only=True)
class Schema:
    """A schema that satisfies every rule of its dataset type and domain.

    ``text`` is the Avro JSON exactly as given. ``metadata`` names the fields that are neither required nor reserved.
    """

    dataset_type: DatasetType
    domain: str | None
    fields: tuple[Field, ...]
    text: str
    _by_fold: dict[str, Field] = field(init=False, repr=False, compare=False, hash=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_fold", {fold(item.name): item for item in self.fields})

    def field(self, name: str) -> Field | None:
        """The field that ``name`` means, whether written ``numRatings``, ``num_ratings`` or ``NUM_RATINGS``."""
        return self._by_fold.get(fold(name))

    @property
    def id_fields(self) -> tuple[str, ...]:
        """The names of the id fields: what identifies a row, or the two ends of an interaction."""
        return ID_FIELDS[self.dataset_type]

    @property
    def metadata(self) -> tuple[Field, ...]:
        """The fields that the schema's author chose, in schema order."""
        reserved = {fold(name) for name in LAYOUTS[self.domain][self.dataset_type].reserved}
        return tuple(item for item in self.fields if fold(item.name) not in reserved)


@lru_cache(maxsize=128)
def parse_schema(text: str, domain: str | None) -> Schema:
    """Read and check a schema of a custom (``domain`` None), ECOMMERCE or VIDEO_ON_DEMAND dataset group.

    Raises SchemaError with the first rule that is broken. Source: the guide's pages on schemas and on each dataset
    type.
    """
    record = _record(text)
    dataset_type = RECORD_NAMES.get(fold(str(record["name"])))
    if dataset_type is None:
        raise SchemaError(say.UNKNOWN_NAME(name=_shown(record["name"])))
    if domain not in LAYOUTS:
        raise SchemaError(say.UNKNOWN_DOMAIN(domain=_shown(domain)))
    layout = LAYOUTS[domain].get(dataset_type)
    if layout is None:
        raise SchemaError(say.NOT_IN_DOMAIN(name=_shown(record["name"]), domain=domain))
    fields = tuple(_field(item, position) for position, item in enumerate(_listed(record.get("fields")), 1))
    schema = Schema(dataset_type=dataset_type, domain=domain, fields=fields, text=text)
    _check_distinct(fields)
    _check_attributes(fields, layout)
    _check_reserved(schema, layout)
    _check_counts(schema, layout)
    return schema


def check_replacement(old: Schema, new: Schema) -> None:
    """Check that a dataset with schema ``old`` may be given ``new`` (UpdateDataset). Raises SchemaError."""
    if old.dataset_type not in ("ITEMS", "USERS"):
        raise SchemaError(say.NOT_REPLACEABLE(type=old.dataset_type))
    if new.dataset_type != old.dataset_type:
        raise SchemaError(say.OTHER_TYPE(new=new.dataset_type, old=old.dataset_type))
    if new.domain != old.domain:
        raise SchemaError(say.OTHER_DOMAIN())
    kept = {item.name: item for item in new.fields}
    for item in old.fields:
        if item.name not in kept:
            raise SchemaError(say.LOST_FIELD(field=item.name))
        if kept[item.name] != item:
            raise SchemaError(say.CHANGED_FIELD(field=item.name))
    before = {item.name for item in old.fields}
    for item in new.fields:
        if item.name not in before and not item.nullable:
            raise SchemaError(say.NEW_NOT_NULLABLE(field=item.name))


def _record(text: str) -> dict[str, object]:
    try:
        record = json.loads(text)
    except (ValueError, RecursionError):
        raise SchemaError(say.NOT_JSON()) from None
    if not isinstance(record, dict) or record.get("type") != "record":
        raise SchemaError(say.NO_RECORD())
    if not isinstance(record.get("name"), str):
        raise SchemaError(say.NO_NAME())
    return record


def _listed(fields: object) -> Iterator[dict[str, object]]:
    if not isinstance(fields, list) or not fields:
        raise SchemaError(say.NO_FIELDS())
    for position, item in enumerate(fields, 1):
        if not isinstance(item, dict):
            raise SchemaError(say.NO_FIELD(position=position))
        yield item


def _field(item: dict[str, object], position: int) -> Field:
    name = item.get("name")
    if not isinstance(name, str):
        raise SchemaError(say.NAMELESS_FIELD(position=position))
    if not _NAME.fullmatch(name) or not fold(name):
        raise SchemaError(say.FIELD_NAME(name=_shown(name)))
    if "type" not in item:
        raise SchemaError(say.NO_TYPE(field=name))
    type_, nullable = _type(name, item["type"])
    return Field(
        name=name,
        type=type_,
        nullable=nullable,
        categorical=_flag(item, name, "categorical"),
        textual=_flag(item, name, "textual"),
        item_name=_flag(item, name, "itemName"),
    )


def _type(name: str, declared: object) -> tuple[FieldType, bool]:
    members = declared if isinstance(declared, list) else [declared]
    known: list[FieldType] = []
    nulls = 0
    for member in members:
        if member == "null":
            nulls += 1
            continue
        match = next((type_ for type_ in FIELD_TYPES if type_ == member), None)
        if match is None:
            raise SchemaError(say.UNKNOWN_TYPE(field=name))
        known.append(match)
    if len(known) != 1 or nulls > 1:
        raise SchemaError(say.SEVERAL_TYPES(field=name))
    return known[0], nulls == 1


def _flag(item: dict[str, object], name: str, attribute: str) -> bool:
    value = item.get(attribute, False)
    if not isinstance(value, bool):
        raise SchemaError(say.NO_FLAG(attribute=attribute, field=name))
    return value


def _check_distinct(fields: tuple[Field, ...]) -> None:
    seen: dict[str, str] = {}
    for item in fields:
        if fold(item.name) in seen:
            raise SchemaError(say.SAME_NAME(first=seen[fold(item.name)], second=item.name))
        seen[fold(item.name)] = item.name


def _check_attributes(fields: tuple[Field, ...], layout: Layout) -> None:
    textual: list[str] = []
    for item in fields:
        for attribute, given in (
            ("categorical", item.categorical),
            ("textual", item.textual),
            ("itemName", item.item_name),
        ):
            if given and item.type != "string":
                raise SchemaError(say.NOT_A_STRING(field=item.name, attribute=attribute))
            if given and attribute != "categorical" and not layout.textual:
                raise SchemaError(say.ITEMS_ONLY(field=item.name, attribute=attribute))
        if item.categorical and item.textual:
            raise SchemaError(say.TWO_ATTRIBUTES(field=item.name))
        if item.textual:
            textual.append(item.name)
    if len(textual) > 1:
        raise SchemaError(say.SEVERAL_TEXTUAL(fields=", ".join(textual)))


def _check_reserved(schema: Schema, layout: Layout) -> None:
    names = {item.name for item in schema.fields}
    missing = [name for name, rule in layout.reserved.items() if rule.required and name not in names]
    if missing:
        raise SchemaError(say.MISSING_FIELDS(fields=", ".join(missing)))
    for name, rule in layout.reserved.items():
        item = schema.field(name)
        if item is not None:
            _check_one_reserved(item, rule)


def _check_one_reserved(item: Field, rule: Reserved) -> None:
    if item.type != rule.type:
        raise SchemaError(say.RESERVED_TYPE(field=item.name, type=rule.type))
    if item.nullable and not rule.nullable:
        raise SchemaError(say.NOT_NULLABLE(field=item.name))
    for attribute, given in (("categorical", item.categorical), ("textual", item.textual)):
        needed = rule.attribute == attribute
        if needed != given:
            must = "must" if needed else "must not"
            raise SchemaError(say.RESERVED_ATTRIBUTE(field=item.name, must=must, attribute=attribute))


def _check_counts(schema: Schema, layout: Layout) -> None:
    own = schema.metadata
    if len(own) > layout.most_metadata:
        raise SchemaError(say.TOO_MANY_FIELDS(count=len(own), type=schema.dataset_type, most=layout.most_metadata))
    trainable = sum(item.numeric or item.categorical or item.textual for item in own)
    trainable += sum(rule.metadata and schema.field(name) is not None for name, rule in layout.reserved.items())
    if trainable < layout.least_metadata:
        kinds = "categorical, textual or numeric" if layout.textual else "categorical or numeric"
        raise SchemaError(say.NO_METADATA(type=schema.dataset_type, kinds=kinds))


def _shown(value: object) -> str:
    """A value in quotes, shortened and free of lone surrogates: it goes into a sentence that is sent back."""
    text = str(value).encode(errors="replace").decode()
    return f'"{text[:80]}..."' if len(text) > 80 else f'"{text}"'
