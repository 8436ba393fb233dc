"""From an administrator's account to a judgement, for the profile `full`."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from fnmatch import fnmatchcase

from onezone_spec import Contract, Operation

from onezone_contracts import embedded
from onezone_contracts.derive import judged_operations
from onezone_contracts.derive import requirements as deep
from onezone_contracts.full.account import Account
from onezone_contracts.full.derive import all_requirements
from onezone_contracts.full.run import Bench
from onezone_contracts.full.skeleton import needed
from onezone_contracts.full.target import core_target
from onezone_contracts.judge import Progress, judge, judge_one
from onezone_contracts.options import Options
from onezone_contracts.personas import ZONE, personas
from onezone_contracts.requirement import Outcome, OutOfTimeError, Requirement, Result
from onezone_contracts.session import CannotSetUpError, Wanted
from onezone_contracts.states import States
from onezone_contracts.target import Credentials, SetupError, Target, admin_from_file, check_url, read_target_file
from onezone_contracts.verdict import Judgement, Verdict, decide


@contextmanager
def administered_by(wanted: Wanted, contract: Contract, options: Options) -> Iterator[Account]:
    """The account that the user named, by credentials, target file or provider states, or one of the embedded mock.

    Raises SetupError for bad usage, and CannotSetUpError where the account cannot be had or may not do enough.
    """
    with ExitStack() as stack:
        base_url, admin = _administrator(wanted, contract, options, stack)
        yield stack.enter_context(administered(contract, base_url, admin, options))


def _administrator(wanted: Wanted, contract: Contract, options: Options, stack: ExitStack) -> tuple[str, Credentials]:
    """Where the API is and who administers it; what has to be undone in the end goes on the stack."""
    if wanted.target_file:
        base_url, admin = admin_from_file(wanted.target_file, read_target_file(wanted.target_file), wanted.admin)
        return check_url(wanted.url) if wanted.url else base_url, admin
    if wanted.url and wanted.admin:
        return check_url(wanted.url), wanted.admin
    if wanted.url and not wanted.states_url:
        raise SetupError("nobody to judge as: give --admin USER:PASSWORD, --admin-token, --target or --states-url")
    if not wanted.url and (wanted.admin or wanted.states_url):
        raise SetupError("the base URL of the API is missing: ozkit verify URL --admin USER:PASSWORD")
    if wanted.url and wanted.states_url:
        base_url, states_url = wanted.url, wanted.states_url
    else:
        origin = stack.enter_context(embedded.mock(contract.edition))
        base_url, states_url = origin + contract.base_paths[0], f"{origin}/_mock/states"
    states = States(check_url(states_url, "--states-url"), options.timeout)
    try:
        admin = states.administrator(contract.privileges[ZONE])
    except SetupError as error:
        raise CannotSetUpError(str(error)) from None
    stack.callback(states.teardown)
    return check_url(base_url), admin


@contextmanager
def administered(contract: Contract, base_url: str, admin: Credentials, options: Options) -> Iterator[Account]:
    """The account, ready; in the end everything that it made is removed, whatever happens. Raises SetupError."""
    account = Account(contract, base_url, admin, timeout=options.timeout, settle=options.settle)
    try:
        with cannot_set_up():
            account.open()
        yield account
    finally:
        account.remove()


@contextmanager
def cannot_set_up() -> Iterator[None]:
    """What fails in here is no fault of the command line: it becomes a CannotSetUpError, as does time that is over."""
    try:
        yield
    except SetupError as error:
        raise CannotSetUpError(str(error)) from None
    except OutOfTimeError as late:
        raise CannotSetUpError(late.reason) from None


def judge_full(
    contract: Contract,
    account: Account,
    options: Options,
    patterns: tuple[str, ...] = (),
    progress: Progress | None = None,
) -> Judgement:
    """Judge every operation that the target offers; the verdict is one over all requirements.

    Args:
        contract: the edition.
        account: an administrator's, opened.
        options: how the run judges.
        patterns: globs of requirement ids, all where there are none.
        progress: told of each requirement before it is judged.

    Raises:
        SetupError: for a pattern without any requirement, or where the account may not do what is needed.
    """
    wanted = [one for one in all_requirements(contract, options.depth) if _chosen(one, patterns)]
    for pattern in patterns:
        if not any(fnmatchcase(one.id, pattern) for one in wanted):
            raise SetupError(f"no requirement matches {pattern!r}; `ozkit requirements --profile full` lists them")
    started = time.perf_counter()
    bench = Bench(account, options)
    with cannot_set_up():
        bench.preflight(needed(contract))
    core = _core(contract, account, options, patterns, progress)
    rest = [one for one in wanted if one.operation not in {each.id for each in judged_operations(contract)}]
    with bench.working():
        results = _results(bench, rest, progress)
    return _together(bench, core, results, time.perf_counter() - started, whole=not patterns)


def _chosen(one: Requirement, patterns: tuple[str, ...]) -> bool:
    return not patterns or any(fnmatchcase(one.id, pattern) for pattern in patterns)


def _core(
    contract: Contract, account: Account, options: Options, patterns: tuple[str, ...], progress: Progress | None
) -> Judgement | None:
    """The judgement of the profile `core`, None where no pattern asks for it."""
    operation: Operation = judged_operations(contract)[0]
    every = deep(contract, operation, options.depth)
    fitting = tuple(pattern for pattern in patterns if any(fnmatchcase(one.id, pattern) for one in every))
    if patterns and not fitting:
        return None
    try:
        target = core_target(account, personas(contract, operation))
    except (SetupError, OutOfTimeError) as error:
        return _blocked(account, options, [one for one in every if _chosen(one, fitting)], str(error))
    found = judge(contract, operation, target, options, fitting, progress)
    account.take(operation.effect.resource, target.created)
    return found


def _blocked(account: Account, options: Options, wanted: list[Requirement], reason: str) -> Judgement:
    """No requirement can be judged: the others go on, and tell why."""
    return Judgement(
        target=account.api.base_url,
        edition=account.contract.edition,
        profile="core",
        depth=options.depth,
        seed=options.seed,
        verdict=Verdict.PARTIAL,
        results=tuple(Result(one, Outcome.BLOCKED, (), reason) for one in wanted),
    )


def _results(bench: Bench, wanted: list[Requirement], progress: Progress | None) -> list[Result]:
    results = []
    for number, requirement in enumerate(wanted):
        if progress:
            progress(number, len(wanted), requirement)
        bench.foresee(wanted[number:])
        results.append(judge_one(bench, requirement))
    return results


@contextmanager
def core_administered(wanted: Wanted, contract: Contract, operation: Operation, options: Options) -> Iterator[Target]:
    """The target of the profile `core`, its personas made with an administrator's account, all removed in the end.

    Raises SetupError for bad usage, and CannotSetUpError where the personas cannot be made.
    """
    with administered_by(wanted, contract, options) as account:
        with cannot_set_up():
            target = core_target(account, personas(contract, operation))
        try:
            yield target
        finally:
            account.take(operation.effect.resource, target.created)


def _misread(bench: Bench) -> str | None:
    """The first read of the administrator's that was not understood, in words."""
    found = next(iter(bench.account.misread.items()), None)
    return (
        f"what {found[0]} was answered was not understood: {found[1].misread(bench.account.redactor)}"
        if found
        else None
    )


