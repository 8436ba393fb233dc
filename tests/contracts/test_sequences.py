"""Sequences of requests: what only they show is shown, as short as it goes, and nothing of honest servers."""

from __future__ import annotations

import gc
import itertools
import json
import re
import weakref
from collections.abc import Callable, Sequence
from pathlib import Path
from types import MappingProxyType, SimpleNamespace
from typing import Any

import jsonschema
import pytest
import server
from judge_tools import CommandResult
from onezone_contracts import reports
from onezone_contracts.patience import Lag
from onezone_contracts.sequences import machine, shrinking
from onezone_contracts.sequences.shrinking import NOT_AGAIN
from onezone_contracts.sequences.step import CREATE, CREATED, LEAVE, REFUSE, Step, StoppedError, ViolationError
from onezone_contracts.state.probe import Difference

Command = Callable[..., CommandResult]
ONLY = ("--requirement", "*.sequence.*")
EDITION = "deployed"
"""Its document says how a service is left: what comes of that is judged, not only noted."""
SCHEMA = json.loads((Path(reports.__file__).parent / "report.schema.json").read_text(encoding="utf-8"))
HONEST = [variant.id for variant in server.VARIANTS.values() if variant.topic in {"leaving", "read-back"}]
SHOWN = {
    "sequence-third-lost": "created",
    "sequence-returns": "created",
    "sequence-name-taken": "created",
    "sequence-oldest-too": "left",
    "sequence-undone": "refused",
    "sequence-id-again": "fresh",
}


def judged(
    command: Command,
    *more: str,
    faults: tuple[str, ...] = (),
    variants: tuple[str, ...] = (),
    edition: str = EDITION,
) -> Any:
    """What a run over sequences only says of a server, as JSON report, by topic."""
    with server.start(edition, variants, faults) as handle:
        arguments = ("--edition", edition, "--states-url", handle.states_url, *ONLY, "--report", "json=-", *more)
        result = command("verify", handle.base_url, *arguments)
        world = handle.app.world
    report = json.loads(result.out[result.out.index('{\n  "report_version"') : result.out.rindex("\n}") + 2])
    jsonschema.validate(report, SCHEMA)
    report["found"] = {requirement["id"].rpartition(".")[2]: requirement for requirement in report["requirements"]}
    report["remains"] = [service for group in world.groups for service in world.of_group(group)]
    return report


def outcomes(report: Any) -> dict[str, str]:
    return {name: result["outcome"] for name, result in report["found"].items()}


@pytest.mark.slow
@pytest.mark.parametrize("seed", ["0", "1", "2"])
def test_a_correct_server_passes(command: Command, seed: str) -> None:
    """All four pass, in some 150 requests, or some more on a slow machine, and nothing is left in the group."""
    report = judged(command, "--seed", seed)
    assert set(outcomes(report).values()) == {"pass"}
    assert report["requests"] < 600
    assert report["remains"] == []


@pytest.mark.slow
@pytest.mark.parametrize("variant", HONEST)
def test_an_honest_server_is_not_blamed(command: Command, variant: str) -> None:
    """However leaving is answered, whatever can be read, and however late: nothing fails."""
    report = judged(command, variants=(variant,))
    assert not {"fail", "warn", "blocked", "error"} & set(outcomes(report).values())


def test_what_cannot_be_left_is_not_judged_by_leaving(command: Command) -> None:
    """Where nobody may leave, creations and refusals are judged all the same."""
    by_id = outcomes(judged(command, variants=("leave-forbidden",)))
    assert by_id == {"created": "pass", "refused": "pass", "left": "skip", "fresh": "skip"}


def test_without_read_back_nothing_is_judged(command: Command) -> None:
    """There is nothing to look at: skipped, with the reason."""
    requirements = judged(command, variants=("no-read-back",))["found"]
    assert {requirement["outcome"] for requirement in requirements.values()} == {"skip"}
    assert "neither to list nor to read" in requirements["created"]["reason"]


@pytest.mark.slow
@pytest.mark.parametrize(("fault", "kind"), SHOWN.items())
def test_what_a_sequence_shows_is_told_step_by_step(command: Command, fault: str, kind: str) -> None:
    """The finding has few steps, each a curl line with who does what; the last shows the difference."""
    requirements = judged(command, "--settle", "0.3", faults=(fault,))["found"]
    assert requirements[kind]["outcome"] == ("fail" if kind in {"created", "refused"} else "warn")
    (finding,) = requirements[kind]["findings"]
    assert 2 <= len(finding["steps"]) <= 8
    assert any("create" in step["text"] for step in finding["steps"])
    assert finding["steps"][-1]["curl"] == finding["curl"]


@pytest.mark.slow
def test_only_what_binds_ends_the_search(command: Command) -> None:
    """Ids that are given again are a SHOULD: what binds is judged nevertheless."""
    by_id = outcomes(judged(command, "--settle", "0.3", faults=("sequence-id-again",)))
    assert by_id == {"created": "pass", "refused": "pass", "left": "pass", "fresh": "warn"}


def test_what_comes_of_leaving_is_noted_where_no_document_tells_of_it(command: Command) -> None:
    """Only the deployed server's document does."""
    by_id = outcomes(judged(command, "--settle", "0.3", faults=("sequence-id-again",), edition="current"))
    assert by_id == {"created": "pass", "refused": "pass", "left": "observed", "fresh": "observed"}


