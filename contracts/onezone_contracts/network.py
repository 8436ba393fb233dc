"""How the kit reaches a target: what every request carries, whom TLS trusts, how fast, and whether the run goes on."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from onezone_contracts.exchange import Redactor, Request


@dataclass(frozen=True, slots=True)
class Header:
    """A header of every request to the target; `variables` are those that its value came from, with their values."""

    name: str
    value: str = field(repr=False)
    variables: tuple[tuple[str, str], ...] = field(default=(), repr=False)


class Rate:
    """At most so many requests a second, over all threads; no limit if `most` is None.

    Args:
        most: requests a second.
        now: tells the time in seconds.
        sleep: lets so many seconds pass.
    """

    def __init__(
        self,
        most: float | None = None,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._apart = 1 / most if most else 0.0
        self._now = now
        self._sleep = sleep
        self._next = 0.0
        self._lock = threading.Lock()

    def wait(self) -> None:
        """Let pass what must lie between the request before and the next one."""
        if not self._apart:
            return
        with self._lock:
            now = self._now()
            at = max(now, self._next)
            self._next = at + self._apart
        if at > now:
            self._sleep(at - now)


class Stop:
    """Whether somebody wants the run to end: asked before each request, so that none is torn apart."""

    def __init__(self) -> None:
        self.requests = 0

    def check(self, *, cleaning: bool = False) -> None:
        """Raises KeyboardInterrupt if the run is to end; while it cleans up, only where that was said twice."""
        if self.requests > int(cleaning):
            raise KeyboardInterrupt


@dataclass(frozen=True, slots=True)
class Network:
    """How the kit reaches a target. `tls` is what it trusts, None the system's authorities."""

    headers: tuple[Header, ...] = ()
    tls: ssl.SSLContext | None = None
    rate: Rate = field(default_factory=Rate)
    stop: Stop = field(default_factory=Stop)

    def mask_values(self, redactor: Redactor) -> None:
        """Have values of headers that came from variables masked, and read from the same variables in curl lines."""
        for header in self.headers:
            for name, value in header.variables:
                redactor.learn(value, header.value)
                redactor.name(name, value, f"the header {header.name}")

    def bare(self) -> Network:
        """The same without the target's headers, for another server."""
        return replace(self, headers=())

    def with_common_headers(self, request: Request) -> Request:
        """The request with the common headers, unless it has them itself."""
        own = {name.lower() for name, _ in request.all_headers}
        added = [header for header in self.headers if header.name.lower() not in own]
        pairs = tuple((header.name, header.value) for header in added)
        return replace(request, headers=(*request.headers, *pairs)) if pairs else request
