"""Runs the mock under uvicorn: one process, no access log, announced when it takes connections, stopped gently."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import signal
import socket
import threading
from importlib.util import find_spec
from typing import TYPE_CHECKING

import uvicorn

from onezone_mockserver.protocol import protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from onezone_mockserver.app import Mock

GRACE_SECONDS = 35
"""Longer than the longest wait that a client may prefer."""
ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104  (read, not bound)


class ServeError(Exception):
    """The server cannot be started; the message is one line."""


class Server(uvicorn.Server):
    """uvicorn's server, which says when it is ready, and ends with its exit code where uvicorn dies of the signal."""

    def __init__(self, config: uvicorn.Config, announce: Callable[[], None]) -> None:
        super().__init__(config)
        self.announce = announce

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to accept connections, then announce it."""
        await super().startup(sockets)
        if self.started:
            self.announce()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Let SIGTERM and SIGINT end the server, and nothing more; a second SIGINT does not wait for requests."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {one: signal.signal(one, self.handle_exit) for one in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for one, handler in before.items():
                signal.signal(one, handler)


def bind(host: str, port: int) -> socket.socket:
    """A socket that listens on host and port (0 picks one). Raises ServeError."""
    try:
        addresses = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, _, _, address = addresses[0]
        found = socket.socket(family, kind)
    except (OSError, UnicodeError) as error:
        raise ServeError(f"cannot listen on {host}: {_words(error)}") from None
    try:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind(address)
        found.listen(2048)
    except OSError as error:
        found.close()
        raise ServeError(f"cannot listen on {host} port {port}: {_words(error)}") from None
    return found


def origin(listening: socket.socket, host: str, *, tls: bool) -> str:
    """The URL of the server as a client on this machine reaches it."""
    shown = ANYWHERE.get(host, host)
    name = f"[{shown}]" if ":" in shown else shown
    return f"http{'s' if tls else ''}://{name}:{listening.getsockname()[1]}"


def configure(app: Mock, tls_cert: str | None, tls_key: str | None) -> uvicorn.Config:
    """The server's configuration, with the certificate loaded. Raises ServeError."""
    config = uvicorn.Config(
        app,
        loop="uvloop" if find_spec("uvloop") else "asyncio",
        http=protocol(app),
        ws="none",
        lifespan="off",
        access_log=False,
        log_level="error",
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
        ssl_certfile=tls_cert,
        ssl_keyfile=tls_key,
    )
    try:
        config.load()
    except (OSError, ValueError) as error:
        raise ServeError(f"cannot use the certificate {tls_cert}: {_words(error)}") from None
    return config


def serve(config: uvicorn.Config, listening: socket.socket, announce: Callable[[], None]) -> None:
    """Serve until SIGTERM or SIGINT; requests in flight are finished, for at most GRACE_SECONDS."""
    server = Server(config, announce)
    gc.collect()
    gc.freeze()
    with contextlib.suppress(KeyboardInterrupt, asyncio.CancelledError):
        server.run(sockets=[listening])


def _words(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error).splitlines()[0]
