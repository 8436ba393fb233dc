"""Variants and faults as entries of a table, and short ways to write the usual ones."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from second_app import App, Call
from second_rules import ALL, Refusal, write_json
from second_wire import Request, Response
from second_world import Service, User

Change = Callable[[App], None]
NEWER = ("current", "deployed")
OLDER = ("classic", "current")


@dataclass
class Entry:
    """One deviation: legitimate or not, and the editions in which that holds."""

    id: str
    text: str
    topic: str
    editions: tuple[str, ...]
    change: Change


class Table(dict[str, Entry]):
    """Entries by id; the topic is that of the section being written."""

    topic = ""

    def add(self, identifier: str, text: str, change: Change, editions: tuple[str, ...] = ALL) -> None:
        """Add an entry."""
        if identifier in self:
            raise ValueError(identifier)
        self[identifier] = Entry(identifier, text, self.topic, editions, change)

    def options(self, identifier: str, text: str, editions: tuple[str, ...] = ALL, **values: Any) -> None:
        """An entry that sets options."""
        self.add(
            identifier, text, lambda app: [setattr(app.options, key, value) for key, value in values.items()], editions
        )

    def finish(
        self, identifier: str, text: str, change: Callable[[Call, Response], Any], editions: tuple[str, ...] = ALL
    ) -> None:
        """An entry that changes finished answers, in place or by returning another."""

        def around(inner: Any, call: Call, response: Response) -> Response:
            response = inner(call, response)
            return changed if isinstance(changed := change(call, response), Response) else response

        self.add(identifier, text, lambda app: app.around("finish", around), editions)

    def created(
        self, identifier: str, text: str, change: Callable[[Call, Response], Any], editions: tuple[str, ...] = ALL
    ) -> None:
        """An entry that changes the answer to a create that succeeded."""
        self.finish(identifier, text, lambda call, response: change(call, response) if call.created else None, editions)

    def refused(
        self,
        identifier: str,
        text: str,
        change: Callable[[Call, Response], Any],
        *statuses: int,
        editions: tuple[str, ...] = ALL,
    ) -> None:
        """An entry that changes refusals: those of the statuses named, or all."""

        def when(call: Call, response: Response) -> Any:
            matches = response.status in statuses if statuses else response.status >= 400
            return change(call, response) if matches else None

        self.finish(identifier, text, when, editions)

    def error(
        self,
        identifier: str,
        text: str,
        change: Callable[[Any], Any],
        *statuses: int,
        editions: tuple[str, ...] = ALL,
    ) -> None:
        """An entry that changes the JSON value of refusals: those of the statuses named, or all."""

        def around(inner: Any, call: Call, refusal: Refusal) -> Any:
            value = inner(call, refusal)
            return change(value) if not statuses or refusal.status in statuses else value

        self.add(identifier, text, lambda app: app.around("error", around), editions)

    def location(
        self,
        identifier: str,
        text: str,
        change: Callable[[App, Call, Service], str | None],
        editions: tuple[str, ...] = ALL,
    ) -> None:
        """An entry with another Location of what was created."""
        self.add(
            identifier,
            text,
            lambda app: app.around("location", lambda _inner, call, service: change(app, call, service)),
            editions,
        )

    def record(
        self, identifier: str, text: str, change: Callable[[dict[str, Any]], Any], editions: tuple[str, ...] = ALL
    ) -> None:
        """An entry that remembers something else than what was sent."""

        def around(inner: Any, call: Call) -> Any:
            data = inner(call)
            return changed if isinstance(changed := change(data), dict) else data

        self.add(identifier, text, lambda app: app.around("record", around), editions)

    def rule(
        self, identifier: str, text: str, change: Callable[[App, User, str], bool], editions: tuple[str, ...] = ALL
    ) -> None:
        """An entry with another access rule of the create operation."""
        self.add(
            identifier,
            text,
            lambda app: app.around("may_create", lambda _inner, user, group: change(app, user, group)),
            editions,
        )

    def wrongly(
        self,
        identifier: str,
        text: str,
        when: Callable[[dict[str, Any]], Any],
        *,
        status: int = 400,
        editions: tuple[str, ...] = ALL,
    ) -> None:
        """An entry that refuses good bodies for which `when` is true."""

        def check(doc: dict[str, Any]) -> None:
            if when(doc):
                identifier = "internalServerError" if status == 500 else "badData"
                raise Refusal(status, identifier, "The request was not understood.")

        self.add(identifier, text, lambda app: app.options.extra_checks.append(check), editions)


def replace_stage(name: str, change: Callable[..., Any]) -> Change:
    """A change that puts something around a method."""
    return lambda app: app.around(name, change)


def deep(value: Any, change: Callable[[str], str]) -> Any:
    """A JSON value with each of its strings changed, keys excepted."""
    if type(value) is str:
        return change(value)
    if isinstance(value, list):
        return [deep(each, change) for each in value]
    if isinstance(value, dict):
        return {key: deep(each, change) for key, each in value.items()}
    return value


def text_of(value: Any) -> str:
    """All of a JSON value, written out, non-ASCII characters as themselves."""
    return write_json(value, ensure_ascii=False).decode()


__all__ = ["ALL", "NEWER", "OLDER", "App", "Call", "Change", "Entry", "Refusal", "Request", "Response", "Table"]
