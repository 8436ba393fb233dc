"""The journal: what was asked last, what was answered, and why. It keeps the exchanges, and formats what is read."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import orjson
from msgspec import Struct, msgpack

from onezone_mockserver import masking
from onezone_mockserver.explain import explain

if TYPE_CHECKING:
    from onezone_spec import Contract, Operation

    from onezone_mockserver.access import Decision
    from onezone_mockserver.world import User, World

LIMIT = 10_000
LONG_PATH = 2000
"""So much of a path is kept."""
LONG_BODY = 64 * 1024
"""So many bytes of a body are kept."""
NOTHING: Mapping[Any, Any] = MappingProxyType({})
MOST_BYTES = 64 * 1024 * 1024
"""So many bytes of heads and bodies are kept, of all worlds together."""
NO_HEAD = b"\x90"
"""No header fields, packed."""
packed: Callable[[Sequence[masking.Header]], bytes] = msgpack.Encoder().encode
"""Header fields as one piece of memory: thousands of rows with two objects for each field would fill the processor's
caches, and a create would cost a tenth more."""
_unpacked = msgpack.Decoder(list[tuple[bytes, bytes]]).decode


class Row(Struct, kw_only=True, eq=False, gc=False):
    """What the journal shows of an exchange, from the moment that its request is there. The exchange itself is one.

    `request` and `answered` are the header fields as they came and went, packed. `seconds` is None until the exchange
    is over; `size` is what its heads and bodies take then. `number` is 0 where no journal has it.

    The garbage collector does not look at rows: to go through 10,000 of them would hold requests up for 10 ms.
    """

    method: str = ""
    path: bytes = b""
    world_name: str = ""
    number: int = 0
    time: float = 0.0
    seconds: float | None = None
    status: int | None = None
    stage: str = ""
    operation: Operation | None = None
    params: Mapping[str, str] = NOTHING
    user: User | None = None
    decision: Decision | None = None
    epoch: object = None
    reasons: tuple[str, ...] = ()
    request: bytes = NO_HEAD
    query_string: bytes = b""
    scheme: str = "http"
    version: str = "1.1"
    body: bytes = b""
    body_size: int | None = None
    answered: bytes = NO_HEAD
    answer_body: bytes = b""
    answer_size: int | None = None
    size: int = 0
    forgotten: bool = False

    def answer(self, part: bytes) -> None:
        """Keep a part of the answer's body."""
        if not self.answer_body and len(part) <= LONG_BODY:
            self.answer_body = part
            return
        self.answer_size = (len(self.answer_body) if self.answer_size is None else self.answer_size) + len(part)
        if len(self.answer_body) < LONG_BODY:
            self.answer_body += part[: LONG_BODY - len(self.answer_body)]

    def measure(self) -> None:
        """Cut what is too long, and see how much is left."""
        body = self.body
        if len(body) > LONG_BODY:
            self.body_size = len(body)
            body = self.body = body[:LONG_BODY]
        if len(self.path) > LONG_PATH:
            self.path = self.path[:LONG_PATH]
        self.size = len(self.request) + len(body) + len(self.answered) + len(self.answer_body) + len(self.query_string)

    def forget(self) -> None:
        """Keep what was decided alone."""
        self.query_string = self.body = self.answer_body = b""
        self.request = self.answered = NO_HEAD
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
            "world": self.world_name,
            "method": self.method,
            "path": self.path[:LONG_PATH].decode("ascii", "backslashreplace"),
            "query": masking.query(self.query_string),
            "status": self.status,
            "operation": self.operation.id if self.operation else None,
            "user": self.user.name if self.user else None,
            "stage": self.stage,
            "reason": "; ".join(self.reasons),
            "route": self.decision.route if self.decision and self.decision.allowed else None,
            "duration_ms": None if self.seconds is None else self.seconds * 1000,
            "pending": self.pending,
        }

    def detailed(self) -> dict[str, Any]:
        """The row with heads and bodies, in which secrets are masked; `forgotten` says that they were too many."""
        return {
            **self.brief(),
            "scheme": self.scheme,
            "forgotten": self.forgotten,
            "request": _message(self.request, self.body, self.body_size),
            "response": _message(self.answered, self.answer_body, self.answer_size),
        }

    def whole(self, contract: Contract, world: World) -> dict[str, Any]:
        """All that is known of the row, with the reasons of the decision."""
        return {**self.detailed(), "access": self.access(contract, world)}

    def access(self, contract: Contract, world: World) -> dict[str, Any] | None:
        """Every route as it stands, and what was decided then; None where nobody asked.

        `changed` says that users, groups or what else decides have changed since.
        """
        if self.decision is None or self.operation is None:
            return None
        lacks = [{"scope": scope, "privilege": name or None} for scope, name in sorted(self.decision.lacks)]
        then = {"route": self.decision.route, "allowed": self.decision.allowed, "lacks": lacks}
        now = explain(contract, self.operation, world, self.user, self.params, _object(self.body))
        changed = self.epoch is not world.epoch or now["allowed"] != self.decision.allowed
        return {**then, "changed": changed and not self.pending, "routes": now["routes"]}


def _message(head: bytes, body: bytes, size: int | None) -> dict[str, Any]:
    """A head and a body, which had `size` bytes where that is more than was kept."""
    kept = body[:LONG_BODY]
    whole = len(body) if size is None else size
    return {
        "headers": masking.headers(_unpacked(head)),
        "body": masking.body(kept),
        "body_bytes": whole,
        "truncated": whole > len(kept),
    }


def _object(body: bytes) -> dict[str, Any]:
    """The JSON object of a body; an empty one where it is none, or was cut."""
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return value if isinstance(value, dict) else {}


class FullRows:
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

    def begin(self, row: Row, world: str, headers: Sequence[masking.Header]) -> None:
        """Write down a request that has just come, with these header fields, in the world of that name."""
        self.total += 1
        row.number = self.total
        row.time = time.time()
        row.world_name = world
        row.request = packed(headers)
        self.entries.append(row)

    def replace(self, row: Row, waiting: Row) -> None:
        """Have the newest row stand where another does, which stood for it while it waited for its turn."""
        if waiting in self.entries:
            self.entries.pop()
            self.entries[self.entries.index(waiting)] = row
            self.total -= 1
            row.number, row.time = waiting.number, waiting.time

    def clear(self) -> None:
        """Forget every entry and start counting anew."""
        self.entries.clear()
        self.total = 0