@pytest.mark.slow
def test_deep_draws_more(command: Command) -> None:
    """A correct server passes long sequences, too; the same seed sends as many requests again."""
    first = judged(command, "--depth", "deep")
    again = judged(command, "--depth", "deep")
    assert set(outcomes(first).values()) == {"pass"}
    assert first["requests"] == again["requests"] > 1000


@pytest.mark.slow
def test_every_report_has_the_numbered_lines(command: Command, tmp_path: Path) -> None:
    """In the terminal and in each format, and no password in any."""
    kinds = ("html", "markdown", "junit", "sarif")
    words = [word for kind in kinds for word in ("--report", f"{kind}={tmp_path / kind}")]
    with server.start(EDITION, (), ["sequence-name-taken"]) as handle:
        result = command(
            "verify", handle.base_url, "--edition", EDITION, "--states-url", handle.states_url, *ONLY, *words
        )
        secrets = [user.password for user in handle.app.world.users.values()]
    texts = {kind: (tmp_path / kind).read_text(encoding="utf-8") for kind in kinds} | {"terminal": result.out}
    for kind, text in texts.items():
        assert not [secret for secret in secrets if secret in text]
        numbered = r"<ol class=\"steps\">" if kind == "html" else r"# 1\. member: create service 1"
        assert re.search(numbered, text), kind
        assert "leave" in text


@pytest.mark.slow
def test_quick_has_no_sequences(command: Command) -> None:
    """They cost too much there."""
    result = command("verify", "--depth", "quick", *ONLY)
    assert result.code == 2
    assert "no requirement matches" in result.all


# --- shrinking ------------------------------------------------------------------------------------------------


class Stage:
    """Stands for a setting, and for a target that shows something once certain steps were taken.

    Each look at the clock takes a second.
    """

    def __init__(self, *needed: str, times: int = 1000) -> None:
        self.needed, self.times = needed, times
        self.clock = itertools.count().__next__
        self.lag = Lag(0)

    def attempt(self, actions: Any) -> ViolationError | None:
        left, taken = list(self.needed), []
        for action in actions:
            taken.append(action)
            if left and action.operation == left[0]:
                left.pop(0)
            if not left and self.times > 0:
                self.times -= 1
                return violation(*taken)
        return None


def violation(*actions: Step) -> ViolationError:
    step: Any = SimpleNamespace(request=SimpleNamespace(label="a step"))
    return ViolationError(CREATED, Difference("m", "e", "a", None), actions, [step] * len(actions))


PLAN = [Step(verb) for verb in (CREATE, REFUSE, CREATE, CREATE, LEAVE, REFUSE, CREATE, LEAVE, CREATE)]


def shortest(stage: Stage, seconds: float = 1000.0) -> Any:
    first = stage.attempt(PLAN)
    assert first
    target: Any = stage
    return shrinking.shortest(target, first, stage.attempt, stage.attempt, seconds=seconds, attempts=80)


def test_steps_that_are_not_needed_are_left_out() -> None:
    """What is told has exactly those that are."""
    assert len(shortest(Stage(CREATE, LEAVE, CREATE)).steps) == 3


def test_what_does_not_show_again_is_told_as_it_was_seen() -> None:
    """With all its steps, and a remark."""
    shrunk = shortest(Stage(CREATE, LEAVE, CREATE, times=1))
    assert len(shrunk.steps) == 7
    assert shrunk.message.endswith(NOT_AGAIN)


def test_shrinking_ends_in_time() -> None:
    """Without time it is told as it was seen."""
    assert len(shortest(Stage(CREATE, LEAVE, CREATE), 0.0).steps) == 7


def test_a_sequence_is_never_shrunk_to_nothing() -> None:
    """Four steps are halved to two, and a half of four left out of two would leave none."""
    best, tried = [violation(*PLAN[:4])], []

    def fewer(steps: Sequence[Step]) -> ViolationError:
        tried.append(len(steps))
        return violation(*steps)

    shrinking.leave_out(best, fewer)
    assert 0 not in tried
    assert len(best[0].actions) == 1


def test_violations_pass_through_hypothesis() -> None:
    """They are no Exception: Hypothesis would take them for a failure of its own to repeat."""
    assert not issubclass(ViolationError, Exception)
    assert not issubclass(StoppedError, Exception)


class OneOperation:
    """A setting in which anything may be asked for at any time."""

    options = SimpleNamespace(depth="quick", seed=1)
    lengths = MappingProxyType({"quick": (2, 3)})
    operations = MappingProxyType({"read": None})
    pools = MappingProxyType(dict.fromkeys(("change", "delete", "refuse", "any", "read"), ("read",)))


@pytest.mark.slow
def test_nothing_of_a_run_outlives_its_sequences() -> None:
    """Hypothesis keeps every class of machines that it took: the run behind it is let go."""
    setting: Any = OneOperation()
    asked: list[str] = []
    play: Any = SimpleNamespace(
        opening=lambda _: (),
        choose=lambda name, *_: asked.append(name),
        changed=lambda _: None,
        readings=lambda: (),
        end=lambda: None,
    )
    machine.drawn(setting, lambda: play)
    kept = weakref.ref(setting)
    del setting
    gc.collect()
    assert (set(asked), kept()) == ({"read"}, None)
