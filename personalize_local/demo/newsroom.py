"""The articles of the sample catalogue: topic, time of publication, quality, life span and sequel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from personalize_local.demo.words import TOPICS, titles

# Monday 30 June 2025, 00:00 UTC: a fixed end, so that a seed gives the same bytes on every day.
END = 1_751_241_600
DAY = 86_400
DAYS = 28
START = END - DAYS * DAY
# Articles older than the first interaction, so that every topic has something to read on the first day.
_EARLIER_DAYS = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Articles:
    """Articles in the order of their topics. All arrays have one element an article.

    ``published`` is in epoch seconds, ``life`` in days (the age at which interest has fallen to a third), ``title``
    is the number of a headline within the topic, ``sequel`` the article that readers tend to open next.
    """

    ids: list[str]
    topic: NDArray[np.int64]
    published: NDArray[np.int64]
    quality: NDArray[np.float64]
    life: NDArray[np.float64]
    title: NDArray[np.int64]
    sequel: NDArray[np.int64]


def publish(count: int, rng: np.random.Generator) -> Articles:
    """Write ``count`` articles, at least two a topic."""
    topic = np.sort(np.arange(count) % len(TOPICS))
    published = rng.integers(START - _EARLIER_DAYS * DAY, END - DAY // 4, size=count)
    first_of_topic = np.searchsorted(topic, np.arange(len(TOPICS)))
    published[first_of_topic] = START - rng.integers(DAY // 4, DAY, size=len(TOPICS))
    order = np.lexsort((published, topic))
    published = published[order]
    quality = rng.lognormal(0.0, 0.7, size=count)
    # Four of five articles are news of a few days, the fifth stays readable for weeks.
    life = np.where(rng.random(count) < 0.8, rng.uniform(1.5, 4.0, size=count), rng.uniform(10.0, 20.0, size=count))
    following = np.minimum(np.arange(count) + 1, count - 1)
    sequel = np.where(topic[following] == topic, following, first_of_topic[topic])
    # Ids are dealt at random: neither an id nor the order of the file gives the topic away.
    numbers = rng.permutation(count) + 1
    return Articles(
        ids=[f"article-{number}" for number in numbers.tolist()],
        topic=topic,
        published=published,
        quality=quality,
        life=life,
        title=_deal_titles(topic, rng),
        sequel=sequel,
    )


def _deal_titles(topic: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
    dealt = np.zeros(len(topic), dtype=np.int64)
    for number, (category, name) in enumerate(TOPICS):
        mine = np.flatnonzero(topic == number)
        dealt[mine] = np.resize(rng.permutation(len(titles(category, name))), len(mine))
    return dealt


class Shelf:
    """What a reader can find at a given time: draws articles by topic, or from the front page, with their weights.

    The period is cut into slots of six hours; the weight of an article is quality times exp(-age / life) from its
    publication on. Drawing inverts the running sum of a slot, so that a million draws are one search.
    """

    def __init__(self, articles: Articles) -> None:
        slots = np.arange(DAYS * 4)
        # The middle of a slot decides; what is published later in the slot is read from the next slot on.
        moment = START + (slots + 0.5) * DAY / 4
        age = (moment[:, None] - articles.published[None, :]) / DAY
        weight = np.where(age >= 0, articles.quality * np.exp(-np.maximum(age, 0) / articles.life), 0.0)
        running = np.cumsum(weight, axis=1)
        running /= running[:, -1:]
        self._count = len(articles.ids)
        self._running = np.concatenate([np.zeros((len(slots), 1)), running], axis=1)
        self._flat = (running + slots[:, None]).ravel()
        self._bounds = np.searchsorted(articles.topic, np.arange(len(TOPICS) + 1))
        self._topic = articles.topic
        self._published = articles.published

    def of_topic(
        self, slot: NDArray[np.int64], topic: NDArray[np.int64], uniform: NDArray[np.float64]
    ) -> NDArray[np.int64]:
        """One article for each (slot, topic) pair."""
        low = self._running[slot, self._bounds[topic]]
        high = self._running[slot, self._bounds[topic + 1]]
        found = self._search(slot, low + uniform * (high - low))
        return found.clip(self._bounds[topic], self._bounds[topic + 1] - 1)

    def front_page(self, slot: NDArray[np.int64], uniform: NDArray[np.float64]) -> NDArray[np.int64]:
        """One article for each slot, of any topic."""
        return self._search(slot, uniform)

    def is_out(self, slot: NDArray[np.int64], article: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Whether each article has been published by its slot, within the last days."""
        age = START + (slot + 0.5) * DAY / 4 - self._published[article]
        return (age >= 0) & (age < 6 * DAY)

    def _search(self, slot: NDArray[np.int64], position: NDArray[np.float64]) -> NDArray[np.int64]:
        found: NDArray[np.int64] = np.searchsorted(self._flat, slot + position, side="right") - slot * self._count
        return found.clip(0, self._count - 1)
