"""Refreshes of served models: repeated events, and who waits for a refresh."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from personalize_local.runtime import refreshing
from personalize_local.store.records import StreamedEvent
from personalize_local.store.sql import Rows
from tests.conftest import Small
from tests.wire.program import until
from tests.wire.test_trending import HOUR, Square

Event = tuple[object, ...]


def event(sequence: int, item: str, *, user: str = "u", moment: float = 5.0, id_: str | None = None) -> Event:
    return (sequence, user, item, "watch", 1.0, moment, id_, "{}", moment)


def first_ones(*parts: list[Event]) -> list[list[object]]:
    seen: tuple[Any, ...] = ()
    found = []
    for part in parts:
        kept, seen = refreshing._first_ones(part, seen)
        found.append([one[0] for one in kept])
    return found


def test_repeated_events_count_once_in_one_part_and_across_parts() -> None:
    assert first_ones(
        [event(1, "a"), event(2, "b"), event(3, "a"), event(4, "a", user="other")],
        [],
        [event(5, "a"), event(6, "a", moment=6.0), event(7, "c"), event(8, "c")],
        [event(9, "c"), event(10, "d")],
    ) == [[1, 2, 4], [], [6, 7], [10]]


def test_an_id_says_what_is_repeated_whatever_else_is_said() -> None:
    assert first_ones([event(1, "a", id_="x"), event(2, "b", id_="x"), event(3, "a", id_="y"), event(4, "a")]) == [
        [1, 3, 4]
    ]


def test_of_what_was_seen_the_last_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refreshing, "_REMEMBERED", 2)
    monkeypatch.setattr(refreshing, "_IN_A_PART", 1)
    parts = [[event(1, "a")], [event(2, "b")], [event(3, "c")], [event(4, "c"), event(5, "b"), event(6, "a")]]
    assert first_ones(*parts)[-1] == [6]


def test_nobody_waits_for_a_long_refresh(small: Callable[..., Small], monkeypatch: pytest.MonkeyPatch) -> None:
    square = Square(small())
    campaign = square.campaign()
    before = square.top(campaign)
    square.send("p5", 3)
    square.small.wait(HOUR)
    monkeypatch.setattr(refreshing, "_MOST_EVENTS", 2)
    begun, go_on = threading.Event(), threading.Event()
    plain, times = refreshing._columns, []

    def slow(events: list[Event]) -> Any:
        times.append(len(events))
        begun.set()
        assert go_on.wait(30)
        return plain(events)

    monkeypatch.setattr(refreshing, "_columns", slow)
    assert square.top(campaign) == before
    assert begun.wait(30)
    assert square.top(campaign) == before
    go_on.set()
    assert until(lambda: square.top(campaign), lambda found: found != before)[0] == "p5"
    assert times == [3], "it was done once"


def of_others(square: Square, count: int) -> None:
    """Events of another group."""
    event = StreamedEvent(
        stream="another",
        user_id="u",
        session_id="s",
        item_id="p8",
        event_type="watch",
        event_value=None,
        sent_at=0.0,
        event_id=None,
        arrived=square.small.server.emulator.clock.now(),
    )
    with square.small.server.emulator.database.append() as rows:
        rows.add_events([event] * count)


def test_the_events_of_other_groups_are_passed_over_once(
    small: Callable[..., Small], monkeypatch: pytest.MonkeyPatch
) -> None:
    square = Square(small())
    campaign = square.campaign()
    asked: list[int] = []
    plain = Rows.events_past

    def noted(rows: Rows, stream: str, after: int, limit: int) -> list[list[Any]]:
        asked.append(after)
        return plain(rows, stream, after, limit)

    monkeypatch.setattr(Rows, "events_past", noted)
    square.send("p5", 3)
    of_others(square, 50)
    for step in range(3):
        square.small.wait(HOUR)
        asked.clear()
        square.top(campaign)
        assert len(asked) == 2 - (step > 0)
        with square.small.server.emulator.database.read() as rows:
            newest = rows.newest_event()
        assert (asked[0] == newest) is (step > 0)
    square.send("p6", 2)
    square.small.wait(HOUR)
    assert square.top(campaign, 1) == ["p6"], "what comes after them is seen"


def test_what_arrives_after_a_look_waits_for_the_next_one_whoever_else_writes(small: Callable[..., Small]) -> None:
    square = Square(small())
    campaign = square.campaign()
    square.small.wait(HOUR + 1)
    square.send("p5", 3)
    of_others(square, 5)
    assert square.top(campaign, 1) == ["p0"], "the look is that of a second ago, when nothing had happened lately"
    square.small.wait(HOUR - 1)
    assert square.top(campaign, 1) == ["p5"]


def test_nobody_passes_over_many_events_of_other_groups_while_a_request_waits(
    small: Callable[..., Small], monkeypatch: pytest.MonkeyPatch
) -> None:
    square = Square(small())
    campaign = square.campaign()
    square.top(campaign)
    monkeypatch.setattr(refreshing, "_MOST_EVENTS", 20)
    square.send("p5", 3)
    of_others(square, 21)
    square.small.wait(HOUR)
    threads: list[str] = []
    plain = Rows.events_past

    def noted(rows: Rows, stream: str, after: int, limit: int) -> list[list[Any]]:
        threads.append(threading.current_thread().name)
        return plain(rows, stream, after, limit)

    monkeypatch.setattr(Rows, "events_past", noted)
    before = square.top(campaign, 1)
    assert until(lambda: square.top(campaign, 1), lambda found: found != before) == ["p5"]
    assert all("_beside" in name for name in threads)


def test_a_long_refresh_that_failed_is_tried_again(
    small: Callable[..., Small], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    square = Square(small())
    campaign = square.campaign()
    before = square.top(campaign)
    square.send("p5", 3)
    square.small.wait(HOUR)
    monkeypatch.setattr(refreshing, "_MOST_EVENTS", 2)
    with monkeypatch.context() as patch:
        patch.setattr(refreshing, "_columns", lambda _: 1 / 0)
        assert square.top(campaign) == before
        until(lambda: caplog.text, lambda text: "refresh of" in text)
    assert until(lambda: square.top(campaign), lambda found: found != before)[0] == "p5"


def test_events_are_read_in_parts_that_fit_in_memory(
    small: Callable[..., Small], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refreshing, "_AT_ONCE", 2)
    square = Square(small())
    campaign = square.campaign()
    for number, item in enumerate(("p3", "p4", "new")):
        square.send(item, 5 - number)
    square.small.wait(HOUR)
    assert square.top(campaign, 4) == ["p3", "p4", "new", "p0"]


@pytest.mark.parametrize("failing", ["the look", "the thread"])
def test_a_refresh_that_cannot_begin_is_tried_again(
    small: Callable[..., Small], monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    square = Square(small())
    campaign = square.campaign()
    square.send("p5", 3)
    square.small.wait(HOUR)
    with monkeypatch.context() as broken:
        broken.setattr(refreshing, "_MOST_EVENTS", 2)

        def fail(*_: object, **__: object) -> None:
            raise RuntimeError("it cannot begin")

        if failing == "the look":
            broken.setattr(Rows, "newest_event", fail)
        else:
            broken.setattr(threading.Thread, "start", fail)
        with pytest.raises(ClientError):
            square.top(campaign)
    assert square.top(campaign)[0] == "p5"
