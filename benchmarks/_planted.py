"""Generated worlds with a signal that is known: what was planted, and how well the best possible ranking finds it.

Items come in classes, users have tastes over classes; everything follows from a seed. ``chances`` are those by which a
user's held-out item was drawn, so that ranking by them is the best that any recommender can do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from _emulated import ITEM, TIME, USER, Column, Table
from _interactions import Int64
from numpy.typing import NDArray

Float64 = NDArray[np.float64]
DAY = 86_400
END = 1_751_241_600  # a fixed end, so that a seed gives the same world on every day
DEVICES = ("phone", "tv")
TREND_INTERVAL = "1 day"
CLASSES = 20
_RISING, _RISERS_EVENTS, _RISERS_HOURS = 20, 40, 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A user to ask for: what he had, the item that he took next, and the chances [items] by which it was drawn."""

    user: str
    had: frozenset[str]
    wanted: str
    chances: Float64
    device: str = ""
    planted: bool = True
    liking: Float64 = field(default_factory=lambda: np.zeros(0))
    """How much of what the user takes is of each class."""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Tables of a dataset group and the users to ask for; ``items`` are the names that ``chances`` are aligned with."""

    tables: tuple[Table, ...]
    items: tuple[str, ...]
    asked: tuple[Asked, ...]


def _names(kind: str, count: int) -> tuple[str, ...]:
    return tuple(f"{kind}{number}" for number in range(count))


def _appeal(classes: Int64, count: int, random: np.random.Generator) -> Float64:
    """[classes, items]: how an item is drawn within its class, skewed."""
    weight = random.lognormal(0.0, 0.8, len(classes))
    appeal = np.where(classes == np.arange(count)[:, None], weight, 0.0)
    return appeal / np.maximum(appeal.sum(axis=1, keepdims=True), 1e-12)


def _walk(chances: Float64, steps: int, random: np.random.Generator) -> Int64:
    """``steps`` different items, one after the other; ``chances`` has a row for each step, or one for all."""
    # The largest of log chance plus Gumbel noise is a draw by chance.
    noisy = np.log(np.broadcast_to(chances, (steps, chances.shape[-1])) + 1e-12) + random.gumbel(
        size=(steps, chances.shape[-1])
    )
    taken: list[int] = []
    for row in noisy:
        row = row.copy()
        row[taken] = -np.inf
        taken.append(int(np.argmax(row)))
    return np.array(taken)


def _times(steps: int, random: np.random.Generator) -> list[int]:
    """Times of a history within four weeks."""
    return sorted((END - random.integers(1, 28 * DAY, steps)).tolist())


def context_world(seed: int = 0, users: int = 1_500, items: int = 500, classes: int = 25, steps: int = 24) -> World:
    """What half of the users take depends on the device of the moment; DEVICE is a column of the interactions."""
    random = np.random.default_rng([seed, 1])
    kind = np.arange(items) % classes
    appeal, names = _appeal(kind, classes, random), _names("item", items)
    # On its own device a class is taken six times as often as taste says, on the other a sixth as often.
    boost = 6.0 ** np.where(np.arange(classes) % 2 == np.arange(2)[:, None], 1.0, -1.0)
    rows: list[tuple[object, ...]] = []
    asked = []
    for number in range(users):
        taste, depends = random.dirichlet(np.full(classes, 0.3)), number % 2 == 0
        of_device = (taste * (boost if depends else np.ones_like(boost))) @ appeal
        of_device /= of_device.sum(axis=1, keepdims=True)
        device = random.integers(0, 2, steps)
        taken = [names[item] for item in _walk(of_device[device], steps, random).tolist()]
        times = _times(steps, random)
        rows += [
            (f"user{number}", *row)
            for row in zip(taken, times, [DEVICES[code] for code in device.tolist()], strict=True)
        ][:-1]
        asked.append(
            Asked(
                user=f"user{number}",
                had=frozenset(taken[:-1]),
                wanted=taken[-1],
                chances=of_device[device[-1]],
                device=DEVICES[device[-1]],
                planted=depends,
            )
        )
    columns = (USER, ITEM, TIME, Column(name="DEVICE", categorical=True))
    table = Table(kind="Interactions", columns=columns, rows=rows)
    return World(tables=(table,), items=names, asked=tuple(asked))


def cold_world(*, described: bool, dated: bool = False, seed: int = 0, users: int = 1_500, steps: int = 20) -> World:
    """Everyone's next item is new and known by the Items dataset alone; its CATEGORY is there when ``described``.

    ``dated`` adds a column that tells the new from the old, and so nothing about tastes.
    """
    random = np.random.default_rng([seed, 2])
    old, new = 400, 100
    kind = np.arange(old + new) % CLASSES
    names = _names("item", old + new)
    is_new = np.arange(old + new) >= old
    appeal = _appeal(kind, CLASSES, random)
    rows: list[tuple[object, ...]] = []
    asked = []
    for number in range(users):
        taste = 0.2 / CLASSES + 0.8 * random.dirichlet(np.full(CLASSES, 0.1))
        chances = taste @ appeal
        taken = [names[item] for item in _walk(np.where(is_new, 0.0, chances), steps, random).tolist()]
        rows += [(f"user{number}", *row) for row in zip(taken, _times(steps, random), strict=True)]
        late = np.where(is_new, chances, 0.0)
        wanted = names[int(random.choice(old + new, p=late / late.sum()))]
        asked.append(Asked(user=f"user{number}", had=frozenset(taken), wanted=wanted, chances=late, liking=taste))
    born = np.where(is_new, END - random.integers(1, DAY, old + new), END - random.integers(60, 90, old + new) * DAY)
    category = [f"category{code}" if described else "category" for code in kind.tolist()]
    columns = [ITEM, Column(name="CREATION_TIMESTAMP", kind="long"), Column(name="CATEGORY", categorical=True)]
    cells: list[Sequence[object]] = [names, born.tolist(), category]
    if dated:
        columns.append(Column(name="STATE", categorical=True))
        cells.append(["new" if late else "old" for late in is_new.tolist()])
    described_items = list(zip(*cells, strict=True))
    tables = (
        Table(kind="Interactions", columns=(USER, ITEM, TIME), rows=rows),
        Table(kind="Items", columns=columns, rows=described_items),
    )
    return World(tables=tables, items=names, asked=tuple(asked))


def users_world(*, described: bool, seed: int = 0, users: int = 2_000, silent: int = 500, steps: int = 15) -> World:
    """What a user takes follows his AGE_GROUP; the last ``silent`` users have no interaction.

    The Users dataset is there when ``described``; its MEMBERSHIP says nothing.
    """
    random = np.random.default_rng([seed, 3])
    classes, items, groups = 20, 400, 6
    names = _names("item", items)
    appeal = _appeal(np.arange(items) % classes, classes, random)
    tastes = random.dirichlet(np.full(classes, 0.25), groups)
    age, membership = random.integers(0, groups, users), random.integers(0, 3, users)
    rows: list[tuple[object, ...]] = []
    asked = []
    for number in range(users):
        taste = 0.8 * tastes[age[number]] + 0.2 * random.dirichlet(np.full(classes, 0.3))
        taken = [names[item] for item in _walk(taste @ appeal, steps, random).tolist()]
        if number < users - silent:
            rows += [(f"user{number}", *row) for row in zip(taken, _times(steps, random), strict=True)]
        else:
            chances = tastes[age[number]] @ appeal
            asked.append(Asked(user=f"user{number}", had=frozenset(), wanted=taken[0], chances=chances))
    tables = [Table(kind="Interactions", columns=(USER, ITEM, TIME), rows=rows)]
    if described:
        columns = (USER, Column(name="AGE_GROUP", categorical=True), Column(name="MEMBERSHIP", categorical=True))
        whole = [(f"user{number}", f"age{age[number]}", f"member{membership[number]}") for number in range(users)]
        tables.append(Table(kind="Users", columns=columns, rows=whole))
    return World(tables=tuple(tables), items=names, asked=tuple(asked))


def trend_world(
    seed: int = 0, users: int = 3_000, items: int = 1_000, rising: int = _RISING, days: int = 14
) -> tuple[tuple[Table, ...], frozenset[str], tuple[str, ...]]:
    """(tables, the rising items, as many others): the rest have a steady or falling chance.

    Popular items vary by chance alone. The others of the answer are steady and not popular.
    """
    random = np.random.default_rng([seed, 4])
    rates = np.tile(200.0 / (1.0 + np.arange(items)) ** 0.8, (days, 1))
    chosen = random.choice(np.arange(items // 10, items), 2 * rising, replace=False)
    planted, falling = chosen[:rising], chosen[rising:]
    rates[:, planted] = 1.0
    rates[-2:, planted] = [[8.0], [32.0]]
    rates[:-2, falling] = 24.0
    rates[-2:, falling] = [[16.0], [6.0]]
    counts = random.poisson(rates)
    day, item = np.repeat(np.indices(counts.shape).reshape(2, -1), counts.ravel(), axis=1)
    time = END - (days - day) * DAY + random.integers(0, DAY, len(day))
    user = random.integers(0, users, len(day))
    names = _names("item", items)
    rows = [(f"user{u}", names[i], t) for u, i, t in zip(user.tolist(), item.tolist(), time.tolist(), strict=True)]
    rows.sort(key=lambda row: row[2])
    table = Table(kind="Interactions", columns=(USER, ITEM, TIME), rows=rows)
    steady = np.setdiff1d(np.arange(items // 10, items), chosen)[:rising]
    return (table,), frozenset(names[number] for number in planted.tolist()), tuple(names[n] for n in steady.tolist())


def later_events(risers: Sequence[str], begin: int, seed: int = 0) -> dict[str, list[tuple[str, int]]]:
    """(item, time) by user, in the hour from ``begin`` on: ``risers`` are taken as often as popular items in hours."""
    random = np.random.default_rng([seed, 7])
    taken = np.repeat(np.arange(len(risers)), _RISERS_EVENTS)
    time = begin + np.sort(random.integers(0, _RISERS_HOURS * 3_600, len(taken)))
    found: dict[str, list[tuple[str, int]]] = {}
    for number, (item, when) in enumerate(zip(random.permutation(taken).tolist(), time.tolist(), strict=True)):
        found.setdefault(f"visitor{number % 100}", []).append((risers[item], when))
    return found


def segments_world(seed: int = 0, users: int = 2_000, items: int = 1_000, circles: int = 20) -> tuple[Table, ...]:
    """Users of a circle take four of five items from those of their circle."""
    random = np.random.default_rng([seed, 5])
    appeal, names = _appeal(np.arange(items) % circles, circles, random), _names("item", items)
    rows: list[tuple[object, ...]] = []
    for number in range(users):
        taste = np.full(circles, 0.2 / circles)
        taste[number % circles] += 0.8
        taken = [names[item] for item in _walk(taste @ appeal, 20, random).tolist()]
        rows += [(f"user{number}", *row) for row in zip(taken, _times(20, random), strict=True)]
    return (Table(kind="Interactions", columns=(USER, ITEM, TIME), rows=rows),)


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionWorld:
    """Tables, and the chance [users, actions] by which a user takes an action that he is shown."""

    tables: tuple[Table, ...]
    users: tuple[str, ...]
    actions: tuple[str, ...]
    propensity: Float64


def action_world(seed: int = 0, users: int = 2_000, actions: int = 8, tastes: int = 4, tries: int = 6) -> ActionWorld:
    """What a user takes depends on his taste, which shows in the items that he takes; a try is over in a day."""
    random = np.random.default_rng([seed, 6])
    items, steps = 200, 12
    appeal, names = _appeal(np.arange(items) % tastes, tastes, random), _names("item", items)
    called, who = _names("action", actions), _names("user", users)
    propensity = random.beta(0.45, 0.7, (tastes, actions)).clip(0.03, 0.95)[np.arange(users) % tastes]
    first = END - tries * 16 * DAY
    had: list[tuple[object, ...]] = []
    done: list[tuple[object, ...]] = []
    for number in range(users):
        taste = np.full(tastes, 0.15 / tastes)
        taste[number % tastes] += 0.85
        taken = [names[item] for item in _walk(taste @ appeal, steps, random).tolist()]
        times = sorted((first - random.integers(1, 28 * DAY, steps)).tolist())
        had += [(who[number], *row) for row in zip(taken, times, strict=True)]
        for turn, action in enumerate(random.integers(0, actions, tries).tolist()):
            shown = first + turn * 16 * DAY + int(random.integers(0, DAY))
            ends = "TAKEN" if random.random() < propensity[number, action] else "NOT_TAKEN"
            done += [(who[number], called[action], shown, "VIEWED"), (who[number], called[action], shown + 3_600, ends)]
    action = Column(name="ACTION_ID")
    tables = (
        Table(kind="Interactions", columns=(USER, ITEM, TIME), rows=had),
        Table(
            kind="Actions",
            columns=(action, Column(name="SORT", categorical=True)),
            rows=[(name, "offer") for name in called],
        ),
        Table(kind="Action_Interactions", columns=(USER, action, TIME, Column(name="EVENT_TYPE")), rows=done),
    )
    return ActionWorld(tables=tables, users=who, actions=called, propensity=propensity)


def best_places(world: World, asked: Sequence[Asked]) -> Int64:
    """Where the wanted items are when all are ranked by the chances by which they were drawn."""
    number = {name: index for index, name in enumerate(world.items)}
    found = []
    for one in asked:
        chances = one.chances.copy()
        chances[[number[item] for item in one.had]] = -1.0
        found.append(int(np.count_nonzero(chances > chances[number[one.wanted]])))
    return np.array(found)
