"""Which thread answers a call."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from waitress.channel import HTTPChannel

from personalize_local.server.channel import Channel
from personalize_local.server.dispatching import Dispatcher

PATIENCE = 30.0


class FakeChannel:
    """A connection with one call; notes who answers it."""

    def __init__(self, path: str = "/", target: str = "", length: int = 2, error: Any = None) -> None:
        headers = {"X_AMZ_TARGET": target} if target else {}
        self.requests = [SimpleNamespace(path=path, headers=headers, content_length=length, error=error)]
        self.answered = threading.Event()
        self.thread: threading.Thread | None = None
        self.fails = False
        self.at_once = False

    def service(self) -> None:
        self.thread = threading.current_thread()
        self.answered.set()
        if self.fails:
            raise RuntimeError("a channel that breaks")

    def answer_at_once(self) -> None:
        self.at_once = True
        self.service()

    def cancel(self) -> None:
        self.answered.set()


@pytest.fixture
def dispatcher() -> Iterator[Dispatcher]:
    made = Dispatcher(2)
    yield made
    made.shutdown()


def answering_thread(dispatcher: Dispatcher, channel: FakeChannel) -> threading.Thread | None:
    """Who answers a call that this thread reads."""
    dispatcher.read_and_answer(lambda: dispatcher.add_task(channel))
    assert channel.answered.wait(PATIENCE)
    return channel.thread


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/recommendations", ""),
        ("/events", ""),
        ("/action-interactions", ""),
        ("/personalize-ranking", ""),
        ("/", "AmazonPersonalize.DescribeCampaign"),
        ("/", "AmazonPersonalize.ListSchemas"),
    ],
)
def test_a_call_that_only_computes_is_answered_by_the_thread_that_read_it(
    dispatcher: Dispatcher, path: str, target: str
) -> None:
    channel = FakeChannel(path, target)
    assert answering_thread(dispatcher, channel) is threading.current_thread()
    assert channel.at_once


@pytest.mark.parametrize(
    "channel",
    [
        FakeChannel("/items"),
        FakeChannel("/", "AmazonPersonalize.CreateSchema"),
        FakeChannel("/bucket/key"),
        FakeChannel("/", "DynamoDB_20120810.DescribeTable"),
        FakeChannel("/recommendations", length=1_000_000),
        FakeChannel("/recommendations", error=ValueError("malformed")),
    ],
    ids=["rows", "create", "object", "another service", "long body", "malformed"],
)
def test_any_other_call_is_answered_by_a_worker(dispatcher: Dispatcher, channel: FakeChannel) -> None:
    assert answering_thread(dispatcher, channel) is not threading.current_thread()


def test_calls_that_a_worker_finds_behind_its_own_stay_with_the_workers(dispatcher: Dispatcher) -> None:
    channel = FakeChannel("/recommendations")
    dispatcher.add_task(channel)  # this thread does not read
    assert channel.answered.wait(PATIENCE)
    assert channel.thread is not threading.current_thread()


def test_a_connection_that_breaks_keeps_nobody_else_from_being_answered(dispatcher: Dispatcher) -> None:
    broken, sound = FakeChannel("/recommendations"), FakeChannel("/recommendations")
    broken.fails = True

    def read() -> None:
        dispatcher.add_task(broken)
        dispatcher.add_task(sound)

    dispatcher.read_and_answer(read)
    assert broken.answered.is_set()
    assert sound.thread is threading.current_thread()


class TestPieces:
    """What a channel sends of an answer's pieces."""

    @pytest.fixture
    def sent(self, monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
        found: list[bytes] = []

        def write_soon(_: Any, data: bytes) -> int:
            found.append(data)
            return len(data)

        monkeypatch.setattr(HTTPChannel, "write_soon", write_soon)
        return found

    def _answer(self, pieces: list[bytes], *, at_once: bool) -> None:
        channel = Channel.__new__(Channel)  # a connection without a socket
        channel.service = lambda: [channel.write_soon(piece) for piece in pieces]
        channel.answer_at_once() if at_once else channel.service()

    def test_head_and_body_of_a_computed_answer_go_out_together(self, sent: list[bytes]) -> None:
        self._answer([b"head", b"body"], at_once=True)
        assert sent == [b"headbody"]

    def test_later_pieces_follow(self, sent: list[bytes]) -> None:
        self._answer([b"head", b"body", b"more"], at_once=True)
        assert sent == [b"headbody", b"more"]

    def test_a_head_without_a_body_goes_out_too(self, sent: list[bytes]) -> None:
        self._answer([b"head"], at_once=True)
        assert sent == [b"head"]

    def test_workers_send_piece_by_piece(self, sent: list[bytes]) -> None:
        self._answer([b"head", b"body"], at_once=False)
        assert sent == [b"head", b"body"]
