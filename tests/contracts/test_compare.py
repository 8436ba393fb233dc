"""What is read back of a service: the same, in another spelling that means the same, or something else."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from onezone_contracts.cases import Case
from onezone_contracts.checks.state import data_kept
from onezone_contracts.checks.success import unreadable
from onezone_contracts.derive import judged_operations, requirements
from onezone_contracts.exchange import Auth, Exchange, Request, Response
from onezone_contracts.requirement import Sending
from onezone_contracts.sent import Created, Sent
from onezone_contracts.state.compare import beyond_the_list, crashed, difference, is_moment
from onezone_contracts.state.readback import Readback, new_id
from onezone_spec import load

SAME = {
    "path": ("https://localhost:17000", "https://localhost:17000/"),
    "case": ("HTTPS://Proxy.Example.org/A", "https://proxy.example.org/A"),
    "port": ("https://proxy.example.org:443/a?b#c", "https://proxy.example.org/a?b#c"),
    "idna": ("https://żółw.example.org/łąka", "https://xn--w-uga1v8h.example.org/%C5%82%C4%85ka"),
}
OTHERS = {
    "slash": ("https://localhost/a", "https://localhost/a/"),
    "path-case": ("https://localhost/A", "https://localhost/a"),
    "port": ("https://localhost:17000/a", "https://localhost/a"),
    "scheme": ("https://localhost/a", "http://localhost/a"),
    "query": ("https://localhost/a?b", "https://localhost/a"),
    "no-url": ("Localhost", "localhost"),
    "port-of-none": ("https://localhost:x/", "https://localhost/"),
}


@pytest.mark.parametrize(("sent", "came"), SAME.values(), ids=SAME)
def test_an_endpoint_may_be_read_back_as_libraries_write_it(sent: str, came: str) -> None:
    """It is the same URL by RFC 3986, 6.2; elsewhere a text is a text."""
    assert difference(sent, came, "proxyEndpoint") is None
    assert difference(sent, came, "serviceProperties.host") is not None


@pytest.mark.parametrize(("sent", "came"), OTHERS.values(), ids=OTHERS)
def test_another_endpoint_is_another(sent: str, came: str) -> None:
    """What a server might do elsewhere, it did not keep."""
    assert difference(sent, came, "proxyEndpoint") == "proxyEndpoint"


def test_a_user_name_is_withheld_with_its_password_only() -> None:
    """An account may be left out as a whole."""
    sent = {"username": "alice", "password": "secret", "type": "DOI"}
    assert difference(sent, {"type": "DOI"}, "serviceProperties") is None
    assert difference(sent, {"type": "DOI", "password": "secret"}, "serviceProperties") == "serviceProperties.username"
    assert difference(sent, {"type": "DOI", "username": "bob"}, "serviceProperties") == "serviceProperties.username"


def creation(*, listed: bool, list_size: int, group: str = "home") -> Any:
    """A creation that can be read, in a group that then listed so many services."""
    return SimpleNamespace(
        sent=SimpleNamespace(group=group),
        listed=listed,
        list_size=list_size,
        extra=frozenset(),
        read=SimpleNamespace(details={"name": "a"}),
    )


def test_a_list_that_ends_excuses_what_comes_after_its_end() -> None:
    """It shows ten and never more."""
    created = [creation(listed=number <= 10, list_size=min(number, 10)) for number in range(1, 14)]
    assert [beyond_the_list(created, each) for each in created[10:]] == [True] * 3


def test_a_list_that_grows_excuses_nothing() -> None:
    """What it does not show is missing, since there was place for another one."""
    created = [creation(listed=True, list_size=number) for number in range(1, 12)]
    missing = creation(listed=False, list_size=11)
    created.append(missing)
    assert beyond_the_list(created, missing)
    elsewhere = creation(listed=True, list_size=40, group="other")
    assert beyond_the_list([*created, elsewhere], missing)
    assert not beyond_the_list([*created, creation(listed=True, list_size=12)], missing)


def a_creation(case: Case, value: Any, read: Any) -> Created:
    """A creation that was accepted, and how it was read."""
    exchange: Any = "POST"
    request = Request("POST", "/")
    sent = Sent(case, {}, None, Auth((), "nobody"), value, True, request, None, exchange)  # noqa: FBT003  (it is allowed)
    return Created(sent, "s1", read=read)


def accepted(name: str | None, stored: str, *, fresh: bool) -> Created:
    """An accepted creation with that name in its body, and what was stored; `fresh` if the name was made for it."""
    case = Case("a", "a body", change=None if fresh else dict)
    return a_creation(
        case, {} if name is None else {"name": name}, SimpleNamespace(details={"name": stored}, exchange="GET")
    )


@pytest.mark.parametrize(("stored", "count"), [("Service 7", 1), ("Unnamed", 0), ("As printed", 0)])
def test_what_a_body_lacks_does_not_come_from_another_request(stored: str, count: int) -> None:
    """A server may have a default, the documents' own example among them; a name that was sent once is none."""
    created = [accepted("Service 7", "Service 7", fresh=True), accepted("As printed", "As printed", fresh=False)]
    created.append(accepted(None, stored, fresh=False))
    operation = judged_operations(load("current"))[0]
    run: Any = SimpleNamespace(
        creations=lambda: created, log=[creation.sent for creation in created], operation=operation
    )
    findings = list(data_kept(run))
    assert [finding.message for finding in findings] == ["a body: its name is that of another request"] * count
    assert all(finding.steps == ("POST", "POST", "GET") for finding in findings)


