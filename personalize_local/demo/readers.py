"""The readers of the sample catalogue: their tastes and rhythms, and what they read with them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from personalize_local.demo.newsroom import DAY, DAYS, START, Articles, Shelf
from personalize_local.demo.words import CATEGORIES, TOPICS

DEVICES = ("mobile", "desktop", "tablet")
TIMES_OF_DAY = ("night", "morning", "afternoon", "evening")
EVENT_TYPES = ("click", "read")
AGE_GROUPS = ("18-24", "25-34", "35-49", "50-64", "65+")
MEMBERSHIPS = ("free", "standard", "premium")

# The reader whom the demonstration asks about, user-789.
GUEST = 288
_FIRST_NUMBER = 789 - GUEST
_GUEST_SESSIONS = 40
_GUEST_TASTE = {"sports": 0.6, "technology": 0.3, "science": 0.1}
_GUEST_TOPICS = ("football", "cycling", "gadgets")
_GUEST_RHYTHM = (0.05, 0.25, 0.15, 0.55)
_GUEST_DEVICES = (0.8, 0.1, 0.1)

_SESSION_LENGTHS = (0.4, 0.28, 0.18, 0.09, 0.05)
_MEAN_LENGTH = sum((index + 1) * share for index, share in enumerate(_SESSION_LENGTHS))
_FRONT_PAGE = 0.12
_STAY_ON_TOPIC = 0.5
_OPEN_SEQUEL = 0.35

# How much more a category is read at a time of day on a device, over what taste says.
_BOOSTS: dict[tuple[str, str], dict[str, float]] = {
    ("evening", "mobile"): {"sports": 6.0, "entertainment": 6.0, "politics": 0.2, "business": 0.2},
    ("evening", "desktop"): {"entertainment": 3.0, "travel": 4.0, "business": 0.4},
    ("evening", "tablet"): {"entertainment": 5.0, "travel": 4.0, "health": 2.0, "politics": 0.4},
    ("morning", "mobile"): {"politics": 6.0, "business": 3.0, "health": 2.0, "entertainment": 0.3},
    ("morning", "desktop"): {"business": 6.0, "politics": 5.0, "entertainment": 0.2, "sports": 0.4},
    ("morning", "tablet"): {"politics": 5.0, "science": 3.0, "entertainment": 0.4},
    ("afternoon", "mobile"): {"sports": 2.0, "health": 4.0, "science": 0.5},
    ("afternoon", "desktop"): {"technology": 6.0, "business": 3.0, "science": 2.0, "sports": 0.4},
    ("afternoon", "tablet"): {"travel": 4.0, "science": 4.0, "politics": 0.4},
    ("night", "mobile"): {"entertainment": 5.0, "science": 2.0, "business": 0.3},
    ("night", "desktop"): {"technology": 5.0, "science": 5.0, "health": 0.4},
    ("night", "tablet"): {"entertainment": 4.0, "health": 4.0, "politics": 0.4},
}
_DEVICE_BY_TIME = np.array([[0.70, 0.15, 0.15], [0.55, 0.35, 0.10], [0.30, 0.60, 0.10], [0.55, 0.15, 0.30]])

_CATEGORY_OF_TOPIC = np.array([CATEGORIES.index(category) for category, _ in TOPICS])


@dataclass(frozen=True, slots=True, kw_only=True)
class Readers:
    """Readers; all arrays have one row a reader, and the weights of a row (of the last axis) sum to 1.

    ``taste`` goes over topics, ``rhythm`` over times of day, ``device`` over times of day and devices; ``activity``
    is each reader's share of all sessions.
    """

    ids: list[str]
    age_group: list[str]
    membership: list[str]
    taste: NDArray[np.float64]
    rhythm: NDArray[np.float64]
    device: NDArray[np.float64]
    activity: NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Interactions sorted by ``timestamp`` (epoch seconds); the other arrays are codes."""

    user: NDArray[np.int64]
    article: NDArray[np.int64]
    timestamp: NDArray[np.int64]
    event_type: NDArray[np.int64]
    device: NDArray[np.int64]
    time_of_day: NDArray[np.int64]


def invite(count: int, rng: np.random.Generator) -> Readers:
    """Make ``count`` readers. Needs more than 288, so that ``user-789`` is among them."""
    age = rng.choice(len(AGE_GROUPS), size=count, p=(0.18, 0.27, 0.27, 0.18, 0.10))
    membership = np.minimum(rng.geometric(0.6, size=count) - 1, len(MEMBERSHIPS) - 1)
    # Three circles of taste for each age group: neighbours who read alike are what collaborative methods find.
    circles = rng.dirichlet(np.full(len(CATEGORIES), 0.25), size=(len(AGE_GROUPS), 3))
    circle_topics = rng.dirichlet(np.full(len(TOPICS), 0.3), size=(len(AGE_GROUPS), 3))
    circle = rng.integers(3, size=count)
    categories = 0.65 * circles[age, circle] + 0.35 * rng.dirichlet(np.full(len(CATEGORIES), 0.4), size=count)
    within = 0.6 * circle_topics[age, circle] + 0.4 * rng.dirichlet(np.full(len(TOPICS), 0.3), size=count)
    categories[GUEST] = [_GUEST_TASTE.get(category, 0.0) for category in CATEGORIES]
    within[GUEST] = [1.0 if topic in _GUEST_TOPICS else 0.05 for _, topic in TOPICS]
    taste = categories[:, _CATEGORY_OF_TOPIC] * (within + 0.002)
    taste /= taste.sum(axis=1, keepdims=True)
    device = _DEVICE_BY_TIME[None] * rng.dirichlet(np.full(len(DEVICES), 2.0), size=count)[:, None, :]
    device[GUEST] = _GUEST_DEVICES
    rhythm = rng.dirichlet((0.4, 1.6, 1.4, 1.8), size=count)
    rhythm[GUEST] = _GUEST_RHYTHM
    activity = rng.lognormal(0.0, 0.8, size=count)
    return Readers(
        ids=[f"user-{number + _FIRST_NUMBER}" for number in range(count)],
        age_group=[AGE_GROUPS[code] for code in age.tolist()],
        membership=[MEMBERSHIPS[code] for code in membership.tolist()],
        taste=taste,
        rhythm=rhythm,
        device=device / device.sum(axis=2, keepdims=True),
        activity=activity / activity.sum(),
    )


