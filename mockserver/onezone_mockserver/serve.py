"""Runs the mock under uvicorn: one process, no access log, announced when it takes connections, stopped gently."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import ipaddress
import logging
import signal
import socket
import ssl
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import uvicorn

from onezone_mockserver.connection import connection_class

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from onezone_mockserver.app import Mock

GRACE_SECONDS = 5
"""So long a body that is under way may take when the server is told to stop."""
ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104  (read, not bound)


class ServeError(Exception):
    """The server cannot be started; the message is one line."""


class Server(uvicorn.Server):
    """uvicorn's server, which says when it takes connections, and when it is told to stop."""

    def __init__(self, config: uvicorn.Config, started: Callable[[], None], stopping: Callable[[], None]) -> None:
        super().__init__(config)
        self.announce = started
        self.stopping = stopping

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to accept connections, then announce it."""
        await super().startup(sockets)
        if self.started:
            self.announce()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop at SIGTERM and SIGINT; a second SIGINT does not wait for requests. Who is cut off is no error."""
        self.stopping()
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
        super().handle_exit(sig, frame)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop as uvicorn does, and then cut off whoever still does not read: nothing waits for such a client."""
        await super().shutdown(sockets)
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        await asyncio.sleep(0)


def bind(host: str, port: int) -> socket.socket:
    """A socket that listens on host and port (0 picks one). Raises ServeError."""
    try:
        addresses = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, _, _, address = addresses[0]
        listening = socket.socket(family, kind)
    except (OSError, UnicodeError) as error:
        raise ServeError(f"cannot listen on {host}: {_words(error)}") from None
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(2048)
    except OSError as error:
        listening.close()
        raise ServeError(f"cannot listen on {host} port {port}: {_words(error)}") from None
    return listening


def origin(listening: socket.socket, host: str, *, tls: bool) -> str:
    """The URL of the server as a client on this machine reaches it."""
    shown = ANYWHERE.get(host, host)
    name = f"[{shown}]" if ":" in shown else shown
    return f"http{'s' if tls else ''}://{name}:{listening.getsockname()[1]}"


def is_loopback(listening: socket.socket) -> bool:
    """Whether nobody but this machine reaches the socket."""
    return ipaddress.ip_address(listening.getsockname()[0].partition("%")[0]).is_loopback


def configure(app: Mock, tls_cert: str | None, tls_key: str | None) -> uvicorn.Config:
    """The server's configuration. What proxies say is the application's to believe.

    Raises ServeError for a certificate or a key that cannot be used.
    """
    if tls_cert:
        check_certificate(tls_cert, tls_key)
    return uvicorn.Config(
        app,
        loop="uvloop" if find_spec("uvloop") else "asyncio",
        http=connection_class(app.state),
        ws="none",
        lifespan="off",
        access_log=False,
        log_config=None,
        log_level="error",
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
        ssl_certfile=tls_cert,
        ssl_keyfile=tls_key,
    )


def check_certificate(cert: str, key: str | None) -> None:
    """Say now, and in words, why a certificate and its key cannot be used. Raises ServeError."""
    for option, name in (("--tls-cert", cert), ("--tls-key", key)):
        try:
            if name is not None:
                Path(name).read_bytes()
        except OSError as error:
            raise ServeError(f"cannot read {option} {name}: {_words(error)}") from None
    asked: list[str] = []
    try:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, key, password=lambda: asked.append("") or "")  # type: ignore[func-returns-value]
    except (OSError, ValueError) as error:
        if asked:
            raise ServeError(f"the key {key or cert} asks for a pass phrase: give one that does not") from None
        more = f" with the key {key}" if key else "; if its key is in another file, give the key with --tls-key"
        raise ServeError(f"cannot use the certificate {cert}{more}: {error}") from None


def serve(
    config: uvicorn.Config, listening: socket.socket, started: Callable[[], None], stopping: Callable[[], None]
) -> None:
    """Serve until SIGTERM or SIGINT. `stopping` is called at once then; bodies under way have GRACE_SECONDS."""
    server = Server(config, started, stopping)

    def stop(_number: int, _frame: FrameType | None) -> None:
        """End before the server has started. It has handlers of its own, and sends the signal again when it is done."""
        if not server.started:
            sys.exit(0)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    gc.collect()
    gc.freeze()
    with contextlib.suppress(KeyboardInterrupt, asyncio.CancelledError):
        server.run(sockets=[listening])


def _words(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error).splitlines()[0]
