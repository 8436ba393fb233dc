"""What credentials show across exchanges: a user has one password, and credentials that are none let nobody in."""

from __future__ import annotations

import base64
import binascii
from collections import OrderedDict

from onezone_contracts.checks.status import words
from onezone_contracts.requirement import Finding
from onezone_contracts.traffic.callers import Kind
from onezone_contracts.traffic.recording import header
from onezone_contracts.traffic.seen import Seen
from onezone_contracts.traffic.sheet import Sheet

UNAUTHORIZED = 401
REMEMBERED = 20_000
"""So many users are remembered."""
USERS = ("authentication.wrong-password", "authentication.wrong")


class SignIn:
    """Judges who is let in."""

    def __init__(self, sheet: Sheet) -> None:
        self.sheet = sheet
        self._served: dict[str, Seen] = {}
        self._turned_away: dict[str, list[Seen]] = {}
        self._passwords: OrderedDict[str, list[tuple[str, Seen]]] = OrderedDict()

    def follow(self, sent: Seen) -> None:
        """Take in an exchange."""
        value = header(sent.recorded.request_headers, "authorization")
        if sent.operation.access.public or value is None or sent.caller.kind is not Kind.SOMEBODY:
            return
        if sent.status == UNAUTHORIZED:
            self.sheet.judged(self.sheet.find(sent.operation, *USERS))
            self._turned_away.setdefault(sent.caller.key, []).append(sent)
        elif sent.succeeded:
            self._let_in(sent, value)
            self._let_in_again(sent)

    def _let_in_again(self, sent: Seen) -> None:
        """Who was let in, turned away as unknown, and let in again with the same credentials was never unknown."""
        before = self._served.get(sent.caller.key)
        self._served[sent.caller.key] = sent
        for between in self._turned_away.pop(sent.caller.key, ()):
            if before is None or not (before.end <= between.start and between.end <= sent.start):
                continue
            message = f"{between.label}: the credentials are right before and after, and wrong in between"
            steps = (before.exchange, between.exchange, sent.exchange)
            finding = Finding(message, "another answer", str(UNAUTHORIZED), between.exchange, steps)
            self.sheet.judged(self.sheet.consistent(between.operation), finding)

    def _let_in(self, sent: Seen, value: str) -> None:
        scheme, _, packed = value.strip().partition(" ")
        if scheme.lower() != "basic":
            return
        name, password = _pair(packed.strip())
        if not name:
            topic = "authentication.half-credentials" if name == "" else "authentication.malformed-401"
            message = f"{sent.label}: credentials without a user name, or in no form that is known, are accepted"
            finding = Finding(message, words({UNAUTHORIZED}), str(sent.status), sent.exchange)
            self.sheet.judged(self.sheet.find(sent.operation, topic, "authentication.malformed"), finding)
            return
        self._one_password(sent, name, password)

    def _one_password(self, sent: Seen, name: str, password: str) -> None:
        """A password that serves again after another one served: only one of them is the user's."""
        before = self._passwords.setdefault(name, [])
        self._passwords.move_to_end(name)
        if len(self._passwords) > REMEMBERED:
            self._passwords.popitem(last=False)
        if before and before[-1][0] == password:
            return
        earlier = next((one for other, one in before if other == password), None)
        if earlier is not None:
            other = before[-1][1]
            message = f"{other.label}: two passwords of one user serve in turn"
            steps = (earlier.exchange, other.exchange, sent.exchange)
            finding = Finding(message, words({UNAUTHORIZED}), str(other.status), other.exchange, steps)
            self.sheet.judged(self.sheet.find(other.operation, *USERS), finding)
        before[:] = [*(one for one in before if one[0] != password), (password, sent)][-5:]


def _pair(packed: str) -> tuple[str | None, str]:
    """User name and password of Basic credentials; no name where they are malformed."""
    try:
        text = base64.b64decode(packed + "=" * (-len(packed) % 4)).decode("utf-8", "replace")
    except (ValueError, binascii.Error):
        return None, ""
    name, colon, password = text.partition(":")
    return (name, password) if colon else (None, "")
