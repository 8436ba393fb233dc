"""Provider states: the implementation makes the personas itself, asked by one call each (Pact's convention)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

from onezone_contracts.exchange import Auth, Exchange, Redactor, Request, basic
from onezone_contracts.options import Options
from onezone_contracts.personas import ZONE, Persona
from onezone_contracts.state.expected import GROUP
from onezone_contracts.target.credentials import Credentials
from onezone_contracts.target.file import SetupError, Target, TestUser, missing_id, supplied_user
from onezone_contracts.wire import Wire

_JSON = (("Content-Type", "application/json"),)


class States:
    """Asks a provider-state URL for personas and groups; remembers what to tear down.

    Args:
        url: where `POST {"action", "state", "params"}` is answered, as `check_states_url` takes it.
        options: how long a call may take, and how the target is reached.
        base_url: of the target: only where it is the same server, calls carry what every request to the target does.
    """

    def __init__(self, url: str, options: Options | None = None, base_url: str = "") -> None:
        options = options or Options()
        parts = urlsplit(url)
        _, _, place = parts.netloc.rpartition("@")
        origin = f"{parts.scheme}://{place}"
        self.url = url
        self._public_url = parts._replace(netloc=place).geturl()
        self._auth, self._secrets = _account(parts)
        self._path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        target = urlsplit(base_url)
        same = (target.scheme, target.netloc) == (parts.scheme, place)
        self._wire = Wire(origin, options.timeout, network=options.network if same else options.network.bare())
        self._check_time = self._wire.patience.check_time = options.deadline.check
        self.active_states: list[dict[str, Any]] = []
        self._without_shares = False

    def target(
        self, base_url: str, people: tuple[Persona, ...], scopes: Iterable[str] = frozenset({GROUP, ZONE})
    ) -> Target:
        """A target with a persona each, made now. Raises SetupError if a state is refused.

        Of what personas hold, those scopes are asked for: each persona is judged with an entity of each but the zone.
        """
        before = len(self.active_states)
        try:
            other = self._group()
            personas = {persona.name: self._identity(persona, other, frozenset(scopes)) for persona in people}
        except BaseException:
            self.teardown(before)
            raise
        self._wire.close()
        homes = {identity.group for identity in personas.values()}
        return Target(
            base_url,
            personas,
            missing_id(min(homes, default=other or "")),
            other if other not in homes else None,
            self.teardown,
            other_is_new=True,
        )

    def administrator(self, privileges: Mapping[str, Iterable[str]]) -> Credentials:
        """A user with every privilege of the zone who belongs to nothing; they come by scope. Raises SetupError."""
        params = {
            f"{scope}_privileges": sorted(names) if scope == ZONE else None for scope, names in privileges.items()
        }
        try:
            return _credentials(self._call("setup", "a persona", params), "administrator")
        except BaseException:
            self.teardown()
            raise

    def share(self) -> str | None:
        """A share without a handle, or None if the implementation has no such state."""
        if self._without_shares:
            return None
        try:
            share = _id(self._call("setup", "a share", {}).get("share")) or None
        except SetupError:
            share = None
        self._without_shares = share is None
        return share

    def _group(self) -> str | None:
        """A group of its own, None if the implementation has no such state."""
        try:
            answer = self._call("setup", "a group", {})
        except SetupError:
            return None
        return _id(answer.get("group")) or None

    def _identity(self, persona: Persona, default_group: str | None, scopes: frozenset[str]) -> TestUser:
        grants = {scope: privileges for scope, privileges in persona.grants.items() if scope in scopes}
        params: dict[str, Any] = {f"{scope}_privileges": _names(privileges) for scope, privileges in grants.items()}
        params.setdefault(f"{ZONE}_privileges", [])
        answer = self._call("setup", "a persona", params)
        ids = {kind: _id(answer.get(kind)) or "" for kind in {GROUP, *grants} - {ZONE}}
        ids[GROUP] = ids[GROUP] or default_group or ""
        if lacking := [kind for kind, identity in sorted(ids.items()) if not identity]:
            raise SetupError(f"the states URL named no {lacking[0]} for the persona {persona.name}")
        return supplied_user(persona, _credentials(answer, persona.name), ids.pop(GROUP), ids)

    def _call(self, action: str, state: str, params: dict[str, Any]) -> dict[str, Any]:
        self._check_time()
        exchange = self._send({"action": action, "state": state, "params": params})
        if action == "setup" and (exchange.succeeded or exchange.timed_out):  # it may be there yet, or come later
            self.active_states.append({"state": state, "params": params})
        if not exchange.succeeded:
            redactor = Redactor()
            redactor.learn(*self._secrets)
            raise SetupError(
                f"the states URL {self._public_url} did not set up {state!r}: {redactor.text(_why(exchange))}"
            )
        assert exchange.response is not None
        try:
            answer = exchange.response.json() if exchange.response.body else {}
        except (ValueError, RecursionError):
            answer = None
        if not isinstance(answer, dict):
            raise SetupError(
                f"the states URL {self._public_url} answered {state!r} with something other than a JSON object"
            )
        return answer

    def teardown(self, before: int = 0) -> None:
        """Tear down every state that was set up, but the first so many; what is said to that does not matter."""
        if not before:
            self._wire.finish()
        while len(self.active_states) > before:
            self._send({"action": "teardown", **self.active_states.pop()})
        self._wire.close()

    def close(self) -> None:
        """Close the connection."""
        self._wire.close()

    def _send(self, message: dict[str, Any]) -> Exchange:
        request = Request("POST", self._path, self._auth, _JSON, json.dumps(message).encode())
        return self._wire.send(request)


def check_states_url(url: str) -> str:
    """`url` as it is: a slash at its end, a query and an account in it belong to it. Raises SetupError."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or any(character.isspace() for character in url) or parts.fragment:
        raise SetupError(f"--states-url {url!r} is not a URL: write it like http://127.0.0.1:8080/_states")
    return url


def _account(parts: SplitResult) -> tuple[Auth, list[str]]:
    """The account in a URL as HTTP Basic (RFC 3986, 3.2.1 and RFC 7617), and what of it is secret."""
    if parts.username is None:
        return Auth(), []
    name, password = unquote(parts.username), unquote(parts.password or "")
    return Auth((("Authorization", basic(name, password)),), who=name), [password, basic(name, password)]


def _id(value: Any) -> str | None:
    """An id as the states URL names it: a string, or a number."""
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else None


def _names(privileges: frozenset[str] | None) -> list[str] | None:
    return None if privileges is None else sorted(privileges)


def _why(exchange: Exchange) -> str:
    if exchange.response is None:
        return exchange.failure or "no answer"
    text = exchange.response.body[:200].decode("utf-8", "replace").strip()
    return f"it answered {exchange.response.status}" + (f" ({text})" if text else "")


def _credentials(answer: dict[str, Any], name: str) -> Credentials:
    if isinstance(answer.get("token"), str):
        return Credentials(token=answer["token"])
    if isinstance(answer.get("username"), str) and isinstance(answer.get("password"), str):
        return Credentials(answer["username"], answer["password"])
    raise SetupError(f"the states URL gave the persona {name} neither username and password nor a token")
