"""Findings with one root are one cause, in words that a developer acts on."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from onezone_spec import Contract, Operation, editions, load

from onezone_contracts.exchange import Exchange, Redactor
from onezone_contracts.personas import personas
from onezone_contracts.requirement import ALONE, Finding, Level, Outcome, Requirement, Result

FAILED = frozenset({Outcome.FAIL, Outcome.WARN})
SHAPES = ("error.shape", "error.media-type", "error.labelled")
"""Topics about what an error looks like, whatever it is about."""
COMMON = frozenset({"authentication", "media-type", "accept-header"})
"""What topics are about that a server sees to in one place, for all operations."""
CROSSED = "concurrent.access"
DENIALS = frozenset({401, 403})
SIGN_IN, UNAUTHORIZED = "authentication.", "401"
UNKNOWN_USER = "authentication.unknown-user"
UNAUTHENTICATED = "unauthorized"
"""The error id that means 401, whatever the status."""
NEAR_TO_RIGHT = frozenset(
    f"authentication.{topic}"
    for topic in ("wrong-password", "password-of-another", "altered-token", "colon", "character", "wrong-again")
)
"""Topics about credentials that are near to those of a user, who may be one who may not."""
_NUMBER = re.compile(r"\b[1-5]\d\d\b")
PASSES = "expected-failures"
_STATUSES = re.compile(r"[1-5]\d\d(?: or [1-5]\d\d)*|4xx|no 5xx|a documented status")


@dataclass(frozen=True, slots=True)
class Cause:
    """One cause of failures, the ids of the requirements that fail because of it, and a finding that shows it.

    `findings` has those that it explains, as (requirement, number of the finding).
    """

    id: str
    summary: str
    requirements: tuple[str, ...] = ()
    example: Finding | None = None
    findings: frozenset[tuple[str, int]] = frozenset()


@dataclass(slots=True)
class _Root:
    """A cause while it is put together."""

    id: str
    words: str
    """May have `{expected}` and `{status}` in it."""
    failures: list[tuple[Requirement, int, Finding]] = field(default_factory=list)
    hint: str = ""

    @property
    def binding(self) -> int:
        """How many requirements that bind fail by it."""
        return len({requirement.id for requirement, _, _ in self.failures if requirement.level is Level.MUST})

    def cause(self) -> Cause:
        """The cause, in words."""
        failures = sorted(self.failures, key=lambda failure: failure[0].level is not Level.MUST)
        ids = tuple(dict.fromkeys(requirement.id for requirement, _, _ in failures))
        summary = self.words.replace("{expected}", self.expected or "another answer") + self.hint
        places = frozenset((requirement.id, number) for requirement, number, _ in failures)
        return Cause(self.id, summary, ids, failures[0][2], places)

    @property
    def expected(self) -> str:
        """The status that is expected most often, "" where none is named."""
        named = Counter(status for _, _, finding in self.failures for status in _NUMBER.findall(finding.expected))
        most = [status for status, count in named.items() if count == max(named.values())]
        signing_in = all(requirement.topic.startswith(SIGN_IN) for requirement, _, _ in self.failures)
        return UNAUTHORIZED if signing_in and UNAUTHORIZED in most else next(iter(most), "")


def causes(
    results: Iterable[Result], unseen: Collection[int], contract: Contract, redactor: Redactor
) -> tuple[Cause, ...]:
    """The causes of all unexpected failures, most telling first.

    Args:
        results: the outcome of every requirement.
        unseen: documented statuses that can be provoked and were not seen.
        contract: the edition that was judged by.
        redactor: takes secrets out of what came.
    """
    judged = tuple(results)
    roots: dict[str, _Root] = {}
    for result in judged:
        if result.outcome in FAILED and not result.fails_as_expected:
            for number, finding in enumerate(result.findings):
                if result.unexpected_pass:
                    passes = _Root(PASSES, "expected to fail, and passes")
                    roots.setdefault(PASSES, passes).failures.append((result.requirement, number, finding))
                    continue
                name, words = root(result.requirement, finding, contract, redactor)
                roots.setdefault(name, _Root(name, words)).failures.append((result.requirement, number, finding))
    _merge(roots)
    for draft in roots.values():
        draft.hint = _edition_hint(draft, contract) or _let_in_hint(draft, judged, contract) or _alone_hint(draft)
    never = list(_never_seen(judged, unseen, roots))
    return (*(draft.cause() for draft in sorted(roots.values(), key=_place)), *never)


def signature(finding: Finding) -> tuple[object, ...]:
    """What findings of one requirement have in common that have the same cause."""
    response = finding.exchange.response if finding.exchange else None
    came = (response.status, response.looks_like_json) if response else None
    return (came, finding.expected, _what(finding))


def root(requirement: Requirement, finding: Finding, contract: Contract, redactor: Redactor) -> tuple[str, str]:
    """The id of a finding's cause, and its words."""
    exchange = finding.exchange
    if exchange is None:
        return _other(requirement, finding)
    if exchange.response is None:
        return "no-answer", f"requests are not answered: {redactor.text(exchange.answer())}"
    if requirement.topic.startswith(SHAPES):
        return _misshaped(exchange, finding, redactor)
    if _STATUSES.fullmatch(finding.expected) and finding.actual == exchange.answer():
        return _status(requirement, finding, exchange, contract.operations.get(requirement.operation))
    return _other(requirement, finding)


