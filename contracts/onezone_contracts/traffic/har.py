"""Exchanges written as HAR 1.2, one by one."""

from __future__ import annotations

import base64
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from onezone_spec import __version__

from onezone_contracts.target.file import SetupError
from onezone_contracts.traffic.recording import Headers, Recorded, header


class HarWriter:
    """Writes a HAR that only its owner may read: it holds credentials. Whole once it is closed."""

    def __init__(self, path: Path) -> None:
        creator = {"name": "onezone-contract-kit", "version": __version__}
        try:
            number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            self._file = os.fdopen(number, "w", encoding="utf-8")
        except OSError as error:
            raise SetupError(f"--har {path} cannot be written: {error.strerror or error}") from None
        self._file.write(f'{{"log": {{"version": "1.2", "creator": {json.dumps(creator)}, "entries": [')
        self._first = True

    def write(self, recorded: Recorded) -> None:
        """Add an exchange."""
        self._file.write("\n" if self._first else ",\n")
        self._file.write(json.dumps(entry(recorded)))
        self._first = False

    def close(self) -> None:
        """End the file."""
        self._file.write("\n]}}\n")
        self._file.close()


def entry(recorded: Recorded) -> dict[str, Any]:
    """An exchange as an entry of HAR 1.2."""
    took = (recorded.end - recorded.start) * 1000
    query = parse_qsl(urlsplit(recorded.url).query, keep_blank_values=True)
    request: dict[str, Any] = {
        "method": recorded.method,
        "url": recorded.url,
        **_message(recorded.request_headers, recorded.request_body),
        "queryString": [{"name": name, "value": value} for name, value in query],
    }
    if recorded.request_body:
        media = header(recorded.request_headers, "content-type") or ""
        request["postData"] = {"mimeType": media, "params": [], **_text(recorded.request_body)}
    media = header(recorded.response_headers, "content-type") or ""
    body = recorded.response_body
    response = {
        "status": recorded.status or 0,
        "statusText": "",
        **_message(recorded.response_headers, body),
        "content": {"size": -1 if body is None else len(body), "mimeType": media, **_text(body)},
        "redirectURL": header(recorded.response_headers, "location") or "",
    }
    return {
        "startedDateTime": datetime.fromtimestamp(recorded.start, UTC).isoformat(timespec="microseconds"),
        "time": took,
        "request": request,
        "response": response,
        "cache": {},
        "timings": {"send": 0, "wait": took, "receive": 0},
    }


def _message(headers: Headers, body: bytes | None) -> dict[str, Any]:
    return {
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": [{"name": name, "value": value} for name, value in headers],
        "headersSize": -1,
        "bodySize": -1 if body is None else len(body),
    }


def _text(body: bytes | None) -> dict[str, str]:
    if not body:
        return {}
    try:
        return {"text": body.decode("utf-8")}
    except UnicodeDecodeError:
        return {"text": base64.b64encode(body).decode(), "encoding": "base64"}
