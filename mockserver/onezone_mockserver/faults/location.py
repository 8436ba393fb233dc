"""Faults of the Location."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from onezone_mockserver.faults.answers import LOCATION, answered, answers, drop, header, located, set_header, successes
from onezone_mockserver.faults.effects import plant
from onezone_mockserver.faults.fault import DEPLOYED, NEWER, Hook, Point, fault
from onezone_mockserver.world import new_id

if TYPE_CHECKING:
    from onezone_mockserver.exchange import Answer, Exchange
    from onezone_mockserver.state import MockState


def _segments_changed(change: Callable[[list[bytes]], list[bytes]]) -> Hook:
    """Change the segments of the path: …, groups, id, handle_services, hsid."""
    return located(lambda old: b"/".join(change(old.split(b"/"))))


def _identity(change: Callable[[bytes], bytes]) -> Hook:
    return _segments_changed(lambda parts: [*parts[:-1], change(parts[-1])])


def _twice(_exchange: Exchange, answer: Answer) -> None:
    answer.headers += [pair for pair in answer.headers if pair[0] == LOCATION]


def _other_path(_exchange: Exchange, answer: Answer) -> None:
    value = dict(answer.headers).get(LOCATION, b"")
    drop(answer, LOCATION)
    answer.headers.append((b"content-location", value))


def _previous() -> Hook:
    def around(inner: Any, _state: MockState) -> Any:
        last: list[bytes] = []

        def changed(exchange: Exchange, answer: Answer) -> Answer:
            answer = inner(exchange, answer)
            old = dict(answer.headers).get(LOCATION)
            if old is not None:
                set_header(answer, LOCATION, (last or [old])[-1])
                last[:] = [old]
            return answer

        return changed

    return Hook(Point.ANSWER, around)


def _foreign(exchange: Exchange, answer: Answer, state: MockState) -> None:
    """The id of another service, made beside the right one in another group."""
    old = dict(answer.headers).get(LOCATION)
    if old is not None:
        other = next(group for group in exchange.world.ids("group") if group != exchange.params["id"])
        set_header(answer, LOCATION, old.rpartition(b"/")[0] + b"/" + plant(state, exchange.world, other).encode())


def _client_id(key: str) -> Hook:
    def act(exchange: Exchange, answer: Answer) -> None:
        given = exchange.value.get(key) if isinstance(exchange.value, dict) else None
        if isinstance(given, str) and given.isalnum():
            old = dict(answer.headers)[LOCATION]
            set_header(answer, LOCATION, old.rpartition(b"/")[0] + b"/" + given.encode())

    return successes(act)


FORM, RESOLVES, URI = "location.form", "location.resolves", "location.uri"
FAULTS = (
    fault("location-missing", "A success has no Location.", successes(header(LOCATION, None)), "location.present"),
    fault("location-empty", "The Location is empty.", successes(header(LOCATION, b"")), "location.present"),
    fault("location-twice", "There are two Locations.", successes(_twice), "location.present"),
    fault("location-content", "It is called Content-Location.", successes(_other_path), "location.present"),
    fault(
        "location-id-only",
        "The Location is the id alone.",
        located(lambda old: old.split(b"/")[-1]),
        FORM,
        editions=NEWER,
    ),
    fault(
        "location-no-group",
        "The Location does not name the group.",
        _segments_changed(lambda parts: [*parts[:-4], parts[-2], parts[-1]]),
        FORM,
        editions=NEWER,
    ),
    fault(
        "location-group-only",
        "The Location is the group's.",
        _segments_changed(lambda parts: parts[:-2]),
        FORM,
        editions=NEWER,
    ),
    fault(
        "location-collection",
        "The Location is the list's.",
        _segments_changed(lambda parts: parts[:-1]),
        FORM,
        editions=NEWER,
    ),
    fault(
        "location-slash",
        "The Location has two slashes.",
        _segments_changed(lambda p: [*p[:-1], b"", p[-1]]),
        FORM,
        editions=NEWER,
    ),
    fault(
        "location-hyphen",
        "The path of the Location has a hyphen.",
        located(lambda old: old.replace(b"handle_services", b"handle-services")),
        FORM,
        editions=NEWER,
    ),
    fault(
        "location-other-group",
        "The Location names another group.",
        _segments_changed(lambda parts: [*parts[:-3], new_id().encode(), *parts[-2:]]),
        FORM,
    ),
    fault(
        "location-swapped",
        "The ids in the Location are swapped.",
        _segments_changed(lambda parts: [*parts[:-3], parts[-1], parts[-2], parts[-3]]),
        FORM,
    ),
    fault(
        "location-template",
        "The Location has placeholders for ids.",
        _segments_changed(lambda parts: [*parts[:-3], b"{id}", parts[-2], b"{hsid}"]),
        URI,
        FORM,
    ),
    fault("location-blank", "The Location has a blank.", _identity(lambda old: old[:8] + b" " + old[8:]), URI),
    fault("location-angles", "The Location is in angle brackets.", located(lambda old: b"<" + old + b">"), URI),
    fault("location-quoted", "The Location is in quotes.", located(lambda old: b'"' + old + b'"'), URI),
    fault("location-backslash", "The Location has backslashes.", located(lambda old: old.replace(b"/", b"\\")), URI),
    fault("location-percent", "The Location ends in a bare percent sign.", located(lambda old: old + b"%"), URI),
    fault("location-utf-8", "The Location has a letter that is no ASCII.", located(lambda o: o + "ż".encode()), URI),
    fault("location-ftp", "The Location is one of FTP.", located(lambda old: b"ftp" + old[old.index(b":") :]), URI),
    fault(
        "location-query",
        "The id stands in the query.",
        located(lambda old: old.rpartition(b"/")[0] + b"?id=" + old.rpartition(b"/")[2]),
        "state.created-one",
    ),
    fault("location-random", "The id in the Location is nobody's.", _identity(lambda _: new_id().encode()), RESOLVES),
    fault("location-truncated", "The id in the Location is cut.", _identity(lambda old: old[:-1]), RESOLVES),
    fault("location-capitals", "The id in the Location is in capitals.", _identity(bytes.upper), RESOLVES),
    fault("location-constant", "The id in the Location is always 1.", _identity(lambda _: b"1"), "location.fresh"),
    fault("location-previous", "The Location names the service before.", _previous(), "state.data"),
    fault("location-foreign", "The Location names another group's service.", answered(_foreign), RESOLVES),
    fault(
        "location-client-id",
        "The Location has the id that the client sent.",
        _client_id("handleServiceId"),
        "location.own-id",
    ),
    fault(
        "location-client-id-key",
        "The Location has what the client sent as id.",
        _client_id("id"),
        "location.own-id-keys",
        editions=DEPLOYED,
    ),
    fault(
        "location-on-errors",
        "Errors have a Location, too.",
        answers(header(LOCATION, b"/errors/1"), 400, 401, 403, 404),
        "location.errors",
    ),
)
