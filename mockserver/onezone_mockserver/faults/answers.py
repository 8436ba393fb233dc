"""Faults' vocabulary for answers: hooks that change finished ones, and the changes themselves."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import orjson

from onezone_mockserver.exchange import Answer, Exchange
from onezone_mockserver.faults.fault import Hook, Point

if TYPE_CHECKING:
    from onezone_mockserver.state import MockState

Change = Callable[[Exchange, Answer], None]
Where = Callable[[Exchange], bool]
LOCATION = b"location"


def anywhere(_exchange: Exchange) -> bool:
    """Every request."""
    return True


def answers(change: Change, *statuses: int, where: Where = anywhere) -> Hook:
    """Change the answers of these statuses (all, where none is named) to these requests."""
    return answered(lambda exchange, answer, _state: change(exchange, answer), *statuses, where=where)


def answered(act: Callable[[Exchange, Answer, MockState], None], *statuses: int, where: Where = anywhere) -> Hook:
    """Do something when a request is answered so; it may change the answer."""

    def around(inner: Callable[[Exchange, Answer], Answer], state: MockState) -> Any:
        def changed(exchange: Exchange, answer: Answer) -> Answer:
            answer = inner(exchange, answer)
            if (not statuses or answer.status in statuses) and where(exchange):
                act(exchange, answer, state)
            return answer

        return changed

    return Hook(Point.ANSWER, around)


def successes(change: Change, where: Where = anywhere) -> Hook:
    """Change the answers to accepted requests, also where another fault changed their status before."""
    return answers(change, 200, 201, 202, 204, where=where)


def changed_answer(change: Callable[[dict[str, Any]], object]) -> Hook:
    """Change the JSON object that an answer of success shows."""

    def act(_exchange: Exchange, answer: Answer) -> None:
        value = orjson.loads(answer.body)
        change(value)
        write(answer, orjson.dumps(value))

    return answers(act, 200)


def located(change: Callable[[bytes], bytes | None], where: Where = anywhere) -> Hook:
    """Give an answer of success another Location; None takes it away."""

    def act(_exchange: Exchange, answer: Answer) -> None:
        old = dict(answer.headers).get(LOCATION)
        if old is not None:
            set_header(answer, LOCATION, change(old))

    return successes(act, where)


# --- changes ----------------------------------------------------------------------------------------------------


def status(new: int) -> Change:
    """Answer with another status; an error that becomes a success loses its body, and gets a Location."""

    def change(_exchange: Exchange, answer: Answer) -> None:
        answer.status = new
        if new == 204:  # noqa: PLR2004
            answer.body = b""
            drop(answer, b"content-length", b"content-type")
        elif not answer.body:
            set_header(answer, b"content-length", b"0")

    return change


def header(name: bytes, value: bytes | None) -> Change:
    """Give a header another value; None takes it away."""
    return lambda _exchange, answer: set_header(answer, name, value)


def body(text: bytes, media: bytes | None = None) -> Change:
    """Give the answer another body."""

    def change(_exchange: Exchange, answer: Answer) -> None:
        write(answer, text)
        if media is not None:
            set_header(answer, b"content-type", media)

    return change


def drop(answer: Answer, *names: bytes) -> None:
    """Take headers away."""
    answer.headers = [pair for pair in answer.headers if pair[0] not in names]


def set_header(answer: Answer, name: bytes, value: bytes | None) -> None:
    """Give a header another value; None takes it away."""
    drop(answer, name)
    if value is not None:
        answer.headers.append((name, value))


def write(answer: Answer, text: bytes) -> None:
    """Give the answer another body, of the length that it then has."""
    answer.body = text
    set_header(answer, b"content-length", str(len(text)).encode())
