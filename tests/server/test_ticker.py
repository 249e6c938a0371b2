"""What a server does by itself as time goes on."""

from __future__ import annotations

import logging
import threading

import pytest

from personalize_local.server.ticker import Ticker


def test_it_looks_again_and_again_until_it_is_stopped() -> None:
    looks, enough = [], threading.Event()

    def look() -> None:
        looks.append(1)
        if len(looks) == 3:
            enough.set()

    ticker = Ticker(look, seconds=0.001)
    ticker.start()
    assert enough.wait(30)
    ticker.stop()
    seen = len(looks)
    assert not threading.Event().wait(0.02)
    assert len(looks) == seen


def test_a_look_that_fails_is_logged_and_not_the_last(caplog: pytest.LogCaptureFixture) -> None:
    looks, enough = [], threading.Event()

    def look() -> None:
        looks.append(1)
        if len(looks) > 1:
            enough.set()
        raise ValueError("broken")

    ticker = Ticker(look, seconds=0.001)
    with caplog.at_level(logging.ERROR):
        ticker.start()
        assert enough.wait(30)
        ticker.stop()
    assert "what is due could not be begun" in caplog.text


def test_one_that_was_never_started_can_be_stopped() -> None:
    Ticker(lambda: None).stop()
