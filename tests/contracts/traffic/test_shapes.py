"""HAR as Firefox, Chromium, Playwright and mitmproxy write it: small recordings of these shapes, of our own making."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from onezone_contracts.traffic.recording import read
from traffic_tools import BODY, GROUP, Story, failing, judged

Entry = dict[str, Any]
CREATE = f"POST /groups/{GROUP}/handle_services"
HEAD = 187
"""Bytes of a head, which Firefox counts as the body's."""


def firefox(entry: Entry) -> Entry:
    """A local time, sizes with the head in them, an empty text where there is no body, timings of each phase."""
    body = entry["response"]["content"].get("text", "")
    entry["startedDateTime"] = entry["startedDateTime"][:-9] + "+00:00"
    entry["time"] = round(entry["time"])
    entry["request"] |= {"httpVersion": "HTTP/1.1", "headersSize": 412, "cookies": [], "queryString": []}
    entry["request"].get("postData", {})["params"] = []
    content = {"mimeType": "application/json; charset=utf-8" if body else "text/plain", "size": len(body), "text": body}
    entry["response"] |= {"content": content, "headersSize": HEAD, "bodySize": HEAD + len(body), "redirectURL": ""}
    timings = {"blocked": 1, "dns": 0, "connect": 0, "ssl": 0, "send": 0, "wait": 4, "receive": 0}
    return {
        "pageref": "page_1",
        **entry,
        "timings": timings,
        "cache": {},
        "_securityState": "insecure",
        "connection": "1",
    }


def chromium(entry: Entry) -> Entry:
    """HTTP/2's own headers, names in lower case, keys with an underscore, no size where none is known."""
    names = [{"name": f":{field}", "value": "x"} for field in ("authority", "method", "path", "scheme")]
    for side in ("request", "response"):
        lower = [{**header, "name": header["name"].lower()} for header in entry[side]["headers"]]
        entry[side] |= {"headers": [*names, *lower], "headersSize": -1, "httpVersion": "http/2.0"}
    text = entry["response"]["content"].get("text", "")
    entry["response"] |= {"bodySize": -1 if text else 0, "_transferSize": len(text) + HEAD, "_error": None}
    initiator = {"type": "script", "stack": {"callFrames": []}}
    extra = {"_initiator": initiator, "_priority": "High", "_resourceType": "fetch", "connectionId": "57"}
    timings = {"blocked": 0.9, "dns": -1, "ssl": -1, "connect": -1, "send": 0.06, "wait": 3.2, "receive": 0.5}
    return {**extra, **entry, "timings": {**timings, "_blocked_queueing": 0.5}, "cache": {}, "serverIPAddress": "[::1]"}


def playwright(entry: Entry) -> Entry:
    """Milliseconds in UTC, bodies in base64, sizes and timings of -1."""
    entry["startedDateTime"] = entry["startedDateTime"][:-9] + "Z"
    content = entry["response"]["content"]
    if "text" in content:
        content |= {"text": base64.b64encode(content["text"].encode()).decode(), "encoding": "base64"}
    entry["request"] |= {"headersSize": -1, "bodySize": -1 if "postData" in entry["request"] else 0}
    entry["request"].get("postData", {})["params"] = []
    entry["response"] |= {"bodySize": -1, "headersSize": -1, "_transferSize": -1, "_failureText": None}
    timings = {"dns": -1, "connect": -1, "ssl": -1, "send": 0, "wait": -1, "receive": 1}
    return {
        "_frameref": "frame@1",
        "_monotonicTime": 7.25,
        **entry,
        "timings": timings,
        "cache": {},
        "pageref": "page@1",
    }


def mitmproxy(entry: Entry) -> Entry:
    """Microseconds, keys in another order, a null where nothing is."""
    entry["request"].get("postData", {})["params"] = []
    entry["response"] |= {
        "redirectURL": "",
        "cookies": [],
        "content": {**entry["response"]["content"], "compression": 0},
    }
    timings = {"connect": -1.0, "ssl": -1.0, "send": 0.2, "receive": 0.1, "wait": 3.9}
    more = {"timings": timings, "cache": {}, "serverIPAddress": "127.0.0.1", "_webSocketMessages": None}
    return dict(reversed((entry | more).items()))


SHAPES: list[Callable[[Entry], Entry]] = [firefox, chromium, playwright, mitmproxy]


def story(*, wrong: bool) -> Story:
    """A creation that is read, another whose answer may be wrong, and two refusals."""
    tale = Story()
    tale.created("a")
    tale.listed("a")
    tale.created("b", **({"answer": {"id": "b"}} if wrong else {}))
    tale.refused(CREATE, 400, body={**BODY, "name": 7})
    tale.refused(CREATE, 401, who=None, body=BODY)
    return tale


def shaped(shape: Callable[[Entry], Entry], tale: Story, path: Path) -> Path:
    """A story as a tool writes it: with a page, and what browsers do besides."""
    log = {
        "version": "1.2",
        "creator": {"name": shape.__name__, "version": "1"},
        "browser": {"name": "x", "version": "1"},
    }
    log |= {"pages": [{"id": "page_1", "title": "words", "pageTimings": {"onLoad": -1}}]}
    path.write_text(json.dumps({"log": {**log, "entries": [shape(entry) for entry in tale.entries]}}), encoding="utf-8")
    return path


@pytest.mark.parametrize("shape", SHAPES)
def test_each_shape_is_read_whole(shape: Callable[[Entry], Entry], tmp_path: Path) -> None:
    """Bodies, also empty ones, credentials, statuses and times."""
    plain = list(read(story(wrong=True).write(tmp_path / "plain.har")))
    exchanges = list(read(shaped(shape, story(wrong=True), tmp_path / "shaped.har")))
    for exchange, other in zip(plain, exchanges, strict=True):
        assert (exchange.status, exchange.request_body, exchange.response_body) == (
            other.status,
            other.request_body,
            other.response_body,
        )
        headers = {name.lower(): value for name, value in other.request_headers}
        assert headers == {name.lower(): value for name, value in exchange.request_headers}
        assert exchange.start == pytest.approx(other.start)


@pytest.mark.parametrize("shape", SHAPES)
def test_each_shape_is_judged_alike(shape: Callable[[Entry], Entry], tmp_path: Path) -> None:
    """Conformant, and not where an answer has a body that it must not have."""
    judgement = judged(shaped(shape, story(wrong=False), tmp_path / "good.har"))
    assert (judgement.requests, judgement.verdict, failing(judgement)) == (5, "conformant", set())
    bad = shaped(shape, story(wrong=True), tmp_path / "bad.har")
    assert failing(judged(bad)) == {"create_group_handle_service.success.empty-body"}


def test_what_a_recording_lacks_is_not_judged(tmp_path: Path) -> None:
    """A body without its text, a request that failed or was blocked, a preflight, an answer from the cache."""
    tale = story(wrong=False)
    tale.entries[3]["request"]["postData"].pop("text")
    tale.entries[3]["request"]["bodySize"] = -1
    tale.entries[1]["response"]["content"].pop("text")
    failed = tale.created("c")
    failed["response"] = {
        "status": -1,
        "headers": [],
        "content": {"size": 0, "mimeType": ""},
        "_failureText": "aborted",
    }
    failed["time"] = -1
    tale.add(CREATE.replace("POST", "OPTIONS"), 200, who=None)
    tale.add("GET /user", 200)["_fromCache"] = "disk"
    judgement = judged(tale.write(tmp_path / "a.har"))
    assert (judgement.verdict, failing(judgement)) == ("conformant", set())
