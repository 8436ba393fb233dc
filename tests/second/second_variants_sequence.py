"""Legitimate differences that only a sequence of requests meets: how services are left, and when that shows."""

import threading
import time
from typing import Any

from second_registry import App, Call, Refusal, Response, Table, replace_stage

SEQUENCE = Table()
SEQUENCE.topic = "leaving"
add = SEQUENCE.add
LAG = 0.25


def idempotent(app: App) -> None:
    """Let what was left be left again."""

    def exists(inner: Any, call: Call) -> None:
        try:
            inner(call)
        except Refusal:
            if call.op != "leave" or call.service not in app.world.services:
                raise

    app.around("exists", exists)


def status(code: int) -> Any:
    """Answer leaving with another status."""

    def leave(inner: Any, call: Call) -> Response:
        inner(call)
        return Response(code)

    return replace_stage("do_leave", leave)


def later(_inner: Any, call: Call, app: App) -> Response:
    """Leave in the background."""
    service = app.world.services[call.service]
    threading.Timer(LAG, service.groups.discard, (call.group,)).start()
    return Response(202)


def deleted(app: App) -> None:
    """Delete a service that nobody has."""

    def leave(inner: Any, call: Call) -> Response:
        response: Response = inner(call)
        if not app.world.services[call.service].groups:
            del app.world.services[call.service]
        return response

    app.around("do_leave", leave)


def cached(app: App) -> None:
    """Answer reads from what there was a moment ago."""
    history: list[tuple[float, dict[str, set[str]]]] = []

    def keep() -> None:
        groups = {service.id: set(service.groups) for service in list(app.world.services.values())}
        history.append((time.time(), groups))

    def finish(inner: Any, call: Call, response: Response) -> Response:
        if call.op in {"create", "leave"}:
            keep()
        answer: Response = inner(call, response)
        return answer

    def do_list(_inner: Any, call: Call) -> Response:
        then = time.time() - LAG
        groups = next((seen for when, seen in reversed(history) if when <= then), {})
        ids = [each for each, members in groups.items() if call.group in members]
        return app.shown(call, {"handle_services": ids})

    app.around("finish", finish)
    app.around("do_list", do_list)


def still_shown(app: App) -> None:
    """Show a service that the group left: it is there, and whoever asks may see all services."""

    def exists(inner: Any, call: Call) -> None:
        if call.op != "get" or call.service not in app.world.services:
            inner(call)

    app.around("exists", exists)


add("leave-again-204", "Leaving what was left is answered 204.", idempotent)
add("leave-forbidden", "Nobody may leave.", replace_stage("may", lambda i, c, u: c.op != "leave" and i(c, u)))
add(
    "leave-202-later",
    "Leaving is answered 202 and shows a moment later.",
    lambda app: app.around("do_leave", lambda i, c: later(i, c, app)),
)
add("leave-empty-200", "Leaving is answered 200.", status(200))
add("leave-deletes", "A service that nobody has any more is deleted.", deleted)
add("leave-still-shown", "Whoever may see every service reads those that were left, too.", still_shown)
add("list-cached", "The list is that of a moment ago.", cached)
