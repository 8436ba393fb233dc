"""Honest servers: what proxies, limits and plain ways of serving make of a sentence without breaking it."""

import gzip
import itertools
import threading
import time
from dataclasses import replace
from typing import Any

from second_registry import App, Call, Refusal, Request, Response, Table, replace_stage
from second_variants_honest import edge, page
from second_variants_written import base

AROUND = Table()
add, options, finish = AROUND.add, AROUND.options, AROUND.finish
CURRENT, NEWER = ("current",), ("current", "deployed")
SCRIPTED = b'<html><head><script src="/static/js/app.js"></script><title>Sorry</title></head><body></body></html>'


def serving(**values: Any) -> Any:
    """Another way to treat connections."""
    return lambda app: [setattr(app.serving, key, value) for key, value in values.items()]


# --- connections
AROUND.topic = "connections"
add(
    "body-64-kB-closed",
    "Over 64 kB a body is refused unread, and the connection closed.",
    serving(limit=65536, drain=False),
)
add(
    "body-1-MB-closed",
    "Over 1 MB a body is refused unread, and the connection closed.",
    serving(limit=10**6, drain=False),
)


def refused_unread(app: App) -> None:
    """Answer a body that is too large with a page, unread."""
    serving(limit=65536, drain=False)(app)
    edge(lambda r: page(413) if r.too_large else None)(app)


add("body-page-closed", "A proxy refuses a body over 64 kB unread, with its page.", refused_unread)
HINTS = b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n"
add("early-hints", "Early hints come before each answer.", serving(interim=HINTS))
add("one-thread", "One thread serves one connection after the other.", serving(threads=False, idle=2, backlog=5))
add("backlog-5", "No more than five connections wait to be served.", serving(backlog=5))
add("ten-answers", "A connection is closed without a word after ten answers.", serving(answers=10))


def one_by_one(app: App) -> None:
    """Serve one request after the other, each on a connection of its own."""
    serving(threads=False, backlog=5)(app)
    app.around("finish", lambda inner, call, response: _closing(inner(call, response)))


def _closing(response: Response) -> Response:
    response.close = True
    return response


add("one-by-one", "One thread serves one request after the other, and closes.", one_by_one)


def zipped(_: Call, response: Response) -> None:
    """Compress a body."""
    if response.body:
        response.body = gzip.compress(response.body)
        response.set_header("Content-Encoding", "gzip").set_header("Vary", "Accept-Encoding")


finish("answers-gzip", "Answers are compressed, whoever asks.", zipped)
finish("two-challenges", "A 401 offers two ways to authenticate.", lambda _c, r: _challenged(r))


def _challenged(response: Response) -> None:
    if response.status == 401:
        response.headers.append(("WWW-Authenticate", 'Bearer realm="onezone", error="invalid_token"'))


add(
    "chunks-501",
    "A body without a length is answered with 501.",
    edge(lambda r: page(501) if "transfer-encoding" in r.headers else None),
)


def _empty_chunks(call: Call, response: Response) -> None:
    if call.created:
        response.chunked = True
        response.set_header("Content-Type", "application/json")


finish("created-typed", "A success has a type and no byte, in chunks.", _empty_chunks, ("deployed",))


# --- limits
AROUND.topic = "limits"


def limited(per_second: int, key: Any = lambda _: "") -> Any:
    """At most so many requests in a second, in all or by a key."""

    def change(app: App) -> None:
        lock, seen = threading.Lock(), {}

        def early(request: Request) -> Response | None:
            with lock:
                now = time.monotonic()
                recent = [at for at in seen.get(key(request), []) if at > now - 1]
                seen[key(request)] = recent
                if len(recent) >= per_second:
                    answer = Response(429).set_json({"error": {"id": "tooManyRequests", "description": "Slow down."}})
                    return answer.set_header("Retry-After", "1")
                recent.append(now)
            return None

        edge(early)(app)

    return change


