"""What the cases of an operation are sent with where personas were given: their groups, and what else is known."""

from __future__ import annotations

import copy
import itertools
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from onezone_spec import Operation

from onezone_contracts.cases import (
    AS_NUMBER,
    BARE,
    BEFORE,
    BLANK_AFTER,
    DIRECT,
    FOREIGN,
    GROUP,
    HOME,
    ITSELF,
    LENGTHENED,
    LOCKABLE,
    LONG_ID,
    MISSING,
    NEAR_HOME,
    NOBODY,
    OTHER,
    SHORTENED,
    UNRELATED,
    WRITER,
    Case,
    same_id,
)
from onezone_contracts.exchange import Auth, Exchange, Redactor
from onezone_contracts.personas import Persona
from onezone_contracts.requirement import Level, NotJudged
from onezone_contracts.sent import Sent
from onezone_contracts.state.expected import USER, Ref
from onezone_contracts.state.tracker import UNSEEN
from onezone_contracts.target.credentials import Credentials
from onezone_contracts.target.file import Target, TestUser

FIXTURES = frozenset({BARE, DIRECT, FOREIGN, ITSELF, UNRELATED})
"""What an administrator's account makes, or knows."""
_COUNTED = re.compile(r"[^0-9A-Fa-f]\d+$")
"""The end of ids that count: what is shorter by a digit is another's."""
Assignment = tuple[None, Auth, TestUser | None, dict[str, Ref]]


class SuppliedFixtures:
    """The personas of a target, each in its group.

    Args:
        target: where it is, with its personas.
        operation: what they send.
        redactor: learns the credentials that cases make.
    """

    def __init__(self, target: Target, operation: Operation, redactor: Redactor) -> None:
        self.target = target
        self.operation = operation
        self.redactor = redactor
        self.writer: TestUser | None = None
        self._serial = itertools.count(1)

    by_administrator = False

    def note_allowed(self, name: str) -> None:
        """The persona of that name was seen to be allowed."""
        self.writer = self.writer or self.target.personas.get(name)

    def personas(self, keys: Iterable[str] = ()) -> Mapping[str, Persona]:  # noqa: ARG002
        """The personas, by name."""
        return {name: user.persona for name, user in self.target.personas.items()}

    def identity(self, who: str) -> TestUser:
        """The persona of that name, or for `writer` the one that was seen to be allowed. Raises NotJudged."""
        if who == LOCKABLE:
            who = next((name for name, user in self.target.personas.items() if not user.persona.allowed), who)
        if who in {WRITER, NOBODY}:
            if self.writer is not None:
                return self.writer
            if who == WRITER:
                raise NotJudged("no persona could create anything", blocked=True)
            return next(iter(self.target.personas.values()), TestUser(NOBODY, Credentials(), (USER, NOBODY)))
        if who not in self.target.personas:
            raise NotJudged(f"the target has no persona {who}")
        return self.target.personas[who]

    def assign(self, case: Case) -> Assignment:
        """The persona that sends a case, to its own group. Raises NotJudged."""
        user = self.identity(case.who)
        auth = Auth() if case.who == NOBODY and not case.auth else user.auth
        others = {kind: (kind, identity) for kind, identity in user.others.items()}
        return None, auth, user, {GROUP: (GROUP, user.group), **others}

    def assign_follower(self, sent: Sent) -> Assignment:
        """The same for a case that follows another."""
        return None, sent.auth, sent.user, dict(sent.roles)

    def entity(self, role: str, word: str, roles: Mapping[str, Ref], stage: Any, caller: Ref | None) -> Ref:  # noqa: ARG002
        """What a word of a case stands for; anything but the words is an id itself. Raises NotJudged.

        A short id made shorter or longer, and one with a number at its end, could be another group's; and what may be
        read as another spelling of the home group's id is not sent.
        """
        if word in FIXTURES or word.startswith(BEFORE):
            raise NotJudged(UNSEEN, blocked=True)
        kind, home = roles.get(role, (role, ""))
        long = len(home) >= LONG_ID and not _COUNTED.search(home)
        words = {
            HOME: home,
            MISSING: self.target.missing,
            OTHER: self.target.other or "",
            SHORTENED: home[:-1] if long else self.target.missing,
            LENGTHENED: f"{home}zz" if long else self.target.missing,
            BLANK_AFTER: f"{home} " if not same_id(home, f"{home} ") else self.target.missing,
        }
        if word in AS_NUMBER:
            return kind, AS_NUMBER[word](home)
        if word in NEAR_HOME:
            near = NEAR_HOME[word](home)
            return kind, near if not same_id(home, near) and near != home else self.target.missing
        return kind, words.get(word, word)

    def credential_holder(self, kind: str, who: str) -> str | None:
        """Whoever has that kind of credentials: themselves first, for the writer somebody who may. None: nobody has."""
        fits = self.identity(who).credentials.has(kind)
        return who if fits else self.target.credential_holder(kind, self.writer, allowed=who == WRITER)

    def credentials(self, case: Case) -> Auth:
        """The credentials that a case makes of the persona's own. Raises NotJudged."""
        assert case.auth is not None
        auth = case.auth(self.identity(case.who), self.target.personas)
        self.redactor.learn_basic(value for _, value in auth.headers)
        return auth

    def body(self, roles: Mapping[str, Ref], user: TestUser | None, keys: tuple[str, ...] | None = None) -> Any:  # noqa: ARG002
        """A valid body with a name that this run has not sent before."""
        documented = self.operation.body
        if documented is None or not documented.examples:
            return None
        others = (
            example
            for name, example in documented.examples.items()
            if name != "documented" and example.level is Level.MUST
        )
        plain = next(others, documented.examples["documented"]).value
        body = {key: copy.deepcopy(value) for key, value in plain.items() if key not in documented.ignored}
        return {**body, "name": f"{body['name']} {next(self._serial)}"}

    def wait_until_allowed(self, send: Callable[[], Exchange]) -> Exchange:
        """What is answered: the preflight waited until privileges have taken effect."""
        return send()
