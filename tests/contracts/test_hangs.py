"""A target that does not answer is not waited for again and again, and is judged for that."""

from __future__ import annotations

import pytest
from onezone_contracts.cases import Case
from onezone_contracts.exchange import Exchange, Request
from onezone_contracts.hangs import EVERYWHERE, IN_ALL, LIMIT, Hangs
from onezone_contracts.requirement import NotJudged

HUNG = Exchange(Request("POST", "/"), "", failure="no answer within 10 s", timed_out=True)
ANSWERED = Exchange(Request("POST", "/"), "", failure="closed")


def after(*exchanges: Exchange) -> Hangs:
    hangs = Hangs()
    for exchange in exchanges:
        hangs.note(Case("media-type.other", "label"), "create", exchange)
    return hangs


def test_a_few_in_a_row_of_one_kind_are_enough() -> None:
    """No more of that kind are sent; another kind is."""
    hangs = after(*[HUNG] * LIMIT)
    with pytest.raises(NotJudged, match=r"requests of this kind \(media-type\)"):
        hangs.check(Case("media-type.near", "label"), "create")
    hangs.check(Case("body.malformed", "label"), "create")
    hangs.check(Case("media-type.near", "label"), "update")


def test_an_answer_in_between_begins_anew() -> None:
    """A slow server is no dead one."""
    after(HUNG, HUNG, ANSWERED, HUNG, HUNG).check(Case("media-type.near", "label"), "create")


def test_where_much_hangs_one_of_a_kind_is_enough() -> None:
    """So a target that hangs on many kinds is judged soon, too."""
    hangs = after(*[HUNG] * IN_ALL)
    hangs.check(Case("body.malformed", "label"), "create")
    hangs.note(Case("body.malformed", "label"), "create", HUNG)
    with pytest.raises(NotJudged, match=r"requests of this kind \(body\)"):
        hangs.check(Case("body.empty", "label"), "create")


def test_a_kind_that_hangs_everywhere_is_sent_to_no_other_operation() -> None:
    """Of ninety operations not each is waited for."""
    hangs = after(*[HUNG] * EVERYWHERE)
    with pytest.raises(NotJudged):
        hangs.check(Case("media-type.other", "label"), "update")
