"""What the options of the pytest plugin ask for: the contract, its requirements, and a run against the target."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from onezone_spec import Contract, ContractError

from onezone_contracts.arguments import admin_of, network_of, seed
from onezone_contracts.derive import judged_operations, profile_of, requirements
from onezone_contracts.derive.operations import all_requirements
from onezone_contracts.expected_failures import ExpectedFailures, read
from onezone_contracts.generate.storage import in_cache
from onezone_contracts.judge import DEEPEST, Session, selected
from onezone_contracts.network import Network
from onezone_contracts.options import AUTO, Options
from onezone_contracts.personas import personas
from onezone_contracts.requirement import Requirement
from onezone_contracts.session import opened
from onezone_contracts.signals import stoppable
from onezone_contracts.subject import Subject, contract_of
from onezone_contracts.target.file import SetupError, target_from_file

_SUBJECT = pytest.StashKey[Subject]()


def check(config: pytest.Config) -> None:
    """Refuse a mistake in the options, and draw a seed that is to be random. Raises UsageError."""
    in_cache()
    with _usage_errors():
        config.option.onezone_seed = str(seed(_option(config, "seed") or "0"))
        subject = _subject(config)
        _enough(subject)
        _network(config)
        contract = contract_of(subject)
        chosen(config)
        _expected(config, contract)
        if subject.target_file and not subject.admin and profile_of(contract, subject.profile) == "core":
            operation = judged_operations(contract)[0]
            target_from_file(subject.target_file, subject.data, operation, personas(contract, operation))


def header(config: pytest.Config) -> str:
    """The edition, the depth and the seed, in a line."""
    options = _options(config)
    return f"onezone: edition {_contract(config).edition}, depth {options.depth}, seed {options.seed}"


def chosen(config: pytest.Config) -> tuple[Requirement, ...]:
    """The requirements to judge, in the order in which they are judged. Raises UsageError."""
    contract = _contract(config)
    every = _every(config, contract, _options(config).depth)
    patterns = _option(config, "requirement")
    with _usage_errors():
        return selected(every, patterns) if patterns else tuple(every)


def partial(config: pytest.Config) -> bool:
    """Whether only a part of the suite runs in this process."""
    words = ("keyword", "deselect", "onezone_requirement")
    return hasattr(config, "workerinput") or any(config.getoption(word, None) for word in words)


@contextmanager
def running(config: pytest.Config) -> Iterator[Session]:
    """What is judged, past its preflight; what it made is removed at the end. Raises SetupError."""
    contract = _contract(config)
    options = _options(config, expected=_expected(config, contract), strict=_option(config, "strict"))
    with stoppable(options.network.stop), opened(_subject(config), contract, options) as session:
        try:
            reason = session.preflight(chosen(config))
            if reason:
                raise SetupError(reason)
            yield session
        finally:
            session.clean()


def _option(config: pytest.Config, name: str) -> Any:
    return config.getoption(f"onezone_{name}")


def _options(config: pytest.Config, **more: Any) -> Options:
    """How the run judges; what no option says is as `Options` has it."""
    names = ("depth", "timeout", "settle", "max_time", "workers", "examples", "wait", "personas")
    given = {name: value for name in names if (value := _option(config, name)) is not None}
    keep = _option(config, "keep")
    return Options(
        seed=int(_option(config, "seed") or 0),
        workers=given.pop("workers", AUTO),
        keep=Path(keep) if keep else None,
        network=_network(config),
        **given,
        **more,
    )


def _network(config: pytest.Config) -> Network:
    """How the target is reached. Raises SetupError."""
    asked = {name: _option(config, name) for name in ("header", "cacert", "insecure", "rate")}
    return network_of(Namespace(**asked))


def _subject(config: pytest.Config) -> Subject:
    """What is to be judged; a target file is read once. Raises SetupError."""
    if _SUBJECT not in config.stash:
        config.stash[_SUBJECT] = _subject_of(config)
    return config.stash[_SUBJECT]


def _subject_of(config: pytest.Config) -> Subject:
    file = _option(config, "target")
    admin = Namespace(admin=_option(config, "admin"), admin_token=_option(config, "admin_token"))
    return Subject(
        url=_option(config, "url"),
        target_file=Path(file) if file else None,
        states_url=_option(config, "states_url"),
        edition=_option(config, "edition"),
        admin=admin_of(admin),
        profile=_profile(config),
        contracts=tuple(_option(config, "contract") or ()),
    )


def _profile(config: pytest.Config) -> str:
    return str(_option(config, "profile") or "core")


def _every(config: pytest.Config, contract: Contract, depth: str) -> tuple[Requirement, ...]:
    """Everything that is required at a depth."""
    if profile_of(contract, _profile(config)) == "full":
        return all_requirements(contract, depth)
    return requirements(contract, judged_operations(contract)[0], depth)


def _enough(subject: Subject) -> None:
    """Raises SetupError if the options name an API without anybody to judge as, or the other way round."""
    people = subject.states_url or subject.admin
    if subject.target_file:
        return
    if people and not subject.url:
        raise SetupError("the base URL of the API is missing: give --onezone-url URL")
    if subject.url and not people:
        raise SetupError(
            "no users to judge with: give --onezone-target FILE (`ozkit target init` prints a skeleton), "
            "--onezone-states-url URL, or --onezone-admin USER:PASSWORD"
        )


def _contract(config: pytest.Config) -> Contract:
    with _usage_errors():
        return contract_of(_subject(config))


def _expected(config: pytest.Config, contract: Contract) -> ExpectedFailures | None:
    """What is known to fail. Raises UsageError for a bad file, and where a line of it is no requirement."""
    file = _option(config, "expected_failures")
    if not file:
        return None
    with _usage_errors():
        expected = read(Path(file))
    unmatched = expected.unmatched(_every(config, contract, DEEPEST))
    if unmatched:
        raise pytest.UsageError("\n".join(unmatched))
    return expected


@contextmanager
def _usage_errors() -> Iterator[None]:
    """A mistake of the user ends pytest with its usage error, in one line."""
    try:
        yield
    except (SetupError, ContractError) as error:
        raise pytest.UsageError(str(error)) from None
