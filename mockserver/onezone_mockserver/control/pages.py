"""The control plane's paths for people: the page, the contract to read, and what the page asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from onezone_mockserver.control.docs import contract_page
from onezone_mockserver.control.errors import ControlError
from onezone_mockserver.demo import lines
from onezone_mockserver.exchange import Answer, json_answer
from onezone_mockserver.explain import explain
from onezone_mockserver.location import edition_base_path
from onezone_mockserver.page import Page, page, still

if TYPE_CHECKING:
    from collections.abc import Mapping

    from onezone_spec import Operation

    from onezone_mockserver.control.journals import Handlers
    from onezone_mockserver.exchange import Exchange
    from onezone_mockserver.state import MockState
    from onezone_mockserver.world import User

MOST_USERS = 200
"""So many users are explained at once."""
NOBODY = "-"
EVERYBODY = "*"


class Pages:
    """Answers with documents for people, and with what the page shows."""

    def __init__(self, state: MockState) -> None:
        self.state = state
        self.table: Handlers = {
            b"/docs": {"GET": self.docs},
            b"/openapi.json": {"GET": self.document},
            b"/personas": {"GET": self.personas},
            b"/operations": {"GET": self.operations},
            b"/explain": {"GET": self.explain},
        }

    def docs(self, _exchange: Exchange) -> Answer:
        """The contract to read."""
        return _html(still(contract_page(self.state.contract)))

    def document(self, _exchange: Exchange) -> Answer:
        """The edition's OpenAPI document as JSON."""
        return _json(self.state.contract.document)

    def personas(self, _exchange: Exchange) -> Answer:
        """The personas of the scenario, each with its request; URLs are paths."""
        operation = self.state.contract.find("create", "handle_service", "group")
        rows = []
        if operation is not None:
            for line in lines(self.state, operation, edition_base_path(self.state.contract)):
                about, expect = line.persona.about, line.persona.expect
                rows.append(
                    {"name": line.persona.name, "about": about, "expect": expect, "credentials": line.credentials,
                     "method": operation.method, "path": line.url, "body": line.body}
                )  # fmt: skip
        return _json({"personas": rows})

    def operations(self, _exchange: Exchange) -> Answer:
        """What may be asked of whom: id, method, path, and the kind of entity that each parameter or key names."""
        contract = self.state.contract
        rows = [
            {
                "id": operation.id,
                "method": operation.method,
                "path": operation.path,
                "summary": operation.summary,
                "parameters": [
                    {"name": parameter.name, "kind": contract.kind(parameter.entity) if parameter.entity else None}
                    for parameter in operation.parameters
                ]
                + [{"name": name, "kind": kind} for name, kind in _naming(operation).items()],
                "keys": sorted({key for route in operation.access.routes for key in route.given}),
            }
            for operation in contract.operations.values()
        ]
        return _json({"edition": contract.edition, "base_path": edition_base_path(contract), "operations": rows})

    def explain(self, exchange: Exchange) -> Answer:
        """Who may and why: `?operation=&as=NAME` and the path's parameters; `as=*` is everybody, `as=-` nobody.

        What the body names may be given, too, by its key; `keys` are others that the body has.
        """
        query = {name: values[-1] for name, values in exchange.query.items()}
        operation = self.state.contract.operations.get(query.pop("operation", ""))
        if operation is None:
            raise ControlError("operation names none of the contract; GET /_mock/operations lists them")
        query.pop("world", None)  # the exchange is in it
        name, keys = query.pop("as", EVERYBODY), query.pop("keys", "")
        body: dict[str, Any] = {key: None for key in keys.split(",") if key}
        body |= {key: query.pop(key) for key in _naming(operation) if key in query}
        params = _params(operation, query)
        users = self._users(exchange, name)
        world, contract = exchange.world, self.state.contract
        rows = [explain(contract, operation, world, user, params, body) for user in users[:MOST_USERS]]
        return _json({"explained": rows, "left_off": max(0, len(users) - MOST_USERS)})

    @staticmethod
    def _users(exchange: Exchange, name: str) -> list[User | None]:
        world = exchange.world
        if name == EVERYBODY:
            return [*world.users.values(), None]
        user = None if name == NOBODY else world.user_of_name(name) or world.users.get(name)
        if user is None and name != NOBODY:
            raise ControlError(f"there is no user {name}")
        return [user]


def _naming(operation: Operation) -> dict[str, str]:
    """The keys of a request's body that name entities, with the kind of each."""
    body = operation.body
    return {prop.name: prop.refers.kind for prop in body.properties if prop.refers} if body else {}


def _params(operation: Operation, query: Mapping[str, str]) -> dict[str, str]:
    names = [parameter.name for parameter in operation.parameters]
    for name in query:
        if name not in names:
            raise ControlError(f"{operation.id} has no parameter {name}: it has {', '.join(names) or 'none'}")
    for name in names:
        if name not in query:
            raise ControlError(f"{operation.id} needs the parameter {name}")
    return {name: query[name] for name in names}


def index_page() -> Answer:
    """The page."""
    return _html(page())


def _html(document: Page) -> Answer:
    headers = [
        (b"content-type", b"text/html; charset=utf-8"),
        (b"content-length", str(len(document.html)).encode()),
        (b"content-security-policy", document.policy),
        (b"cache-control", b"no-store"),
        (b"referrer-policy", b"no-referrer"),
    ]
    return Answer(200, headers, document.html)


def _json(value: Any) -> Answer:
    return json_answer(200, orjson.dumps(value))
