"""What credentials show across exchanges: a user has one password, and credentials that are none let nobody in."""

from __future__ import annotations

from collections import OrderedDict

from onezone_contracts.checks.status import words
from onezone_contracts.requirement import Finding
from onezone_contracts.traffic.callers import AUTHORIZATION, Kind, user_and_password
from onezone_contracts.traffic.recorded_call import RecordedCall
from onezone_contracts.traffic.recording import Headers, header
from onezone_contracts.traffic.sheet import RequirementSheet

UNAUTHORIZED = 401
REMEMBERED = 20_000
"""So many users are remembered."""
HOLLOW = 100
"""So many requests with credentials that name nobody are kept."""
USERS = ("authentication.wrong-password", "authentication.wrong")


class SignIn:
    """Judges who is let in."""

    def __init__(self, sheet: RequirementSheet) -> None:
        self.sheet = sheet
        self._served: dict[str, RecordedCall] = {}
        self._turned_away: dict[str, list[RecordedCall]] = {}
        self._passwords: OrderedDict[str, list[tuple[str, RecordedCall]]] = OrderedDict()
        self._hollow: list[tuple[str, RecordedCall]] = []
        self._shows_pairs = False
        """Whether credentials stand in the recording as they were sent, in one of them at least."""

    def follow(self, sent: RecordedCall) -> None:
        """Take in an exchange."""
        if sent.operation.access.public:
            return
        topic = _nobodys(sent.credentials)
        if topic and (sent.succeeded or sent.forbidden) and len(self._hollow) < HOLLOW:
            self._hollow.append((topic, sent))
        value = header(sent.recorded.request_headers, AUTHORIZATION)
        if value is None or sent.caller.kind is not Kind.SOMEBODY or sent.recorded.by_mock:
            return
        pair = user_and_password(value)
        self._shows_pairs |= pair is not None and bool(pair[0])
        if sent.status == UNAUTHORIZED:
            self.sheet.judged(self.sheet.find(sent.operation, *USERS))
            self._turned_away.setdefault(sent.caller.key, []).append(sent)
        elif sent.succeeded:
            if pair:
                self._one_password(sent, *pair)
            self._let_in_again(sent)

    def finish(self) -> None:
        """Credentials that name nobody let nobody in; a 403 says that somebody was. A tool may have masked them all."""
        for topic, sent in self._hollow if self._shows_pairs else ():
            message = f"{sent.label}: credentials that name nobody are taken for somebody's"
            finding = Finding(message, words({UNAUTHORIZED}), str(sent.status), sent.exchange)
            self.sheet.judged(self.sheet.find(sent.operation, topic), finding)

    def _let_in_again(self, sent: RecordedCall) -> None:
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

    def _one_password(self, sent: RecordedCall, name: str, password: str) -> None:
        """A password that serves again after another one served: only one of them is the user's."""
        before = self._passwords.setdefault(name, [])
        self._passwords.move_to_end(name)
        if len(self._passwords) > REMEMBERED:
            self._passwords.popitem(last=False)
        if before and before[-1][0] == password:
            return
        earlier = next((success for other, success in before if other == password), None)
        if earlier is not None:
            other = before[-1][1]
            message = f"{other.label}: two passwords of one user serve in turn"
            steps = (earlier.exchange, other.exchange, sent.exchange)
            finding = Finding(message, words({UNAUTHORIZED}), str(other.status), other.exchange, steps)
            self.sheet.judged(self.sheet.find(other.operation, *USERS), finding)
        before[:] = [*(pair for pair in before if pair[0] != password), (password, sent)][-5:]


def _nobodys(headers: Headers) -> str | None:
    """The topic of credentials that name nobody whatever the server knows; None if they may be somebody's."""
    sent = [(name.lower(), value.strip()) for name, value in headers]
    if len(sent) != 1:
        return None
    name, value = sent[0]
    if not value:
        return "authentication.half-credentials"
    if name != AUTHORIZATION or value.partition(" ")[0].lower() != "basic":
        return None
    pair = user_and_password(value)
    if pair is None:
        return "authentication.malformed"
    return None if pair[0] else "authentication.half-credentials"
