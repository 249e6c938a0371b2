"""Which fields a schema must have, which names are reserved and how many fields of its own a dataset may have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

DatasetType = Literal["INTERACTIONS", "ITEMS", "USERS", "ACTIONS", "ACTION_INTERACTIONS"]
FieldType = Literal["float", "double", "int", "long", "string", "boolean"]
Attribute = Literal["plain", "categorical", "textual"]

ACTION_EVENT_TYPES: Final = ("TAKEN", "NOT_TAKEN", "VIEWED")
"""What may happen to an action (documented)."""
ID_LENGTH: Final = 256
STRING_LENGTH: Final = 1000
TEXTUAL_LENGTH: Final = 20_000
"""Characters of the ids of users, items and actions, of other strings and of textual ones, at most (documented)."""
FIELD_TYPES: Final[tuple[FieldType, ...]] = ("float", "double", "int", "long", "string", "boolean")

# Record names as published (Interactions, Items, Users, Actions, ActionInteractions), folded.
RECORD_NAMES: Final[Mapping[str, DatasetType]] = {
    "interactions": "INTERACTIONS",
    "items": "ITEMS",
    "users": "USERS",
    "actions": "ACTIONS",
    "actioninteractions": "ACTION_INTERACTIONS",
}

ID_FIELDS: Final[Mapping[DatasetType, tuple[str, ...]]] = {
    "INTERACTIONS": ("USER_ID", "ITEM_ID"),
    "ITEMS": ("ITEM_ID",),
    "USERS": ("USER_ID",),
    "ACTIONS": ("ACTION_ID",),
    "ACTION_INTERACTIONS": ("USER_ID", "ACTION_ID"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reserved:
    """What a field with a reserved name must look like.

    ``metadata`` marks the names that a domain gives a meaning to and that still describe an item or user: they count
    as metadata where at least one metadata field is needed.
    """

    type: FieldType
    attribute: Attribute = "plain"
    nullable: bool = False
    required: bool = False
    metadata: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The rules of one dataset type in one kind of dataset group."""

    reserved: Mapping[str, Reserved]
    most_metadata: int
    least_metadata: int = 0
    textual: bool = False


_ID = Reserved(type="string", required=True)
_TIME = Reserved(type="long", required=True)
_TEXT_OR_NULL = Reserved(type="string", nullable=True)
_LONG_OR_NULL = Reserved(type="long", nullable=True)
_CREATED = Reserved(type="long")
_CATEGORY = Reserved(type="string", attribute="categorical", required=True, metadata=True)
_CATEGORY_OR_NULL = Reserved(type="string", attribute="categorical", nullable=True, metadata=True)
_FLOAT_OR_NULL = Reserved(type="float", nullable=True, metadata=True)
_DESCRIPTION = Reserved(type="string", attribute="textual", nullable=True, metadata=True)

_INTERACTIONS: Final = {
    "USER_ID": _ID,
    "ITEM_ID": _ID,
    "TIMESTAMP": _TIME,
    "EVENT_TYPE": Reserved(type="string"),
    "EVENT_VALUE": Reserved(type="float", nullable=True),
    "IMPRESSION": _TEXT_OR_NULL,
    "RECOMMENDATION_ID": _TEXT_OR_NULL,
    "EVENT_ATTRIBUTION_SOURCE": _TEXT_OR_NULL,
}
_DOMAIN_INTERACTIONS: Final = Layout(
    reserved={**_INTERACTIONS, "EVENT_TYPE": Reserved(type="string", required=True)}, most_metadata=5
)

