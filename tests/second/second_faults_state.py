"""Faults of what a create does, of concurrency, and of the operations beside the documented one."""

import threading
import time
import urllib.parse
from collections.abc import Callable
from typing import Any

from second_registry import App, Call, Refusal, Response, Table, replace_stage
from second_world import HOME, Service, new_id

STATE = Table()
STATE.topic = "state"
add = STATE.add


# --- what a create does
def copies(count: int) -> Callable[[App], None]:
    """Save a service more than once."""

    def change(app: App) -> None:
        def save(inner: Any, call: Call, service: Service) -> None:
            inner(call, service)
            for _ in range(count - 1):
                inner(call, Service(new_id(), service.data, service.creator, {call.group}))

        app.around("save", save)

    return change


def saving(change: Callable[[App, Any, Call, Service], None]) -> Callable[[App], None]:
    """Save otherwise."""
    return lambda app: app.around("save", lambda inner, call, service: change(app, inner, call, service))


def twice_same(app: App, inner: Any, call: Call, service: Service, same: Callable[[Service], Any]) -> None:
    """Answer with a service that is there, where one is the same."""
    services = [each for each in app.world.of_group(call.group) if same(each)]
    if services:
        services[0].data = service.data
        service.id = services[0].id
    else:
        inner(call, service)


def conflict(app: App, inner: Any, call: Call, service: Service) -> None:
    """Refuse a name that is taken."""
    if any(each.data.get("name") == service.data.get("name") for each in app.world.of_group(call.group)):
        call.created = None
        raise Refusal(409, "alreadyExists", "The name is taken.")
    inner(call, service)


def overwrite(app: App, inner: Any, call: Call, service: Service) -> None:
    """Keep one service for each group."""
    for each in app.world.of_group(call.group):
        each.groups.discard(call.group)
    inner(call, service)


def moved(groups: Callable[[App, Call], set[str]]) -> Callable[[App], None]:
    """Register for other groups."""

    def save(app: App, inner: Any, call: Call, service: Service) -> None:
        service.groups = groups(app, call)
        inner(call, service)

    return saving(save)


def client_id(_app: App, inner: Any, call: Call, service: Service) -> None:
    """Take the id that the client sent."""
    service.id = str(call.doc.get("handleServiceId", service.id))
    inner(call, service)


def short_name(app: App, inner: Any, call: Call, service: Service) -> None:
    """Lose each third service."""
    if len(app.world.services) % 3 != 2:
        inner(call, service)


def touch_all(app: App, inner: Any, call: Call, service: Service) -> None:
    """Give the new name to every service of the group."""
    for each in app.world.of_group(call.group):
        each.data = each.data | {"name": service.data.get("name")}
    inner(call, service)


def limited(app: App, inner: Any, call: Call, service: Service) -> None:
    """Keep the newest twelve only."""
    inner(call, service)
    for each in app.world.of_group(call.group)[:-12]:
        each.groups.discard(call.group)


add("create-none", "Nothing is remembered.", saving(lambda _a, _i, _c, _s: None))
add("create-two", "Two services are made.", copies(2))
add("create-sometimes", "Each third service is lost.", saving(short_name))
add("create-overwrites", "A new service takes the place of the group's others.", saving(overwrite))
add("create-renames", "A new service gives its name to all others.", saving(touch_all))
add("create-keeps-12", "Only the newest twelve services are kept.", saving(limited))
add(
    "create-by-name",
    "A service of the same name is changed instead.",
    saving(lambda a, i, c, s: twice_same(a, i, c, s, lambda o: o.data.get("name") == s.data.get("name"))),
)
add(
    "create-by-body",
    "The same body gives the same service again.",
    saving(lambda a, i, c, s: twice_same(a, i, c, s, lambda o: o.data == s.data)),
)
add(
    "create-by-endpoint",
    "The same endpoint gives the same service again.",
    saving(
        lambda a, i, c, s: twice_same(a, i, c, s, lambda o: o.data.get("proxyEndpoint") == s.data.get("proxyEndpoint"))
    ),
)
add("create-name-conflict", "A name that is taken is refused with 409.", saving(conflict), ("deployed",))
add("create-no-group", "The service is registered for no group.", moved(lambda _a, _c: set()))
add("create-all-groups", "The service is registered for all groups.", moved(lambda a, _c: set(a.world.groups)))
add("create-new-group", "The service is registered for a group made for it.", moved(lambda _a, _c: {new_id()}))
add("create-client-id", "The client's own id is taken.", saving(client_id))
add(
    "create-id-by-name",
    "Ids are made of names.",
    lambda app: app.around("fresh_id", lambda _i, call: urllib.parse.quote(str(call.doc.get("name")), safe="")),
)


def early(*statuses: int) -> Callable[[App], None]:
    """Remember the body before judging it: what is refused with these statuses stays."""

    def change(app: App) -> None:
        def answer(inner: Any, call: Call, refusal: Refusal) -> Response:
            if call.op == "create" and refusal.status in statuses:
                document = call.doc if isinstance(call.doc, dict) else {}
                data = {key: document.get(key) for key in ("name", "proxyEndpoint", "serviceProperties")}
                group = call.group if call.group in app.world.groups else HOME
                service = Service(new_id(), data, "", {group})
                app.world.services[service.id] = service
            return inner(call, refusal)

        app.around("refused", answer)

    return change


