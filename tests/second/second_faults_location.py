"""Faults of the Location of what was created."""

import itertools
import urllib.parse
from typing import Any

from second_registry import NEWER, App, Call, Table
from second_rules import PAIR
from second_world import Service, new_id

LOCATIONS = Table()
add, created, refused, location = LOCATIONS.add, LOCATIONS.created, LOCATIONS.refused, LOCATIONS.location


def head(name: str, value: str) -> Any:
    """Set a header."""
    return lambda _call, response: response.set_header(name, value)


# --- Location
LOCATIONS.topic = "location"


def full(app: App, group: str, service: str) -> str:
    """A Location in the documented form."""
    return app.origin + app.options.base + app.place(group, service)


def last(text: str, replacement: Any) -> str:
    """A Location with another last segment."""
    start, _, end = text.rpartition("/")
    return f"{start}/{replacement(end)}"


def last_segment(change: Any) -> Any:
    """A Location whose last segment is changed."""
    return lambda app, call, service: last(full(app, call.group, service.id), change)


location("location-missing", "There is no Location.", lambda _a, _c, _s: None)
location("location-empty", "Location is empty.", lambda _a, _c, _s: "")
location("location-blank", "Location is a blank.", lambda _a, _c, _s: "   ")
location("location-null", "Location says null.", lambda _a, _c, _s: "null")
location(
    "location-collection-slash", "Location names the collection, with a slash at its end.", last_segment(lambda _i: "")
)
location(
    "location-collection",
    "Location names the collection.",
    lambda a, c, s: full(a, c.group, s.id).rpartition("/")[0],
)
location("location-group", "Location names the group.", lambda a, c, s: full(a, c.group, s.id).rsplit("/", 2)[0])
location("location-base", "Location names the base path.", lambda a, _c, _s: a.origin + a.options.base)
location("location-host", "Location names the host alone.", lambda a, _c, _s: a.origin + "/")
location("location-other-group", "Location names another group.", lambda a, _c, s: full(a, new_id(), s.id))
location(
    "location-user-as-group",
    "Location has the user where the group belongs.",
    lambda a, c, s: full(a, s.creator or c.group[:3], s.id),
)
location("location-no-group", "Location has an empty group.", lambda a, _c, s: full(a, "", s.id))
location(
    "location-random-id", "Location's id is made anew, and is not the service's.", last_segment(lambda _i: new_id())
)
location(
    "location-constant-id",
    "Location's id is the document's example, always.",
    last_segment(lambda _i: "SADHLKJhlkASHDLAKSHDLKJHJjLH"),
)
location("location-template", "Location's id is an unfilled placeholder.", last_segment(lambda _i: "{sid}"))
location("location-undefined", "Location's id is undefined.", last_segment(lambda _i: "undefined"))
location("location-group-id", "Location's id is the group's.", lambda a, c, _s: full(a, c.group, c.group))
location(
    "location-name", "Location's id is the service's name.", lambda a, c, s: full(a, c.group, str(s.data.get("name")))
)
location("location-user", "Location's id is the user's.", lambda a, c, s: full(a, c.group, s.creator))
location("location-id-cut", "Location's id lacks its last characters.", last_segment(lambda i: i[:-6]))
location("location-id-upper", "Location's id is in upper case, and ids are case-sensitive.", last_segment(str.upper))
location("location-id-reversed", "Location's id is read from the wrong end.", last_segment(lambda i: i[::-1]))
location("location-id-quoted", "Location's id has quotes around it.", last_segment(lambda i: f"%22{i}%22"))
location("location-id-prefixed", "Location's id has a type before it.", last_segment(lambda i: f"handle_service.{i}"))
location(
    "location-spaces",
    "Location is under spaces, as the prose has it.",
    lambda a, c, s: full(a, c.group, s.id).replace("/groups/", "/spaces/"),
)
location(
    "location-handles",
    "Location is under handles.",
    lambda a, c, s: full(a, c.group, s.id).replace("handle_services", "handles"),
)
location(
    "location-hyphen",
    "Location has a hyphen for the underscore.",
    lambda a, c, s: full(a, c.group, s.id).replace("handle_s", "handle-s"),
)
location(
    "location-users", "Location is under users.", lambda a, c, s: full(a, c.group, s.id).replace("/groups/", "/users/")
)
location(
    "location-top-level",
    "Location is not that of the group's service.",
    lambda a, _c, s: f"{a.origin}{a.options.base}/handle_services/{s.id}",
    NEWER,
)
location(
    "location-query",
    "Location has the id in the query.",
    lambda a, c, s: full(a, c.group, "x").replace("/x", "") + f"?id={s.id}",
)
location("location-angle", "Location is in angle brackets.", lambda a, c, s: f"<{full(a, c.group, s.id)}>")
location("location-words", "Location is a sentence.", lambda a, c, s: f"created at {full(a, c.group, s.id)}")
location(
    "location-encoded",
    "Location is percent-encoded as a whole.",
    lambda a, c, s: urllib.parse.quote(full(a, c.group, s.id), safe=""),
)
location("location-swapped", "Location has group and service swapped.", lambda a, c, s: full(a, s.id, c.group))
location("location-json", "Location is a JSON string.", lambda a, c, s: f'"{full(a, c.group, s.id)}"')
location("location-id-twice", "Location has the id twice.", lambda a, c, s: f"{full(a, c.group, s.id)}/{s.id}")


