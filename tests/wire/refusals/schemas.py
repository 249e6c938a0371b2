"""What schemas may not be, and which schema a dataset may not be given."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from tests.wire.program import avro

from .cases import Case, Params, case
from .world import ITEMS, World

Field = Any
_USER, _ITEM, _ACTION = (("USER_ID", "string"), ("ITEM_ID", "string"), ("ACTION_ID", "string"))
_TIME = ("TIMESTAMP", "long")
_GENRE = {"name": "GENRE", "type": "string", "categorical": True}
_TYPES = "Use float, double, int, long, string or boolean, alone or in a union with null."
_SAME = "are the same. Field names must be unique, underscores and case left aside."


def _schema(name: str, text: str, said: str, domain: str | None = None) -> Case:
    more = {} if domain is None else {"domain": domain}
    return case(name, "CreateSchema", lambda _: {"name": "refused", "schema": text, **more}, said)


def _interactions(name: str, said: str, *fields: Field) -> Case:
    return _schema(name, avro("Interactions", _USER, _ITEM, _TIME, *fields), said)


def _items(name: str, said: str, *fields: Field, domain: str | None = None) -> Case:
    return _schema(name, avro("Items", _ITEM, *fields), said, domain)


def _record(**members: Any) -> str:
    return json.dumps({"type": "record", "name": "Items", **members})


FORM = (
    _schema("no JSON", "not json", "The schema is not valid JSON."),
    _schema("half of JSON", '{"type": "record"', "The schema is not valid JSON."),
    *(
        _schema(f"no record but {text}", text, 'The schema is not an Avro record: "type" must be "record".')
        for text in ("[]", "{}", '"record"', '{"type": "enum", "name": "Items"}')
    ),
    *(
        _schema(f"the name {name}", json.dumps({"type": "record", **name}), 'The schema has no "name".')
        for name in ({}, {"name": 7}, {"name": None})
    ),
    *(
        _schema(f"a record of {name}", avro(name, _USER),
                f'The schema name "{name}" is not a dataset type. Use Interactions, Items, Users, Actions or '
                "ActionInteractions.")
        for name in ("Interests", "Item", "")
    ),
    *(
        _schema(f"fields that are {fields!r}", _record(fields=fields), 'The schema has no "fields".')
        for fields in ("none", [], {}, None)
    ),
    _schema("no fields", _record(), 'The schema has no "fields".'),
    _schema("a field that is a word", _record(fields=["ITEM_ID"]),
            "Field 1 of the schema is not an object with a name and a type."),
    _schema("a field without a name", _record(fields=[{"name": "ITEM_ID", "type": "string"}, {"type": "string"}]),
            "Field 2 of the schema has no name."),
    *(
        _items(f"a field named {name!r}", f'The field name "{name}" may have only letters, digits and underscores.',
               (name, "string"))
        for name in ("A-B", "1A", "A B", "", "_", "GRÖSSE")
    ),
    _schema("a field without a type", _record(fields=[{"name": "ITEM_ID"}]), "The field ITEM_ID has no type."),
    *(
        _items(f"a field of type {type_}", f"The type of the field A is not supported. {_TYPES}", ("A", type_))
        for type_ in (
            "bytes", "STRING", 7, ["null", "date"], {"type": "string"}, {"type": "array", "items": "string"},
            {"type": "map", "values": "long"}, [["null", "string"]],
        )
    ),
    *(
        _items(f"a field of the union {type_}", "The type of the field A must be one type, or one type and null.",
               ("A", type_))
        for type_ in (["string", "long"], "null", ["null"], [], ["null", "null", "string"], ["string", "string"])
    ),
    *(
        _items(f"{attribute} {value!r}", f'The attribute "{attribute}" of the field A must be true or false.',
               {"name": "A", "type": "string", attribute: value})
        for attribute, value in (("categorical", "true"), ("textual", 1), ("itemName", None))
    ),
    *(
        _interactions(f"{second} beside {first}", f"The field names {first} and {second} {_SAME}",
                      *[(name, "string") for name in (first, second) if name != "USER_ID"])
        for first, second in (("USER_ID", "USERID"), ("GENRES_FIELD_1", "GENRESFIELD1"), ("SIZE", "size"), ("A", "A"))
    ),
)  # fmt: skip

ATTRIBUTES = (
    *(
        _items(f"{attribute} of a {type_}", f"The field A is {attribute} but not of type string.",
               {"name": "A", "type": type_, attribute: True})
        for attribute, type_ in (("categorical", "long"), ("textual", "float"), ("itemName", ["null", "boolean"]))
    ),
    *(
        _schema(f"{attribute} in {name}", avro(name, *ids, {"name": "A", "type": "string", attribute: True}),
                f"The field A is {attribute}; only Items schemas may have such a field.")
        for attribute in ("textual", "itemName")
        for name, ids in (("Users", (_USER,)), ("Interactions", (_USER, _ITEM, _TIME)), ("Actions", (_ACTION,)))
    ),
    _items("both attributes", "The field A cannot be both categorical and textual.",
           {"name": "A", "type": "string", "categorical": True, "textual": True}),
    _items("two texts", "The fields A, B are textual; an Items schema may have at most one.",
           *[{"name": name, "type": "string", "textual": True} for name in "AB"]),
)  # fmt: skip

REQUIRED = (
    *(
        _schema(f"{name} without {missing}, {domain}", avro(name, *fields),
                f"The schema is missing the required fields: {missing}.", domain)
        for name, fields, missing, domain in (
            ("Interactions", (_USER, _ITEM), "TIMESTAMP", None),
            ("Interactions", (_TIME,), "USER_ID, ITEM_ID", None),
            ("Items", (_GENRE,), "ITEM_ID", None),
            ("Users", (_GENRE,), "USER_ID", None),
            ("Actions", (_GENRE,), "ACTION_ID", None),
            ("ActionInteractions", (_USER, _ACTION), "EVENT_TYPE, TIMESTAMP", None),
            ("Interactions", (_USER, _ITEM, _TIME), "EVENT_TYPE", "ECOMMERCE"),
            ("Interactions", (_USER, _ITEM, _TIME), "EVENT_TYPE", "VIDEO_ON_DEMAND"),
            ("Items", (_ITEM, ("PRICE", "float")), "CATEGORY_L1", "ECOMMERCE"),
            ("Items", (_ITEM, {**_GENRE, "name": "CATEGORY_L1"}), "PRICE", "ECOMMERCE"),
            ("Items", (_ITEM, {**_GENRE, "name": "GENRES"}), "CREATION_TIMESTAMP", "VIDEO_ON_DEMAND"),
            ("Items", (_ITEM, ("CREATION_TIMESTAMP", "long")), "GENRES", "VIDEO_ON_DEMAND"),
        )
    ),
    *(
        _schema(f"{name} in {domain}", avro(name, _ACTION, _USER),
                f'A schema named "{name}" cannot be used in the domain {domain}.', domain)
        for name in ("Actions", "ActionInteractions")
        for domain in ("ECOMMERCE", "VIDEO_ON_DEMAND")
    ),
    _schema("times that are texts", avro("Interactions", _USER, _ITEM, ("TIMESTAMP", "string")),
            "The field TIMESTAMP is reserved and must be of type long."),
    _schema("users that are numbers", avro("Users", ("USER_ID", "long"), _GENRE),
            "The field USER_ID is reserved and must be of type string."),
    _interactions("values that are whole", "The field EVENT_VALUE is reserved and must be of type float.",
                  ("EVENT_VALUE", "int")),
    _items("prices of a shop that are double", "The field PRICE is reserved and must be of type float.",
           ("PRICE", "double"), {**_GENRE, "name": "CATEGORY_L1"}, domain="ECOMMERCE"),
    _items("items without an id", "The field CREATION_TIMESTAMP is reserved and must be of type long.", _GENRE,
           ("CREATION_TIMESTAMP", "float")),
    _schema("users that may be null", avro("Users", ("USER_ID", ["null", "string"]), _GENRE),
            "The field USER_ID may not be null."),
    _interactions("event types that may be null", "The field EVENT_TYPE may not be null.",
                  ("EVENT_TYPE", ["null", "string"])),
    _interactions("event types that are categorical", "The field EVENT_TYPE must not be categorical.",
                  {"name": "EVENT_TYPE", "type": "string", "categorical": True}),
    _items("categories that are none", "The field CATEGORY_L1 must be categorical.", ("PRICE", "float"),
           ("CATEGORY_L1", "string"), domain="ECOMMERCE"),
    *(
        _schema(f"{most + 1} columns of {name}",
                avro(name, *ids, *((f"C{number}", "float") for number in range(most + 1))),
                f"The schema has {most + 1} metadata fields; {kind} may have at most {most}.")
        for name, kind, ids, most in (
            ("Interactions", "INTERACTIONS", (_USER, _ITEM, _TIME), 5),
            ("Users", "USERS", (_USER,), 25),
            ("Items", "ITEMS", (_ITEM,), 100),
            ("Actions", "ACTIONS", (_ACTION,), 10),
            ("ActionInteractions", "ACTION_INTERACTIONS", (_USER, _ACTION, ("EVENT_TYPE", "string"), _TIME), 5),
        )
    ),
    *(
        _schema(f"nothing but {what} of {name}", avro(name, one, *more),
                f"A schema of {name.upper()} needs at least one {kinds} metadata field.")
        for name, one, more, what, kinds in (
            ("Items", _ITEM, (), "ids", "categorical, textual or numeric"),
            ("Items", _ITEM, (("CREATION_TIMESTAMP", "long"),), "dates", "categorical, textual or numeric"),
            ("Items", _ITEM, (("NEW", "boolean"),), "flags", "categorical, textual or numeric"),
            ("Users", _USER, (), "ids", "categorical or numeric"),
            ("Users", _USER, (("NAME", "string"),), "names", "categorical or numeric"),
            ("Actions", _ACTION, (("VALUE", ["null", "long"]),), "values", "categorical or numeric"),
        )
    ),
)  # fmt: skip


def _update(dataset: str, schema: str) -> Callable[[World], Params]:
    return lambda world: {
        "datasetArn": world.arn(f"dataset/{dataset}"),
        "schemaArn": world.arn(f"schema/{schema}"),
    }


def _replaced(name: str, said: str, change: Callable[[list[Field]], list[Field]]) -> Case:
    """Another schema for the items: those in use after a change."""

    def params(world: World) -> Params:
        schema = f"items {name}".replace(" ", "-")
        if not any(found["name"] == schema for found in world.ask("ListSchemas")["schemas"]):
            world.program.schema(schema, avro("Items", *change(json.loads(ITEMS)["fields"])))
        return _update("full/ITEMS", schema)(world)

    return case(name, "UpdateDataset", params, said)


REPLACEMENTS = (
    *(
        case(f"another schema for {dataset}", "UpdateDataset", _update(dataset, schema),
             f"The schema of a dataset of type {dataset.partition('/')[2]} cannot be replaced.")
        for dataset, schema in (
            ("full/INTERACTIONS", "full-INTERACTIONS"), ("acts/ACTIONS", "acts-ACTIONS"), ("shop/INTERACTIONS", "shop"),
        )
    ),
    *(
        case(f"the schema of {schema} for {dataset}", "UpdateDataset", _update(f"full/{dataset}", f"full-{schema}"),
             f"The new schema is for {schema}, the dataset is of type {dataset}.")
        for dataset, schema in (("ITEMS", "USERS"), ("USERS", "ITEMS"), ("ITEMS", "INTERACTIONS"))
    ),
    case("the schema in use", "UpdateDataset", _update("full/ITEMS", "full-ITEMS"),
         lambda world: f"Dataset {world.arn('dataset/full/ITEMS')} already has this schema."),
    case("the schema of a domain", "UpdateDataset", _update("full/USERS", "users-of-a-shop"),
         "The new schema is for another domain than the schema in use."),
    _replaced("a field lost", "The new schema lacks the field GENRE of the schema in use.",
              lambda fields: [field for field in fields if field["name"] != "GENRE"]),
    _replaced("a field renamed", "The new schema lacks the field STOCK of the schema in use.",
              lambda fields: [{**field, "name": field["name"].replace("STOCK", "IN_STOCK")} for field in fields]),
    _replaced("a field of another type", "The field PRICE must keep its type and attributes in the new schema.",
              lambda fields: [{**field, "type": "long"} if field["name"] == "PRICE" else field for field in fields]),
    _replaced("a field without attribute", "The field GENRE must keep its type and attributes in the new schema.",
              lambda fields: [{**field, "categorical": False} if field["name"] == "GENRE" else field
                              for field in fields]),
    _replaced("a field that must be there", "The new field YEAR must allow null.",
              lambda fields: [*fields, {"name": "YEAR", "type": "int"}]),
)  # fmt: skip

CASES = (*FORM, *ATTRIBUTES, *REQUIRED, *REPLACEMENTS)
