"""Targets that lack operations, and targets that are slow to show what was set up."""

from __future__ import annotations

import http.client
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from onezone_contracts.requirement import Outcome
from onezone_contracts.run import Options
from onezone_contracts.session import Wanted, judge_target
from onezone_contracts.verdict import Judgement, Verdict

if TYPE_CHECKING:
    from running_mock import Running

Rewrite = Callable[[str, str], int | None]
"""From method and path to the status that is answered instead, None where the mock answers."""


@contextmanager
def front(origin: str, instead: Rewrite) -> Iterator[str]:
    """A server that passes on to another one, but for what it answers itself; gives its origin."""
    behind = urlsplit(origin)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1

        def log_message(self, *_: object) -> None:
            """Say nothing."""

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status = instead(self.command, self.path)
            if status is not None:
                self.reply(status, {}, b"")
                return
            there = http.client.HTTPConnection(behind.hostname or "", behind.port, timeout=10)
            there.request(self.command, self.path, body or None, dict(self.headers.items()))
            came = there.getresponse()
            self.reply(came.status, dict(came.getheaders()), came.read())
            there.close()

        def reply(self, status: int, headers: dict[str, str], body: bytes) -> None:
            self.send_response_only(status)
            for name, value in headers.items():
                if name.lower() not in {"content-length", "transfer-encoding", "connection"}:
                    self.send_header(name, value)
            if status != 204:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        setattr(Handler, f"do_{method}", Handler.answer)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


def judged(mock: Running, instead: Rewrite, *patterns: str) -> Judgement:
    with front(mock.origin, instead) as origin:
        base_url = origin + mock.contract.base_paths[0]
        wanted = Wanted(base_url, admin=mock.admin, profile="full")
        return judge_target(wanted, Options(depth="quick", settle=0.3), patterns)


def test_what_is_not_offered_is_skipped_and_lessens_nothing(mock: Running) -> None:
    """A target without the effective twins is conformant: each lacking operation is skipped, and says so."""
    before = mock.world()
    found = judged(
        mock, lambda _, path: 404 if "/effective_" in path else None, "*effective*", "*membership*", "get_group.*"
    )
    bad = [one for one in found.results if one.outcome in {Outcome.FAIL, Outcome.WARN, Outcome.BLOCKED, Outcome.ERROR}]
    assert [(one.requirement.id, one.reason) for one in bad] == []
    assert found.verdict is Verdict.CONFORMANT
    lacking = {one.requirement.operation for one in found.results if one.reason == "not offered"}
    wanted = {one.id for one in mock.contract.operations.values() if "/effective_" in one.path}
    assert lacking == wanted
    assert mock.world() == before


def test_methods_that_are_not_offered_are_skipped(mock: Running) -> None:
    """A target without changes of what there is answers 405: nothing fails."""
    changes = re.compile(r"/(user|groups/[^/]+)$")
    found = judged(mock, lambda method, path: 405 if method == "PATCH" and changes.search(path) else None, "update_*")
    assert found.verdict is Verdict.CONFORMANT
    lacking = {one.requirement.operation for one in found.results if one.reason == "not offered"}
    assert lacking == {"update_current_user", "update_group"}


def test_without_what_makes_personas_there_is_no_conformance(mock: Running) -> None:
    """A target on which nobody can be set up is not judged by personas, and never conformant."""
    found = judged(mock, lambda method, path: 404 if method == "PUT" and "/users/" in path else None, "get_*")
    assert found.verdict is Verdict.PARTIAL
    assert not any(one.outcome is Outcome.ERROR for one in found.results)


def test_a_target_that_does_not_answer_is_no_verdict(mock: Running) -> None:
    """Nobody listens: the run is inconclusive and says so."""
    assert mock
    found = judge_target(Wanted("http://127.0.0.1:9/api/v3", admin=mock.admin, profile="full"), Options(depth="quick"))
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "does not answer" in (found.reason or "")


def test_time_that_is_over_is_partial(mock: Running) -> None:
    """With --max-time what is not judged in time is skipped, and the verdict is at best partial."""
    started = time.monotonic()
    wanted = Wanted(mock.base_url, admin=mock.admin, profile="full")
    found = judge_target(wanted, Options(depth="quick", max_time=0.6))
    assert found.verdict is Verdict.PARTIAL
    assert time.monotonic() - started < 30
