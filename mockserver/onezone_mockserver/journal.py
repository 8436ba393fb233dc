"""The journal: what was asked last, what was answered, and why. It keeps references, and formats what is read."""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING, Any

from onezone_mockserver import masking
from onezone_mockserver.explain import explain

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from onezone_spec import Contract, Operation

    from onezone_mockserver.access import Decision
    from onezone_mockserver.masking import Header
    from onezone_mockserver.world import User, World

LIMIT = 10_000
LONG_PATH = 2000
"""So much of a path is kept."""
LONG_BODY = 64 * 1024
"""So many bytes of a body are kept."""
MOST_BYTES = 64 * 1024 * 1024
"""So many bytes of heads and bodies are kept, of all worlds together."""
NO_HEADERS: Sequence[Header] = ()


class Row:
    """One exchange: there from the moment that its request is, without a duration until it is over.

    `request` and `response` are the header fields as they were sent. `size` is what the row's heads and bodies take.
    """

    status: int | None = None
    operation: Operation | None = None
    user: User | None = None
    stage = ""
    reasons: Sequence[str] = ()
    seconds: float | None = None
    decision: Decision | None = None
    epoch: object = None
    params: dict[str, str] | None = None
    keys: Sequence[str] = ()
    body = b""
    body_size = 0
    response: Sequence[Header] = NO_HEADERS
    response_body = b""
    response_size = 0
    size = 0
    forgotten = False

    def __init__(self, number: int, world: str, method: str, path: bytes, scope: Mapping[str, Any]) -> None:
        self.number = number
        self.world = world
        self.time = time.time()
        self.method = method
        self.path = path if len(path) < LONG_PATH else path[:LONG_PATH]
        self.query: bytes = scope.get("query_string", b"")
        self.request: Sequence[Header] = scope["headers"]
        self.scheme: str = scope.get("scheme", "http")
        self.version: str = scope.get("http_version", "1.1")

    def sent(self, body: bytes) -> None:
        """Keep the request's body."""
        self.body_size = len(body)
        self.body = body if self.body_size <= LONG_BODY else body[:LONG_BODY]

    def answer(self, part: bytes) -> None:
        """Keep a part of the answer's body."""
        if not self.response_size:
            self.response_body = part if len(part) <= LONG_BODY else part[:LONG_BODY]
        elif len(self.response_body) < LONG_BODY:
            self.response_body += part[: LONG_BODY - len(self.response_body)]
        self.response_size += len(part)

    def finish(self, seconds: float) -> None:
        """It is over; what it takes is known."""
        self.seconds = seconds
        size = len(self.body) + len(self.response_body) + len(self.query)
        for name, value in self.request:
            size += len(name) + len(value)
        for name, value in self.response:
            size += len(name) + len(value)
        self.size = size

    def forget(self) -> None:
        """Keep what was decided alone."""
        self.query = self.body = self.response_body = b""
        self.request = self.response = NO_HEADERS
        self.forgotten = True

    @property
    def pending(self) -> bool:
        """Whether it is not over."""
        return self.seconds is None

    def brief(self) -> dict[str, Any]:
        """The row without heads and bodies."""
        return {
            "number": self.number,
            "time": self.time,
            "world": self.world,
            "method": self.method,
            "path": self.path.decode("ascii", "backslashreplace"),
            "query": masking.query(self.query),
            "status": self.status,
            "operation": self.operation.id if self.operation else None,
            "user": self.user.name if self.user else None,
            "stage": self.stage,
            "reason": "; ".join(self.reasons),
            "route": self.decision.route if self.decision and self.decision.allowed else None,
            "duration_ms": None if self.seconds is None else self.seconds * 1000,
            "pending": self.pending,
        }

    def shown(self) -> dict[str, Any]:
        """The row with heads and bodies, in which secrets are masked; `forgotten` says that they were too many."""
        return {
            **self.brief(),
            "forgotten": self.forgotten,
            "request": _shown(self.request, self.body, self.body_size),
            "response": _shown(self.response, self.response_body, self.response_size),
        }

    def whole(self, contract: Contract, world: World) -> dict[str, Any]:
        """All that is known of the row, with the reasons of the decision."""
        return {**self.shown(), "access": self.access(contract, world)}

    def access(self, contract: Contract, world: World) -> dict[str, Any] | None:
        """Every route as it stands, and what was decided then; None where nobody asked.

        `changed` says that users or groups have changed since.
        """
        if self.decision is None or self.operation is None:
            return None
        lacks = [{"scope": scope, "privilege": name or None} for scope, name in sorted(self.decision.lacks)]
        then = {"route": self.decision.route, "allowed": self.decision.allowed, "lacks": lacks}
        now = explain(contract, self.operation, world, self.user, self.params or {}, self.keys)
        return {**then, "changed": self.epoch is not world.epoch, "routes": now["routes"]}


def _shown(pairs: Sequence[Header], body: bytes, size: int) -> dict[str, Any]:
    return {
        "headers": masking.headers(pairs),
        "body": masking.body(body),
        "body_bytes": size,
        "truncated": size > len(body),
    }


class Kept:
    """The rows that still have heads and bodies, the oldest first: beyond `most` bytes the oldest lose theirs."""

    def __init__(self, most: int = MOST_BYTES) -> None:
        self.rows: deque[Row] = deque()
        self.most = most
        self.size = 0

    def add(self, row: Row) -> None:
        """Count a row that is over."""
        self.rows.append(row)
        self.size += row.size
        while self.size > self.most or len(self.rows) > LIMIT:
            oldest = self.rows.popleft()
            self.size -= oldest.size
            oldest.forget()


class Journal:
    """The last `limit` exchanges of a world; older ones are forgotten."""

    def __init__(self, limit: int = LIMIT) -> None:
        self.entries: deque[Row] = deque(maxlen=limit)
        self.total = 0

    def begin(self, world: str, method: str, path: bytes, scope: Mapping[str, Any]) -> Row:
        """Write down a request that has just come, of the ASGI scope; whoever answers it fills in the rest."""
        self.total += 1
        row = Row(self.total, world, method, path, scope)
        self.entries.append(row)
        return row

    def clear(self) -> None:
        """Forget every entry and start counting anew."""
        self.entries.clear()
        self.total = 0
