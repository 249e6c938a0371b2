"""Small worlds in which it is known what a good recommendation is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from personalize_local.engine.data import ActionData, Categorical, Column, Interactions, Numeric, TrainingData
from personalize_local.engine.vocabulary import Vocabulary


def world(
    histories: Sequence[Sequence[str]],
    *,
    unseen: Sequence[str] = (),
    metadata: Mapping[str, Column] | None = None,
    context: Mapping[str, Sequence[Sequence[str]]] | None = None,
) -> TrainingData:
    """User "u0" had the items of the first history in their order, and so on; the steps of all users alternate.

    The catalogue is sorted by name and holds ``unseen`` too. ``context`` gives a value for each event.
    """
    rows = [
        (step, user, item, [values[user][step] for values in (context or {}).values()])
        for user, history in enumerate(histories)
        for step, item in enumerate(history)
    ]
    rows.sort(key=lambda row: row[:2])
    items = Vocabulary.from_strings(sorted({item for history in histories for item in history} | set(unseen)))
    columns: dict[str, Categorical | Numeric] = {}
    for number, name in enumerate(context or {}):
        values = [row[3][number] for row in rows]
        known = sorted(set(values))
        columns[name] = Categorical(
            codes=np.array([known.index(value) for value in values], np.int32), values=tuple(known)
        )
    interactions = Interactions(
        user=np.array([row[1] for row in rows], np.int32),
        item=items.indexes([row[2] for row in rows]),
        timestamp=np.array([1_700_000_000 + 60 * row[0] for row in rows], np.int64),
        context=columns,
    )
    users = Vocabulary.from_strings([f"u{number}" for number in range(len(histories))])
    return TrainingData(users=users, items=items, interactions=interactions, item_metadata=metadata or {})


def two_tastes(n_users: int = 80, length: int = 6, seed: int = 0) -> TrainingData:
    """Even users have items a0..a9 in any order, odd users b0..b9; each user has most of his taste's."""
    random = np.random.default_rng(seed)
    return world([[f"{'ab'[user % 2]}{item}" for item in random.permutation(10)[:length]] for user in range(n_users)])


def chain(n_users: int = 60, n_items: int = 20, length: int = 10, seed: int = 0) -> TrainingData:
    """Each user walks along c000, c001, ... from a place of his own; the last item is followed by the first."""
    starts = np.random.default_rng(seed).integers(0, n_items, n_users)
    return world([[f"c{(start + step) % n_items:05d}" for step in range(length)] for start in starts])


def ladder(n_items: int = 6, n_users: int = 24) -> TrainingData:
    """Item p0 has the most users, p1 fewer, and so on; one user has the last one many times."""
    histories = [[f"p{item}" for item in range(n_items) if user < n_users - 4 * item] for user in range(n_users)]
    histories[0] += [f"p{n_items - 1}"] * 60
    return world(histories)


def random_world(seed: int, n_users: int = 50, n_items: int = 30, unseen: int = 3) -> TrainingData:
    """Skewed chance, some items without any interaction, and a context column."""
    random = np.random.default_rng(seed)
    chances = 1.0 / np.arange(1, n_items + 1)
    lengths = random.integers(1, 15, n_users)
    histories = [[f"i{item}" for item in random.choice(n_items, size, p=chances / chances.sum())] for size in lengths]
    devices = [[("phone", "tv")[value] for value in random.integers(0, 2, size)] for size in lengths]
    return world(histories, unseen=[f"new{number}" for number in range(unseen)], context={"DEVICE": devices})


KINDS = ("TAKEN", "NOT_TAKEN", "VIEWED")
DAY = 86_400
START = 1_700_000_000
Act = tuple[str, str, str, int]
"""User, action, kind and time in seconds after the start of all worlds."""


def acts(rows: Sequence[Act], users: Vocabulary, actions: Vocabulary) -> Interactions:
    """What users did with actions, by time."""
    ordered = sorted(rows, key=lambda row: row[3])
    return Interactions(
        user=users.indexes([row[0] for row in ordered]),
        item=actions.indexes([row[1] for row in ordered]),
        timestamp=np.array([START + row[3] for row in ordered], np.int64),
        event_type=Categorical(codes=np.array([KINDS.index(row[2]) for row in ordered], np.int32), values=KINDS),
    )


def with_actions(data: TrainingData, rows: Sequence[Act], values: Mapping[str, float | None]) -> TrainingData:
    """``data`` and the actions that ``values`` names, each with its VALUE, and what users did with them."""
    users = Vocabulary.from_strings(sorted({row[0] for row in rows}))
    actions = Vocabulary.from_strings(values)
    numbers = np.array([np.nan if value is None else value for value in values.values()], np.float64)
    return replace(
        data,
        actions=ActionData(
            users=users,
            actions=actions,
            interactions=acts(rows, users, actions),
            metadata={"VALUE": Numeric(values=numbers)},
        ),
    )


def offers(n_users: int = 160, slips: int = 8, rounds: int = 3) -> TrainingData:
    """Two tastes who are shown x and y: those of taste a take x and refuse y, those of b the other way round.

    Of every ``slips`` users of a taste one always does the opposite. Nobody has ever seen the action z.
    """
    rows: list[Act] = []
    for number in range(n_users):
        likes = number % 2 if number // 2 % slips else 1 - number % 2
        for turn in range(2 * rounds):
            place = (turn + number // 2) % 2
            shown = DAY + number * 60 + turn * 16 * DAY
            rows.append((f"u{number}", "xy"[place], "VIEWED", shown))
            rows.append((f"u{number}", "xy"[place], "TAKEN" if place == likes else "NOT_TAKEN", shown + DAY))
    return with_actions(two_tastes(n_users), rows, {"x": 3, "y": 5, "z": 9})
