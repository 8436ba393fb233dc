"""Patience with a target that asks for it: 429 and 503, with a Retry-After in seconds, as a date, or without one."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from onezone_contracts.exchange import Exchange, Response

TOO_MANY = 429
LONGEST_PAUSES = {TOO_MANY: 30, 503: 2}
"""How many seconds, at most, a target may ask for, by status; one that asks for more is taken at its first answer."""
SLOWDOWNS = 5
"""How often a request is sent again to a target that asks for patience."""
SHORTEST = 0.1
"""Seconds of the first pause where the target names none; each further one is twice as long."""
FRUITLESS = 2
"""After so many requests in a row whose waits changed nothing, the first answer is taken."""
LAGS = 3
"""How often a run waits in vain before it stops waiting."""
STEP = 1.0
"""Seconds of a pause between two looks at the run's time."""


def unlimited() -> None:
    """The time is never over."""


class Patience:
    """Sends a request again, after a pause, while the target asks for one. Safe to use from several threads.

    `check_time` raises when there is no time left to wait; whoever sets it knows what it raises.

    Args:
        now: tells the time of day, in seconds since 1970.
        sleep: lets so many seconds pass.
    """

    def __init__(self, now: Callable[[], float] = time.time, sleep: Callable[[float], None] = time.sleep) -> None:
        self.check_time: Callable[[], None] = unlimited
        self._now = now
        self._sleep = sleep
        self._fruitless: Counter[tuple[int | None, bool]] = Counter()

    def ask(self, send: Callable[[], Exchange]) -> Exchange:
        """The exchange that `send` gives, after as many tries as the target asks for. Raises what `check_time` does."""
        exchange = send()
        if exchange.status not in LONGEST_PAUSES:
            return exchange
        kind = (exchange.status, retry_after(exchange.response, self._now()) is not None)
        pause = pause_after(exchange, 0, self._now())
        if pause is None or self._fruitless[kind] >= FRUITLESS:
            return exchange
        tries = 0
        while pause is not None and tries < SLOWDOWNS:
            self._wait(pause)
            exchange = send()
            tries += 1
            pause = pause_after(exchange, tries, self._now())
        self._fruitless[kind] = self._fruitless[kind] + 1 if exchange.status in LONGEST_PAUSES else 0
        return exchange

    def _wait(self, seconds: float) -> None:
        self.check_time()
        while seconds > STEP:
            self._sleep(STEP)
            seconds -= STEP
            self.check_time()
        self._sleep(seconds)


def asks_for_patience(exchange: Exchange) -> bool:
    """Whether a limiter answered: 429; or 503 with a Retry-After, or as the page of a proxy rather than the service.

    Sources: RFC 6585, 4 and RFC 9110, 15.6.4. Such an answer says nothing about the request.
    """
    response = exchange.response
    if response is None or response.status not in LONGEST_PAUSES:
        return False
    if response.status == TOO_MANY or response.header("Retry-After") is not None:
        return True
    return "json" not in (response.header("Content-Type") or "").lower()


def pause_after(exchange: Exchange, tries: int, now: float) -> float | None:
    """The seconds to wait before the request is sent again, None if its answer is to be taken.

    Sources: RFC 6585, 4 (429) and RFC 9110, 15.6.4 (503), which leave Retry-After to the target.

    Args:
        exchange: what was answered.
        tries: how often the request was sent again before.
        now: the time of day, in seconds since 1970.
    """
    longest = LONGEST_PAUSES.get(exchange.status or 0)
    if longest is None:
        return None
    named = retry_after(exchange.response, now)
    if named is None:
        return float(SHORTEST * 2**tries)
    return named if named <= longest else None


def retry_after(response: Response | None, now: float) -> float | None:
    """The seconds that an answer's Retry-After names, None if there is none that can be understood.

    A date counts from the answer's own Date, where it has one: the clocks may differ. Source: RFC 9110, 10.2.3.
    """
    value = (response.header("Retry-After") or "").strip() if response else ""
    if value.isascii() and value.isdecimal():
        return float(value)
    until = _date(value)
    if until is None or response is None:
        return None
    date = _date(response.header("Date") or "")
    return max(0.0, until - (now if date is None else date))


def _date(value: str) -> float | None:
    """An HTTP date in seconds since 1970, None if it is none."""
    try:
        date: datetime = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()


def waited(ready: Callable[[], bool], seconds: float, check_time: Callable[[], None]) -> bool:
    """Ask again, ever less often, for so long until `ready`; whether it was. What `check_time` raises ends it."""
    deadline, pause = time.monotonic() + seconds, 0.05
    while time.monotonic() < deadline:
        check_time()
        time.sleep(pause)
        pause = min(2 * pause, 0.4)
        if ready():
            return True
    return False


@dataclass(slots=True)
class Lag:
    """Waits for what a target shows late; gives up waiting after it was in vain a few times.

    `check_time` raises when the run's time is over; a wait that it cuts short does not count as in vain.

    Args:
        seconds: for how long something may be late.
        tireless: never stop waiting.
    """

    seconds: float
    persistent: bool = False
    check_time: Callable[[], None] = unlimited
    timeouts: int = 0
    slowest: float = 0.0
    """The longest wait that was not in vain."""

    def until(self, ready: Callable[[], bool]) -> bool:
        """Wait until `ready`; whether it was. Raises what `check_time` does."""
        started = time.monotonic()
        if ready():
            return True
        if self.timeouts >= LAGS and not self.persistent:
            return False
        if waited(ready, self.seconds, self.check_time):
            self.slowest = max(self.slowest, time.monotonic() - started)
            return True
        self.timeouts += 1
        return False

    @contextmanager
    def shortened(self, seconds: float) -> Iterator[None]:
        """Wait at most so much longer than the longest wait so far: for something that showed before."""
        before = self.seconds, self.timeouts
        self.seconds, self.timeouts = min(self.seconds, seconds + 4 * self.slowest), 0
        try:
            yield
        finally:
            self.seconds, self.timeouts = before
