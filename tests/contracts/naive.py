"""Servers as people write them first, and what stands before servers: the correct one with other answers."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator

import server
from second_wire import Request, Response

PAGE = "<!DOCTYPE html><html><head><title>{0}</title></head><body><center><h1>{0}</h1></center></body></html>"
Change = Callable[[Request, Response], Response]


def page(status: int, title: str, *headers: tuple[str, str]) -> Response:
    """A page of HTML."""
    return Response(status, [("Content-Type", "text/html; charset=utf-8"), *headers], PAGE.format(title).encode())


def fastapi(_: Request, response: Response) -> Response:
    """A framework that validates by itself: 422, and its own form of errors."""
    if response.status != 400:
        return response
    detail = [{"type": "missing", "loc": ["body", "name"], "msg": "Field required", "input": {}}]
    return Response(422, [("Content-Type", "application/json")], json.dumps({"detail": detail}).encode())


def html_errors(_: Request, response: Response) -> Response:
    """A framework's own pages for every error."""
    return (
        page(response.status, f"{response.status} {TITLES[response.status]}") if response.status in TITLES else response
    )


def forbidden(_: Request, response: Response) -> Response:
    """403 for whoever is not known."""
    return Response(403, response.headers, response.body) if response.status == 401 else response


TITLES = {400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found"}
CHANGES: dict[str, Change] = {
    "fastapi": fastapi,
    "html": html_errors,
    "forbidden": forbidden,
    "bad gateway": lambda *_: page(502, "502 Bad Gateway"),
    "unavailable": lambda *_: page(503, "503 Service Temporarily Unavailable"),
    "too many": lambda *_: Response(429, [("Content-Type", "application/json")], b'{"message": "slow down"}'),
    "login": lambda request, _: Response(302, [("Location", f"https://login.example.org/?next={request.path}")], b""),
    "login page": lambda *_: page(200, "Sign in"),
    "plain to TLS": lambda *_: page(400, "400 The plain HTTP request was sent to HTTPS port"),
    "created": lambda _, response: (
        Response(201, response.headers, response.body) if response.status == 204 else response
    ),
}


@contextlib.contextmanager
def serving(name: str, edition: str = "current") -> Iterator[server.Handle]:
    """The correct server, seen through one of these changes; its provider states are as they are."""
    with server.start(edition) as handle:
        inner, change = handle.server.answer, CHANGES[name]

        def changed(request: Request) -> Response:
            response = inner(request)
            return response if request.path.startswith("/states") else change(request, response)

        handle.server.answer = changed
        yield handle
