"""The second implementation's pipeline.

Each stage is a method that an instance may have replaced: so variants and faults are made, and no stage knows of any.
"""

import base64
import binascii
import functools
import hmac
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from second_rules import EDITIONS, KEYS, Options, Refusal, fault_of, malformed, read_json, refusal_of, write_json
from second_wire import Request, Response, Serving
from second_world import Service, StateOptions, User, World, new_id, set_up

ROUTES = {
    "groups": {"POST": "create", "GET": "list"},
    "group": {"GET": "get", "DELETE": "leave"},
    "top": {"GET": "service"},
}


@dataclass
class Call:
    """One request on its way through the pipeline."""

    request: Request
    op: str = ""
    group: str = ""
    service: str = ""
    user: User | None = None
    doc: Any = None
    created: Service | None = None
    allow: tuple[str, ...] = ()
    notes: dict[str, Any] = field(default_factory=dict)


class App:
    """A correct implementation of one edition, until something is put around one of its methods."""

    def __init__(self, edition: str) -> None:
        self.edition = EDITIONS[edition]
        self.edition_name = edition
        self.world = World()
        self.options = Options(charset=self.edition.charset, member_needs_group=self.edition.member_needs_group)
        self.options.service_id = new_id
        self.states = StateOptions()
        self.serving = Serving()
        self.origin = ""
        self.count = 0
        self.crashes: list[BaseException] = []

    def around(self, name: str, change: Callable[..., Any]) -> None:
        """Put `change(inner, *arguments)` around the method of that name."""
        setattr(self, name, functools.partial(change, getattr(self, name)))

    # --- requests in, answers out

    def answer(self, request: Request) -> Response:
        """The answer to a request."""
        if request.path == "/states":
            return self.provider_state(request)
        call = Call(request)
        try:
            self.route(call)
            response = self.serve(call)
        except Refusal as refusal:
            response = self.refused(call, refusal)
        except Exception as error:  # noqa: BLE001
            self.crashes.append(error)
            response = self.refused(call, Refusal(500, "internalServerError", "An unexpected error occurred."))
        return self.finish(call, response)

    def garbled(self, status: int) -> Response:
        """The answer to bytes that are not a request."""
        call = Call(Request("", "", {}))
        return self.finish(call, self.refused(call, Refusal(status, "malformedData", "The request could not be read.")))

    def provider_state(self, request: Request) -> Response:
        """Pact's convention, as the kit's interfaces describe it."""
        try:
            body = read_json(request.body)
            action, state, params = body["action"], body.get("state", ""), body.get("params") or {}
            answer = set_up(self.world, self.states, state, params) if action == "setup" else {}
        except (Refusal, LookupError, AttributeError, TypeError):
            return Response(400).set_json({"error": "not a provider state"})
        return Response(200).set_json(answer)

    def finish(self, call: Call, response: Response) -> Response:
        """The last look at an answer."""
        del call
        return response

    # --- routing

    def route(self, call: Call) -> None:
        """Find the operation."""
        path = urlsplit(call.request.path).path if call.request.path.startswith("http") else call.request.path
        path = path.split("?")[0].split("#")[0]
        for base in sorted(self.options.bases, key=len, reverse=True):
            if path.startswith(base + "/"):
                parts = [unquote(part, errors="replace") for part in path[len(base) + 1 :].rstrip("/").split("/")]
                if self.match(call, parts):
                    return
        raise Refusal(404, "notFound", "The resource could not be found.")

    def match(self, call: Call, parts: list[str]) -> bool:
        """Whether the path's segments are those of a route; the method decides on the operation."""
        match parts:
            case ["groups", group, "handle_services"]:
                table, call.group, complete = ROUTES["groups"], group, bool(group)
            case ["groups", group, "handle_services", service]:
                table, call.group, call.service = ROUTES["group"], group, service
                complete = bool(group and service)
            case ["handle_services", service]:
                table, call.service, complete = ROUTES["top"], service, bool(service)
            case _:
                return False
        if not complete:
            return False
        offered = {verb: op for verb, op in table.items() if op == "create" or op in self.options.read_back}
        if not offered:
            raise Refusal(self.options.missing_route, "notFound", "There is no such operation.")
        call.allow = self.allowed(offered)
        self.pick(call, offered)
        return True

    def allowed(self, offered: dict[str, str]) -> tuple[str, ...]:
        """The methods of a route."""
        return (*offered, *(["HEAD"] if "GET" in offered else []), "OPTIONS")

    def pick(self, call: Call, offered: dict[str, str]) -> None:
        """The operation for the method."""
        method = call.request.method
        if method == "HEAD" and "HEAD" in call.allow:
            method = "GET"
        call.op = "options" if method == "OPTIONS" else offered.get(method, "")
        if not call.op:
            self.wrong_method(call)

    def wrong_method(self, call: Call) -> None:
        """Refuse a method that the route does not have."""
        refusal = Refusal(405, "methodNotAllowed", "The method is not allowed here.")
        refusal.headers.append(("Allow", ", ".join(call.allow)))
        raise refusal

    # --- who asks

    def identify(self, call: Call) -> None:
        """Authenticate whoever gave credentials; nobody stays nobody."""
        token = call.request.header("x-auth-token")
        scheme, _, value = (call.request.header("authorization") or "").partition(" ")
        if token is None and scheme.lower() == "bearer":
            token = value.strip()
        if token is not None:
            call.user = self.by_token(token)
        elif scheme.lower() == "basic":
            call.user = self.by_basic(value.strip())
        else:
            return
        if call.user is None:
            raise self.unauthorized(given=True)

    def by_token(self, token: str) -> User | None:
        """The user of a token."""
        return next((user for user in list(self.world.users.values()) if self.same(user.token, token)), None)

    def by_basic(self, value: str) -> User | None:
        """The user of Basic credentials."""
        try:
            text = base64.b64decode(value.encode(), validate=True).decode("utf-8")
        except (binascii.Error, ValueError):
            return None
        name, colon, password = text.partition(":")
        user = self.world.users.get(name)
        return user if user and colon and self.password_fits(user, password) else None

    def password_fits(self, user: User, password: str) -> bool:
        """Whether a password is the user's."""
        return self.same(user.password, password)

    def same(self, expected: str, given: str) -> bool:
        """Whether two secrets are equal."""
        return hmac.compare_digest(expected.encode("utf-8", "replace"), given.encode("utf-8", "replace"))

    def unauthorized(self, *, given: bool) -> Refusal:
        """The refusal of somebody unknown."""
        details = {"authError": {"id": "badBasicCredentials", "description": "Invalid credentials."}} if given else None
        return Refusal(401, "unauthorized", "You must authenticate yourself to perform this operation.", details)

    def demand_user(self, call: Call) -> None:
        """Refuse nobody."""
        if call.user is None:
            raise self.unauthorized(given=False)

    # --- what they may

    def authorize(self, call: Call) -> None:
        """Refuse who may not do what they ask."""
        if call.user is None or not self.may(call, call.user):
            raise Refusal(
                403, "forbidden", "You are not authorized to perform this operation (insufficient privileges?)."
            )

    def may(self, call: Call, user: User) -> bool:
        """Whether the operation's access rule lets the user."""
        world, group = self.world, call.group
        if call.op == "create":
            return self.may_create(user, group)
        if call.op == "list":
            return world.in_group(user, group, "group_view") or world.in_zone(user, "oz_groups_list_relationships")
        if call.op == "get":
            return world.member(user, group) or world.in_zone(user, "oz_handle_services_view")
        if call.op == "leave":
            pair = ("oz_groups_remove_relationships", "oz_handle_services_remove_relationships")
            inside = world.in_group(user, group, "group_leave_handle_service")
            return inside or all(world.in_zone(user, privilege) for privilege in pair)
        service = world.services[call.service]
        if user.name in service.members or any(world.member(user, each) for each in service.groups):
            return True
        return any(world.in_zone(user, f"oz_handle_services_{verb}") for verb in ("list", "view"))

    def may_create(self, user: User, group: str) -> bool:
        """The access rule of the documented operation."""
        return self.member_may(user, group) or self.admin_may(user, group)

    def member_may(self, user: User, group: str) -> bool:
        """The route of a group's members."""
        if not self.options.member_needs_group:
            return False
        inside = self.world.in_group(user, group, "group_create_handle_service")
        return inside and self.world.in_zone(user, "oz_handle_services_create")

    def admin_may(self, user: User, group: str) -> bool:
        """The route of administrators, members or not."""
        del group
        return all(self.world.in_zone(user, privilege) for privilege in self.edition.admin)

    def group(self, call: Call) -> None:
        """Refuse a group that does not exist."""
        if call.group not in self.world.groups:
            raise Refusal(404, "notFound", "The resource could not be found.")

    # --- the body

    def accept(self, call: Call) -> None:
        """Refuse who does not want JSON."""
        media_types = [
            part.split(";")[0].strip().lower() for part in (call.request.header("accept") or "*/*").split(",")
        ]
        if not {"", "*/*", "application/*", "application/json"} & set(media_types):
            raise Refusal(406, "notAcceptable", "Only application/json is offered.")

    def media(self, call: Call) -> None:
        """Refuse a body that does not say it is JSON, or is too large."""
        if call.request.too_large:
            raise Refusal(413, "payloadTooLarge", "The body is too large.")
        if not call.request.body:
            return
        media, semicolon, _ = (call.request.header("content-type") or "").partition(";")
        if media.strip().lower() != "application/json" or (semicolon and not self.options.charset):
            raise Refusal(415, "unsupportedMediaType", "Only application/json is understood.")

    def parse(self, call: Call) -> None:
        """Read the body; an empty one counts as an object without keys."""
        call.doc = read_json(call.request.body) if call.request.body else {}

    def validate(self, call: Call) -> None:
        """Refuse a body with a fault, the first by the alphabet of its keys."""
        if not isinstance(call.doc, dict):
            raise malformed()
        for key in KEYS:
            problem = self.problem(call, key)
            if problem and (key, problem) not in self.options.holes:
                raise refusal_of(key, problem)
        for check in self.options.extra_checks:
            check(call.doc)

    def problem(self, call: Call, key: str) -> str:
        """What is wrong with a key."""
        return fault_of(call.doc, key, self.edition.name)

    # --- what is done

    def serve(self, call: Call) -> Response:
        """Do what is asked."""
        if call.op == "options":
            return self.preflight(call)
        self.identify(call)
        self.accept(call)
        if call.op == "create":
            for stage in self.options.order:
                getattr(self, stage)(call)
            return self.create(call)
        self.exists(call)
        self.demand_user(call)
        self.authorize(call)
        return getattr(self, f"do_{call.op}")(call)

    def preflight(self, call: Call) -> Response:
        """Say what a route offers."""
        return Response(200, [("Allow", ", ".join(call.allow))])

    def exists(self, call: Call) -> None:
        """Refuse to read what is not there."""
        service = self.world.services.get(call.service)
        if call.op == "list":
            self.group(call)
        elif service is None or (call.op != "service" and call.group not in service.groups):
            raise Refusal(404, "notFound", "The resource could not be found.")

    def create(self, call: Call) -> Response:
        """Register a service for the group."""
        service = Service(self.fresh_id(call), self.record(call), call.user.name if call.user else "", {call.group})
        call.created = service
        self.save(call, service)
        return self.success(call, service)

    def fresh_id(self, call: Call) -> str:
        """An id for the service."""
        del call
        return self.options.service_id()

    def record(self, call: Call) -> dict[str, Any]:
        """What is remembered of the body."""
        return {key: call.doc[key] for key in KEYS if key in call.doc}

    def save(self, call: Call, service: Service) -> None:
        """Remember the service."""
        del call
        with self.world.lock:
            self.world.services[service.id] = service

    def success(self, call: Call, service: Service) -> Response:
        """The answer to a create that succeeded."""
        response = Response(self.edition.success)
        location = self.location(call, service)
        if location is not None:
            response.headers.append(("Location", location))
        return response

    def location(self, call: Call, service: Service) -> str | None:
        """Where the created service is."""
        return self.origin + self.options.base + self.place(call.group, service.id)

    def place(self, group: str, service: str) -> str:
        """The path of a group's service, below the base path."""
        return f"/groups/{quote(group, safe='')}/handle_services/{quote(service, safe='')}"

    def do_list(self, call: Call) -> Response:
        """The ids of a group's services."""
        latest = time.time() - self.options.list_lag
        ids = [
            each.id for each in self.world.of_group(call.group) if each.created <= latest or not self.options.list_lag
        ]
        return self.shown(call, {"handle_services": ids})

    def do_get(self, call: Call) -> Response:
        """What a group's service contains."""
        service = self.world.services[call.service]
        answer = {"handleServiceId": service.id, **service.data, "creator": {"type": "user", "id": service.creator}}
        return self.shown(call, answer | {"creationTime": int(service.created)})

    do_service = do_get

    def do_leave(self, call: Call) -> Response:
        """Take the group off the service."""
        with self.world.lock:
            self.world.services[call.service].groups.discard(call.group)
        return Response(204)

    def shown(self, call: Call, value: dict[str, Any]) -> Response:
        """The answer to a read."""
        del call
        return Response(200, [("Content-Type", "application/json")], write_json(value, **self.options.dump))

    # --- refusals

    def refused(self, call: Call, refusal: Refusal) -> Response:
        """The answer to a request that is refused."""
        response = Response(refusal.status, list(refusal.headers))
        if refusal.status == 401 and self.options.challenge:
            response.headers.append(("WWW-Authenticate", 'Basic realm="onezone"'))
        response.headers.append(("Content-Type", self.options.error_media))
        response.body = write_json(self.error(call, refusal), **self.options.dump)
        return response

    def error(self, call: Call, refusal: Refusal) -> Any:
        """The body of a refusal."""
        del call
        if self.edition.text_errors:
            return {"error": refusal.description}
        error: dict[str, Any] = {"id": refusal.id, "description": refusal.description}
        if refusal.details:
            error["details"] = refusal.details
        return {"error": error}