# The guide's tables, on its pages on custom, ECOMMERCE and VIDEO_ON_DEMAND datasets and schemas.
_CUSTOM: Final[Mapping[DatasetType, Layout]] = {
    "INTERACTIONS": Layout(reserved=_INTERACTIONS, most_metadata=5),
    "ITEMS": Layout(
        reserved={"ITEM_ID": _ID, "CREATION_TIMESTAMP": _CREATED},
        least_metadata=1,
        most_metadata=100,
        textual=True,
    ),
    "USERS": Layout(reserved={"USER_ID": _ID}, least_metadata=1, most_metadata=25),
    "ACTIONS": Layout(
        reserved={
            "ACTION_ID": _ID,
            "CREATION_TIMESTAMP": _CREATED,
            "VALUE": _LONG_OR_NULL,
            "TYPE": _TEXT_OR_NULL,
            "EXPIRATION_TIMESTAMP": _LONG_OR_NULL,
            "ACTION_EXPIRATION_TIMESTAMP": _LONG_OR_NULL,
            "REPEAT_FREQUENCY": _LONG_OR_NULL,
        },
        least_metadata=1,
        most_metadata=10,
    ),
    "ACTION_INTERACTIONS": Layout(
        reserved={
            "USER_ID": _ID,
            "ACTION_ID": _ID,
            "EVENT_TYPE": Reserved(type="string", required=True),
            "TIMESTAMP": _TIME,
            "IMPRESSION": _TEXT_OR_NULL,
            "RECOMMENDATION_ID": _TEXT_OR_NULL,
        },
        most_metadata=5,
    ),
}

_ECOMMERCE: Final[Mapping[DatasetType, Layout]] = {
    "INTERACTIONS": _DOMAIN_INTERACTIONS,
    "USERS": _CUSTOM["USERS"],
    "ITEMS": Layout(
        reserved={
            "ITEM_ID": _ID,
            "PRICE": Reserved(type="float", required=True, metadata=True),
            "CATEGORY_L1": _CATEGORY,
            "CATEGORY_L2": _CATEGORY_OR_NULL,
            "CATEGORY_L3": _CATEGORY_OR_NULL,
            "AGE_GROUP": _CATEGORY_OR_NULL,
            "ADULT": _CATEGORY_OR_NULL,
            "GENDER": _CATEGORY_OR_NULL,
            "PRODUCT_DESCRIPTION": _DESCRIPTION,
            "CREATION_TIMESTAMP": _CREATED,
        },
        most_metadata=100,
        textual=True,
    ),
}

_VIDEO_ON_DEMAND: Final[Mapping[DatasetType, Layout]] = {
    "INTERACTIONS": _DOMAIN_INTERACTIONS,
    "USERS": Layout(
        reserved={"USER_ID": _ID, "SUBSCRIPTION_MODEL": _CATEGORY_OR_NULL}, least_metadata=1, most_metadata=25
    ),
    "ITEMS": Layout(
        reserved={
            "ITEM_ID": _ID,
            "GENRES": _CATEGORY,
            "CREATION_TIMESTAMP": Reserved(type="long", required=True),
            "PRICE": _FLOAT_OR_NULL,
            "DURATION": _FLOAT_OR_NULL,
            "GENRE_L2": _CATEGORY_OR_NULL,
            "GENRE_L3": _CATEGORY_OR_NULL,
            "AVERAGE_RATING": _FLOAT_OR_NULL,
            "CONTENT_OWNER": _CATEGORY_OR_NULL,
            "CONTENT_CLASSIFICATION": _CATEGORY_OR_NULL,
            "PRODUCT_DESCRIPTION": _DESCRIPTION,
        },
        most_metadata=100,
        textual=True,
    ),
}

LAYOUTS: Final[Mapping[str | None, Mapping[DatasetType, Layout]]] = {
    None: _CUSTOM,
    "ECOMMERCE": _ECOMMERCE,
    "VIDEO_ON_DEMAND": _VIDEO_ON_DEMAND,
}


def action_event_type(given: str) -> str | None:
    """The event type of an action interaction, from any of its spellings; None for any other text."""
    plain = given.upper().replace(" ", "_")
    return plain if plain in ACTION_EVENT_TYPES else None


def fold(name: str) -> str:
    """A name without underscores and case: what two names that mean the same column have in common."""
    return name.replace("_", "").casefold()
