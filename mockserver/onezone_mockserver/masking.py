"""What is shown of a request and an answer: everything but the secrets in them.

Masked are credentials in headers and cookies, and whatever is called a password, a secret, a token or a key, in a
query, in JSON at any depth, and in text that is no JSON.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterable

Header = tuple[bytes, bytes]
MASK = "***"
TOO_DEEP = "(nested too deeply to be shown without its secrets)"
_WORDS = "password|passwd|passphrase|secret|token|apikey|credentials?|privatekey|macaroon"
_SECRET = re.compile(rf"(?:{_WORDS})s?$")
_NO_LETTERS = re.compile(r"[^a-z0-9]+")
_AUTHORIZATIONS = frozenset({"authorization", "proxy-authorization"})
_PLAIN_COOKIES = frozenset({"mock_world"})
_IN_TEXT = re.compile(
    rf"""(?ix) ( (?: {_WORDS} | api[_-]key | private[_-]key ) s? \\?["']? \s* [:=] \s* )
    ( \\"(?:[^"\\]|\\[^"])*\\" | "(?:[^"\\]|\\.)*"? | '[^']*'? | [^\s&,;}}\]"']+ )"""
)


def is_secret(name: str) -> bool:
    """Whether a header, a parameter or a key is called so that its value is a secret."""
    return _SECRET.search(_NO_LETTERS.sub("", name.lower())) is not None


def headers(pairs: Iterable[Header]) -> list[list[str]]:
    """Header fields as they were sent, name and value."""
    return [[name.decode("latin-1"), _value(name.decode("latin-1"), value.decode("latin-1"))] for name, value in pairs]


def _value(name: str, value: str) -> str:
    lower = name.lower()
    if lower in _AUTHORIZATIONS:
        scheme, space, _ = value.partition(" ")
        return f"{scheme} {MASK}" if space and scheme.isalpha() else MASK
    if lower == "cookie":
        return "; ".join(_cookie(pair.strip()) for pair in value.split(";"))
    if lower == "set-cookie":
        first, semicolon, rest = value.partition(";")
        return _cookie(first) + semicolon + rest
    return MASK if is_secret(lower) else text(value)


def _cookie(pair: str) -> str:
    name, equals, value = pair.partition("=")
    return f"{name}={value if name.strip() in _PLAIN_COOKIES else MASK}" if equals else MASK


def query(raw: bytes) -> str:
    """A query as it was sent, with the values of secret parameters masked."""
    pairs = (pair.partition("=") for pair in raw.decode("latin-1").split("&"))
    return "&".join(name + equals + (MASK if _is_secret_parameter(name) else value) for name, equals, value in pairs)


def _is_secret_parameter(name: str) -> bool:
    decoded = parse_qsl(f"{name}=x", keep_blank_values=True)
    return is_secret(decoded[0][0] if decoded else name)


def body(raw: bytes) -> str:
    """A body as text: JSON keeps its values but the secret ones, and bytes that are no UTF-8 are replaced.

    JSON that is nested too deeply to be walked through is masked as text is, or not shown, as a key may be written in
    escapes.
    """
    shown = raw.decode("utf-8", "backslashreplace")
    try:
        value = orjson.loads(raw)
        masked = _masked(value)
        return shown if masked == value else orjson.dumps(masked).decode()
    except orjson.JSONDecodeError:
        return text(shown)
    except (orjson.JSONEncodeError, RecursionError):
        return TOO_DEEP if "\\u" in shown else text(shown)


def _masked(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _hidden(item) if is_secret(key) else _masked(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_masked(item) for item in value]
    return text(value) if isinstance(value, str) else value


def _hidden(value: Any) -> Any:
    """What stands for a secret, and for each of a list; null, true and false are none, and objects have keys."""
    if isinstance(value, list):
        return [_hidden(item) for item in value]
    return _masked(value) if value is None or isinstance(value, dict | bool) else MASK


def text(shown: str) -> str:
    """Text in which no `password=…` or `"token": "…"` is left."""
    return _IN_TEXT.sub(lambda match: match[1] + MASK, shown)