def read(readers: Readers, articles: Articles, count: int, rng: np.random.Generator) -> Reading:
    """Let the readers read until there are ``count`` interactions; nobody reads an article twice."""
    wanted = count * 5 // 4
    for _ in range(6):
        reading = _sessions(readers, articles, wanted, rng)
        if len(reading.user) >= count:
            order = np.lexsort((reading.user[:count], reading.timestamp[:count]))
            return Reading(**{name: getattr(reading, name)[order] for name in Reading.__slots__})
        wanted = wanted * 3 // 2
    raise ValueError(f"{len(articles.ids)} articles are too few for {count} interactions")


def _sessions(readers: Readers, articles: Articles, wanted: int, rng: np.random.Generator) -> Reading:
    users = len(readers.ids)
    number = int(wanted / _MEAN_LENGTH) + _GUEST_SESSIONS + users
    user = np.concatenate(
        [
            np.full(_GUEST_SESSIONS, GUEST),
            np.arange(users),
            rng.choice(users, size=number - _GUEST_SESSIONS - users, p=readers.activity),
        ]
    )
    length = 1 + _draw(np.broadcast_to(np.cumsum(_SESSION_LENGTHS), (number, len(_SESSION_LENGTHS))), rng)
    time = _draw(np.cumsum(readers.rhythm, axis=1)[user], rng)
    device = _draw(np.cumsum(readers.device, axis=2)[user, time], rng)
    slot = rng.integers(DAYS, size=number) * 4 + time
    begin = START + slot * (DAY // 4) + rng.integers(DAY // 4 - 1800, size=number)
    article, step = _walk(readers, articles, user, length, slot, device, rng)

    session = np.repeat(np.arange(number), length)
    gap = rng.integers(20, 240, size=len(session))
    elapsed = np.cumsum(gap)
    elapsed -= np.repeat(elapsed[step == 0], length)
    first = _first_time(user[session], article, len(articles.ids))
    session, article, elapsed = session[first], article[first], elapsed[first]
    interest = readers.taste[user[session], articles.topic[article]]
    return Reading(
        user=user[session],
        article=article,
        timestamp=begin[session] + elapsed,
        event_type=(rng.random(len(session)) < 0.25 + 0.6 * np.sqrt(np.minimum(interest * 4, 1))).astype(np.int64),
        device=device[session],
        time_of_day=time[session],
    )


def _walk(
    readers: Readers,
    articles: Articles,
    user: NDArray[np.int64],
    length: NDArray[np.int64],
    slot: NDArray[np.int64],
    device: NDArray[np.int64],
    rng: np.random.Generator,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The articles of all sessions, one session after the other, and the position of each within its session."""
    shelf = Shelf(articles)
    begin = np.concatenate([[0], np.cumsum(length)[:-1]])
    article = np.zeros(int(length.sum()), dtype=np.int64)
    step = np.zeros_like(article)
    running = _running_taste(readers, user, slot % 4, device)
    for position in range(len(_SESSION_LENGTHS)):
        on = np.flatnonzero(length > position)
        topic = _draw(running[on], rng)
        previous = article[begin[on] + position - 1] if position else None
        if previous is not None:
            topic = np.where(rng.random(len(on)) < _STAY_ON_TOPIC, articles.topic[previous], topic)
        chosen = shelf.of_topic(slot[on], topic, rng.random(len(on)))
        chosen = np.where(rng.random(len(on)) < _FRONT_PAGE, shelf.front_page(slot[on], rng.random(len(on))), chosen)
        if previous is not None:
            sequel = articles.sequel[previous]
            follow = (rng.random(len(on)) < _OPEN_SEQUEL) & shelf.is_out(slot[on], sequel)
            chosen = np.where(follow, sequel, chosen)
        article[begin[on] + position] = chosen
        step[begin[on] + position] = position
    return article, step


def _running_taste(
    readers: Readers, user: NDArray[np.int64], time: NDArray[np.int64], device: NDArray[np.int64]
) -> NDArray[np.float64]:
    boost = np.ones((len(TIMES_OF_DAY), len(DEVICES), len(CATEGORIES)))
    for (when, where), factors in _BOOSTS.items():
        for category, factor in factors.items():
            boost[TIMES_OF_DAY.index(when), DEVICES.index(where), CATEGORIES.index(category)] = factor
    running = readers.taste[user]
    running *= boost[:, :, _CATEGORY_OF_TOPIC][time, device]
    np.cumsum(running, axis=1, out=running)
    return running


def _draw(running: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.int64]:
    """One column for each row of running sums of weights."""
    mark = rng.random(len(running)) * running[:, -1]
    column: NDArray[np.int64] = (running <= mark[:, None]).sum(axis=1)
    return column.clip(max=running.shape[1] - 1)


def _first_time(user: NDArray[np.int64], article: NDArray[np.int64], articles: int) -> NDArray[np.int64]:
    _, first = np.unique(user * articles + article, return_index=True)
    return np.sort(first)