def test_properties_as_json_in_a_string_are_no_object() -> None:
    """The right value is sent in a string, and a lone surrogate wherever a text stands."""
    contract = load("current")
    every = requirements(contract, judged_operations(contract)[0], "standard")
    checks = {requirement.topic: requirement.check for requirement in every}
    types = checks["body.type.serviceProperties"]
    assert isinstance(types, Sending)
    values = [case.change({"serviceProperties": {"a": 1}}) for case in types.cases if case.change]
    assert {"serviceProperties": '{"a": 1}'} in values
    odd = checks["edges.bytes"]
    assert isinstance(odd, Sending)
    assert {case.name.rpartition("-")[2] for case in odd.cases if "lone-surrogate-in" in case.name} == {
        "name",
        "endpoint",
        "key",
    }


@pytest.mark.parametrize(
    ("value", "right"), [(1577836800, True), (0, False), (-1, False), (1577836800000, False), (None, True), ("x", True)]
)
def test_a_time_is_in_seconds_since_1970(value: object, right: bool) -> None:  # noqa: FBT001  (a parameter)
    """By any clock, also one that stands still; what is no number is judged by the schema."""
    assert is_moment(value) is right


def reading(status: int, details: dict[str, Any] | None = None) -> Any:
    """A read that was answered with that status."""
    return SimpleNamespace(details=details, exchange=SimpleNamespace(status=status, answer=lambda: str(status)))


def accepted_creation(read: Any) -> Created:
    """An accepted creation, and how it was read."""
    return a_creation(Case("a", "a body"), {}, read)


@pytest.mark.parametrize(("status", "count"), [(500, 1), (503, 0), (404, 0), (403, 0)])
def test_what_is_accepted_does_not_crash_the_server_that_reads_it(status: int, count: int) -> None:
    """A gateway's answer, a service that is not there yet and a reader who may not are none of the body's doing."""
    messages = [finding.message for finding in crashed(accepted_creation(reading(status)))]
    assert messages == ["a body: it is accepted, and reading it fails with 500"] * count


@pytest.mark.parametrize(
    ("location", "identity"),
    [
        ("http://a/groups/g/handle_services/s%201", "s 1"),
        ("/groups/g/handle_services/s1/", "s1"),
        ("http://a/groups/g/handle_services/g", "g"),
        ("s1", "s1"),
        ("http://a/groups/g/handle_services?id=s1", ""),
        ("http://a/groups/g", ""),
        ("http://[a/s1", ""),
    ],
)
def test_a_location_that_leads_to_what_was_named_already_gives_no_id(location: str, identity: str) -> None:
    """Else the name of the collection would be the same id of every service."""
    response = Response(204, (("Location", location),), b"")
    assert new_id(Exchange(Request("POST", "/api/v3/groups/g/handle_services"), "http://a", response)) == identity


def test_what_can_be_read_crashed_nothing() -> None:
    """Whatever the status of the last look at it."""
    assert not list(crashed(accepted_creation(reading(500, {"name": "a"}))))


@pytest.mark.parametrize(("later", "count"), [(reading(200, {"name": "a"}), 0), (reading(404), 1)])
def test_what_was_read_too_early_is_read_again(later: Any, count: int) -> None:
    """A Location may lead to its service only after a while."""
    run: Any = SimpleNamespace(readback=SimpleNamespace(read=lambda _: later))
    findings = list(unreadable(run, [accepted_creation(reading(404))]))
    assert [finding.actual for finding in findings] == ["404"] * count


def test_a_crash_is_told_rather_than_that_another_may_not_read() -> None:
    """Whoever reads last may be the one who created it, and may not look at it."""
    operation: Any = SimpleNamespace(path="/handle_services/{hsid}")
    contract: Any = SimpleNamespace(find=lambda *_: operation)
    target: Any = SimpleNamespace(personas={}, path=lambda template, **_: template)
    answers = iter([500, 403])
    readers: list[Any] = [SimpleNamespace(name=name, auth=None) for name in ("first", "second")]
    wire: Any = SimpleNamespace(
        send=lambda _: SimpleNamespace(
            status=next(answers), timed_out=False, succeeded=False, not_offered=False, response=None
        )
    )
    readback = Readback(contract, target, wire, "handle_service", "group", reader=readers[0])
    read = readback.by_id("home", "s1", readers[1])
    assert (read.exchange and read.exchange.status, read.details) == (500, None)