def _status(
    requirement: Requirement, finding: Finding, exchange: Exchange, operation: Operation | None
) -> tuple[str, str]:
    """Another status than documented."""
    status, expected = exchange.status, finding.expected
    if requirement.topic == CROSSED and (exchange.succeeded or status in DENIALS):
        return CROSSED, "concurrent requests get one another's rights"
    if exchange.succeeded and expected.startswith("2"):
        return f"success-{status}", f"a success is answered {status} where {{expected}} is documented"
    if exchange.succeeded:
        about = requirement.topic.partition(".")[0]
        words = f"accepts requests that must be refused with {expected}: {about}"
        where = about if about in COMMON else f"{requirement.operation}.{about}"
        return f"accepted.{where}.{expected.replace(' ', '-')}", words
    words = f"answers {status} where {{expected}} is documented"
    undocumented = operation is None or status not in operation.responses
    if undocumented or expected in {"no 5xx", "a documented status"}:
        return f"status-{status}", words
    return f"status-{status}-for-{expected.replace(' ', '-')}", words


def _misshaped(exchange: Exchange, finding: Finding, redactor: Redactor) -> tuple[str, str]:
    """An error that does not look as documented."""
    response = exchange.response
    assert response is not None
    if not response.body:
        return "errors-empty", "errors have no body"
    if not response.looks_like_json:
        return f"errors-{response.media_type}", f"errors are not JSON: {exchange.summary(redactor)}"
    if finding.expected == "application/json":
        return f"errors-labelled-{response.media_type}", f"errors are labelled {response.media_type or 'with nothing'}"
    return "errors-form", f"errors do not have the documented form: {redactor.text(finding.actual)}"


def _other(requirement: Requirement, finding: Finding) -> tuple[str, str]:
    what = _what(finding)
    about = requirement.topic.partition(".")[0]
    return f"{requirement.operation}.{about}.{what}"[:120], what


def _what(finding: Finding) -> str:
    """What a finding says beside the case's name."""
    label = finding.exchange.request.label if finding.exchange else ""
    for exchange in (finding.exchange, *finding.steps):
        if exchange and exchange.request.label and finding.message.startswith(f"{exchange.request.label}: "):
            label = exchange.request.label
    return finding.message.removeprefix(f"{label}: ").partition(ALONE)[0]


def _merge(roots: dict[str, _Root]) -> None:
    """Merge causes with the same wrong status if their expected statuses overlap; all 5xx count as the same."""
    for name in [name for name in roots if "-or-" in name and name.startswith("status-")]:
        status, _, expected = name.removeprefix("status-").partition("-for-")
        wider = (f"status-{status}-for-{alternative}" for alternative in expected.split("-or-"))
        home = next((candidate for candidate in (f"status-{status}", *wider) if candidate in roots), None)
        if home:
            roots[home].failures += roots.pop(name).failures
    for name in [name for name in roots if "-for-" in name]:
        plain = name.partition("-for-")[0]
        if plain in roots:
            roots[plain].failures += roots.pop(name).failures


