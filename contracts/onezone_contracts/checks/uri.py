"""URI references as RFC 3986 and RFC 9110 have them."""

from __future__ import annotations

import re

PORTS = 65535
_UNRESERVED, _SUB, _ESCAPE = r"A-Za-z0-9\-._~", r"!$&'()*+,;=", r"%[0-9A-Fa-f]{2}"
_PCHAR = rf"(?:[{_UNRESERVED}{_SUB}:@]|{_ESCAPE})"
_NAME = rf"(?:[{_UNRESERVED}{_SUB}]|{_ESCAPE})"
_IPV6 = r"\[[0-9A-Fa-f:.]{2,45}\]"
_REFERENCE = re.compile(
    r"(?:(?P<scheme>[A-Za-z][A-Za-z0-9+\-.]*):)?"
    r"(?://(?P<authority>[^/?#]*))?"
    r"(?P<path>[^?#]*)(?:\?(?P<query>[^#]*))?(?:#(?P<fragment>.*))?",
    re.DOTALL,
)
_AUTHORITY = re.compile(rf"(?:(?P<user>(?:{_NAME}|:)*)@)?(?P<host>{_IPV6}|{_NAME}*)(?::(?P<port>[0-9]*))?")
_PATH = re.compile(rf"(?:{_PCHAR}|/)*")
_QUERY = re.compile(rf"(?:{_PCHAR}|[/?])*")


def problem(text: str) -> str | None:
    """What keeps `text` from being an http or https URI reference, None if it is one.

    Sources: RFC 3986, 4.1 and appendix A; RFC 9110, 4.2.1 (a host is needed) and 4.2.4 (no user information).
    """
    parts = _REFERENCE.fullmatch(text)
    if parts is None:
        return "it has no parts"
    scheme, authority, path = parts["scheme"], parts["authority"], parts["path"]
    if scheme is not None and (scheme.lower() not in {"http", "https"} or authority is None):
        return f"its scheme is {scheme}" if authority is not None else "it has a scheme and no host"
    if authority is not None and (wrong := _authority(authority)):
        return wrong
    if not _PATH.fullmatch(path):
        return "its path has characters that no URI has"
    if authority is not None and path and not path.startswith("/"):
        return "its path does not begin with a slash"
    if not _QUERY.fullmatch(parts["query"] or "") or not _QUERY.fullmatch(parts["fragment"] or ""):
        return "its query or fragment has characters that no URI has"
    return None


def _authority(text: str) -> str | None:
    parts = _AUTHORITY.fullmatch(text)
    if parts is None:
        return f"{text.rpartition('@')[2]!r} is no host with a port"
    if parts["user"] is not None:
        return "it has user information before its host"
    if not parts["host"]:
        return "it names no host"
    if parts["port"] and int(parts["port"][:6]) > PORTS:
        return f"{parts['port']} is no port"
    return None
