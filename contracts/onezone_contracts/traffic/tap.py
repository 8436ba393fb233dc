"""What passes over one connection as exchanges: bytes in both directions are read along, and never changed."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import h11

from onezone_contracts.traffic.bodies import unpacked
from onezone_contracts.traffic.recording import Headers, Recorded, header

LARGEST = 8 * 1024 * 1024
"""So much of a body is kept; a longer one counts as not recorded."""
LONGEST_HEAD = 1024 * 1024
log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Message:
    """One side of an exchange while it comes in."""

    headers: Headers = ()
    body: bytearray = field(default_factory=bytearray)
    whole: bool = False
    too_long: bool = False

    def add(self, data: bytes) -> None:
        self.too_long |= len(self.body) + len(data) > LARGEST
        if not self.too_long:
            self.body += data

    def recorded_body(self) -> bytes | None:
        """The body without its content coding."""
        return None if self.too_long else unpacked(bytes(self.body), header(self.headers, "content-encoding"))


class Tap:
    """Reads along. What is no HTTP/1.1 that h11 reads ends the reading, and nothing else.

    Args:
        origin: scheme and authority of the server.
        done: is given every exchange.
    """

    def __init__(self, origin: str, done: Callable[[Recorded], None]) -> None:
        self.origin = origin
        self._report = done
        self._alive = True
        self._begin()

    def _begin(self) -> None:
        self._reads_requests = h11.Connection(h11.SERVER, LONGEST_HEAD)
        self._reads_answers = h11.Connection(h11.CLIENT, LONGEST_HEAD)
        self._head: h11.Request | None = None
        self._status: int | None = None
        self._request, self._answer = _Message(), _Message()
        self._start = 0.0

    @property
    def waits(self) -> bool:
        """Whether a request is there whose answer is not."""
        return self._alive and self._head is not None

    def read_sent(self, data: bytes) -> None:
        """Bytes of the client; none when it has no more to say."""
        self._safely(self._read_request, data)

    def read_received(self, data: bytes) -> None:
        """Bytes of the server; none when it has no more to say."""
        self._safely(self._read_answer, data)

    def _safely(self, read: Callable[[bytes], None], data: bytes) -> None:
        if not self._alive:
            return
        try:
            read(data)
        except Exception:  # an error of ours never breaks the traffic
            log.debug("what passes is not read any longer", exc_info=True)
            self._alive = False

    def _read_request(self, data: bytes) -> None:
        self._reads_requests.receive_data(data)
        while not isinstance(event := self._reads_requests.next_event(), type):
            if isinstance(event, h11.Request):
                self._head, self._start = event, time.time()
                self._request.headers = _text(event)
            elif isinstance(event, h11.Data):
                self._request.add(bytes(event.data))
            elif isinstance(event, h11.EndOfMessage):
                self._request.whole = True
            else:
                return  # the client has no more to say
            self._reads_answers.send(event)
            if self._request.whole:
                self._finish()
                return

    def _read_answer(self, data: bytes) -> None:
        if self._head is None and data:
            return  # nobody asked for it
        self._reads_answers.receive_data(data)
        while not isinstance(event := self._reads_answers.next_event(), type):
            if isinstance(event, h11.Response):
                self._status = event.status_code
                self._answer.headers = _text(event)
            elif isinstance(event, h11.Data):
                self._answer.add(bytes(event.data))
            elif isinstance(event, h11.EndOfMessage):
                self._answer.whole = True
                self._finish()
                return
            elif isinstance(event, h11.ConnectionClosed):
                return
        self._alive = self._reads_answers.their_state is not h11.SWITCHED_PROTOCOL

    def _finish(self) -> None:
        """Hand an exchange over whose both sides are there, and read on with what came after it."""
        if self._head is None or not (self._request.whole and self._answer.whole):
            return
        sent, stray = self._reads_requests.trailing_data[0], self._reads_answers.trailing_data[0]
        if stray and not sent and not self._answer.body:
            self._answer.add(stray)  # a body where HTTP allows none
            stray = b""
        target = self._head.target.decode("latin-1")
        self._report(
            Recorded(
                "proxy",
                self._start,
                time.time(),
                self._head.method.decode("ascii").upper(),
                target if "://" in target else self.origin + target,
                self._status,
                self._request.headers,
                self._request.recorded_body(),
                self._answer.headers,
                self._answer.recorded_body(),
            )
        )
        self._begin()
        if sent:
            self._read_request(sent)
        if stray:
            self._read_answer(stray)


def _text(event: h11.Request | h11.Response) -> Headers:
    """The headers as text, in the case in which they came."""
    return tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in event.headers.raw_items())
