"""A proxy that stands in front of a server: every byte passes as it came, and a copy is read along."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue
from typing import Self
from urllib.parse import urlsplit

from onezone_contracts.failures import words
from onezone_contracts.target.file import SetupError
from onezone_contracts.traffic.har import HarWriter
from onezone_contracts.traffic.recording import Recorded
from onezone_contracts.traffic.routing import origin
from onezone_contracts.traffic.tap import Tap

CHUNK = 64 * 1024
LOOK = 0.05
"""Seconds between two looks at whether somebody ended it."""
PORTS = {"http": 80, "https": 443}
log = logging.getLogger(__name__)


@contextmanager
def recording(server: str, har: Path) -> Iterator[str]:
    """A proxy in front of a server, in a thread of this process, which writes what passes to a file; gives its URL."""
    ended = threading.Event()
    with Proxy(server, "127.0.0.1", 0, har) as proxy:
        thread = threading.Thread(target=proxy.serve, args=(ended.is_set,))
        thread.start()
        try:
            yield proxy.url
        finally:
            ended.set()
            thread.join()


class Proxy:
    """Relays TCP connections to one server.

    Args:
        server: the URL of the server; its path is of no account here.
        host: where to listen.
        port: the port, 0 for a free one.
        har: where to write what passes, None for nowhere.
        tls: whom TLS trusts, None for the system's authorities.
    """

    def __init__(
        self, server: str, host: str, port: int, har: Path | None = None, tls: ssl.SSLContext | None = None
    ) -> None:
        parts = urlsplit(server)
        self.origin = origin(server)
        self._server = (parts.hostname or "", parts.port or PORTS[parts.scheme])
        self._tls = (tls or ssl.create_default_context()) if parts.scheme == "https" else None
        try:
            self._socket = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
        except (OSError, OverflowError) as error:
            raise SetupError(f"--port {port}: the proxy cannot listen there: {error}") from None
        self._relays: set[asyncio.Task[None]] = set()
        self._queue: SimpleQueue[Recorded | None] = SimpleQueue()
        self._har = HarWriter(har) if har else None

    @property
    def url(self) -> str:
        """Where the proxy is reached."""
        host, port = self._socket.getsockname()[:2]
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()
        if self._har:
            self._har.close()

    def recorded(self) -> Iterator[Recorded]:
        """What passes, by the time when it was over, until the proxy ends."""
        while (exchange := self._queue.get()) is not None:
            yield exchange

    def serve(self, ended: Callable[[], bool]) -> None:
        """Relay until that is so."""
        try:
            asyncio.run(self._serve(ended))
        finally:
            self._queue.put(None)

    async def _serve(self, ended: Callable[[], bool]) -> None:
        async with await asyncio.start_server(self._connected, sock=self._socket) as server:
            while not ended():  # noqa: ASYNC110  (a signal handler may do no more than set a flag)
                await asyncio.sleep(LOOK)
            server.close()
            for relay in self._relays:
                relay.cancel()
            await asyncio.gather(*self._relays, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        relay = asyncio.ensure_future(self._relay(reader, writer))
        self._relays.add(relay)
        relay.add_done_callback(self._relays.discard)
        await asyncio.wait([relay])

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Relay one connection; it ends when both sides have ended, or one of them breaks."""
        try:
            upstream_reader, upstream_writer = await asyncio.open_connection(*self._server, ssl=self._tls)
        except OSError as error:
            log.warning("the server is not reached: %s", words(error))
            writer.transport.abort()
            return
        tap = Tap(self.origin, self._keep)

        def over() -> bool:
            return not tap.waits or upstream_reader.at_eof()

        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(_pump(reader, upstream_writer, tap.read_sent, over))
                both.create_task(_pump(upstream_reader, writer, tap.read_received, lambda: True))
        except* OSError:
            log.debug("one side broke off, and so does the other")
        finally:
            upstream_writer.close()
            writer.close()

    def _keep(self, exchange: Recorded) -> None:
        self._queue.put(exchange)
        if self._har:
            self._har.write(exchange)


async def _pump(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    tap: Callable[[bytes], None],
    over: Callable[[], bool],
) -> None:
    """Pass bytes on, first of all; then have them read along. At their end the other side is told.

    TLS cannot say that one direction has ended: there the connection is closed, as soon as that is over.
    """
    while data := await reader.read(CHUNK):
        writer.write(data)
        tap(data)  # before anything else runs: an answer must not be read before its request
        await writer.drain()
    tap(b"")
    if writer.can_write_eof():
        writer.write_eof()
        return
    while not over():  # noqa: ASYNC110  (what is waited for is read by the other pump)
        await asyncio.sleep(LOOK)
    writer.close()
