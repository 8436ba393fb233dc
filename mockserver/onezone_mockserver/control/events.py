"""The journal as it comes: server-sent events (HTML, 9.2), a row as it begins and as it ends."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import orjson

from onezone_mockserver.feed import Follower, Reloaded

if TYPE_CHECKING:
    from onezone_mockserver.control.selection import Selection
    from onezone_mockserver.exchange import Header, Receive, Send
    from onezone_mockserver.feed import Feed

KEEP_ALIVE_SECONDS = 15.0
"""So long a quiet stream waits before it says that it is still there."""
TOGETHER_SECONDS = 0.03
"""News within so long is sent together."""
HEADERS: tuple[Header, ...] = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
)


class EventStream:
    """An answer that goes on until the client leaves or the mock ends. `greeting` is the first event's data."""

    def __init__(self, feed: Feed, selection: Selection, receive: Receive, greeting: Any) -> None:
        self.feed = feed
        self.selection = selection
        self.receive = receive
        self.greeting = greeting

    async def send(self, send: Send) -> None:
        """Send the events."""
        follower = Follower()
        self.feed.followers.add(follower)
        leaving = asyncio.ensure_future(self._disconnect())
        try:
            await send({"type": "http.response.start", "status": 200, "headers": list(HEADERS)})
            await send({"type": "http.response.body", "body": _event("hello", self.greeting), "more_body": True})
            while not self.feed.closed and not leaving.done():
                await send(
                    {"type": "http.response.body", "body": await self._next(follower, leaving), "more_body": True}
                )
            await send({"type": "http.response.body", "body": b""})
        finally:
            self.feed.followers.discard(follower)
            leaving.cancel()

    async def _disconnect(self) -> None:
        while (await self.receive())["type"] != "http.disconnect":
            pass

    async def _next(self, follower: Follower, leaving: asyncio.Future[None]) -> bytes:
        """The next events, or a comment where nothing happens for long."""
        woken = asyncio.ensure_future(follower.wake.wait())
        try:
            both: set[asyncio.Future[Any]] = {woken, leaving}
            await asyncio.wait(both, timeout=KEEP_ALIVE_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        finally:
            woken.cancel()
        if not self.feed.closed:
            await asyncio.sleep(TOGETHER_SECONDS)
        return b"".join(self._events(follower)) or b": nothing new\n\n"

    def _events(self, follower: Follower) -> list[bytes]:
        events = [_event("lost", {})] if follower.overrun else []
        follower.overrun = False
        for news in follower.take():
            if isinstance(news, Reloaded):
                events.append(_event("reload", {"mistake": news.mistake}))
            elif isinstance(news, str):
                if self.selection.worlds is None or news in self.selection.worlds:
                    events.append(_event("reset", {"world": news}))
            elif self.selection.takes(news):
                events.append(_event("row", news.brief()))
        return events


def _event(name: str, data: Any) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (name.encode(), orjson.dumps(data))
