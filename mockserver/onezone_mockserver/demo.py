"""What start-up shows: each persona with its credentials and what it will be answered, and curl lines."""

from __future__ import annotations

import asyncio
import base64
import json
import shlex
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote, urlsplit

from onezone_mockserver.scenario import SUCCESS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterator

    from onezone_spec import Operation

    from onezone_mockserver.exchange import Message, Receive, Scope, Send
    from onezone_mockserver.scenario import Persona
    from onezone_mockserver.state import MockState
    from onezone_mockserver.world import User

WIDTH = 80


class Served(Protocol):
    """A mock: an ASGI application with a state."""

    state: MockState

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Serve one ASGI scope."""
        ...


@dataclass(frozen=True, slots=True)
class Line:
    """A persona's request, ready to be sent: credentials `user:password` or None."""

    persona: Persona
    credentials: str | None
    url: str
    body: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the mock answers to a persona's request, and its X-Mock-Reason."""

    line: Line
    status: int
    reason: str


def introduce(mock: Served, base_url: str, *, every: bool = False) -> str:
    """The text that start-up prints: a row a persona and one curl line, with `every` all of each.

    It asks the mock itself what each persona will be answered, then resets it.
    """
    operation = mock.state.contract.find("create", "handle_service", "group")
    head = f"Onezone mock, edition {mock.state.contract.edition}: {base_url}"
    if operation is None:
        return head
    asked = [
        Outcome(line, *asyncio.run(_ask(mock, operation, line))) for line in lines(mock.state, operation, base_url)
    ]
    mock.state.reset()
    if every:
        return "\n".join([head, "", *(row for outcome in asked for row in _describe(mock, operation, outcome))])
    return "\n".join([head, "", *_table(operation, asked)])


def _table(operation: Operation, asked: list[Outcome]) -> list[str]:
    """A row a persona, then the curl line of the first who may, in the width of a terminal."""
    if not asked:
        return []
    cells = [(outcome.line.persona.name, outcome.line.credentials or "none", _answer(outcome)) for outcome in asked]
    head = ("persona", "user:password", "answer")
    first, second = (max(len(row[column]) for row in [head, *cells]) for column in (0, 1))
    rows = [_cut(f"  {name:<{first}}  {who:<{second}}  {answer}") for name, who, answer in [head, *cells]]
    rows += [f"{outcome.line.persona.name}: {text}" for outcome in asked for text in _objections(operation, outcome)]
    success = next((outcome for outcome in asked if outcome.status == operation.success.status), asked[0])
    example = f"As {success.line.persona.name} (--personas shows a line for each):"
    title = f"{operation.method} {operation.path}, asked as"
    return [title, *rows, "", example, *_wrapped(_words(operation, success.line))]


def _cut(row: str) -> str:
    return row if len(row) <= WIDTH else f"{row[: WIDTH - 3]}..."


def _answer(outcome: Outcome) -> str:
    """The status and the reason, of which what decided is enough."""
    return f"{outcome.status} {outcome.reason.partition(': ')[2] or outcome.reason}".rstrip()


def _wrapped(words: list[str]) -> list[str]:
    """A command over several lines, which a shell reads as one.

    A URL too long for a line is continued at its start, and JSON is broken where white space has no meaning.
    """
    rows = [""]
    for word in words:
        first, *more = _json_rows(shlex.quote(word))
        if rows[-1] and len(rows[-1]) + len(first) + len(" \\") > WIDTH:
            rows[-1] += " \\"
            rows.append(" ")
        rows[-1] += f" {first}" if rows[-1] else first
        rows += more
    url = rows.pop()
    at = url.rfind("/", 0, WIDTH - 1) + 1 if len(url) > WIDTH else 0
    return [*rows, f"{url[:at]}\\", url[at:]] if at else [*rows, url]


def _json_rows(word: str) -> list[str]:
    """A word for a shell; where it is a long JSON object, in rows of less than WIDTH."""
    if not word.startswith("'{") or len(word) < WIDTH:
        return [word]
    rows = [""]
    for piece in word.replace(',"', ',\n"').split("\n"):
        if rows[-1] and len(rows[-1]) + len(piece) > WIDTH - 4:
            rows.append("    ")
        rows[-1] += piece
    return rows


