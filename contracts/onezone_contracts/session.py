"""From what the user names (a URL, a target file, a states URL, an administrator, or nothing) to a judgement."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from onezone_spec import Contract, Operation

from onezone_contracts.causes import Cause
from onezone_contracts.derive import judged_operations
from onezone_contracts.judge import Progress, Session, judge
from onezone_contracts.options import Options
from onezone_contracts.personas import Persona, personas
from onezone_contracts.sessions import Documented, Everything
from onezone_contracts.target import embedded, kept
from onezone_contracts.target.administered import administered_by, core_administered
from onezone_contracts.target.file import SetupError, Target, check_url, target_from_file
from onezone_contracts.target.states import States, check_states_url
from onezone_contracts.verdict import Judgement, Verdict
from onezone_contracts.waiting import wait_for
from onezone_contracts.wanted import CannotSetUpError, Wanted, cannot_set_up, contract_of


def judge_target(
    wanted: Wanted, options: Options, patterns: tuple[str, ...] = (), progress: Progress | None = None
) -> Judgement:
    """Judge what the user named. Raises SetupError for bad usage; a target that cannot be judged is `inconclusive`."""
    contract = contract_of(wanted)
    try:
        with opened(wanted, contract, options) as session:
            found = judge(session, patterns, progress)
            found.file = str(wanted.target_file) if wanted.target_file else None
            return found
    except CannotSetUpError as error:
        return _not_judged(wanted, contract, options, str(error))
    except KeyboardInterrupt:
        if not options.network.stop.asked:
            raise
        return replace(
            _not_judged(wanted, contract, options, "interrupted before anything was judged"), interrupted=True
        )


def _not_judged(wanted: Wanted, contract: Contract, options: Options, why: str) -> Judgement:
    return Judgement(
        target=_base_url(wanted) or str(wanted.target_file or "the embedded mock"),
        edition=contract.edition,
        profile=wanted.profile,
        depth=options.depth,
        seed=options.seed,
        verdict=Verdict.INCONCLUSIVE,
        reason=why,
        causes=(Cause("target", why),),
    )


def _base_url(wanted: Wanted) -> str | None:
    """Where the API is, None for the embedded mock."""
    return wanted.url or wanted.data.get("base_url")


def _awaited(wanted: Wanted, options: Options) -> None:
    """Wait until the target is up, where that was asked for. Raises CannotSetUpError."""
    base_url = _base_url(wanted)
    if isinstance(base_url, str):
        with cannot_set_up():
            wait_for(check_url(base_url), options)


@contextmanager
def opened(wanted: Wanted, contract: Contract, options: Options) -> Iterator[Session]:
    """What is to be judged. Raises SetupError for bad usage, and CannotSetUpError where nobody can be set up."""
    if options.examples:
        from onezone_contracts.checks import drawn

        drawn.kept(options.examples)  # a mistake in it is told before anything is sent
    if options.keep:
        kept.check(options.keep, made=bool(wanted.url and (wanted.states_url or wanted.admin)) or bool(wanted.admin))
    if options.wait:
        _awaited(wanted, options)
    options.deadline.begin()
    if wanted.profile == "full":
        with administered_by(wanted, contract, options) as account:
            yield Everything(account, options)
        return
    operation = judged_operations(contract)[0]
    with _target(wanted, contract, operation, options) as target:
        yield Documented(contract, operation, target, options)


@contextmanager
def _target(wanted: Wanted, contract: Contract, operation: Operation, options: Options) -> Iterator[Target]:
    """The target with its personas. Raises SetupError for bad usage, and CannotSetUpError where the states fail."""
    people = personas(contract, operation)
    if wanted.admin:
        with core_administered(wanted, contract, operation, options) as made:
            yield made
    elif wanted.target_file:
        found = target_from_file(wanted.target_file, wanted.data, operation, people)
        if wanted.url:
            found.base_url = check_url(wanted.url)
        yield found
    elif wanted.url:
        base_url = check_url(wanted.url)
        if not wanted.states_url:
            raise SetupError(
                "nobody to judge as: give --target FILE (`ozkit target init` prints a skeleton), --states-url URL, "
                "or --admin USER:PASSWORD"
            )
        states = States(check_states_url(wanted.states_url), options, base_url)
        target = _from_states(states, base_url, people)
        if options.keep:
            kept.from_states(options.keep, target, contract.edition, operation, states)
        yield target
    elif wanted.states_url:
        raise SetupError("--states-url needs the base URL of the API too: ozkit verify URL --states-url URL")
    else:
        with embedded.mock(contract.edition) as origin:
            yield _from_states(States(f"{origin}/_mock/states", options), origin + contract.base_paths[0], people)


def _from_states(states: States, base_url: str, people: tuple[Persona, ...]) -> Target:
    with cannot_set_up():
        return states.target(base_url, people)
