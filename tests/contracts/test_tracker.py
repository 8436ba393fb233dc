"""One account of refused requests: who is named was seen to do it alone, or nobody else works there."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from onezone_contracts.sent import Sent
from onezone_contracts.state.probe import Difference
from onezone_contracts.state.tracker import Tracker


def request(label: str, *places: str) -> Any:
    """A refused request that may have left something in these places."""
    exchange = SimpleNamespace(answer=lambda: "403", succeeded=False)
    return SimpleNamespace(case=SimpleNamespace(label=label), exchange=exchange, succeeded=False, places=places)


class Places(Tracker):
    """An account of places of which each shows the differences that it is given, one look after the other.

    A culprit leaves something each time that it is sent.
    """

    def __init__(self, looks: dict[str, list[str]], culprits: tuple[str, ...] = (), *, private: bool = False) -> None:
        super().__init__(private=private)
        self.looks, self.culprits = looks, culprits
        self.looked: list[str] = []
        self.replayed: list[str] = []

    def places(self, sent: Any) -> Sequence[str]:
        return list(sent.places)

    def changed(self, place: str, suspects: Sequence[Sent]) -> list[Difference]:  # noqa: ARG002
        self.looked.append(place)
        seen = self.looks[place].pop(0) if self.looks[place] else ""
        return [Difference(seen, "nothing", "something", None)] if seen else []

    def alone(self, place: str, suspect: Any, *, left: Sequence[Difference]) -> tuple[Sent, list[Difference]]:  # noqa: ARG002
        self.replayed.append(suspect.case.label)
        return suspect, list(left) if suspect.case.label in self.culprits else []


def accused(tracker: Tracker, *sent: Any) -> list[tuple[str, bool]]:
    """Who is named in the end, and whether it was seen to do it."""
    for each in sent:
        tracker.refused(each)
    tracker.flush()
    return [("+".join(suspect.case.label for suspect in leak.sent), leak.confirmed) for leak in tracker.leaks]


def test_of_several_the_one_is_named_that_does_it_alone() -> None:
    """The others were there, and nothing more."""
    tracker = Places({"a": ["it"]}, culprits=("second",))
    assert accused(tracker, request("first", "a"), request("second", "a")) == [("second", True)]
    assert tracker.replayed == ["first", "second"]


@pytest.mark.parametrize("private", [True, False])
def test_a_single_suspect_is_sent_again_where_others_may_have_done_it(*, private: bool) -> None:
    """Where nobody else works it did it; else it is named as one that was not seen to."""
    tracker = Places({"a": ["it"]}, private=private)
    assert accused(tracker, request("only", "a")) == [("only", private)]
    assert tracker.replayed == ([] if private else ["only"])


def test_who_touched_another_place_is_no_suspect() -> None:
    """Each place has suspects of its own."""
    tracker = Places({"a": ["it"], "b": []}, culprits=("first", "second"))
    assert accused(tracker, request("first", "a"), request("second", "b")) == [("first", True)]


@pytest.mark.parametrize(("private", "looked"), [(True, ["a", "b"]), (False, ["a", "b", "b"])])
def test_what_was_sent_again_may_have_changed_places_that_others_share(*, private: bool, looked: list[str]) -> None:
    """These are looked at once more before somebody is named for them."""
    tracker = Places({"a": ["it"], "b": []}, private=private)
    accused(tracker, request("first", "a"), request("second", "a", "b"))
    assert tracker.looked == looked


def test_nothing_is_looked_at_twice() -> None:
    """What was flushed waits no more."""
    tracker = Places({"a": []})
    accused(tracker, request("first", "a"))
    assert accused(tracker) == []
    assert tracker.looked == ["a"]