def lines(state: MockState, operation: Operation, base_url: str) -> Iterator[Line]:
    """The request of every persona of the scenario."""
    good = json.dumps(_shortest_example(operation), ensure_ascii=False, separators=(",", ":"))
    parameter = next(parameter.name for parameter in operation.parameters if parameter.entity == "group")
    for persona in state.scenario.personas:
        user = state.world.users.get(persona.user or "")
        name, stored = (user.name, user.password) if user else (persona.user, None)
        password = stored if persona.password is None else persona.password
        credentials = None if name is None else f"{name}:{password or ''}"
        path = operation.path.replace(f"{{{parameter}}}", quote(persona.group, safe=""))
        yield Line(persona, credentials, base_url + path, good if persona.body is None else persona.body)


def curl(operation: Operation, line: Line) -> str:
    """The request as a line for a shell."""
    return shlex.join(_words(operation, line))


def _words(operation: Operation, line: Line) -> list[str]:
    words = ["curl", "-i", "-X", operation.method]
    words += ["-k"] if line.url.startswith("https:") else []
    words += ["-u", line.credentials] if line.credentials is not None else []
    words += ["-H", "Content-Type: application/json", "-d", line.body, line.url]
    return words


def _shortest_example(operation: Operation) -> Any:
    complete = [example.value for example in operation.body.examples.values() if _is_complete(operation, example.value)]  # type: ignore[union-attr]
    return min(complete, key=lambda value: len(json.dumps(value)))


def _is_complete(operation: Operation, value: Any) -> bool:
    return all(prop.name in value for prop in operation.body.properties if prop.required)  # type: ignore[union-attr]


def _describe(mock: Served, operation: Operation, outcome: Outcome) -> list[str]:
    """All of a persona: who, with what, what it is answered and why, and its curl line."""
    line, status = outcome.line, outcome.status
    persona, user = line.persona, mock.state.world.users.get(line.persona.user or "")
    documented = operation.responses[status].description if operation.responses.get(status) else ""
    reason = f" ({outcome.reason})" if outcome.reason else ""
    texts = [f"credentials: {line.credentials or 'none'}"]
    texts += [f"holds: {holds(mock, user, persona.group)}"] if user else []
    texts += [f"expect: {status} {documented}{reason}"]
    texts += _objections(operation, outcome)
    head = textwrap.wrap(f"{persona.name} ({persona.about})" if persona.about else persona.name, WIDTH)
    rows = [row for text in texts for row in _paragraph(text)]
    return [*head, *rows, *_wrapped(_words(operation, line)), ""]


def _objections(operation: Operation, outcome: Outcome) -> list[str]:
    """What the scenario expects where the mock answers something else."""
    expect = outcome.line.persona.expect
    expected = operation.success.status if expect == SUCCESS else expect
    return [] if expected in {None, outcome.status} else [f"but the scenario expects: {expected}"]


def _paragraph(text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent="  ", subsequent_indent="    ", break_long_words=False)


def holds(mock: Served, user: User, group: str) -> str:
    """What the user holds in the group and in the zone, in words."""
    world, privileges = mock.state.world, mock.state.contract.privileges
    inside = world.effective_privileges("user", user.id, "group", group)
    first = "not in the group" if inside is None else f"in the group {_names(inside, privileges['group'])}"
    return f"{first}; in the zone {_names(world.zone_privileges('user', user.id), privileges['zone'])}"


def _names(privileges: frozenset[str], every: Any) -> str:
    if not privileges:
        return "nothing"
    return "every privilege" if privileges == frozenset(every) else ", ".join(sorted(privileges))


async def _ask(mock: Served, operation: Operation, line: Line) -> tuple[int, str]:
    """The status of the mock's answer to the line, and its X-Mock-Reason."""
    body = line.body.encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    if line.credentials is not None:
        headers.append((b"authorization", b"Basic " + base64.b64encode(line.credentials.encode())))
    path = urlsplit(line.url).path
    scope = {"type": "http", "method": operation.method, "path": path, "raw_path": path.encode(), "headers": headers}
    answers: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": body}

    async def send(message: Message) -> None:
        answers.append(message)

    await mock(scope, receive, send)
    reason: bytes = dict(answers[0]["headers"]).get(b"x-mock-reason", b"")
    return answers[0]["status"], reason.decode()
