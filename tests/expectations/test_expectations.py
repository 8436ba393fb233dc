"""Every pair of request and expected answer, against a server of every edition that the pair speaks of.

The pairs were written by hand from the two documents and the facts about released servers, without a look at the
contract in ``spec/``. A document that was misread there would pass the mock and the judge alike; it fails here.
"""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import expectation_checks as checks
import pytest
from expectation_pairs import Pair, load_pairs
from expectation_request import GOOD_BODY, Sent, build, fill
from expectation_server import EDITIONS, WORLDS, Answer, Server, start, stop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PAIRS = load_pairs()
FIRST = "current"
# An edition at a time; bodies of a megabyte come last, since every later look at the whole state would carry them.
# The fast loop has one edition: the others share most of its pairs.
ITEMS = [
    pytest.param(edition, pair, id=f"{edition}.{pair.id}", marks=() if edition == FIRST else pytest.mark.slow)
    for edition in EDITIONS
    for pair in sorted(PAIRS, key=lambda pair: "padded_to" in pair.request)
    if edition in pair.editions
]


@pytest.fixture(scope="session")
def servers() -> Iterator[Callable[[str], Server]]:
    """Start a server of each edition when it is first asked for, and end what was started."""
    with ExitStack() as running:
        started: dict[str, Server] = {}
        tried: set[str] = set()

        def server(edition: str) -> Server:
            if edition not in tried:
                tried.add(edition)
                started[edition] = start(edition)
                running.callback(stop, started[edition].process)
            assert edition in started, "the server did not start; the first failure says why"
            return started[edition]

        yield server


@pytest.mark.parametrize(("edition", "pair"), ITEMS)
def test_pair(servers: Callable[[str], Server], edition: str, pair: Pair) -> None:
    """The server answers the request as the documents of its edition ask, and its state is as the answer says."""
    server, expect = servers(edition), pair.expected(edition)
    sent = build(pair, server, prepare(pair, server))
    before = server.before(sent.group)
    answer = server.send(sent.method, sent.path, sent.headers, sent.body, chunked=sent.chunked)
    unchanged = answer.status >= 400 or expect.get("unchanged")
    after = server.after(sent.group) if unchanged else server.forget()
    try:
        judge(server, sent, fill(expect, sent.words), answer, before[0])
        assert after in (None, before), "the state has changed"
    except AssertionError as failure:
        failure.add_note(
            f"{pair.why}\n\n{sent.method} {sent.path}\n{sent.headers}\n{(sent.body or b'')[:500]!r}\n\n{answer}"
        )
        raise


def prepare(pair: Pair, server: Server) -> str:
    """Make what the pair says is given, and return the service's id."""
    if "service" not in pair.given:
        return ""
    group = server.persona("administrator" if pair.persona == "nobody" else pair.persona).group
    service = server.create(group, GOOD_BODY | pair.given["service"])
    if pair.given.get("left"):
        server.leave(group, service)
    return service


def judge(server: Server, sent: Sent, expect: dict[str, Any], answer: Answer, before: set[str]) -> None:
    """Hold the answer against the pair, then against what holds for all answers."""
    checks.check_status(expect, answer, server.facts["success"])
    checks.check_headers(expect, answer)
    if answer.status >= 400:
        checks.check_error(sent, expect, answer, server.facts)
        checks.check_never(expect, answer)
    elif sent.method == "POST":
        checks.check_empty(answer)
        checks.check_created(server, sent, expect, answer, before)
    elif answer.status == 204:
        checks.check_empty(answer)
    if expect.get("gone"):
        assert server.services(sent.group) == before - {sent.words["service"]}, "not exactly this service is gone"
    if "json" in expect:
        checks.check_json(expect["json"], answer.json)


def test_there_are_enough_pairs() -> None:
    """No edition loses its expectations unnoticed."""
    counts = Counter(edition for pair in PAIRS for edition in pair.editions)
    assert set(counts) == set(EDITIONS)
    assert min(counts.values()) >= 250


def test_ids_are_unique() -> None:
    """A pair's id names one pair."""
    assert [name for name, count in Counter(pair.id for pair in PAIRS).items() if count > 1] == []


def test_pairs_give_their_reason() -> None:
    """Every pair says in a sentence what it asks, and where that is from."""
    assert [pair.id for pair in PAIRS if len(pair.why.split()) < 5] == []


def test_pairs_differ() -> None:
    """No two pairs of an edition ask the same question."""
    asked: dict[str, list[str]] = {}
    for pair in PAIRS:
        for edition in pair.editions:
            question = repr((edition, pair.persona, pair.credentials, pair.given, pair.request))
            asked.setdefault(question, []).append(pair.id)
    assert [ids for ids in asked.values() if len(ids) > 1] == []


def test_personas_are_used() -> None:
    """Every persona of worlds.yaml asks something, and no pair speaks of an unknown one."""
    used = {pair.persona for pair in PAIRS} | {"observer"}
    assert used - {"nobody"} == set(WORLDS["personas"])
