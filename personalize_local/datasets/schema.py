"""Schemas: Avro JSON text as the service accepts it, read into typed fields. Standard library only."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from personalize_local.datasets._schema_rules import (
    FIELD_TYPES,
    ID_FIELDS,
    LAYOUTS,
    RECORD_NAMES,
    DatasetType,
    FieldType,
    Layout,
    Reserved,
    fold,
)

__all__ = ["DatasetType", "Field", "FieldType", "Schema", "SchemaError", "check_replacement", "fold", "parse_schema"]

# Avro's own rule for names; the guide says alphanumeric, with underscores allowed.
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)


class SchemaError(ValueError):
    """The schema breaks a rule; the message is a sentence for the one who wrote it.

    The service's own sentences for malformed schemas are not published: all of them here are chosen, the rules
    behind them are documented unless a comment says otherwise.
    """


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


def parse_schema(text: str, domain: str | None) -> Schema:
    """Read and check a schema of a custom (``domain`` None), ECOMMERCE or VIDEO_ON_DEMAND dataset group.

    Raises SchemaError with the first rule that is broken. Source: the guide's pages on schemas and on each dataset
    type.
    """
    record = _record(text)
    dataset_type = RECORD_NAMES.get(fold(str(record["name"])))
    if dataset_type is None:
        raise SchemaError(
            f"The schema name {_shown(record['name'])} is not a dataset type. "
            "Use Interactions, Items, Users, Actions or ActionInteractions."
        )
    if domain not in LAYOUTS:
        raise SchemaError(f"The domain {_shown(domain)} is not supported. Use ECOMMERCE or VIDEO_ON_DEMAND.")
    layout = LAYOUTS[domain].get(dataset_type)
    if layout is None:
        # Documented for datasets; that the schema is refused already is chosen.
        raise SchemaError(f"A schema named {_shown(record['name'])} cannot be used in the domain {domain}.")
    fields = tuple(_field(item, position) for position, item in enumerate(_listed(record.get("fields")), 1))
    schema = Schema(dataset_type=dataset_type, domain=domain, fields=fields, text=text)
    _check_distinct(fields)
    _check_attributes(fields, layout)
    _check_reserved(schema, layout)
    _check_counts(schema, layout)
    return schema


def check_replacement(old: Schema, new: Schema) -> None:
    """Check that a dataset with schema ``old`` may be given ``new`` (UpdateDataset).

    Documented: Items and Users only; every old field stays with its type and attributes; new fields allow null.
    Raises SchemaError.
    """
    if old.dataset_type not in ("ITEMS", "USERS"):
        raise SchemaError(f"The schema of a dataset of type {old.dataset_type} cannot be replaced.")
    if new.dataset_type != old.dataset_type:
        raise SchemaError(f"The new schema is for {new.dataset_type}, the dataset is of type {old.dataset_type}.")
    if new.domain != old.domain:
        raise SchemaError("The new schema is for another domain than the schema in use.")
    kept = {item.name: item for item in new.fields}
    for item in old.fields:
        if item.name not in kept:
            raise SchemaError(f"The new schema lacks the field {item.name} of the schema in use.")
        if kept[item.name] != item:
            raise SchemaError(f"The field {item.name} must keep its type and attributes in the new schema.")
    before = {item.name for item in old.fields}
    for item in new.fields:
        if item.name not in before and not item.nullable:
            raise SchemaError(f"The new field {item.name} must allow null.")


def _record(text: str) -> dict[str, object]:
    try:
        record = json.loads(text)
    except (ValueError, RecursionError):
        raise SchemaError("The schema is not valid JSON.") from None
    if not isinstance(record, dict) or record.get("type") != "record":
        raise SchemaError('The schema is not an Avro record: "type" must be "record".')
    if not isinstance(record.get("name"), str):
        raise SchemaError('The schema has no "name".')
    return record


def _listed(fields: object) -> Iterator[dict[str, object]]:
    if not isinstance(fields, list) or not fields:
        raise SchemaError('The schema has no "fields".')
    for position, item in enumerate(fields, 1):
        if not isinstance(item, dict):
            raise SchemaError(f"Field {position} of the schema is not an object with a name and a type.")
        yield item


def _field(item: dict[str, object], position: int) -> Field:
    name = item.get("name")
    if not isinstance(name, str):
        raise SchemaError(f"Field {position} of the schema has no name.")
    if not _NAME.fullmatch(name) or not fold(name):
        raise SchemaError(f"The field name {_shown(name)} may have only letters, digits and underscores.")
    if "type" not in item:
        raise SchemaError(f"The field {name} has no type.")
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
            raise SchemaError(
                f"The type of the field {name} is not supported. "
                "Use float, double, int, long, string or boolean, alone or in a union with null."
            )
        known.append(match)
    # A union of one member is documented; that two other types cannot be joined is inferred.
    if len(known) != 1 or nulls > 1:
        raise SchemaError(f"The type of the field {name} must be one type, or one type and null.")
    return known[0], nulls == 1


def _flag(item: dict[str, object], name: str, attribute: str) -> bool:
    value = item.get(attribute, False)
    if not isinstance(value, bool):
        raise SchemaError(f'The attribute "{attribute}" of the field {name} must be true or false.')
    return value


def _check_distinct(fields: tuple[Field, ...]) -> None:
    seen: dict[str, str] = {}
    for item in fields:
        if fold(item.name) in seen:
            raise SchemaError(
                f"The field names {seen[fold(item.name)]} and {item.name} are the same. "
                "Field names must be unique, underscores and case left aside."
            )
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
                raise SchemaError(f"The field {item.name} is {attribute} but not of type string.")
            if given and attribute != "categorical" and not layout.textual:
                raise SchemaError(f"The field {item.name} is {attribute}; only Items schemas may have such a field.")
        if item.categorical and item.textual:  # inferred
            raise SchemaError(f"The field {item.name} cannot be both categorical and textual.")
        if item.textual:
            textual.append(item.name)
    if len(textual) > 1:
        raise SchemaError(f"The fields {', '.join(textual)} are textual; an Items schema may have at most one.")


def _check_reserved(schema: Schema, layout: Layout) -> None:
    names = {item.name for item in schema.fields}
    missing = [name for name, rule in layout.reserved.items() if rule.required and name not in names]
    if missing:
        raise SchemaError(f"The schema is missing the required fields: {', '.join(missing)}.")
    for name, rule in layout.reserved.items():
        item = schema.field(name)
        if item is not None:
            _check_one_reserved(item, rule)


def _check_one_reserved(item: Field, rule: Reserved) -> None:
    if item.type != rule.type:
        raise SchemaError(f"The field {item.name} is reserved and must be of type {rule.type}.")
    if item.nullable and not rule.nullable:
        raise SchemaError(f"The field {item.name} may not be null.")
    if (rule.attribute == "categorical") != item.categorical:
        raise SchemaError(f"The field {item.name} {_must(rule.attribute == 'categorical')} be categorical.")
    if (rule.attribute == "textual") != item.textual:
        raise SchemaError(f"The field {item.name} {_must(rule.attribute == 'textual')} be textual.")


def _check_counts(schema: Schema, layout: Layout) -> None:
    own = schema.metadata
    if len(own) > layout.most_metadata:
        raise SchemaError(
            f"The schema has {len(own)} metadata fields; {schema.dataset_type} may have at most {layout.most_metadata}."
        )
    # Documented: at least one categorical, textual or numeric field. That reserved fields without a meaning of their
    # own in a domain (CREATION_TIMESTAMP, VALUE) do not count is inferred.
    trainable = sum(item.numeric or item.categorical or item.textual for item in own)
    trainable += sum(rule.metadata and schema.field(name) is not None for name, rule in layout.reserved.items())
    if trainable < layout.least_metadata:
        kinds = "categorical, textual or numeric" if layout.textual else "categorical or numeric"
        raise SchemaError(f"A schema of {schema.dataset_type} needs at least one {kinds} metadata field.")


def _must(needed: bool) -> str:
    return "must" if needed else "must not"


def _shown(value: object) -> str:
    """A value in quotes, shortened and free of lone surrogates: it goes into a sentence that is sent back."""
    text = str(value).encode(errors="replace").decode()
    return f'"{text[:80]}..."' if len(text) > 80 else f'"{text}"'
