"""How waitress reads a connection here: its own way, but for uploads of nothing and for calls that only compute."""

from __future__ import annotations

from waitress.channel import HTTPChannel
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

    def handle_read(self) -> None:
        """Called by the loop when there is something to read; some calls are answered as soon as they are."""
        self.server.task_dispatcher.read_and_answer(super().handle_read)