def client_id(app: App, call: Call, service: Service) -> str:
    """The client's own id, where it sent one."""
    return full(app, call.group, str(call.doc.get("handleServiceId", service.id)))


location("location-client-id", "Location has the id that the client sent.", client_id)


def remembered(*, first: bool) -> Any:
    """A Location of a create before: the first, or the previous one."""

    def change(app: App) -> None:
        seen: list[str] = []

        def wrong(inner: Any, call: Call, service: Service) -> str:
            seen.append(inner(call, service))
            return seen[0] if first else seen[max(0, len(seen) - 2)]

        app.around("location", wrong)

    return change


add("location-first", "Location stays that of the first service: it is cached.", remembered(first=True))
add("location-previous", "Location is that of the create before.", remembered(first=False))


def unescaped(app: App) -> None:
    """Ids that need escaping, and Locations without."""
    counter = itertools.count(1)
    app.options.service_id = lambda: f"a b/c?{next(counter)}"
    app.place = lambda group, service: f"/groups/{group}/handle_services/{service}"  # type: ignore[method-assign]


add("location-unescaped", "Ids have blanks and slashes, and Location does not escape them.", unescaped)
created(
    "location-renamed",
    "The header is called Content-Location.",
    lambda _c, r: r.headers.append(("Content-Location", r.header("Location"))) or r.drop_header("Location"),
)
created(
    "location-in-body",
    "The address is in the body, not in a header.",
    lambda _c, r: r.set_json({"location": r.header("Location")}).drop_header("Location"),
)
created(
    "location-as-link",
    "The address is in a Link header.",
    lambda _c, r: r.set_header("Link", f"<{r.header('Location')}>").drop_header("Location"),
)
created(
    "location-twice",
    "There are two Locations, which differ.",
    lambda _c, r: r.headers.insert(0, ("Location", last(r.header("Location"), lambda _i: new_id()))),
)
refused(
    "location-on-errors",
    "Refusals have a Location, too.",
    head("Location", "/api/onezone/v3/groups/x/handle_services/y"),
)
refused("location-on-403", "A 403 has a Location.", head("Location", "/login"), 403)
refused("location-on-401", "A 401 has a Location: the page to sign in.", head("Location", "/login"), 401)
refused(
    "location-on-400",
    "A 400 has a Location, made before the body is judged.",
    head("Location", "/api/onezone/v3/groups/x/handle_services/y"),
    400,
)
created(
    "location-sometimes",
    "Location is missing where the name has other than ASCII characters.",
    lambda c, r: r if str(c.doc.get("name")).isascii() else r.drop_header("Location"),
)
created(
    "location-pid",
    "Location is missing for PID services.",
    lambda c, r: (
        r.drop_header("Location") if "endpoint" in str(c.doc.get("serviceProperties")) and "PID" in str(c.doc) else None
    ),
)
created(
    "location-admin",
    "Location is missing for administrators.",
    lambda c, r: r.drop_header("Location") if c.user and c.user.zone >= PAIR else None,
    NEWER,
)
