"""From what the user names (a URL, a target file, a states URL, an administrator, or nothing) to a judgement."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from onezone_spec import Contract

from onezone_contracts.causes import Cause
from onezone_contracts.derive import judged_operations, profile_of
from onezone_contracts.judge import Progress, Session, judge
from onezone_contracts.options import Options
from onezone_contracts.sessions import Documented, Everything
from onezone_contracts.subject import CannotSetUpError, Subject, cannot_set_up, contract_of
from onezone_contracts.target import kept_users
from onezone_contracts.target.file import check_url
from onezone_contracts.target.provisioner import provisioned
from onezone_contracts.verdict import Judgement, Verdict
from onezone_contracts.waiting import wait_for


def judge_target(
    subject: Subject, options: Options, patterns: tuple[str, ...] = (), progress: Progress | None = None
) -> Judgement:
    """Judge what the user named. Raises SetupError for bad usage; a target that cannot be judged is `inconclusive`."""
    contract = contract_of(subject)
    try:
        with opened(subject, contract, options) as session:
            judgement = judge(session, patterns, progress)
            judgement.file = str(subject.target_file) if subject.target_file else None
            judgement.users_removed = _creates_users(subject) and not options.keep
            return judgement
    except CannotSetUpError as error:
        return _not_judged(subject, contract, options, str(error))
    except KeyboardInterrupt:
        if not options.network.stop.requests:
            raise
        return replace(
            _not_judged(subject, contract, options, "interrupted before anything was judged"), interrupted=True
        )


def _not_judged(subject: Subject, contract: Contract, options: Options, why: str) -> Judgement:
    return Judgement(
        target=_base_url(subject) or str(subject.target_file or "the embedded mock"),
        edition=contract.edition,
        profile=profile_of(contract, subject.profile),
        depth=options.depth,
        seed=options.seed,
        verdict=Verdict.INCONCLUSIVE,
        reason=why,
        causes=(Cause("target", why),),
    )


def _creates_users(subject: Subject) -> bool:
    """Whether the run's users are made for it on a server that outlives it: they are removed, unless they are kept."""
    return bool(subject.admin or (subject.url and subject.states_url and not subject.target_file))


def _base_url(subject: Subject) -> str | None:
    """Where the API is, None for the embedded mock."""
    return subject.url or subject.data.get("base_url")


def _awaited(subject: Subject, options: Options) -> None:
    """Wait until the target is up, where that was asked for. Raises CannotSetUpError."""
    base_url = _base_url(subject)
    if isinstance(base_url, str):
        with cannot_set_up():
            wait_for(check_url(base_url), options)


@contextmanager
def opened(subject: Subject, contract: Contract, options: Options) -> Iterator[Session]:
    """What is to be judged. Raises SetupError for bad usage, and CannotSetUpError where nobody can be set up."""
    subject = replace(subject, profile=profile_of(contract, subject.profile))
    if options.examples:
        from onezone_contracts.checks import drawn

        drawn.example_database(options.examples)  # a mistake in it is told before anything is sent
    if options.keep:
        kept_users.check(options.keep, creates=_creates_users(subject))
    if options.wait:
        _awaited(subject, options)
    options.deadline.begin()
    with provisioned(subject, contract, options) as provisioner:
        if subject.profile == "full":
            yield Everything(provisioner, options)
            return
        operation = judged_operations(contract)[0]
        target = provisioner.target(operation)
        try:
            yield Documented(contract, operation, target, options)
        finally:
            if provisioner.account:
                provisioner.account.take(operation.effect.resource, target.created)