def _together(bench: Bench, core: Judgement | None, results: list[Result], seconds: float, *, whole: bool) -> Judgement:
    every = (*(core.results if core else ()), *results)
    unseen = core.unseen if core else ()
    known = all_requirements(bench.account.contract, "deep")
    expected = bench.options.expected
    unmatched = expected.unmatched(known) if expected else ()
    verdict, why = decide(every, unseen, strict=bench.options.strict, unmatched=unmatched, misread=_misread(bench))
    if core and core.verdict is Verdict.INCONCLUSIVE:
        verdict, why = core.verdict, core.reason
    elif verdict is Verdict.CONFORMANT and whole and not bench.offered():
        verdict, why = Verdict.PARTIAL, "the target offers none of the operations beside the documented one"
    redactor = bench.account.redactor
    redactor.secrets |= core.redactor.secrets if core and core.redactor else set()
    return Judgement(
        target=bench.account.api.base_url,
        edition=bench.account.contract.edition,
        profile="full",
        depth=bench.options.depth,
        seed=bench.options.seed,
        verdict=verdict,
        reason=why,
        results=every,
        requests=bench.account.api.wire.sent + (core.requests if core else 0),
        duration_s=seconds,
        redactor=redactor,
        unseen=unseen,
        unmatched=unmatched,
        total=len(all_requirements(bench.account.contract, bench.options.depth)),
        hints=core.hints if core else (),
    )
