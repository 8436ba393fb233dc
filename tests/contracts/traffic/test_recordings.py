"""Recordings are read whatever wrote them, as a stream and in the order of time."""

import base64
import gzip
import json
from pathlib import Path

import pytest
from onezone_contracts.target.file import SetupError
from onezone_contracts.traffic.order import by_start, with_rivals
from onezone_contracts.traffic.recording import Recorded, read
from traffic_tools import BODY, GROUP, Story, failing, judged


def content(**more: object) -> dict[str, object]:
    return {"size": 17, "mimeType": "application/json", **more}


@pytest.mark.parametrize(
    ("node", "headers", "body"),
    [
        (content(text='{"a": 1}'), [], b'{"a": 1}'),
        (content(text=base64.b64encode(b'{"a": 1}').decode(), encoding="base64"), [], b'{"a": 1}'),
        (
            content(text=base64.b64encode(gzip.compress(b'{"a": 1}')).decode(), encoding="base64"),
            [{"name": "content-encoding", "value": "gzip"}],
            b'{"a": 1}',
        ),
        (content(), [], None),
        ({"size": 0, "mimeType": ""}, [], b""),
        ({"size": 0, "mimeType": ""}, [{"name": "Content-Length", "value": "12"}], None),
    ],
)
def test_a_body_is_text_base64_compressed_or_not_recorded(
    tmp_path: Path, node: dict[str, object], headers: list[dict[str, str]], body: bytes | None
) -> None:
    """A body that a recording lacks is not taken for an empty one."""
    story = Story()
    entry = story.listed()
    entry["response"] = {"status": 200, "headers": headers, "content": node, "bodySize": -1}
    (exchange,) = read(story.write(tmp_path / "a.har"))
    assert exchange.response_body == body


def test_the_journal_of_the_mock_is_read(tmp_path: Path) -> None:
    """A brief one has no headers and no bodies: statuses are judged by it."""
    rows = [
        {"time": 1.0, "method": "GET", "path": "/api/v3/user", "status": 200, "user": None, "duration_ms": 1.0},
        {"time": 2.0, "method": "GET", "path": "/api/v3/user", "status": None, "pending": True},
    ]
    path = tmp_path / "journal.json"
    path.write_text(json.dumps({"total": 2, "exchanges": rows}))
    judgement = judged(path, edition="deployed")
    assert judgement.requests == 1
    assert failing(judgement) == {"get_current_user.authentication.none"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"log": {"entries": [{"request":', "not complete JSON"),
        ('{"name": 1}', "neither a HAR nor"),
        ("words", "not complete JSON"),
        ('{"log": {"entries": [{"time": 1}]}}', "entry 1: this is not a HAR 1.2 exchange"),
    ],
)
def test_what_is_no_recording_is_told_in_a_line(tmp_path: Path, text: str, words: str) -> None:
    """The message names the file and what is wrong with it."""
    path = tmp_path / "a.har"
    path.write_text(text)
    with pytest.raises(SetupError, match=words) as error:
        list(read(path))
    assert "a.har" in str(error.value)
    assert "\n" not in str(error.value)


def timed(start: float, end: float) -> Recorded:
    return Recorded("", start, end, "GET", "", 200)


def test_exchanges_are_judged_in_the_order_of_time() -> None:
    """Whatever order a recording has them in."""
    times = [timed(3, 4), timed(1, 2), timed(2, 3)]
    assert [exchange.start for exchange in by_start(times)] == [1, 2, 3]


def test_what_overlaps_is_told_with_each_exchange() -> None:
    """Exchanges that follow each other are no rivals; those under way at the same time are, both ways."""
    first, second, third = timed(1, 4), timed(2, 3), timed(4, 5)
    assert list(with_rivals([first, second, third])) == [(first, [second]), (second, [first]), (third, [])]


def test_other_hosts_are_ignored(tmp_path: Path) -> None:
    """The first host with an operation of the contract is judged, or the one that is named."""
    story = Story()
    story.listed()
    story.base = "http://elsewhere.test/api/v3"
    story.add("GET /groups/g/handle_services", 200, answer={"nonsense": 1})
    assert story.judged(tmp_path).requests == 1
    assert not failing(story.judged(tmp_path))
    assert failing(story.judged(tmp_path, base_url=story.base))


@pytest.mark.parametrize("end", ["/", "//", "/."])
def test_a_path_that_is_spelled_otherwise_may_be_unknown(tmp_path: Path, end: str) -> None:
    """A server need not take a slash too many for the operation, whoever asks."""
    story = Story()
    story.created("s1")
    for who in ("alice", None):
        story.refused(f"POST /groups/{GROUP}/handle_services{end}", 404, who=who, body=BODY)
    story.created("s2")
    assert not failing(story.judged(tmp_path))
