"""What is said of schemas that break a rule. No sentence of the service's own was found: all wordings are ours."""

from __future__ import annotations

from typing import Final

from personalize_local.provenance import Provenance, Rule, Sentence

_FORM: Final = "dg/how-it-works-dataset-schema.html"
_TABLES: Final = (
    "dg/custom-datasets-and-schemas.html, dg/ECOMMERCE-datasets-and-schemas.html, "
    "dg/VIDEO-ON-DEMAND-datasets-and-schemas.html"
)
_REPLACING: Final = "dg/updating-dataset-schema.html"


def _of_schema(text: str, rule: Provenance, source: str = "") -> Sentence:
    return Sentence(text, rule, "chosen", "InvalidInputException of CreateSchema", source)


def _of_replacement(text: str, rule: Provenance, source: str = "") -> Sentence:
    return Sentence(text, rule, "chosen", "InvalidInputException of UpdateDataset", source)


# The document

NOT_JSON = _of_schema("The schema is not valid JSON.", "documented", _FORM)
NO_RECORD = _of_schema('The schema is not an Avro record: "type" must be "record".', "documented", _FORM)
NO_NAME = _of_schema('The schema has no "name".', "documented", _FORM)
UNKNOWN_NAME = _of_schema(
    "The schema name {name} is not a dataset type. Use Interactions, Items, Users, Actions or ActionInteractions.",
    "documented",
    _FORM,
)
UNKNOWN_DOMAIN = _of_schema(
    "The domain {domain} is not supported. Use ECOMMERCE or VIDEO_ON_DEMAND.", "documented", "dg/API_CreateSchema.html"
)
NOT_IN_DOMAIN = _of_schema(
    "A schema named {name} cannot be used in the domain {domain}.",
    "chosen",
    "documented for datasets; that the schema is refused already is ours",
)

# Its fields

NO_FIELDS = _of_schema('The schema has no "fields".', "documented", _FORM)
NO_FIELD = _of_schema("Field {position} of the schema is not an object with a name and a type.", "documented", _FORM)
NAMELESS_FIELD = _of_schema("Field {position} of the schema has no name.", "documented", _FORM)
FIELD_NAME = _of_schema(
    "The field name {name} may have only letters, digits and underscores.", "documented", f"{_FORM}; Avro's own rule"
)
NO_TYPE = _of_schema("The field {field} has no type.", "documented", _FORM)
UNKNOWN_TYPE = _of_schema(
    "The type of the field {field} is not supported. "
    "Use float, double, int, long, string or boolean, alone or in a union with null.",
    "documented",
    _FORM,
)
SEVERAL_TYPES = _of_schema("The type of the field {field} must be one type, or one type and null.", "inferred")
NO_FLAG = _of_schema('The attribute "{attribute}" of the field {field} must be true or false.', "inferred")
SAME_NAME = _of_schema(
    "The field names {first} and {second} are the same. Field names must be unique, underscores and case left aside.",
    "documented",
    f"{_FORM} says it of underscores",
)

# Attributes

NOT_A_STRING = _of_schema("The field {field} is {attribute} but not of type string.", "inferred", _FORM)
ITEMS_ONLY = _of_schema(
    "The field {field} is {attribute}; only Items schemas may have such a field.",
    "documented",
    "dg/items-datasets.html",
)
TWO_ATTRIBUTES = _of_schema("The field {field} cannot be both categorical and textual.", "inferred")
SEVERAL_TEXTUAL = _of_schema(
    "The fields {fields} are textual; an Items schema may have at most one.", "documented", "dg/items-datasets.html"
)

# Required and reserved fields

MISSING_FIELDS = _of_schema("The schema is missing the required fields: {fields}.", "documented", _TABLES)
RESERVED_TYPE = _of_schema("The field {field} is reserved and must be of type {type}.", "documented", _TABLES)
NOT_NULLABLE = _of_schema("The field {field} may not be null.", "documented", _TABLES)
RESERVED_ATTRIBUTE = _of_schema("The field {field} {must} be {attribute}.", "documented", _TABLES)
TOO_MANY_FIELDS = _of_schema(
    "The schema has {count} metadata fields; {type} may have at most {most}.", "documented", "dg/limits.html"
)
NO_METADATA = _of_schema("A schema of {type} needs at least one {kinds} metadata field.", "documented", _TABLES)

# Another schema for a dataset

NOT_REPLACEABLE = _of_replacement(
    "The schema of a dataset of type {type} cannot be replaced.", "documented", _REPLACING
)
OTHER_TYPE = _of_replacement("The new schema is for {new}, the dataset is of type {old}.", "inferred")
OTHER_DOMAIN = _of_replacement("The new schema is for another domain than the schema in use.", "inferred")
LOST_FIELD = _of_replacement("The new schema lacks the field {field} of the schema in use.", "documented", _REPLACING)
CHANGED_FIELD = _of_replacement(
    "The field {field} must keep its type and attributes in the new schema.", "documented", _REPLACING
)
NEW_NOT_NULLABLE = _of_replacement("The new field {field} must allow null.", "documented", _REPLACING)

RULES = (
    Rule(says='A union of one type, such as ["string"], is that type.', known="documented", source=_TABLES),
    Rule(says="Namespace and version of a schema are not looked at, nor have they to be there.", known="inferred"),
    Rule(
        says="The record name of a schema is compared without case and underscores.",
        known="inferred",
        source="programs that use other spellings",
    ),
    Rule(
        says="A reserved field counts as the metadata field that a dataset needs only where a domain gives it a "
        "meaning of its own, as PRICE has; CREATION_TIMESTAMP and VALUE do not count.",
        known="inferred",
    ),
    Rule(
        says="An action's expiration may be named EXPIRATION_TIMESTAMP or ACTION_EXPIRATION_TIMESTAMP.",
        known="inferred",
        source="dg/actions-datasets.html has both",
    ),
    Rule(
        says="CREATION_TIMESTAMP is a long in every dataset.",
        known="inferred",
        source="dg/ECOMMERCE-datasets-and-schemas.html has a float in one place",
    ),
    Rule(
        says="The required genres of VIDEO_ON_DEMAND items are named GENRES.",
        known="inferred",
        source="dg/VIDEO-ON-DEMAND-datasets-and-schemas.html; its default schema has GENRES_L1",
    ),
    Rule(
        says="Names mean the same field when they are equal without underscores and case: in schemas, and in the "
        "properties of events, items and users.",
        known="inferred",
        source="documented for underscores in schemas and for camelCase in properties",
    ),
)
