"""Recordings written by hand: each exchange a second after the last one, unless a test says otherwise."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from onezone_contracts.exchange import basic
from onezone_contracts.traffic.judge import Choice, Follower
from onezone_contracts.traffic.order import merged
from onezone_contracts.traffic.recording import read
from onezone_contracts.verdict import Judgement
from onezone_spec import load

BASE = "http://onezone.test/api/v3"
GROUP, OTHER = "group-one", "group-two"
BODY = {"name": "service", "proxyEndpoint": "https://proxy.test/", "serviceProperties": {"type": "PID"}}
PATIENCE = 60
NO_BODY: Any = object()


def error(name: str = "forbidden") -> dict[str, Any]:
    return {"error": {"id": name, "description": "words"}}


class Story:
    """Exchanges in turn."""

    def __init__(self, base: str = BASE) -> None:
        self.base = base
        self.entries: list[dict[str, Any]] = []
        self.second = 0.0

    def add(  # noqa: PLR0913  (an exchange has many parts)
        self,
        call: str,
        status: int,
        *,
        who: str | None = "alice",
        body: Any = NO_BODY,
        answer: Any = NO_BODY,
        location: str | None = None,
        at: float | None = None,
        took: float = 0.5,
        headers: tuple[tuple[str, str], ...] = (),
    ) -> dict[str, Any]:
        """An exchange; `call` is a method and a path below the base."""
        method, path = call.split(" ", 1)
        self.second = self.second + 1 if at is None else at
        sent = [*headers, *([("Authorization", basic(who, f"{who}-secret"))] if who else [])]
        came = [("Content-Type", "application/json")] if answer is not NO_BODY else []
        came += [("Location", location)] if location else []
        request: dict[str, Any] = {"method": method, "url": self.base + path, "bodySize": 0}
        if body is not NO_BODY:
            text = body if isinstance(body, str) else json.dumps(body)
            sent += [] if any(name == "Content-Type" for name, _ in sent) else [("Content-Type", "application/json")]
            request |= {"postData": {"mimeType": "application/json", "text": text}, "bodySize": len(text)}
        text = "" if answer is NO_BODY else json.dumps(answer)
        content = {"size": len(text), "mimeType": "", **({"text": text} if text else {})}
        entry = {
            "startedDateTime": f"2026-01-02T03:{int(self.second) // 60:02}:{self.second % 60:09.6f}+00:00",
            "time": took * 1000 + 0.25,
            "request": {**request, "headers": _har_pairs(sent)},
            "response": {"status": status, "headers": _har_pairs(came), "content": content, "bodySize": len(text)},
        }
        self.entries.append(entry)
        return entry

    def created(self, name: str, *, group: str = GROUP, **more: Any) -> dict[str, Any]:
        """A service is created for a group."""
        location = f"{self.base}/groups/{group}/handle_services/{name}"
        call = f"POST /groups/{group}/handle_services"
        return self.add(call, 204, location=location, **{"body": BODY, **more})

    def listed(self, *names: str, group: str = GROUP, **more: Any) -> dict[str, Any]:
        """The services of a group are listed."""
        return self.add(f"GET /groups/{group}/handle_services", 200, answer={"handle_services": list(names)}, **more)

    def refused(self, call: str, status: int = 403, **more: Any) -> dict[str, Any]:
        """A request is refused with the documented Error."""
        return self.add(call, status, answer=error(), **more)

    def write(self, path: Path) -> Path:
        """The story as HAR."""
        path.write_text(json.dumps({"log": {"version": "1.2", "entries": self.entries}}), encoding="utf-8")
        return path

    def judged(self, folder: Path, **choice: Any) -> Judgement:
        """The judgement of the story."""
        return judged(self.write(folder / "story.har"), **choice)


def judged(*files: Path, edition: str = "current", **choice: Any) -> Judgement:
    follower = Follower(load(edition), Choice(**choice))
    follower.follow(merged(map(read, files)))
    return follower.judgement("a story")


def failing(judgement: Judgement) -> set[str]:
    """The ids of what was violated, SHOULD included."""
    return {result.requirement.id for result in judgement.results if result.outcome.value in {"fail", "warn"}}


def _har_pairs(pairs: list[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in pairs]
