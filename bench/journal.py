"""What the journal costs a request: CPU in process, without a socket, the least of many rounds.

`python bench/journal.py` prints microseconds for a create and a list, with the journal, without it, and with somebody
who follows the events. The least of many short rounds is what the work costs where nothing else disturbs it.
"""

from __future__ import annotations

import asyncio
import base64
import json
import time
from typing import Any

from onezone_mockserver import create_app
from onezone_mockserver.feed import Follower

HOME = "4ebd9efd1e67f6c18695db1d762a914a"
PATH = f"/api/v3/groups/{HOME}/handle_services"
BODY = json.dumps(
    {"name": "A service", "proxyEndpoint": "https://proxy", "serviceProperties": {"type": "DOI"}}
).encode()
REQUESTS, ROUNDS = 50, 400
HEADERS = [
    (b"host", b"127.0.0.1:8080"),
    (b"user-agent", b"bench/1"),
    (b"accept", b"*/*"),
    (b"authorization", b"Basic " + base64.b64encode(b"adam:adam-password")),
    (b"content-type", b"application/json"),
    (b"content-length", str(len(BODY)).encode()),
]


async def _round(app: Any, method: str) -> float:
    """Seconds of CPU a request."""
    message = {"type": "http.request", "body": BODY if method == "POST" else b"", "more_body": False}

    async def receive() -> Any:
        return message

    async def send(_message: Any) -> None:
        return

    app.reset()
    headers = HEADERS if method == "POST" else HEADERS[:4]
    scopes = [
        {"type": "http", "http_version": "1.1", "method": method, "path": PATH, "raw_path": PATH.encode(),
         "query_string": b"", "scheme": "http", "server": ("127.0.0.1", 8080), "headers": headers}
        for _ in range(REQUESTS)
    ]  # fmt: skip
    started = time.process_time()
    for scope in scopes:
        await app(scope, receive, send)
    return (time.process_time() - started) / REQUESTS


async def measure() -> dict[str, dict[str, float]]:
    """Microseconds by method and variant; the variants take turns, so that a disturbance meets all."""
    apps = {"journal": create_app(), "no journal": create_app(journal=False), "followed": create_app()}
    follower = Follower()
    apps["followed"].state.feed.followers.add(follower)
    least: dict[str, dict[str, float]] = {"POST": {}, "GET": {}}
    for _ in range(ROUNDS):
        for method, figures in least.items():
            for name, app in apps.items():
                figures[name] = min(figures.get(name, 1.0), await _round(app, method))
                follower.take()
    return {method: {name: value * 1e6 for name, value in figures.items()} for method, figures in least.items()}


if __name__ == "__main__":
    for method, figures in asyncio.run(measure()).items():
        without = figures["no journal"]
        print(method, "  ".join(f"{name}: {value:.1f} µs (+{value - without:.1f})" for name, value in figures.items()))