add("limit-20-a-second", "More than 20 requests a second are answered 429.", limited(20), NEWER)
add(
    "limit-50-a-user",
    "More than 50 requests a second of one user are answered 429.",
    limited(50, lambda r: str(r.headers.get("authorization"))),
    NEWER,
)


def quota(status: int, most: int) -> Any:
    """So many services a group may have."""

    def save(inner: Any, call: Call, service: Any, app: App) -> None:
        if sum(call.group in service.groups for service in list(app.world.services.values())) >= most:
            raise Refusal(status, "limitReached", "The group has as many handle services as it may have.")
        inner(call, service)

    def change(app: App) -> None:
        app.around("save", lambda inner, call, service: save(inner, call, service, app))

    return change


for code in (403, 409):
    add(
        f"quota-1000-{code}",
        f"A group has at most 1,000 services; more are answered {code}.",
        quota(code, 1000),
        CURRENT,
    )


def locked(app: App) -> None:
    """Write one at a time, and let others come again."""
    writing = threading.Lock()

    def save(inner: Any, call: Call, service: Any) -> None:
        if not writing.acquire(blocking=False):
            refusal = Refusal(503, "serviceUnavailable", "The database is locked.")
            refusal.headers.append(("Retry-After", "1"))
            raise refusal
        try:
            time.sleep(0.001)
            inner(call, service)
        finally:
            writing.release()

    app.around("save", save)


add("locked-503", "Who writes at the same time is asked to come again.", locked, CURRENT)


def slow_hash(inner: Any, user: Any, given: str) -> bool:
    """Hash a password."""
    time.sleep(0.1)
    return bool(inner(user, given))


def few_at_once(app: App) -> None:
    """Serve four requests at the same time, and answer more of them as a proxy does."""
    lock, places = threading.Lock(), [4]

    def around(inner: Any, request: Request) -> Response:
        with lock:
            if not places[0]:
                return page(503)
            places[0] -= 1
        try:
            answer: Response = inner(request)
            return answer
        finally:
            with lock:
                places[0] += 1

    app.around("answer", around)


add("four-at-once", "A proxy lets four requests through at the same time, and answers others 503.", few_at_once)
add("slow-hash", "To check a password takes 100 ms.", replace_stage("password_fits", slow_hash))

# --- what is before the service
AROUND.topic = "before"
ODD = (b"<script", b"DROP TABLE", b"__proto__", b"$(id)", b"../", b"onerror=", b"UNION")


def firewall(request: Request) -> Response | None:
    """Stop what looks like an attack."""
    text = request.body + request.path.encode("latin-1", "replace")
    return Response(403, [("Content-Type", "text/html")], SCRIPTED) if any(part in text for part in ODD) else None


add("firewall", "A firewall answers what looks like an attack with a page, a 403.", edge(firewall))
OVERRIDING = ("x-http-method-override", "x-http-method", "x-method-override")


def overridden(inner: Any, request: Request) -> Response:
    """Take the method from a header, or from the query."""
    named = [request.header(name) for name in OVERRIDING] + request.path.partition("_method=")[2].split("&")[:1]
    method = next((name for name in named if name), None)
    if method and request.method == "POST":
        request.method = method.upper()
    answer: Response = inner(request)
    return answer


def overriding(app: App) -> None:
    """Honour another method, and answer OPTIONS with 204."""
    app.around("answer", overridden)
    app.around("preflight", lambda _inner, call: Response(204, [("Allow", ", ".join(call.allow))]))


add("method-overridden", "A POST may say in a header or in the query which method it means.", overriding)


def rewritten(request: Request) -> Response | None:
    """Answer for another path that a header names."""
    path = request.header("x-original-url") or request.header("x-rewrite-url")
    return Response(200).set_json({"name": "Onezone", "version": "21.02.1"}) if path == "/" else None


