"""What answers are compared with: Flask with one static answer, and a route that only parses what it is sent.

Both run on waitress with the project's own settings.

``python benchmarks/_static.py PORT SIZE THREADS``
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))


def main(port: int, size: int, threads: int) -> None:
    """Serve until killed."""
    import waitress.server
    from flask import Flask, Response, request

    from personalize_local.server.serving import waitress_options

    application = Flask("static")
    body = b"x" * size

    @application.post("/recommendations")
    def answer() -> Response:
        request.get_data()
        return Response(body, content_type="application/json")

    @application.post("/events")
    def taken() -> Response:
        request.get_json()
        return Response(content_type="application/json")

    waitress.server.create_server(application, listen=f"127.0.0.1:{port}", **waitress_options(threads)).run()


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:4]))