add("refused-creates", "Whatever is refused is made nevertheless.", early(400, 401, 403, 404))
for code, why in (
    (400, "a bad body"),
    (401, "a request of nobody"),
    (403, "a forbidden request"),
    (404, "a request for an unknown group"),
):
    add(f"refused-{code}-creates", f"What {why} asks for is made, then refused.", early(code))


def wipes(*statuses: int) -> Callable[[App], None]:
    """Roll back too much: a refusal takes the newest service away."""

    def change(app: App) -> None:
        def answer(inner: Any, call: Call, refusal: Refusal) -> Response:
            if call.op == "create" and refusal.status in statuses and app.world.services:
                app.world.services.popitem()
            return inner(call, refusal)

        app.around("refused", answer)

    return change


add("refused-400-removes", "A bad body takes the newest service away.", wipes(400))
add("refused-403-removes", "A forbidden request takes the newest service away.", wipes(403))

# --- concurrency
STATE.topic = "concurrency"


def racing_ids(app: App) -> None:
    """Number services without a lock."""
    counter = [0]

    def fresh(_inner: Any, _call: Call) -> str:
        number = counter[0]
        time.sleep(0.01)
        counter[0] = number + 1
        return f"service{number}"

    app.around("fresh_id", fresh)


def lost_updates(app: App) -> None:
    """Read all, wait, write all."""

    def save(inner: Any, call: Call, service: Service) -> None:
        before = dict(app.world.services)
        time.sleep(0.01)
        inner(call, service)
        app.world.services = before | {service.id: service}

    app.around("save", save)


def mixed(app: App) -> None:
    """Keep the current body where all requests share it."""
    current: list[Any] = []

    def validate(inner: Any, call: Call) -> None:
        inner(call)
        current[:] = [call.doc]
        time.sleep(0.01)
        call.doc = current[0]

    app.around("validate", validate)


def locked(app: App) -> None:
    """Fail while another create is under way."""
    lock = threading.Lock()

    def save(inner: Any, call: Call, service: Service) -> None:
        if not lock.acquire(blocking=False):
            call.created = None
            raise Refusal(500, "internalServerError", "The database is locked.")
        try:
            time.sleep(0.01)
            inner(call, service)
        finally:
            lock.release()

    app.around("save", save)


def same_user(app: App) -> None:
    """Keep the current user where all requests share it."""
    current: list[Any] = []

    def identify(inner: Any, call: Call) -> None:
        inner(call)
        current[:] = [call.user]
        time.sleep(0.005)
        call.user = current[0]

    app.around("identify", identify)


add("race-ids", "Ids are counted without a lock.", racing_ids)
add(
    "race-ids-time",
    "Ids are the time in tenths of a second.",
    lambda app: app.around("fresh_id", lambda _i, _c: str(int(time.time() * 10))),
)
add(
    "race-ids-second",
    "Ids are the time in seconds.",
    lambda app: app.around("fresh_id", lambda _i, _c: str(int(time.time()))),
)
add("race-ids-few", "Ids are drawn from 16.", lambda app: app.around("fresh_id", lambda _i, _c: new_id()[0]))
add("race-lost", "Of services made at the same time, one is lost.", lost_updates)
add("race-mixed", "Requests at the same time get each other's body.", mixed)
add("race-locked", "Creates at the same time crash.", locked)
add("race-users", "Requests at the same time get each other's user.", same_user)

# --- beside the documented operation
STATE.topic = "neighbours"


def read_answers(operation: str, change: Callable[[Any], Any]) -> Callable[[App], None]:
    """Change what a read answers."""
    return replace_stage(
        "shown", lambda inner, call, value: inner(call, change(value) if call.op == operation else value)
    )


def open_to_all(operation: str) -> Callable[[App], None]:
    """Let everybody who is somebody do an operation."""
    return replace_stage("may", lambda inner, call, user: call.op == operation or inner(call, user))


for operation in ("list", "get", "leave", "service"):
    add(f"{operation}-anybody", f"Everybody who is somebody may {operation}.", open_to_all(operation))
add(
    "list-first-10",
    "The list ends after ten.",
    read_answers("list", lambda v: {"handle_services": v["handle_services"][:10]}),
)
add("list-empty", "The list is always empty.", read_answers("list", lambda _v: {"handle_services": []}))
add(
    "list-objects",
    "The list has objects, no ids.",
    read_answers("list", lambda v: {"handle_services": [{"id": each} for each in v["handle_services"]]}),
)
add(
    "list-key",
    "The list is under another key.",
    read_answers("list", lambda v: {"handleServices": v["handle_services"]}),
)
add("list-bare", "The list is the whole body.", read_answers("list", lambda v: v["handle_services"]))
add(
    "list-all-groups",
    "The list has the services of all groups.",
    lambda app: setattr(app.world, "of_group", lambda _g: list(app.world.services.values())),
)
add("get-other-id", "Reads show another id.", read_answers("get", lambda v: v | {"handleServiceId": new_id()}))
add(
    "get-snake",
    "Reads have underscores in their keys.",
    read_answers("get", lambda v: {"handle_service_id": v["handleServiceId"], "name": v.get("name")}),
)
add("leave-nothing", "Leaving changes nothing.", replace_stage("do_leave", lambda _i, _c: Response(204)))
add(
    "leave-200",
    "Leaving is answered 200.",
    replace_stage("do_leave", lambda inner, call: setattr(r := inner(call), "status", 200) or r),
)
