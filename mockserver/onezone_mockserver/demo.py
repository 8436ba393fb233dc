"""What start-up shows: each persona with its credentials, what it holds, what it will be answered, and a curl line."""

from __future__ import annotations

import asyncio
import base64
import json
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from onezone_mockserver.scenario import SUCCESS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from onezone_spec import Operation

    from onezone_mockserver.app import Mock
    from onezone_mockserver.exchange import Message
    from onezone_mockserver.scenario import Persona
    from onezone_mockserver.world import User


@dataclass(frozen=True, slots=True)
class Line:
    """A persona's request, ready to be sent: credentials `user:password` or None."""

    persona: Persona
    credentials: str | None
    url: str
    body: str


def introduce(mock: Mock, base_url: str) -> str:
    """The text that start-up prints. It asks the mock itself what each persona will be answered, then resets it."""
    contract = mock.contract
    operation = contract.find("create", "handle_service", "group")
    rows = [f"Onezone mock, edition {contract.edition}: {base_url}", ""]
    if operation:
        for line in lines(mock, operation, base_url):
            status, reason = asyncio.run(_ask(mock, operation, line))
            rows += [*_describe(mock, line, operation, status, reason), f"    {curl(operation, line)}", ""]
        mock.reset()
    return "\n".join(rows)


def lines(mock: Mock, operation: Operation, base_url: str) -> Iterator[Line]:
    """The request of every persona of the scenario."""
    good = json.dumps(_shortest_example(operation), ensure_ascii=False, separators=(",", ":"))
    parameter = next(one.name for one in operation.parameters if one.entity == "group")
    for persona in mock.state.scenario.personas:
        user = mock.world.users.get(persona.user or "")
        name, known = (user.name, user.password) if user else (persona.user, None)
        password = known if persona.password is None else persona.password
        credentials = None if name is None else f"{name}:{password or ''}"
        path = operation.path.replace(f"{{{parameter}}}", quote(persona.group, safe=""))
        yield Line(persona, credentials, base_url + path, good if persona.body is None else persona.body)


def curl(operation: Operation, line: Line) -> str:
    """The request as a line for a shell."""
    words = ["curl", "-i", "-X", operation.method]
    words += ["-k"] if line.url.startswith("https:") else []
    words += ["-u", line.credentials] if line.credentials is not None else []
    words += ["-H", "Content-Type: application/json", "-d", line.body, line.url]
    return shlex.join(words)


def _shortest_example(operation: Operation) -> Any:
    complete = [one.value for one in operation.body.examples.values() if _is_complete(operation, one.value)]  # type: ignore[union-attr]
    return min(complete, key=lambda value: len(json.dumps(value)))


def _is_complete(operation: Operation, value: Any) -> bool:
    return all(one.name in value for one in operation.body.properties if one.required)  # type: ignore[union-attr]


def _describe(mock: Mock, line: Line, operation: Operation, status: int, reason: str) -> list[str]:
    persona, user = line.persona, mock.world.users.get(line.persona.user or "")
    about = f" ({persona.about})" if persona.about else ""
    outcome = operation.responses[status].description if operation.responses.get(status) else ""
    rows = [f"  {persona.name}{about}"]
    rows += [f"    credentials: {line.credentials or 'none'}"]
    rows += [f"    holds: {holds(mock, user, persona.group)}"] if user else []
    rows += [f"    expect: {status} {outcome}{f' ({reason})' if reason else ''}"]
    wanted = operation.success.status if persona.expect == SUCCESS else persona.expect
    return rows if wanted in {None, status} else [*rows, f"    but the scenario expects: {wanted}"]


def holds(mock: Mock, user: User, group: str) -> str:
    """What the user holds in the group and in the zone, in words."""
    world, known = mock.world, mock.contract.privileges
    inside = world.effective_privileges("user", user.id, "group", group)
    first = "not in the group" if inside is None else f"in the group {_names(inside, known['group'])}"
    return f"{first}; in the zone {_names(world.zone_privileges('user', user.id), known['zone'])}"


def _names(held: frozenset[str], known: Any) -> str:
    if not held:
        return "nothing"
    return "every privilege" if held == frozenset(known) else ", ".join(sorted(held))


async def _ask(mock: Mock, operation: Operation, line: Line) -> tuple[int, str]:
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
