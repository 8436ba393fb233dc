"""See which operations do what they should alone: only those take part in sequences."""

from __future__ import annotations

from onezone_spec import Operation

from onezone_contracts.sequences.all_setting import AllSetting
from onezone_contracts.sequences.choices import FreePlay
from onezone_contracts.sequences.layout import plain
from onezone_contracts.sequences.predict import Expected
from onezone_contracts.sequences.step import ADMIN, Step, ViolationError
from onezone_contracts.state.expected import READING, names_others

SAMPLES = 3
"""In how many ways a reading operation is tried."""
ORDER = ("create", "attach", "grant", "update", "revoke", "detach", "delete")


def try_alone(setting: AllSetting) -> None:
    """Keep the operations that work alone. Raises StoppedError where there is no time left.

    They are tried one after the other in one state, as long as that goes well. What fails after others is tried again
    as the first in a state of its own, and what fails there fails alone. What belongs to one user has no part in
    sequences: it changes nothing of what is held.
    """
    contract = setting.account.contract
    operations = [
        operation
        for operation in contract.operations.values()
        if operation.effect.resource not in contract.owners and not names_others(contract, operation)
    ]
    setting.operations = setting.offered = {operation.id: operation for operation in operations}
    verbs = {verb: number for number, verb in enumerate(ORDER)}
    waiting = sorted(operations, key=lambda operation: verbs.get(operation.effect.verb, -1))
    while waiting:
        before = len(waiting)
        play = FreePlay(setting)
        try:
            _prepare(play)
            _try(play, waiting)
        except ViolationError as violation:
            culprit = violation.culprit.operation
            if before == len(waiting) or culprit != waiting[0].id:
                setting.offered.pop(culprit, None)
                waiting = [operation for operation in waiting if operation.id != culprit]
        finally:
            play.end()
    setting.operations = dict(setting.offered)


def _prepare(play: FreePlay) -> None:
    for step in plain(play.account.contract):
        if play.fits(step):
            play.perform(step)


def _try(play: FreePlay, waiting: list[Operation]) -> None:
    """Try one operation after the other, as long as the state allows; those that are done are taken off the list."""
    before = len(waiting)
    while waiting:
        operation = waiting[0]
        ways = SAMPLES if operation.effect.verb in READING else 1
        steps = [_way(play, operation, 5 * number) for number in range(ways)]
        if steps[0] is None:
            break
        for step in filter(None, dict.fromkeys(steps)):
            play.perform(step)
        waiting.pop(0)
    if waiting and len(waiting) == before:
        play.setting.offered.pop(waiting.pop(0).id, None)  # no way is known to be allowed


def _way(play: FreePlay, operation: Operation, pick: int) -> Step | None:
    """A way to send it that must be allowed, and was not sent before; the administrator's first."""
    sent = {(step.operation, step.roles) for step in play.actions} if operation.parameters else set()

    def allowed(step: Step) -> bool:
        return play.expected(step) is Expected.ALLOWED and (step.operation, step.roles) not in sent

    def by_administrator(step: Step) -> bool:
        return step.actor == ADMIN and allowed(step)

    return play.chosen(operation, pick, by_administrator) or play.chosen(operation, pick, allowed)
