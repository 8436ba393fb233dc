"""A connection's transport that sends the head of an answer along with the first part of its body.

ASGI asks servers for it: "must not start sending the response to the client until it has received at least one Response
Body event". uvicorn sends each as it comes, in two system calls and two packets, which are an eighth of what a refusal
costs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import asyncio


class HeadWithBody:
    """Stands for an asyncio transport, whose methods it has.

    Where `holding` is set, the next piece that is written waits for the one after it.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        self.transport = transport
        self.is_closing = transport.is_closing
        self.holding = False
        self.waiting = b""

    def __getattr__(self, name: str) -> Any:
        return getattr(self.transport, name)

    def write(self, data: bytes) -> None:
        """Send a piece, after the one that waits if there is any."""
        if self.holding:
            self.holding, self.waiting = False, data
        elif self.waiting:
            held, self.waiting = self.waiting, b""
            self.transport.write(held + data)
        else:
            self.transport.write(data)

    def release(self) -> None:
        """Send the piece that waits: nothing follows it."""
        if self.waiting:
            self.write(b"")

    def close(self) -> None:
        """Send what waits, and close."""
        self.release()
        self.transport.close()
