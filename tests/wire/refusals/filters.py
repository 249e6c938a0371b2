"""Filter expressions that cannot be: ``‸`` stands before the place that the answer must name."""

from __future__ import annotations

from dataclasses import dataclass

PLACE = "‸"


@dataclass(frozen=True, kw_only=True)
class Broken:
    """An expression, and what is wrong with it as the declaration of its sentence is called."""

    problem: str
    marked: str
    group: str = "full"

    def __str__(self) -> str:
        return f"{self.problem}-{self.marked}"

    @property
    def text(self) -> str:
        return self.marked.replace(PLACE, "")

    @property
    def position(self) -> int:
        """The character that is named, counted from 1."""
        return self.marked.index(PLACE) + 1


def _all(problem: str, *expressions: str, group: str = "full") -> tuple[Broken, ...]:
    return tuple(Broken(problem=problem, marked=text, group=group) for text in expressions)


_ITEM = "INCLUDE ItemID WHERE "

BROKEN = (
    *_all(
        "SYNTAX",
        "‸KEEP ItemID WHERE Items.GENRE IN ('a')",
        "INCLUDE ‸Item WHERE Items.GENRE IN ('a')",
        "INCLUDE ItemID ‸Items.GENRE IN ('a')",
        f"{_ITEM}GENRE ‸IN ('a')",
        f"{_ITEM}Items.GENRE ‸LIKE ('a')",
        f"{_ITEM}Items.GENRE IN ‸'a'",
        f"{_ITEM}Items.GENRE IN (‸)",
        f"{_ITEM}Items.GENRE IN ('a') ‸,",
        f"{_ITEM}Items.GENRE IN ('a') AND ‸",
        f"{_ITEM}Items.GENRE IN ('a') |‸",
        "INCLUDE ItemID WHERE‸",
        "INCLUDE‸",
    ),
    *_all("UNCLOSED_QUOTE", f"{_ITEM}Items.GENRE IN (‸'a", f"{_ITEM}Items.GENRE IN ('a', ‸\"b)"),
    *_all("GROUPING", f"{_ITEM}‸(Items.GENRE IN ('a') OR Items.PRICE > 1)"),
    *_all("UNKNOWN_DATASET", f"{_ITEM}‸Shops.GENRE IN ('a')", f"{_ITEM}‸Item.GENRE IN ('a')"),
    *_all("CONDITION_ON_USER_OUTSIDE_IF", f"{_ITEM}‸CurrentUser.AGE IN ('a')"),
    *_all(
        "CONDITION_IN_IF_NOT_ON_USER",
        f"{_ITEM}Items.GENRE IN ('a') IF ‸Items.PRICE > 1",
        f"{_ITEM}Items.GENRE IN ('a') IF ‸Users.AGE IN ('b')",
    ),
    *_all("CURRENT_USER_ON_RIGHT", f"{_ITEM}Items.GENRE IN (‸CurrentUser.AGE)"),
    *_all("CURRENT_ITEM_ON_LEFT", f"{_ITEM}‸CurrentItem.GENRE IN ('a')"),
    *_all("CURRENT_ITEM_IN_IF", f"{_ITEM}Items.GENRE IN ('a') IF CurrentUser.AGE = ‸CurrentItem.GENRE"),
    *_all("SECOND_IF", f"{_ITEM}Items.PRICE > 1 IF CurrentUser.AGE IN ('a') ‸IF CurrentUser.AGE IN ('b')"),
    *_all("OR_IN_IF", f"{_ITEM}Items.PRICE > 1 IF CurrentUser.AGE IN ('a') ‸OR CurrentUser.AGE IN ('b')"),
    *_all("TOO_MANY_PARAMETERS", f"{_ITEM}Items.GENRE IN ($A, ‸$B)"),
    *_all("PARAMETER_AMONG_VALUES", f"{_ITEM}Items.GENRE IN ('a', ‸$B)", f"{_ITEM}Items.GENRE IN (‸$A, 'b')"),
    *_all("LONG_PARAMETER", f"{_ITEM}Items.GENRE IN (‸${'A' * 100})"),
    *_all("MIXED_ENTITIES", f"{_ITEM}Items.GENRE IN ('a') | ‸EXCLUDE UserID WHERE Users.AGE IN ('a')"),
    *_all(
        "WRONG_DATASET_FOR_ENTITY",
        f"{_ITEM}‸Users.AGE IN ('a')",
        "INCLUDE UserID WHERE ‸Items.GENRE IN ('a')",
        "EXCLUDE ActionID WHERE ‸Items.GENRE IN ('a')",
        f"{_ITEM}‸Actions.KIND IN ('a')",
    ),
    *_all(
        "MIXED_DATASETS",
        f"{_ITEM}Items.GENRE IN ('a') AND ‸Interactions.EVENT_TYPE IN ('watch')",
        f"{_ITEM}Interactions.EVENT_TYPE IN ('watch') OR ‸Items.PRICE > 1",
    ),
    *_all("CONDITION_ON_USER_FOR_ENTITY", "INCLUDE UserID WHERE Users.AGE IN ('a') IF ‸CurrentUser.AGE IN ('b')"),
    *_all("CURRENT_ITEM_FOR_ENTITY", "INCLUDE UserID WHERE Users.AGE = ‸CurrentItem.GENRE"),
    *_all("CURRENT_ITEM_FOR_DATASET", f"{_ITEM}Interactions.EVENT_TYPE = ‸CurrentItem.GENRE"),
    *_all("EVENT_TYPE_ONLY", f"{_ITEM}‸Interactions.DEVICE IN ('phone')", f"{_ITEM}‸Interactions.EVENT_VALUE > 1"),
    *_all(
        "RESERVED_ACTION_FIELD",
        "EXCLUDE ActionID WHERE ‸Actions.REPEAT_FREQUENCY > 1",
        "EXCLUDE ActionID WHERE ‸Actions.EXPIRATION_TIMESTAMP > 1",
        group="acts",
    ),
    *_all("MISSING_DATASET", "INCLUDE ActionID WHERE ‸Actions.KIND IN ('a')"),
    *_all("MISSING_DATASET", f"{_ITEM}‸Items.GENRE IN ('a')", group="bare"),
    *_all("MISSING_DATASET", "INCLUDE UserID WHERE ‸Users.AGE IN ('a')", group="shop"),
    *_all("UNKNOWN_FIELD", f"{_ITEM}‸Items.GENR IN ('a')", f"{_ITEM}Items.PRICE > 1 AND ‸Items.COLOUR IN ('red')"),
    *_all("BOOLEAN_FIELD", f"{_ITEM}‸Items.SOLD IN ('true')"),
    *_all("TEXTUAL_FIELD", f"{_ITEM}‸Items.PLOT IN ('a')"),
    *_all("OPERATOR", f"{_ITEM}Items.GENRE ‸> 1", f"{_ITEM}Items.TITLE ‸<= 'a'"),
    *_all("WILDCARD", f"{_ITEM}Items.GENRE IN (‸'*')"),
    *_all("VALUE", f"{_ITEM}Items.PRICE > ‸'dear'", f"{_ITEM}Items.GENRE IN (‸7)"),
    *_all("DIFFERENT_TYPES", f"{_ITEM}Items.PRICE > ‸CurrentItem.GENRE"),
)

NOT_IN = (f"{_ITEM}Items.GENRE NOT IN ($A)", "EXCLUDE ItemID WHERE Interactions.EVENT_TYPE NOT IN ($A)")
"""A placeholder where none may be: of this the service's own words are known, and they name no place."""
