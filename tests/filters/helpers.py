"""Trees in few words, and columns to check them against."""

from __future__ import annotations

from personalize_local.filters import (
    Column,
    Condition,
    CurrentItemField,
    Entity,
    Field,
    Filter,
    FilterError,
    Literals,
    Operand,
    Operator,
    Parameter,
    Part,
    parse,
)
from personalize_local.filters.tree import Action, Dataset

Row = tuple[Condition, ...]

STRING = Column(type="string")
CATEGORY = Column(type="string", categorical=True)
TEXT = Column(type="string", textual=True)
LONG = Column(type="long")
INT = Column(type="int")
FLOAT = Column(type="float")
DOUBLE = Column(type="double")
BOOLEAN = Column(type="boolean")

COLUMNS: dict[str, dict[str, Column]] = {
    "INTERACTIONS": {
        "USER_ID": STRING,
        "ITEM_ID": STRING,
        "TIMESTAMP": LONG,
        "EVENT_TYPE": STRING,
        "EVENT_VALUE": FLOAT,
        "DEVICE": CATEGORY,
    },
    "ITEMS": {
        "ITEM_ID": STRING,
        "CREATION_TIMESTAMP": LONG,
        "PRICE": FLOAT,
        "RATING": DOUBLE,
        "YEAR": INT,
        "DOWNLOADS": INT,
        "DOWNLOAD_COUNT": LONG,
        "CATEGORY": CATEGORY,
        "CATEGORY_L1": CATEGORY,
        "CATEGORY_L2": CATEGORY,
        "GENRE": CATEGORY,
        "GENRES": CATEGORY,
        "ARTICLE_GENRE": CATEGORY,
        "ALLOWED_COUNTRIES": CATEGORY,
        "PROMOTED": CATEGORY,
        "DESCRIPTION": STRING,
        "OWNER": STRING,
        "AVAILABLE": STRING,
        "PROMOTION": STRING,
        "SYNOPSIS": TEXT,
        "IN_STOCK": BOOLEAN,
    },
    "USERS": {
        "USER_ID": STRING,
        "AGE": INT,
        "MEMBERSHIP": CATEGORY,
        "MEMBERSHIP_STATUS": CATEGORY,
        "COUNTRY": CATEGORY,
        "ACTIVE": BOOLEAN,
    },
    "ACTIONS": {
        "ACTION_ID": STRING,
        "VALUE": LONG,
        "CATEGORY": CATEGORY,
        "MEMBERSHIP_LEVEL": CATEGORY,
        "ACTION_EXPIRATION_TIMESTAMP": LONG,
        "REPEAT_FREQUENCY": LONG,
    },
    "ACTION_INTERACTIONS": {"USER_ID": STRING, "ACTION_ID": STRING, "EVENT_TYPE": STRING, "TIMESTAMP": LONG},
}


def values(*given: str | int | float) -> Literals:
    return Literals(values=given)


def placeholder(name: str) -> Parameter:
    return Parameter(name=name)


def current(name: str) -> CurrentItemField:
    return CurrentItemField(name=name)


def where(dataset: Dataset, name: str, operator: Operator, operand: Operand) -> Condition:
    return Condition(field=Field(dataset=dataset, name=name), operator=operator, operand=operand)


def items(name: str, operator: Operator, operand: Operand) -> Condition:
    return where("ITEMS", name, operator, operand)


def user(name: str, operator: Operator, operand: Operand) -> Condition:
    return where("USERS", name, operator, operand)


def event(operand: Operand, operator: Operator = "IN") -> Condition:
    return where("INTERACTIONS", "EVENT_TYPE", operator, operand)


def part(action: Action, *rows: Condition | Row, entity: Entity = "ItemID", given: Row = ()) -> Part:
    """Each argument is an alternative: a condition, or a row of them that must all hold."""
    conditions = tuple((row,) if isinstance(row, Condition) else row for row in rows)
    return Part(action=action, entity=entity, conditions=conditions, user_conditions=given)


def include(*rows: Condition | Row, entity: Entity = "ItemID", given: Row = ()) -> Part:
    return part("INCLUDE", *rows, entity=entity, given=given)


def exclude(*rows: Condition | Row, entity: Entity = "ItemID", given: Row = ()) -> Part:
    return part("EXCLUDE", *rows, entity=entity, given=given)


def whole(*parts: Part) -> Filter:
    return Filter(parts=parts)


def refusal(text: str) -> FilterError:
    """The error with which ``parse`` refuses ``text``."""
    try:
        read = parse(text)
    except FilterError as error:
        return error
    raise AssertionError(f"{text} is read as {read}")
