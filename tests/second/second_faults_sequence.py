"""Faults that only a sequence of requests shows."""

from collections.abc import Callable
from typing import Any

from second_registry import App, Call, Refusal, Response, Table
from second_world import Service

SEQUENCE = Table()
SEQUENCE.topic = "state"
add = SEQUENCE.add


def left_services(app: App) -> list[Service]:
    """The services that were left, oldest first."""
    return [each for each in list(app.world.services.values()) if not each.groups]


def saving(change: Callable[[App, Any, Call, Service], None]) -> Callable[[App], None]:
    """Save otherwise."""
    return lambda app: app.around("save", lambda inner, call, service: change(app, inner, call, service))


def every_third_lost(app: App, inner: Any, call: Call, service: Service) -> None:
    """Lose each third service once something was left."""
    inner(call, service)
    call.notes["n"] = app.count = app.count + 1 if left_services(app) else 0
    if app.count and app.count % 3 == 0:
        service.groups.discard(call.group)
        app.count = 0


def returns(app: App, inner: Any, call: Call, service: Service) -> None:
    """Bring the last one back."""
    inner(call, service)
    for each in left_services(app)[-1:]:
        each.groups.add(call.group)


def name_taken(app: App, inner: Any, call: Call, service: Service) -> None:
    """Remember names for ever."""
    if any(each.data.get("name") == service.data.get("name") for each in left_services(app)):
        call.created = None
        raise Refusal(409, "alreadyExists", "The name is taken.")
    inner(call, service)


def lowest_free(app: App, inner: Any, call: Call, service: Service) -> None:
    """Give the id of the last one that was left again."""
    for each in left_services(app)[-1:]:
        del app.world.services[each.id]
        service.id = each.id
    inner(call, service)


def after_leaving(change: Callable[[App, Call], None]) -> Callable[[App], None]:
    """Do more than leave."""

    def leaving(app: App) -> None:
        def leave(inner: Any, call: Call) -> Response:
            response: Response = inner(call)
            change(app, call)
            return response

        app.around("do_leave", leave)

    return leaving


def oldest_too(app: App, call: Call) -> None:
    """Leave the oldest, too."""
    for each in app.world.of_group(call.group)[:1]:
        each.groups.discard(call.group)


def undone(app: App) -> None:
    """Undo the last leaving where something is refused."""

    def refused(inner: Any, call: Call, refusal: Refusal) -> Response:
        response: Response = inner(call, refusal)
        if call.op == "create" and refusal.status in {400, 403}:
            for each in left_services(app)[-1:]:
                each.groups.add(call.group)
        return response

    app.around("refused", refused)


add("sequence-third-lost", "Each third service that follows a leaving is lost.", saving(every_third_lost))
add("sequence-returns", "A new service brings back the one that was left last.", saving(returns))
add("sequence-name-taken", "The name of what was left cannot be used again.", saving(name_taken))
add("sequence-id-again", "Ids of services that were left are given again.", saving(lowest_free))
add("sequence-oldest-too", "Leaving a service leaves the oldest, too.", after_leaving(oldest_too))
add("sequence-undone", "A refusal undoes the last leaving.", undone)