def _never_seen(results: Sequence[Result], unseen: Collection[int], roots: Mapping[str, _Root]) -> Iterator[Cause]:
    """The documented statuses that were never seen; where another came in its place, that cause says so."""
    for status in sorted(unseen):
        if status < 300 and any(name.startswith("success-") for name in roots):  # noqa: PLR2004
            continue
        instead = [
            draft for draft in roots.values() if draft.id.startswith("status-") and draft.expected == str(status)
        ]
        if instead:
            most = max(instead, key=lambda draft: draft.binding)
            most.words += f"; no {status} was ever seen"
            continue
        ids = (result.requirement.id for result in results if result.reason == f"no {status} was seen")
        failing = (
            result.requirement.id for result in results for each in result.findings if each.expected == str(status)
        )
        yield Cause(f"never-{status}", f"no {status} was ever seen", tuple(dict.fromkeys((*failing, *ids))))


# --- the edition ----------------------------------------------------------------------------------------------


def _edition_hint(draft: _Root, contract: Contract) -> str:
    """What to try where other editions document what came."""
    requirement, _, finding = draft.failures[0]
    fits: Callable[[Contract], bool]
    if draft.id.startswith("success-"):
        fits = lambda other: _success(other, requirement.operation) == _status_of(finding)  # noqa: E731
    elif draft.id == "errors-form":
        fits = lambda other: other.error_is_string == _error_is_string(finding)  # noqa: E731
    else:
        return ""
    folders = contract.origin.contracts
    names = [name for name in editions(folders) if name != contract.edition and fits(load(name, folders))]
    return f": try --edition {' or '.join(names)}, or `ozkit identify`" if names else ""


def _place(draft: _Root) -> tuple[bool, bool, int, int]:
    """What sorts causes: among those that bind, what is accepted and must not be comes before what follows from it."""
    return not draft.binding, not draft.id.startswith("accepted."), -draft.binding, -len(draft.failures)


def _let_in_hint(draft: _Root, judged: Sequence[Result], contract: Contract) -> str:
    """That a wrong credential gets what the right one gets, where others get a 401."""
    if not draft.id.startswith("status-403"):
        return ""
    near = all(
        requirement.topic in NEAR_TO_RIGHT and not _kept_out(requirement, finding, contract)
        for requirement, _, finding in draft.failures
    )
    unknown_refused = any(
        result.requirement.topic == UNKNOWN_USER and result.outcome is Outcome.PASS for result in judged
    )
    return ": wrong credentials may be let in" if near and unknown_refused else ""


def _kept_out(requirement: Requirement, finding: Finding, contract: Contract) -> bool:
    """Whether a 403 shows that nobody was let in: its error says so, or it came to a persona who may."""
    error = _error(finding)
    if UNAUTHENTICATED in (error, error.get("id") if isinstance(error, dict) else None):
        return True
    request = finding.exchange.request if finding.exchange else None
    operation = contract.operations.get(requirement.operation)
    if request is None or operation is None:
        return False
    may = [persona.name for persona in personas(contract, operation) if persona.allowed]
    said = re.match(r"[\w-]+(?=,| with )", request.auth.who), re.search(r"(?<=the persona )[\w-]+", request.label)
    return any(match is not None and match[0] in may for match in said)


def _alone_hint(draft: _Root) -> str:
    """That all that fails by it is right when it is sent again alone."""
    failing = {requirement.id for requirement, _, _ in draft.failures}
    right = {requirement.id for requirement, _, finding in draft.failures if ALONE in finding.message}
    return ", but not when the request is sent again on a connection of its own" if failing == right else ""


def _success(contract: Contract, operation: str) -> int | None:
    documented = contract.operations.get(operation)
    return documented.success.status if documented else None


def _status_of(finding: Finding) -> int | None:
    return finding.exchange.status if finding.exchange else None


def _error_is_string(finding: Finding) -> bool | None:
    """Whether an error came as a string, None if neither a string nor an object came."""
    error = _error(finding)
    if isinstance(error, dict):
        return False if "id" in error else None
    return True if isinstance(error, str) else None


def _error(finding: Finding) -> object:
    """What the answer names as its error, None where it names none."""
    try:
        body = finding.exchange.response.json() if finding.exchange and finding.exchange.response else None
    except (ValueError, RecursionError):
        return None
    return body.get("error") if isinstance(body, dict) else None