add(
    "path-ends-at-dots",
    "A router reads no more of a path than what comes before the first dots.",
    replace_stage("answer", lambda inner, request: inner(replace(request, path=request.path.partition("/../")[0]))),
)
add("original-url", "A header of the proxy names the path: the service's first page.", edge(rewritten))
add(
    "probes-answered",
    "What probes a server's health is answered at once.",
    edge(lambda r: Response(204) if "kube-probe" in (r.header("user-agent") or "") else None),
)
add(
    "foreign-pages", "Requests of foreign pages are refused.", edge(lambda r: page(403) if r.header("origin") else None)
)
add(
    "scripted-pages",
    "What is not routed gets a page with a script.",
    edge(lambda r: Response(405, [("Content-Type", "text/html")], SCRIPTED) if r.method in {"PUT", "PATCH"} else None),
    CURRENT,
)


def forwarded(app: App) -> None:
    """Name in Location the host that the proxy says."""
    inner = app.location

    def location(call: Call, service: Any) -> str:
        host = call.request.header("x-forwarded-host") or call.request.header("host") or ""
        scheme = call.request.header("x-forwarded-proto") or "http"
        return f"{scheme}://{host}" + app.options.base + app.place(call.group, service.id)

    del inner
    app.location = location  # type: ignore[method-assign]


add(
    "base-deep",
    "The base path is below others, with a tilde and an escape.",
    base("/~zone/a%20b/api/onezone/v3", alone=True),
)
add("forwarded-host", "Location has the host that the client or the proxy named.", forwarded)

# --- reads
AROUND.topic = "reads"


def reads_lag(app: App) -> None:
    """A new service can be read after a moment."""

    def exists(inner: Any, call: Call) -> None:
        service = app.world.services.get(call.service)
        if call.op in {"get", "service"} and service and time.time() < service.created + 0.2:
            raise Refusal(404, "notFound", "The resource could not be found.")
        inner(call)

    app.around("exists", exists)


def forbidden_reads(inner: Any, call: Call, user: Any) -> bool:
    """Let nobody read."""
    return call.op == "create" and bool(inner(call, user))


def replica(app: App) -> None:
    """Every second read is answered as it was 0.3 seconds ago."""
    turn = itertools.count()

    def exists(inner: Any, call: Call) -> None:
        service = app.world.services.get(call.service)
        if next(turn) % 2 and call.op in {"get", "service"} and service and time.time() < service.created + 0.3:
            raise Refusal(404, "notFound", "The resource could not be found.")
        inner(call)

    def do_list(inner: Any, call: Call) -> Response:
        before = app.options.list_lag
        app.options.list_lag = 0.3 if next(turn) % 2 else 0.0
        answer: Response = inner(call)
        app.options.list_lag = before
        return answer

    app.around("exists", exists)
    app.around("do_list", do_list)


add("details-lag", "A new service can be read 0.2 s after it was created.", reads_lag)
add("reads-forbidden", "Nobody may read what was created.", replace_stage("may", forbidden_reads))
add("replica", "Every second read is 0.3 s old.", replica)


def own_details(inner: Any, call: Call, user: Any, app: App) -> bool:
    """Show a service to who created it."""
    if call.op in {"get", "service"}:
        return app.world.services[call.service].creator == user.name
    return bool(inner(call, user))


def eventual(app: App) -> None:
    """Show what was created a second later."""
    app.options.list_lag = 1.0

    def exists(inner: Any, call: Call) -> None:
        service = app.world.services.get(call.service)
        if call.op in {"get", "service"} and service and time.time() < service.created + 1:
            raise Refusal(404, "notFound", "The resource could not be found.")
        inner(call)

    app.around("exists", exists)


add(
    "details-for-creators",
    "A service is shown to who created it, and to nobody else.",
    lambda app: app.around("may", lambda inner, call, user: own_details(inner, call, user, app)),
)
add("eventual", "What was created shows a second later.", eventual)
