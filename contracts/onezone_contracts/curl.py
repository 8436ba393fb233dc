"""Requests as curl lines for bash. A line runs as it stands once the variables that it names are set.

Secrets are read from variables; everything else is quoted, so that no text of a target's runs in a shell.
"""

from __future__ import annotations

import base64
import binascii
import gzip
import re
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from onezone_contracts.exchange import Exchange, Redactor, Request
from onezone_contracts.state.readback import new_id

LONG_WORD = 1500
"""A longer body stands packed in a curl line: most long ones are one thing many times."""
TELLING = 4
"""So many characters of a secret, at least, are read from its variable where only a part of it is sent."""
ANOTHER_PAGE = 0x100
Reader = Callable[[str, int, str, str], tuple[str, int] | None]
"""What stands at a place of a text of the value of a variable: an expression of the shell, and its length there."""
_BASIC = re.compile(r"(?i)(\bbasic +)([^ ,]+)")
# The two bytes in UTF-8 of a secret's last character, which is ASCII, moved to the next page: none of it is shown.
_LAST_CHARACTER = (
    r'''"$(printf "$(printf '\\%o\\%o' $((n = $(printf %d "'${NAME: -1}"), 196 + n / 64)) $((128 + n % 64)))")"'''
)


@dataclass(frozen=True, slots=True)
class Step:
    """One of several requests: its curl line, and the variable that later lines read the new id from, if any do."""

    exchange: Exchange
    words: list[str]
    sets: str | None = None

    @property
    def curl(self) -> str:
        """The line."""
        return " ".join(self.words)


def curl(exchange: Exchange, redactor: Redactor) -> str:
    """One curl line that repeats the request."""
    return " ".join(words(exchange, redactor))


def words(exchange: Exchange, redactor: Redactor, ids: Mapping[str, str] | None = None) -> list[str]:
    """The words of that line; a line may be continued between any two of them.

    `ids` are variables, with the ids that are to be read from them.
    """
    request = exchange.request
    url = exchange.base + request.path
    parts = ["curl", "-i", "--path-as-is", *(["--globoff"] if re.search(r"[][{}]", url) else [])]
    if request.method == "HEAD":
        parts.append("--head")  # with -X HEAD, curl waits for a body
    elif request.method != ("POST" if request.body else "GET"):
        parts += ["-X", shlex.quote(request.method)]
    parts += _credentials(request, redactor)
    for name, value in request.headers:
        parts += ["-H", _word(f"{name}: {value}" if value else f"{name};", redactor)]
    if request.body is not None and not any(name.lower() == "content-type" for name, _ in request.headers):
        parts += ["-H", "Content-Type:"]  # curl would add one of its own
    spelled = {quote(value, safe=""): name for name, value in (ids or {}).items()}
    return [*parts, *_body(request, redactor), _word(url, redactor, spelled)]


def steps(exchanges: Sequence[Exchange], redactor: Redactor) -> list[Step]:
    """The curl lines of requests in turn; where a later one names what an earlier one made, it reads the new id."""
    ids: dict[str, str] = {}
    lines = []
    for number, exchange in enumerate(exchanges, 1):
        line = words(exchange, redactor, ids)
        created = _created_id(exchange)
        later = created is not None and any(
            f"/{quote(created, safe='')}" in other.request.path for other in exchanges[number:]
        )
        name = f"ID_{number}" if later and created not in ids.values() else None
        if name and created:
            ids[name] = created
        lines.append(Step(exchange, line, name))
    return lines


def _created_id(exchange: Exchange) -> str | None:
    """The id of the new entity, or None; also if the Location spells it otherwise than a path does."""
    identity = new_id(exchange) if exchange.succeeded else ""
    location = (exchange.response.header("Location") if exchange.response else None) or ""
    return identity if identity and quote(identity, safe="") in location else None


def _credentials(request: Request, redactor: Redactor) -> Iterator[str]:
    headers = request.auth.headers
    alone = sum(name.lower() == "authorization" for name, _ in request.all_headers) == 1
    for name, value in headers:
        pair = _pair(value.removeprefix("Basic ")) if alone and value.startswith("Basic ") else None
        if name == "Authorization" and pair is not None and ":" in pair and "\0" not in pair:
            yield from ("-u", _credential(pair, redactor))
        else:
            yield from ("-H", _header(name, value, redactor))


def _pair(packed: str) -> str | None:
    """User name and password of Basic credentials, None if they are not spelled as curl spells them."""
    try:
        text = base64.b64decode(packed, validate=True).decode()
    except (ValueError, binascii.Error):
        return None
    return text if base64.b64encode(text.encode()).decode() == packed else None


def _header(name: str, value: str, redactor: Redactor) -> str:
    """A header with credentials as a word; the shell encodes Basic credentials from the secret."""
    if not value:
        return _word(f"{name};", redactor)
    parts = _BASIC.split(value)
    text = [_credential(f"{name}: {parts[0]}", redactor)]
    for scheme, packed, after in zip(parts[1::3], parts[2::3], parts[3::3], strict=True):
        text += [quoted(scheme), _packed(packed, redactor), _credential(after, redactor) if after else ""]
    return "".join(text)


