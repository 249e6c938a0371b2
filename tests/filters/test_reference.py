"""Vectorised evaluation agrees with the row by row meaning, whatever the expression, the data and the request."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from personalize_local.filters import (
    Column,
    Condition,
    CurrentItemField,
    Dataset,
    Entity,
    Filter,
    Operator,
    Parameter,
    Part,
    bind,
    check,
    parameters,
    parse,
)
from personalize_local.filters.evaluation import Request, evaluate, prepare
from tests.filters import reference, tables
from tests.filters.helpers import CATEGORY, FLOAT, INT, STRING
from tests.filters.reference import World
from tests.filters.strategies import Printer, conditions, parts, whole

FIELDS: dict[str, Column] = {"OWNER": STRING, "LEVEL": STRING, "TAGS": CATEGORY, "MOODS": CATEGORY}
NUMBERS: dict[str, Column] = {"PRICE": FLOAT, "YEAR": INT}
EVENTS: dict[str, Column] = {"EVENT_TYPE": STRING}
KEYS: dict[Dataset, str] = {"ITEMS": "ITEM_ID", "USERS": "USER_ID", "ACTIONS": "ACTION_ID"}
SCHEMAS: dict[str, dict[str, Column]] = {
    **{dataset: {key: STRING, **FIELDS, **NUMBERS} for dataset, key in KEYS.items()},
    "INTERACTIONS": EVENTS,
    "ACTION_INTERACTIONS": EVENTS,
}
DATASETS: dict[Entity, tuple[Dataset, Dataset]] = {
    "ItemID": ("ITEMS", "INTERACTIONS"),
    "UserID": ("USERS", "INTERACTIONS"),
    "ActionID": ("ACTIONS", "ACTION_INTERACTIONS"),
}
EQUALITY: tuple[Operator, ...] = ("=", "!=")

TEXTS = ("a", "b", "A", "c d", "1", "", "a|b", "é,")
FIGURES = (0, 1, 2, 2.5, -1)
TYPES = ("click", "Click", "BUY", "straße")

words = st.sampled_from(TEXTS)
figures = st.sampled_from(FIGURES)


def named(*names: str) -> st.SearchStrategy[Parameter]:
    return st.builds(Parameter, name=st.sampled_from(names))


def on_columns(dataset: Dataset, *, item: bool) -> st.SearchStrategy[Condition]:
    """Conditions on texts and on numbers, with placeholders T and U for texts, N and M for numbers."""
    strings, numbers = (*FIELDS, KEYS[dataset]), tuple(NUMBERS)
    current = [st.builds(CurrentItemField, name=st.sampled_from(names)) for names in ((*FIELDS, "ITEM_ID"), numbers)]
    text = conditions(
        st.just(dataset),
        *(current[:1] if item else ()),
        names=st.sampled_from(strings),
        literals=st.one_of(words, st.sampled_from(["e0", "e3"])),
        placeholders=named("T", "U"),
        comparisons=EQUALITY,
    )
    number = conditions(
        st.just(dataset),
        *(current[1:] if item else ()),
        names=st.sampled_from(numbers),
        literals=st.one_of(figures, st.sampled_from(["2", "-1"])),
        placeholders=named("N", "M"),
    )
    return st.one_of(text, number)


def on_events(dataset: Dataset) -> st.SearchStrategy[Condition]:
    types = [*TYPES, "*"] if dataset == "INTERACTIONS" else [*TYPES]
    literals = st.sampled_from([*types, "BuY"])
    names = st.just("EVENT_TYPE")
    return conditions(st.just(dataset), names=names, literals=literals, placeholders=named("E"), comparisons=())


def filters(entity: Entity) -> st.SearchStrategy[Filter]:
    rows, happened = DATASETS[entity]
    on_user = on_columns("USERS", item=False) if entity != "UserID" else None
    fixed = st.just(entity)

    def of(conditions: st.SearchStrategy[Condition]) -> st.SearchStrategy[Part]:
        return parts(fixed, conditions, on_user)

    return whole(
        st.one_of(
            of(on_columns(rows, item=False)),
            of(on_columns(rows, item=entity == "ItemID")),
            of(on_events(happened)),
        )
    )


cells: dict[str, st.SearchStrategy[str | float | None]] = {
    **dict.fromkeys(FIELDS, st.one_of(st.none(), words)),
    **dict.fromkeys(NUMBERS, st.one_of(st.none(), figures)),
}
sets_of_types: st.SearchStrategy[frozenset[str | None]] = st.frozensets(st.sampled_from([*TYPES, None]), max_size=2)


@st.composite
def questions(draw: st.DrawFn) -> tuple[Filter, dict[str, list[str | float]], World, int]:
    """A filter, the values for its placeholders, a world, and the index of the current item there."""
    entity = draw(st.sampled_from(get_args(Entity)))
    tree = draw(filters(entity))
    rows = [
        {KEYS[DATASETS[entity][0]]: f"e{index}", **row}
        for index, row in enumerate(draw(st.lists(st.fixed_dictionaries(cells), max_size=6)))
    ]
    current = draw(st.integers(-1, len(rows) - 1))
    world = World(
        schemas=SCHEMAS,
        rows=rows,
        events=[draw(sets_of_types) for _ in rows],
        user=draw(st.fixed_dictionaries({}, optional={**cells, "USER_ID": words})),
        current=rows[current] if current >= 0 else {},
    )
    return tree, draw_values(draw, tree), world, current


def draw_values(draw: st.DrawFn, tree: Filter) -> dict[str, list[str | float]]:
    """Values for all mandatory placeholders and for some others, only one for those that are compared."""
    every = [condition for part in tree.parts for condition in part.every_condition()]
    compared = {one.operand.name for one in every if isinstance(one.operand, Parameter) and one.operator != "IN"}
    pools: dict[str, st.SearchStrategy[str | float]] = {"E": st.sampled_from([*TYPES, "*"]), "T": words, "U": words}
    given: dict[str, list[str | float]] = {}
    for name, mandatory in parameters(tree).items():
        if mandatory or draw(st.booleans()):
            most = 1 if name in compared else 3
            given[name] = draw(st.lists(pools.get(name, figures), min_size=1, max_size=most))
    return given


def written(values: Sequence[str | float], random: Random) -> str:
    """Values as a request has them: in quotes, or where they are numbers perhaps without."""
    bare = [not isinstance(value, str) and random.random() < 0.5 for value in values]
    texts = [str(value) if plain else f'"{value}"' for value, plain in zip(values, bare, strict=True)]
    return random.choice([",", ", ", " ,\t"]).join(texts)


@given(questions(), st.randoms(use_true_random=False))
def test_masks_agree_with_the_meaning_of_each_row(
    question: tuple[Filter, dict[str, list[str | float]], World, int], random: Random
) -> None:
    tree, given_values, world, current = question
    read = parse(Printer(random).print(tree))
    check(read, SCHEMAS)
    texts = {name: written(values, random) for name, values in given_values.items()}
    data = tables.table(world.rows, SCHEMAS[DATASETS[tree.parts[0].entity][0]])
    request = Request(user=tables.user(world.user, SCHEMAS["USERS"]), item=current, events=tables.events(world.events))
    expected = reference.kept(tree, given_values, world)
    for bound in (bind(read, texts), bind(read, texts, SCHEMAS)):
        assert evaluate(bound, data, request).tolist() == expected
        prepared = prepare(bound, data)
        prepared.select(Request())
        assert prepared.select(request).tolist() == expected
        assert prepared.select(request).tolist() == expected
