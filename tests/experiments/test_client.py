"""What the client of comparisons makes of answers that break off."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from personalize_local.experiments.client import ServerError, compare


@pytest.fixture
def stream(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a server that answers a comparison with given bytes."""
    sent: bytes = request.param

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(sent)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        thread.join()


@pytest.mark.parametrize(
    ("stream", "message"),
    [
        (b'{"done": 1, "of": 2}\n', r"^The server stopped in the middle of the comparison\.$"),
        (b'{"done": 1, "of": 2}\n{"do', r"^The server stopped in the middle of the comparison: Unterminated string"),
        (b'{"done": 1, "of": 2}\n{"error": "no such item"}\n', "^no such item$"),
    ],
    indirect=["stream"],
)
def test_a_comparison_that_breaks_off_says_so(stream: str, message: str, tmp_path: Path) -> None:
    events = tmp_path / "events.csv"
    events.write_text("USER_ID,ITEM_ID,TIMESTAMP\n")
    seen: list[tuple[int, int]] = []
    with pytest.raises(ServerError, match=message):
        compare("a", "b", events, url=stream, progress=lambda done, of: seen.append((done, of)))
    assert seen == [(1, 2)]