def _packed(packed: str, redactor: Redactor) -> str:
    bare = packed.rstrip("=")
    text = _pair(bare + "=" * (-len(bare) % 4))
    if text is None or not any(expression for _, expression in _pieces(text, redactor, {}, _derived)):
        return shlex.quote(packed)
    unwanted = "'\\n'" if packed != bare or len(bare) % 4 == 0 else "'=\\n'"
    parts = [_credential(part, redactor) for part in text.split("\0")]
    first = "".join(f"printf '%s\\0' {part}; " for part in parts[:-1])
    return f'"$({{ {first}printf %s {parts[-1]}; }} | base64 | tr -d {unwanted})"'


def _body(request: Request, redactor: Redactor) -> Iterator[str]:
    if request.body is None:
        return
    if request.chunked:
        yield from ("-H", shlex.quote("Transfer-Encoding: chunked"))
    text = request.body.decode("utf-8", "surrogateescape")
    secret = any(value in text for value in redactor.secrets)
    if "\0" in text or (len(request.body) > LONG_WORD and not secret):
        body = redactor.raw(request.body) if secret else request.body
        data = base64.b64encode(gzip.compress(body, mtime=0)).decode()
        yield from ("--data-binary", f"@<(base64 -d <<<{data} | gunzip)")
    else:  # what begins with @ would be the name of a file
        yield from ("--data-raw" if text.startswith("@") else "--data-binary", _word(text, redactor))


# --- words of the shell ---------------------------------------------------------------------------------------


def _word(text: str, redactor: Redactor, ids: Mapping[str, str] | None = None) -> str:
    """`text` as one word of bash, in which secrets and ids are read from variables."""
    return _joined(_pieces(text, redactor, ids or {}, _read))


def _credential(text: str, redactor: Redactor) -> str:
    """As `_word`, but the shell derives from a secret what the kit had derived from it."""
    return _joined(_pieces(text, redactor, {}, _derived))


def _joined(pieces: Iterable[tuple[str, str]]) -> str:
    return "".join(expression or quoted(literal) for literal, expression in pieces) or "''"


def quoted(text: str) -> str:
    """`text` as a word of bash that means nothing but itself, in printable ASCII."""
    if text.isascii() and text.isprintable():
        return shlex.quote(text)
    data = text.encode("utf-8", "surrogateescape").decode("latin-1")
    escaped = "".join(c if c.isascii() and c.isprintable() and c not in "'\\" else f"\\x{ord(c):02x}" for c in data)
    return f"$'{escaped}'"


def _pieces(text: str, redactor: Redactor, ids: Mapping[str, str], read: Reader) -> Iterator[tuple[str, str]]:
    """`text` piece by piece: (literal, "") or ("", an expression of the shell)."""
    named = [*((name, value) for value, name in ids.items()), *redactor.variables.items()]
    for literal, expression in _split(text, named, read):
        others = [secret for secret in sorted(redactor.secrets, key=len, reverse=True) if secret in literal]
        if others:
            yield from _split(literal, [(redactor.unnamed(secret), secret) for secret in others], _read)
        else:
            yield literal, expression


def _split(text: str, readable: Sequence[tuple[str, str]], read: Reader) -> Iterator[tuple[str, str]]:
    """`text` with what stands there of the values of variables as expressions of the shell."""
    literal, at = "", 0
    while at < len(text):
        hits = [hit for name, value in readable if (hit := read(text, at, name, value))]
        if hits:
            if literal:
                yield literal, ""
            expression, length = max(hits, key=lambda hit: hit[1])
            yield "", expression
            literal, at = "", at + length
        else:
            literal, at = literal + text[at], at + 1
    if literal:
        yield literal, ""


def _read(text: str, at: int, name: str, secret: str) -> tuple[str, int] | None:
    """The value of a variable at a place of `text`, as an expression of the shell, and how long it is there."""
    if secret and text.startswith(secret, at):
        return f'"${name}"', len(secret)
    return None


def _derived(text: str, at: int, name: str, secret: str) -> tuple[str, int] | None:
    """As `_read`, also for what the kit makes of a secret: in other case, its beginning, its end."""
    if hit := _read(text, at, name, secret):
        return hit
    swapped = secret.swapcase()
    if secret.isascii() and swapped != secret and text.startswith(swapped, at):
        return f'"$(printf %s "${name}" | tr a-zA-Z A-Za-z)"', len(secret)
    least = max(TELLING, (len(secret) + 1) // 2)
    for length in range(len(secret) - 1, least - 1, -1):
        if text.startswith(secret[:length], at):
            first = f'"${{{name}:0:{length}}}"'
            last = text[at + length : at + length + 1]
            if length == len(secret) - 1 and last == chr(ord(secret[-1]) + ANOTHER_PAGE):
                return first + _LAST_CHARACTER.replace("NAME", name), len(secret)
            return first, length
    for start in range(1, len(secret) - TELLING + 1):
        if text.startswith(secret[start:], at):
            return f'"${{{name}:{start}}}"', len(secret) - start
    return None


def variables(lines: Iterable[str], redactor: Redactor) -> dict[str, str]:
    """The variables of secrets that lines name, with whose secret each has."""
    joined = "\n".join(lines)
    return {
        name: redactor.owners.get(name, "somebody in this run")
        for name in redactor.variables
        if re.search(rf"\${{?{name}\b", joined)
    }
