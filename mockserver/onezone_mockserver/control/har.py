"""The journal as an HTTP Archive (HAR 1.2), which the network panels of browsers open."""

from __future__ import annotations

from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from onezone_spec import __version__

if TYPE_CHECKING:
    from collections.abc import Iterable

    from onezone_mockserver.journal import Row
    from onezone_mockserver.state import WorldRun

NOT_MEASURED = -1


def archive(rows: Iterable[tuple[Row, WorldRun]]) -> dict[str, Any]:
    """The rows that are over. What HAR has no word for stands under keys that begin with `_`, as HAR asks."""
    creator = {"name": "ozkit mock", "version": __version__}
    entries = [_entry(row) for row, _ in rows if row.status is not None]
    return {"log": {"version": "1.2", "creator": creator, "entries": entries}}


def _entry(row: Row) -> dict[str, Any]:
    shown = row.detailed()
    request, response = shown["request"], shown["response"]
    milliseconds = (row.seconds or 0.0) * 1000
    return {
        "startedDateTime": datetime.fromtimestamp(row.time, UTC).isoformat(timespec="microseconds"),
        "time": milliseconds,
        "request": _request(row, shown, request),
        "response": {
            "status": row.status,
            "statusText": _phrase(row.status),
            "httpVersion": f"HTTP/{row.version}",
            "cookies": [],
            "headers": _pairs(response["headers"]),
            "content": {
                "size": response["body_bytes"],
                "mimeType": _header(response["headers"], "content-type"),
                "text": response["body"],
            },
            "redirectURL": _header(response["headers"], "location"),
            "headersSize": NOT_MEASURED,
            "bodySize": response["body_bytes"],
        },
        "cache": {},
        "timings": {"send": 0, "wait": milliseconds, "receive": 0},
        **{f"_{key}": shown[key] for key in ("number", "world", "operation", "user", "stage", "reason", "route")},
    }


def _request(row: Row, shown: dict[str, Any], request: dict[str, Any]) -> dict[str, Any]:
    host = _header(request["headers"], "host") or "mock.invalid"
    query = f"?{shown['query']}" if shown["query"] else ""
    entry: dict[str, Any] = {
        "method": row.method,
        "url": f"{row.scheme}://{host}{shown['path']}{query}",
        "httpVersion": f"HTTP/{row.version}",
        "cookies": [],
        "headers": _pairs(request["headers"]),
        "queryString": _pairs(parse_qsl(shown["query"], keep_blank_values=True)),
        "headersSize": NOT_MEASURED,
        "bodySize": request["body_bytes"],
    }
    if request["body_bytes"]:
        media_type = _header(request["headers"], "content-type")
        entry["postData"] = {"mimeType": media_type, "text": request["body"]}
    return entry


def _pairs(pairs: Iterable[Iterable[str]]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in pairs]


def _header(pairs: list[list[str]], name: str) -> str:
    return next((value for key, value in pairs if key.lower() == name), "")


def _phrase(status: int | None) -> str:
    try:
        return HTTPStatus(status or 0).phrase
    except ValueError:
        return ""
