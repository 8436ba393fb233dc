"""Patience waits where a target asks for it, as long as it asks, and not for ever. No test waits itself."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import pytest
from onezone_contracts.exchange import Exchange, Request, Response
from onezone_contracts.patience import FRUITLESS, SLOWDOWNS, Patience, pause_after
from onezone_contracts.requirement import OutOfTimeError

NOON = 1_700_000_000.0
"""Tue, 14 Nov 2023 22:13:20 GMT."""
AFTER_5 = "Tue, 14 Nov 2023 22:13:25 GMT"


@dataclass
class Time:
    """Time that passes only where somebody sleeps."""

    now: float = NOON
    slept: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def answered(status: int | None, after: str | None = None, date: str | None = None) -> Exchange:
    """An exchange with that answer, or with none."""
    request = Request("GET", "/")
    if status is None:
        return Exchange(request, "http://x", None, "no answer")
    headers = [("Retry-After", after), ("Date", date)]
    given = tuple((name, value) for name, value in headers if value is not None)
    return Exchange(request, "http://x", Response(status, given, b""))


class Target:
    """Gives one answer after the other, the last one for ever."""

    def __init__(self, answers: Iterable[Exchange]) -> None:
        self.asked = 0
        self._answers = list(answers)

    def __call__(self) -> Exchange:
        self.asked += 1
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]


@pytest.mark.parametrize(
    ("status", "after", "pause"),
    [
        (429, "0", 0),
        (429, "30", 30),
        (429, "31", None),
        (429, " 7 ", 7),
        (429, "9" * 400, None),
        (429, AFTER_5, 5),
        (429, "Tuesday, 14-Nov-23 22:13:25 GMT", 5),
        (429, "Tue Nov 14 22:13:25 2023", 5),
        (429, "Tue, 14 Nov 2023 21:00:00 GMT", 0),
        (429, "Wed, 15 Nov 2023 22:13:20 GMT", None),
        (429, "soon", 0.1),
        (429, "-1", 0.1),
        (429, "٣", 0.1),
        (429, None, 0.1),
        (503, "2", 2),
        (503, "3", None),
        (503, None, 0.1),
        (500, "1", None),
        (204, "1", None),
        (None, None, None),
    ],
)
def test_patience_is_asked_for_by_status_and_retry_after(status: int, after: str | None, pause: float | None) -> None:
    """429 and 503 make the kit wait: for seconds, until a date, or a moment; what would take too long does not."""
    assert pause_after(answered(status, after), 0, NOON) == pause


def test_a_date_counts_from_the_answers_own() -> None:
    """A target whose clock is an hour late asks for seconds, not for an hour."""
    assert pause_after(answered(429, "Tue, 14 Nov 2023 21:13:25 GMT", "Tue, 14 Nov 2023 21:13:22 GMT"), 0, NOON) == 3


def test_it_waits_until_the_target_answers() -> None:
    """Each pause is what the answer before it asked for; the answer after them is the exchange."""
    time = Time()
    target = Target([answered(429, "1"), answered(503, AFTER_5, AFTER_5), answered(429, "2"), answered(204)])
    assert Patience(time, time.sleep).ask(target).status == 204
    assert (time.now - NOON, target.asked) == (3, 4)


def test_pauses_that_nobody_names_grow() -> None:
    """Without Retry-After each pause is twice as long as the one before; the last answer is what is judged."""
    time, target = Time(), Target([answered(429)])
    assert Patience(time, time.sleep).ask(target).status == 429
    assert time.slept == pytest.approx([0.1, 0.2, 0.4, 0.8, 1.0, 0.6])
    assert target.asked == 1 + SLOWDOWNS


@pytest.mark.parametrize("status", [200, 401, 500, None])
def test_other_answers_are_taken_at_once(status: int | None) -> None:
    """What does not ask for patience is asked once."""
    time, target = Time(), Target([answered(status)])
    Patience(time, time.sleep).ask(target)
    assert (time.slept, target.asked) == ([], 1)


def test_waiting_in_vain_ends() -> None:
    """A target that answers one kind of request with 503 whatever happens does not cost the run a wait each time."""
    time = Time()
    patience = Patience(time, time.sleep)
    tries = []
    for _ in range(FRUITLESS + 2):
        target = Target([answered(503, "1")])
        patience.ask(target)
        tries.append(target.asked)
    assert tries == [1 + SLOWDOWNS] * FRUITLESS + [1] * 2


def test_a_wait_that_helped_starts_the_count_again() -> None:
    """A target whose limit ends now and then is waited for each time."""
    time = Time()
    patience = Patience(time, time.sleep)
    for _ in range(3 * FRUITLESS):
        assert patience.ask(Target([answered(429, "1"), answered(204)])).status == 204
        patience.ask(Target([answered(429, "1")]))
    assert patience.ask(Target([answered(429, "1"), answered(204)])).status == 204


def test_vain_waits_that_nobody_named_do_not_count_for_those_that_were() -> None:
    """Who says when to come back is waited for, whatever came of guesses."""
    time = Time()
    patience = Patience(time, time.sleep)
    for _ in range(FRUITLESS + 1):
        patience.ask(Target([answered(503)]))
    assert patience.ask(Target([answered(503, "1"), answered(204)])).status == 204
    assert patience.ask(Target([answered(503), answered(204)])).status == 503


def test_a_wait_ends_with_the_time_of_the_run() -> None:
    """A pause beyond the run's time ends when the time is over, not when the pause would."""
    time = Time()
    patience = Patience(time, time.sleep)

    def check() -> None:
        if time.now - NOON > 3:
            raise OutOfTimeError

    patience.check_time = check
    target = Target([answered(429, "30")])
    with pytest.raises(OutOfTimeError):
        patience.ask(target)
    assert (time.now - NOON, target.asked) == (4, 1)


def test_no_request_is_sent_again_when_the_time_is_over() -> None:
    """The answer is not judged, either: the run says that its time is over."""
    patience = Patience(Time(), lambda _: None)

    def over() -> None:
        raise OutOfTimeError

    patience.check_time = over
    with pytest.raises(OutOfTimeError):
        patience.ask(Target([answered(429)]))
    assert patience.ask(Target([answered(204)])).status == 204
