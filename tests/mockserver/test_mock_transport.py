"""The transports that send at the end of a turn of the event loop what was written in it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from unittest.mock import Mock

import pytest
from onezone_mockserver.transport import MOST, Gathering, Turn


def below(*, closing: bool = False) -> Mock:
    """A transport that keeps what is written."""
    return Mock(spec=asyncio.Transport, **{"is_closing.return_value": closing})


def pieces(transport: Mock) -> list[bytes]:
    """What was written to the transport below, a piece each."""
    return [call.args[0] for call in transport.write.call_args_list]


ALONE, BUSY = ["a request"], ["a request", "another"]


def in_a_loop(steps: Callable[[Turn], None]) -> None:
    """Run the steps in one turn of an event loop, and let another one come."""

    async def run() -> None:
        steps(Turn())
        await asyncio.sleep(0)

    asyncio.run(run())


def test_what_is_written_in_a_turn_is_one_piece() -> None:
    """Of each connection, in the order in which they began, and nothing before the turn is over."""
    first, second = below(), below()

    def steps(turn: Turn) -> None:
        gathering, another = Gathering(first, turn, BUSY), Gathering(second, turn, BUSY)
        gathering.write(b"head")
        another.write(b"another")
        gathering.write(b"body")
        gathering.write(b"")
        assert pieces(first) == pieces(second) == []

    in_a_loop(steps)
    assert (pieces(first), pieces(second)) == ([b"headbody"], [b"another"])


def test_a_turn_after_another() -> None:
    """A connection may send in any of them."""
    transport = below()

    async def run() -> None:
        gathering = Gathering(transport, Turn(), BUSY)
        for number in range(3):
            gathering.write(b"%d" % number)
            await asyncio.sleep(0)

    asyncio.run(run())
    assert pieces(transport) == [b"0", b"1", b"2"]


def test_a_client_that_is_alone_does_not_wait() -> None:
    """But the head of an answer goes along with its body, which may be empty."""
    transport = below()

    def steps(turn: Turn) -> None:
        gathering = Gathering(transport, turn, ALONE)
        gathering.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        for body in (b"body", b""):
            gathering.holding = True
            gathering.write(b"head ")
            gathering.write(body)
        gathering.write(b"more")
        assert pieces(transport) == [b"HTTP/1.1 100 Continue\r\n\r\n", b"head body", b"head ", b"more"]

    in_a_loop(steps)


def test_what_is_much_does_not_wait() -> None:
    """The transport below has to see that its client is slow."""
    transport = below()

    def steps(turn: Turn) -> None:
        gathering = Gathering(transport, turn, BUSY)
        gathering.write(b"head")
        gathering.write(b"x" * MOST)
        assert pieces(transport) == [b"head" + b"x" * MOST]
        gathering.write(b"rest")

    in_a_loop(steps)
    assert pieces(transport)[1:] == [b"rest"]


@pytest.mark.parametrize("end", [Gathering.close, Gathering.abort])
def test_what_waits_is_sent_before_the_end(end: Callable[[Gathering], None]) -> None:
    """And once only."""
    transport = below()

    def steps(turn: Turn) -> None:
        gathering = Gathering(transport, turn, BUSY)
        gathering.write(b"head")
        end(gathering)
        assert [call[0] for call in transport.mock_calls if call[0] != "is_closing"] == ["write", end.__name__]

    in_a_loop(steps)
    assert pieces(transport) == [b"head"]


def test_nobody_writes_to_a_connection_that_is_gone() -> None:
    """Some transports would raise an error."""
    transport = below(closing=True)
    in_a_loop(lambda turn: Gathering(transport, turn, BUSY).write(b"head"))
    assert pieces(transport) == []


def test_it_has_the_methods_of_the_transport() -> None:
    """All those that it says nothing of."""
    transport = below()
    gathering = Gathering(transport, Turn(), ALONE)
    assert gathering.get_extra_info("peername") is transport.get_extra_info.return_value
    gathering.pause_reading()
    transport.pause_reading.assert_called_once_with()
