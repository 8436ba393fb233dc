"""From what the user names (a URL, a target file, a states URL, or nothing) to a judgement."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from onezone_spec import DEFAULT_EDITION, Contract, Operation, UnknownEditionError, load

from onezone_contracts import embedded
from onezone_contracts.derive import judged_operations
from onezone_contracts.judge import Progress, judge
from onezone_contracts.options import Options
from onezone_contracts.personas import Persona, personas
from onezone_contracts.states import States
from onezone_contracts.target import Credentials, SetupError, Target, check_url, read_target_file, target_from_file
from onezone_contracts.verdict import Judgement, Verdict


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the user asked to be judged. Without URL and target file it is the embedded mock."""

    url: str | None = None
    target_file: Path | None = None
    states_url: str | None = None
    edition: str | None = None
    admin: Credentials | None = None
    profile: str = "core"


def judge_target(
    wanted: Wanted, options: Options, patterns: tuple[str, ...] = (), progress: Progress | None = None
) -> Judgement:
    """Judge what the user named. Raises SetupError for bad usage; a target that cannot be judged is `inconclusive`."""
    contract = contract_of(wanted)
    operation = judged_operations(contract)[0]
    try:
        if wanted.profile == "full":
            return _full(wanted, contract, options, patterns, progress)
        with opened(wanted, contract, operation, options.timeout, options.settle) as target:
            return judge(contract, operation, target, options, patterns, progress)
    except CannotSetUpError as error:
        return Judgement(
            target=wanted.url or "the embedded mock",
            edition=contract.edition,
            profile=wanted.profile,
            depth=options.depth,
            seed=options.seed,
            verdict=Verdict.INCONCLUSIVE,
            reason=str(error),
        )


def _full(
    wanted: Wanted, contract: Contract, options: Options, patterns: tuple[str, ...], progress: Progress | None
) -> Judgement:
    """Judge every operation."""
    from onezone_contracts.full.session import administered_by, judge_full

    with administered_by(wanted, contract, options) as account:
        return judge_full(contract, account, options, patterns, progress)


def contract_of(wanted: Wanted) -> Contract:
    """The contract of the edition that the command line names, else the target file, else the default one.

    Raises SetupError for a target file that cannot be read, UnknownEditionError for an edition that there is not.
    """
    data = read_target_file(wanted.target_file) if wanted.target_file else {}
    try:
        return load(str(wanted.edition or data.get("edition") or DEFAULT_EDITION))
    except UnknownEditionError as error:
        if wanted.edition:
            raise
        raise SetupError(f"{wanted.target_file}: edition: {error}") from None


class CannotSetUpError(SetupError):
    """The personas could not be set up: no fault of the command line."""


@contextmanager
def opened(
    wanted: Wanted, contract: Contract, operation: Operation, timeout: float, settle: float = 5.0
) -> Iterator[Target]:
    """The target with its personas. Raises SetupError for bad usage, and CannotSetUpError where the states fail."""
    people = personas(contract, operation)
    if wanted.admin:
        from onezone_contracts.full.session import core_administered

        with core_administered(wanted, contract, operation, Options(timeout=timeout, settle=settle)) as made:
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
        yield _states(check_url(wanted.states_url, "--states-url"), base_url, people, timeout)
    elif wanted.states_url:
        raise SetupError("--states-url needs the base URL of the API too: ozkit verify URL --states-url URL")
    else:
        with embedded.mock(contract.edition) as origin:
            yield _states(f"{origin}/_mock/states", origin + contract.base_paths[0], people, timeout)


def _states(url: str, base_url: str, people: tuple[Persona, ...], timeout: float) -> Target:
    try:
        return States(url, timeout).target(base_url, people)
    except SetupError as error:
        raise CannotSetUpError(str(error)) from None
