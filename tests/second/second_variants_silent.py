"""Honest servers: credentials, ids, reads and bodies, of which the documents say little or nothing."""

import base64
import itertools
import json
import time
import uuid
from typing import Any

from second_registry import OLDER, App, Call, Refusal, Request, Response, replace_stage
from second_rules import write_json
from second_variants_honest import CURRENT, HONEST, NEWER, add, edge, page, reading_else
from second_world import User

# --- credentials
HONEST.topic = "credentials"


def any_case(inner: Any, value: str) -> User | None:
    """Know users in any case, and with blanks around them."""
    try:
        name, colon, password = base64.b64decode(value, validate=True).decode().partition(":")
    except ValueError:
        return None
    user: User | None = inner(base64.b64encode(f"{name.strip().lower()}{colon}{password}".encode()).decode())
    return user


add("users-in-any-case", "User names are known in any case.", replace_stage("by_basic", any_case))


def malformed_400(inner: Any, value: str) -> User | None:
    """Call credentials malformed that are no Basic credentials."""
    try:
        text = base64.b64decode(value, validate=True).decode()
    except ValueError:
        text = ""
    if ":" not in text:
        raise Refusal(400, "malformedData", "These are no credentials.")
    user: User | None = inner(value)
    return user


add(
    "malformed-credentials-400",
    "Credentials that are none are malformed.",
    replace_stage("by_basic", malformed_400),
    OLDER,
)


def locks(limit: int) -> Any:
    """Lock an account for good after so many wrong passwords in all."""

    def change(app: App) -> None:
        wrong: dict[str, int] = {}

        def fits(inner: Any, user: User, given: str) -> bool:
            right = bool(inner(user, given)) and wrong.get(user.name, 0) < limit
            wrong[user.name] = wrong.get(user.name, 0) + (not right)
            return right

        app.around("password_fits", fits)

    return change


add("locks-for-good", "After five wrong passwords in all, an account is locked for good.", locks(5))


def loose_tokens(app: App) -> None:
    """Tokens of which the last base64 character does not count, as for 20 bytes without padding."""
    app.states.tokens = True
    app.around(
        "same",
        lambda inner, right, given: (
            inner(right, given) or (len(right) > 8 and given[:-1] == right[:-1] and len(given) == len(right))
        ),
    )


add("tokens-with-a-loose-end", "The last character of a token does not count.", loose_tokens)
add(
    "password-without-line-break",
    "A line break after a password is dropped: RFC 7617, 2 allows none in it.",
    replace_stage("password_fits", lambda inner, user, given: inner(user, given.removesuffix("\n"))),
)

# --- ids
HONEST.topic = "ids"
NUMBERS = itertools.count(1_000)


def typed_ids(answer: Any) -> Any:
    """Ids are numbers; a path with anything else is none of the application's."""

    def change(app: App) -> None:
        app.states.own_groups = True
        app.options.service_id = app.states.group_id = lambda: str(next(NUMBERS))

        def early(request: Request) -> Response | None:
            parts = request.path.split("?")[0].split("/")
            names = [after for before, after in itertools.pairwise(parts) if before in {"groups", "handle_services"}]
            return None if all(name.isdecimal() and len(name) < 20 for name in names) else answer()

        edge(early)(app)
        app.around("shown", lambda inner, call, value: inner(call, _numbered(value)))

    return change


def _numbered(value: dict[str, Any]) -> dict[str, Any]:
    if "handle_services" in value:
        return {"handle_services": [int(service) for service in value["handle_services"]]}
    return value | {"handleServiceId": int(value["handleServiceId"])}


def bad_id() -> Response:
    """What a typed path parameter says."""
    return Response(400).set_json({"error": {"id": "badId", "description": "An id is a number."}})


add(
    "ids-integers-404",
    "Ids are integers, in JSON, too; another path is not routed.",
    typed_ids(lambda: page(404)),
    NEWER,
)
add("ids-integers-400", "Ids are integers; another one is an invalid request.", typed_ids(bad_id), CURRENT)


def uuids(app: App) -> None:
    """Ids are UUIDs, and what is none is an invalid request."""
    app.states.own_groups = True
    app.options.service_id = app.states.group_id = lambda: str(uuid.uuid4())

    def early(request: Request) -> Response | None:
        parts = request.path.split("?")[0].split("/")
        names = [after for before, after in itertools.pairwise(parts) if before == "groups"]
        try:
            for name in names:
                uuid.UUID(name)
        except ValueError:
            return bad_id()
        return None

    edge(early)(app)


add("ids-uuids-400", "Ids are UUIDs; another one is an invalid request.", uuids, CURRENT)


