"""Secrets and internals that an answer must not contain."""

from __future__ import annotations

import base64
import contextlib
import json
import re
from collections.abc import Iterator

from onezone_contracts.exchange import Exchange, Request, Response
from onezone_contracts.requirement import Finding
from onezone_contracts.run import Run

ERROR = 400
NO_INTERNALS, NO_SECRET = "nothing of how the server is made", "no secret in an answer"
SHORTEST = 6
"""A shorter secret may stand in an answer by chance."""
INTERNALS = {
    "a stack trace of Python": r'Traceback \(most recent call last\)|File "[^"\n]+\.py", line \d+',
    "a stack trace of Java": r"\bat [\w$.<>]+\([\w$]+\.(?:java|kt|scala|groovy):\d+\)"
    r"|\b(?:javax?|jakarta|org\.(?:apache|springframework|hibernate|postgresql|eclipse))"
    r"(?:\.\w+)+(?:Exception|Error)\b",
    "a stack trace of JavaScript": r"\bat (?:[\w$.<>\[\] ]+ )?\(?"
    r"(?:node:[\w/]+|(?:file://|[A-Za-z]:\\|/)[^\s():]+\.\w+):\d+:\d+\)?",
    "a stack trace of .NET": r"\bat [\w.`<>+]+\([^)\n]*\) in [^\n]+:line \d+|\bSystem\.(?:\w+\.)*\w+Exception\b",
    "a stack trace of Go": r"\bgoroutine \d+ \[|\bpanic: runtime error",
    "a stack trace of Ruby or PHP": r"[\w/.-]+\.rb:\d+:in [`']|\.php(?:\(\d+\)| on line \d+)|\bStack trace:\s*#0",
    "a stack trace of Erlang": r"\{(?:badmatch|badkey|function_clause|case_clause|undef)\b"
    r"|\.erl\"?[,:]\s*(?:\{line,)?\s*\d+|\*\* \(\w+Error\)",
    # what browsers load has such a path, too: of a script, where it is that of a file system
    "the path of a source file": r"(?:^|(?<=[\s\"'(=:]))(?:(?:/[\w.+-]+){2,}"
    r"\.(?:py|rb|go|java|kt|erl|ex|exs|cs|rs|cpp|c|scala)"
    r"|/(?:app|build|builds|data|home|mnt|opt|root|src|srv|tmp|usr|Users|var|work|workspace)(?:/@?[\w.+-]+)+"
    r"\.(?:php|js|mjs|cjs|ts))\b",
    "SQL": r"\bSELECT\b.{1,300}\bFROM\b|\bINSERT INTO\b|\bUPDATE\b.{1,200}\bSET\b|\bDELETE FROM\b"
    r"|\bSQLSTATE\b|\bORA-\d{5}\b|\bpsycopg2?\.|\bsqlite3?\.|\bsyntax error at or near\b"
    r"|\bYou have an error in your SQL syntax\b",
}
_INTERNALS = {name: re.compile(pattern, re.DOTALL) for name, pattern in INTERNALS.items()}
_LINK = re.compile(r"(?i)\b(?:src|href)\s*=\s*(?:\"[^\"]*\"|'[^']*')")
"""What a page links to is there for everybody."""
_BASIC = re.compile(r"(?i)\s*basic\s+(\S+)")


def internals(run: Run) -> Iterator[Finding]:
    """No error shows a stack trace, the path of a source file, or SQL that was not in the request."""
    for sent in run.log:
        if shown := internals_in(sent.exchange):
            message = f"{sent.case.label}: the {sent.exchange.status} shows {shown[0]}"
            yield Finding(message, NO_INTERNALS, shown[1], sent.exchange)


def secrets(run: Run) -> Iterator[Finding]:
    """No error repeats a secret of its request, and no Location has one in it."""
    for sent in run.log:
        if name := secret_in(sent.exchange):
            message = f"{sent.case.label}: the {sent.exchange.status} repeats {name}"
            yield Finding(message, NO_SECRET, f"{name} of the request", sent.exchange)


def internals_in(exchange: Exchange) -> tuple[str, str] | None:
    """What an error shows of how the server is made, in words and as it stands there; None if it shows nothing."""
    response = exchange.response
    if response is None or response.status < ERROR:
        return None
    text = _LINK.sub("", _text(response))
    for name, pattern in _INTERNALS.items():
        shown = pattern.search(text)
        if shown and shown[0] not in _request_text(exchange.request):
            return name, shown[0][:120]
    return None


def secret_in(exchange: Exchange) -> str | None:
    """Which secret of its request an error or a Location repeats, or None."""
    response = exchange.response
    if response is None:
        return None
    text = _text(response) + _head(response) if response.status >= ERROR else response.header("Location") or ""
    return next((name for name, secret in _secrets(exchange.request) if secret in text), None)


def _text(response: Response) -> str:
    """The body, with what JSON escapes as it means."""
    text = response.body.decode("utf-8", "replace")
    try:
        return "\n".join((text, *_strings(json.loads(text))))
    except (ValueError, RecursionError):
        return text


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from (key, *_strings(inner))
    elif isinstance(value, list):
        for inner in value:
            yield from _strings(inner)


def _head(response: Response) -> str:
    return "\n".join(value for _, value in response.headers)


def _request_text(request: Request) -> str:
    """All that the request says, where an answer may have it from."""
    body = (request.body or b"").decode("utf-8", "replace")
    with contextlib.suppress(ValueError, RecursionError):
        body = "\n".join((body, *_strings(json.loads(body))))
    return "\n".join((request.path, *(value for _, value in request.all_headers), body))


def _secrets(request: Request) -> Iterator[tuple[str, str]]:
    """The secrets of a request, each with its name in reports; ordinary words do not count."""
    for name, value in _all_secrets(request):
        if len(value) >= SHORTEST and not value.isalpha() and value not in request.path:
            yield name, value


def _all_secrets(request: Request) -> Iterator[tuple[str, str]]:
    for name, value in request.auth.headers:
        pair = _BASIC.match(value)
        if pair:
            yield "the credentials", pair[1]
            decoded = _decoded(pair[1])
            user, _, password = decoded.partition(":")
            if password and password not in user:
                yield "the password", password
        elif name.lower() == "authorization":
            yield "the token", value.partition(" ")[2].strip()
        else:
            yield "the token", value
    yield from (("serviceProperties.password", value) for value in _passwords(request.body))


def _decoded(value: str) -> str:
    try:
        return base64.b64decode(value).decode()
    except ValueError:
        return ""


def _passwords(body: bytes | None) -> Iterator[str]:
    """The password of the body; one that stands elsewhere in the body, too, may be repeated from there."""
    if not body or b'"password"' not in body:
        return
    try:
        value = json.loads(body)
        password = value["serviceProperties"].pop("password")
    except (ValueError, RecursionError, LookupError, TypeError, AttributeError):
        return
    if isinstance(password, str) and not any(password in text for text in _strings(value)):
        yield password
