"""How waitress reads a connection here: its own way, but for uploads of nothing and for calls that only compute."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from waitress.channel import ClientDisconnected, HTTPChannel
from waitress.parser import HTTPRequestParser

__all__ = ["Channel"]


class _Parser(HTTPRequestParser):  # type: ignore[misc]  # waitress has no types
    def parse_header(self, header_plus: bytes) -> None:
        super().parse_header(header_plus)
        if self.body_rcv is None:
            # boto3 announces every upload with "Expect: 100-continue". Where no body will come (an empty file, a
            # folder's marker), waitress would go on waiting for it and never answer.
            self.expect_continue = False


class Channel(HTTPChannel):  # type: ignore[misc]  # waitress has no types
    """One client's connection."""

    parser_class = _Parser
    _held: bytes | None = None
    """What waits to be sent together with the next piece; empty before the first piece, None when nothing waits."""

    def answer_at_once(self) -> None:
        """Answer here and now, head and body in one packet: sending is dear, and each packet wakes the client."""
        self._held = b""
        try:
            self.service()
        finally:
            self._let_go()

    def write_soon(self, data: Any) -> int:
        """Called by the answer for each of its pieces. Raises ClientDisconnected."""
        held = self._held
        if held == b"" and type(data) is bytes:
            self._held = data
            return len(data)
        self._held = None
        if held and type(data) is bytes:
            data = held + data
        elif held:
            super().write_soon(held)
        written: int = super().write_soon(data)
        return written

    def send_continue(self) -> None:
        """Called for a client that asks before it sends a body; what was answered before goes first."""
        self._let_go()
        super().send_continue()

    def _let_go(self) -> None:
        held, self._held = self._held, None
        if held:
            with suppress(ClientDisconnected):
                super().write_soon(held)

    def handle_read(self) -> None:
        """Called by the loop when there is something to read; some calls are answered as soon as they are."""
        self.server.task_dispatcher.read_and_answer(super().handle_read)