# --- reads, which no document describes
def clients_ids(app: App) -> None:
    """Take an id that the client proposes, where no service has it."""
    taken: set[str] = set()

    def fresh(inner: Any, call: Call) -> str:
        proposed = call.doc.get("id")
        if not isinstance(proposed, str) or not proposed.isalnum() or proposed in taken:
            return str(inner(call))
        taken.add(proposed)
        return proposed

    app.around("fresh_id", fresh)


add("ids-proposed", "A client may propose an id for a service, under a key that no document has.", clients_ids, CURRENT)
HONEST.topic = "reads"


def listing(make: Any) -> Any:
    """Another form of lists: `make(ids, request)` gives an answer."""

    def around(inner: Any, call: Call, value: dict[str, Any]) -> Response:
        if call.op != "list":
            answer: Response = inner(call, value)
            return answer
        response: Response = make(value["handle_services"], call.request)
        return response

    return replace_stage("shown", around)


def number_in_query(request: Request, name: str, default: int) -> int:
    """A number in the query."""
    return int(
        next(
            (pair.split("=")[1] for pair in request.path.partition("?")[2].split("&") if pair.startswith(name)), default
        )
    )


def drf(ids: list[str], request: Request, size: int = 100) -> Response:
    """Pages as Django REST framework has them."""
    number = number_in_query(request, "page=", 1)
    more = number * size < len(ids)
    link = f"http://testserver{request.path.split('?')[0]}?page={number + 1}" if more else None
    results = ids[(number - 1) * size : number * size]
    return Response(200).set_json({"count": len(ids), "next": link, "previous": None, "results": results})


def linked(ids: list[str], request: Request) -> Response:
    """Pages by a Link header."""
    number = number_in_query(request, "page=", 1)
    answer = Response(200).set_json(ids[(number - 1) * 60 : number * 60])
    if number * 60 < len(ids):
        answer.set_header("Link", f'<?page={number + 1}>; rel="next", </>; rel="up"')
    return answer


PAGES = {
    "pages-drf-100": ("count, next and results, 100 to a page", drf),
    "pages-drf-10": ("count, next and results, 10 to a page", lambda ids, r: drf(ids, r, 10)),
    "pages-link": ("a Link header, 60 to a page", linked),
    "pages-total": (
        "items and a total, 10 to a page",
        lambda ids, _: Response(200).set_json({"items": ids[:10], "total": len(ids), "page": 1, "size": 10}),
    ),
    "pages-cursor": (
        "a cursor, 50 to a page",
        lambda ids, _: Response(200).set_json(
            {"data": ids[:50], "meta": {"nextCursor": "eyJ" if len(ids) > 50 else None}}
        ),
    ),
    "list-ends": ("the first 20, without a word of more", lambda ids, _: Response(200).set_json(ids[:20])),
    "list-of-the-newest": (
        "the newest 20, without a word of more",
        lambda ids, _: Response(200).set_json(ids[::-1][:20]),
    ),
    "list-entries": (
        "entries with an id and a link",
        lambda ids, _: Response(200).set_json(
            {"handleServices": [{"id": identity, "href": f"/{identity}"} for identity in ids]}
        ),
    ),
}
for name, (sentence, make) in PAGES.items():
    add(name, f"Lists have another form: {sentence}.", listing(make))


def enveloped(inner: Any, call: Call, value: dict[str, Any]) -> Response:
    """Put what is read into an envelope."""
    answer: Response = inner(call, value)
    if call.op != "list":
        answer.body = write_json({"data": value, "meta": {"version": 1}})
    return answer


add("details-enveloped", "What is read comes in an envelope.", replace_stage("shown", enveloped))


def stale(app: App) -> None:
    """Every second list is what there was 0.3 seconds ago."""
    history: list[tuple[float, dict[str, list[str]]]] = []
    turn = itertools.count()

    def around(inner: Any, call: Call, value: dict[str, Any]) -> Response:
        if call.op == "list":
            now = time.monotonic()
            history.append((now, {call.group: value["handle_services"]}))
            old = [ids[call.group] for at, ids in history if call.group in ids and at <= now - 0.3]
            del history[:-400]
            if next(turn) % 2 and old:
                value = {"handle_services": old[-1]}
        answer: Response = inner(call, value)
        return answer

    app.around("shown", around)


add("list-stale", "Every second list is 0.3 seconds old, as of a replica.", stale)

# --- bodies
HONEST.topic = "acceptance"


def first_value(body: bytes) -> Any:
    """Read the first JSON value of a body."""
    return json.JSONDecoder().raw_decode(body.decode().lstrip())[0]


add(
    "parser-first-value",
    "What follows the first JSON value is not read, as with Go's Decoder.",
    reading_else(first_value),
    OLDER,
)
