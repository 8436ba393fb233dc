"""From what the user names (a URL, a target file, a states URL, an administrator, or nothing) to a judgement."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from onezone_spec import Contract, Operation

from onezone_contracts.causes import Cause
from onezone_contracts.derive import judged_operations
from onezone_contracts.judge import Progress, Session, judge
from onezone_contracts.options import Options
from onezone_contracts.personas import Persona, personas
from onezone_contracts.sessions import Documented, Everything
from onezone_contracts.target import embedded
from onezone_contracts.target.administered import administered_by, core_administered
from onezone_contracts.target.file import SetupError, Target, check_url, read_target_file, target_from_file
from onezone_contracts.target.states import States
from onezone_contracts.verdict import Judgement, Verdict
from onezone_contracts.wanted import CannotSetUpError, Wanted, contract_of


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
        return Judgement(
            target=_named(wanted),
            edition=contract.edition,
            profile=wanted.profile,
            depth=options.depth,
            seed=options.seed,
            verdict=Verdict.INCONCLUSIVE,
            reason=str(error),
            causes=(Cause("target", str(error)),),
        )


def _named(wanted: Wanted) -> str:
    """Which target that was, in words."""
    if wanted.target_file and not wanted.url:
        return str(read_target_file(wanted.target_file).get("base_url", wanted.target_file))
    return wanted.url or "the embedded mock"


@contextmanager
def opened(wanted: Wanted, contract: Contract, options: Options) -> Iterator[Session]:
    """What is to be judged. Raises SetupError for bad usage, and CannotSetUpError where nobody can be set up."""
    if options.examples:
        from onezone_contracts.checks.drawn import kept

        kept(options.examples)  # a mistake in it is told before anything is sent
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
        found = target_from_file(wanted.target_file, read_target_file(wanted.target_file), operation, people)
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
        yield _states(check_url(wanted.states_url, "--states-url"), base_url, people, options.timeout)
    elif wanted.states_url:
        raise SetupError("--states-url needs the base URL of the API too: ozkit verify URL --states-url URL")
    else:
        with embedded.mock(contract.edition) as origin:
            yield _states(f"{origin}/_mock/states", origin + contract.base_paths[0], people, options.timeout)


def _states(url: str, base_url: str, people: tuple[Persona, ...], timeout: float) -> Target:
    try:
        return States(url, timeout).target(base_url, people)
    except SetupError as error:
        raise CannotSetUpError(str(error)) from None
