"""From what the user names (a URL, a target file, a states URL, an administrator, or nothing) to a judgement."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from onezone_spec import Contract

from onezone_contracts.causes import Cause
from onezone_contracts.derive import judged_operations
from onezone_contracts.judge import Progress, Session, judge
from onezone_contracts.options import Options
from onezone_contracts.sessions import Documented, Everything
from onezone_contracts.target.file import read_target_file
from onezone_contracts.target.provisioner import provisioned
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
    with provisioned(wanted, contract, options) as provisioner:
        if wanted.profile == "full":
            yield Everything(provisioner, options)
            return
        operation = judged_operations(contract)[0]
        target = provisioner.target(operation)
        try:
            yield Documented(contract, operation, target, options)
        finally:
            if provisioner.account:
                provisioner.account.take(operation.effect.resource, target.created)
