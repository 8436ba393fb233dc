"""The transport that sends the head of an answer along with the first part of its body."""

from __future__ import annotations

from unittest.mock import Mock

from onezone_mockserver.transport import HeadWithBody


def pieces(transport: Mock) -> list[bytes]:
    """What was written to the transport below, a piece each."""
    return [call.args[0] for call in transport.write.call_args_list]


def test_a_head_goes_out_with_the_body() -> None:
    """In one piece; what comes after it is sent at once."""
    below = Mock()
    transport = HeadWithBody(below)
    transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    transport.holding = True
    transport.write(b"head")
    transport.write(b"body")
    transport.write(b"more")
    assert pieces(below) == [b"HTTP/1.1 100 Continue\r\n\r\n", b"headbody", b"more"]


def test_a_head_without_a_body_is_sent_when_it_is_over() -> None:
    """As an answer to HEAD, or before the connection closes; nothing is sent twice."""
    for end in (HeadWithBody.release, HeadWithBody.close):
        below = Mock()
        transport = HeadWithBody(below)
        transport.holding = True
        transport.write(b"head")
        assert pieces(below) == []
        end(transport)
        end(transport)
        assert pieces(below) == [b"head"]


def test_it_has_the_methods_of_the_transport() -> None:
    """Whoever asks for an address, or drops the connection, asks the one below."""
    below = Mock()
    transport = HeadWithBody(below)
    assert transport.get_extra_info("peername") is below.get_extra_info.return_value
    transport.abort()
    below.abort.assert_called_once_with()
