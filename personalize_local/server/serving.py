"""Runs the server: binds the port, builds what answers, and stops cleanly, in the foreground or in a thread."""

from __future__ import annotations

import logging
import signal
import socket
import threading
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from personalize_local.server.ticker import Ticker
from personalize_local.settings import Settings

if TYPE_CHECKING:
    from types import FrameType, TracebackType

    from personalize_local.emulator import Emulator
    from personalize_local.server.companion import Companion

# S3's own limit for one PutObject; waitress keeps what is long in a temporary file.
_LARGEST_UPLOAD = 5 * 1024**3 + 1024**2
_STOP_SECONDS = 5.0


Build = Callable[[Settings], "Emulator"]


class CannotListen(Exception):
    """The address cannot be listened on; the message says why and what to do."""


class Server:
    """An emulator behind a port. Made of settings alone, it owns its emulator and closes it.

    The port is bound when the server is made, so ``url`` is right at once, with port 0 too; it answers from
    :meth:`run` on. ``build`` replaces the way the emulator is made. Raises CannotListen.
    """

    def __init__(self, settings: Settings, build: Build | None = None) -> None:
        listener = _bind(settings.host, settings.port)
        with ExitStack() as undo:
            undo.callback(listener.close)
            port: int = listener.getsockname()[1]
            self.settings = replace(settings, port=port)
            self.url = self.settings.url
            self._companion = _companion(self.settings)
            self.emulator = (build or _build)(self.settings)
            undo.callback(self.emulator.close)
            if self._companion is not None:
                # Jobs in child processes reach the companion through the port; this process asks it directly.
                self.emulator.use_companion(self._companion, self.url)
            self._waitress, self._sockets = self._behind(listener)
            self._ticker = Ticker(self.emulator.look)
            undo.pop_all()

    def run(self) -> None:
        """Answer until :meth:`stop`, SystemExit or KeyboardInterrupt; then release everything."""
        try:
            self._ticker.start()
            self._waitress.run()
        finally:
            self._release()

    def stop(self) -> None:
        """End :meth:`run` from another thread: calls that are under way are finished first."""
        self._waitress.task_dispatcher.shutdown(timeout=_STOP_SECONDS)
        with suppress(OSError):  # the loop has ended by itself, and the pipe that wakes it is closed
            self._waitress.trigger.pull_trigger(self._close_sockets)

    def reset(self) -> None:
        """Forget the emulator's state and the companion's."""
        self.emulator.reset()
        if self._companion is not None:
            self._companion.reset()

    def _behind(self, listener: socket.socket) -> tuple[Any, dict[int, Any]]:
        import waitress.server

        from personalize_local.server.application import create_app
        from personalize_local.server.channel import Channel
        from personalize_local.server.dispatching import Dispatcher

        # Its warnings of a queue are normal under any burst; a client that hangs up is no error of ours.
        logging.getLogger("waitress.queue").setLevel(logging.ERROR)
        sockets: dict[int, Any] = {}
        self.emulator.start()
        server = waitress.server.create_server(
            create_app(self.emulator, self.settings, self._companion),
            map=sockets,
            sockets=[listener],
            _dispatcher=Dispatcher(self.settings.threads, self.emulator.keeps_waiting),
            **waitress_options(self.settings.threads),
        )
        server.channel_class = Channel
        return server, sockets

    def _close_sockets(self) -> None:
        from waitress.channel import HTTPChannel

        for dispatcher in list(self._sockets.values()):
            # A channel has buffers to let go of too; of the others only `close` does not log.
            (dispatcher.handle_close if isinstance(dispatcher, HTTPChannel) else dispatcher.close)()
        self._waitress.close()

    def _release(self) -> None:
        self._ticker.stop()
        self._close_sockets()
        self.emulator.close()


class BackgroundServer:
    """A server in a thread of this process, for tests and notebooks: ``with BackgroundServer() as server: server.url``.

    ``settings`` default to a free port on the loopback address and no environment. Several may run at once.
    """

    def __init__(self, settings: Settings | None = None, build: Build | None = None) -> None:
        self._settings = settings or Settings(port=0)
        self._build = build
        self._server: Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """Where it answers. Raises RuntimeError unless it is running."""
        return self._running().url

    @property
    def emulator(self) -> Emulator:
        """The emulator behind it. Raises RuntimeError unless it is running."""
        return self._running().emulator

    def start(self) -> None:
        """Bind and answer; returns when calls are accepted. Raises CannotListen."""
        if self._server is not None:
            raise RuntimeError("the server is running already")
        self._server = Server(self._settings, self._build)
        self._thread = threading.Thread(target=self._server.run, name="personalize-local", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Finish the calls under way, then release port, threads and state; harmless when not running."""
        if self._server is None or self._thread is None:
            return
        self._server.stop()
        self._thread.join(_STOP_SECONDS)
        self._server = self._thread = None

    def reset(self) -> None:
        """Forget all state, the companion's included."""
        self._running().reset()

    def __enter__(self) -> BackgroundServer:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _running(self) -> Server:
        if self._server is None:
            raise RuntimeError("the server is not running")
        return self._server


def serve(settings: Settings, ready: Callable[[Server], None]) -> None:
    """Run in the foreground until SIGTERM or SIGINT; ``ready`` is called once the port answers.

    Main thread only, since it takes the two signals over. Raises CannotListen, and what ``build`` raises.
    """
    server = Server(settings)

    def leave(_: int, __: FrameType | None) -> None:
        # Waitress ends its loop on SystemExit and finishes the calls under way. Later signals change nothing.
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        raise SystemExit(0)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, leave)
    ready(server)
    server.run()


def waitress_options(threads: int) -> dict[str, Any]:
    """How waitress runs here; benchmarks run what they compare with the same way."""
    return {
        "threads": threads,
        "ident": "personalize-local",
        "max_request_body_size": _LARGEST_UPLOAD,
        "log_socket_errors": False,
        "clear_untrusted_proxy_headers": False,
        "connection_limit": 1000,
        "asyncore_use_poll": True,
    }


def _companion(settings: Settings) -> Companion | None:
    from personalize_local.server.companion import Companion, is_installed

    return Companion(settings.account) if settings.companion and is_installed() else None


def _build(settings: Settings) -> Emulator:
    from personalize_local.emulator import build

    return build(settings)


def _bind(host: str, port: int) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except OSError as error:
        raise CannotListen(f"Cannot listen on {host}: {error.strerror}.") from None
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(1)  # makes a second server on this port fail here; waitress sets the real backlog
    except OSError as error:
        listener.close()
        raise CannotListen(
            f"Cannot listen on port {port} of {host}: {error.strerror}. "
            "Stop the program that uses it or choose another port with --port (0 takes a free one)."
        ) from None
    return listener
