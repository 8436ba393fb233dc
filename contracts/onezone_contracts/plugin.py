"""The pytest plugin: `pytest --pyargs onezone_contracts --target FILE` judges a target with one item a requirement.

It is loaded by every pytest of an environment that has the kit, so it only adds options and imports the judge where
the suite itself is collected.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from onezone_contracts.expected import ExpectedFailures
    from onezone_contracts.run import Run

SUITE = "test_contract"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of the suite."""
    group = parser.getgroup("onezone", "Onezone contract")
    group.addoption("--target", metavar="FILE", help="target file; without one the kit's own mock is judged")
    group.addoption(
        "--edition", metavar="NAME", help="edition of the contract (default: the target file's, or current)"
    )
    group.addoption("--onezone-url", metavar="URL", help="base URL of the API, for use with --onezone-states-url")
    group.addoption("--onezone-states-url", metavar="URL", help="provider states instead of a target file")
    group.addoption(
        "--onezone-expected-failures", metavar="FILE", help="requirement ids known to fail; each is a strict xfail"
    )
    group.addoption("--onezone-depth", choices=["quick", "standard", "deep"], default="standard")
    group.addoption("--onezone-seed", type=int, default=0, metavar="N")
    group.addoption("--onezone-timeout", type=float, default=10.0, metavar="SECONDS")
    group.addoption("--onezone-settle", type=float, default=5.0, metavar="SECONDS")


def pytest_configure(config: pytest.Config) -> None:
    """Refuse a file with a mistake before anything is collected. Raises UsageError."""
    if config.getoption("--onezone-expected-failures"):
        _expected(config)
    if config.getoption("--target"):
        from onezone_contracts.derive import judged_operations
        from onezone_contracts.personas import personas
        from onezone_contracts.target import SetupError, read_target_file, target_from_file

        contract = _contract(config)
        operation = judged_operations(contract)[0]
        path = Path(config.getoption("--target"))
        try:
            target_from_file(path, read_target_file(path), operation, personas(contract, operation))
        except SetupError as error:
            raise pytest.UsageError(str(error)) from None


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One item a requirement, in the order in which they are judged."""
    if "requirement" in metafunc.fixturenames and metafunc.module.__name__.endswith(SUITE):
        from onezone_contracts.derive import judged_operations, requirements

        contract = _contract(metafunc.config)
        depth = metafunc.config.getoption("--onezone-depth")
        found = requirements(contract, judged_operations(contract)[0], depth)
        metafunc.parametrize("requirement", found, ids=[one.id for one in found])


def _expected(config: pytest.Config) -> ExpectedFailures | None:
    """What is known to fail. Raises UsageError for a bad file, and where a line of it is no requirement."""
    file = config.getoption("--onezone-expected-failures")
    if not file:
        return None
    from onezone_contracts.derive import judged_operations, requirements
    from onezone_contracts.expected import read
    from onezone_contracts.target import SetupError

    contract = _contract(config)
    try:
        found = read(Path(file))
    except SetupError as error:
        raise pytest.UsageError(str(error)) from None
    unmatched = found.unmatched(requirements(contract, judged_operations(contract)[0], "deep"))
    if unmatched:
        raise pytest.UsageError("\n".join(unmatched))
    return found


def _wanted(config: pytest.Config) -> Any:
    from onezone_contracts.session import Wanted

    file = config.getoption("--target")
    return Wanted(
        url=config.getoption("--onezone-url"),
        target_file=Path(file) if file else None,
        states_url=config.getoption("--onezone-states-url"),
        edition=config.getoption("--edition"),
    )


def _contract(config: pytest.Config) -> Any:
    from onezone_spec import UnknownEditionError

    from onezone_contracts.session import contract_of
    from onezone_contracts.target import SetupError

    try:
        return contract_of(_wanted(config))
    except (SetupError, UnknownEditionError) as error:
        raise pytest.UsageError(str(error)) from None


@pytest.fixture(scope="session")
def onezone_run(request: pytest.FixtureRequest) -> Iterator[Run]:
    """A run against the target, past its preflight; what it made is removed at the end."""
    from onezone_contracts.derive import judged_operations
    from onezone_contracts.run import Options, Run
    from onezone_contracts.session import opened
    from onezone_contracts.target import SetupError

    config = request.config
    options = Options(
        depth=config.getoption("--onezone-depth"),
        seed=config.getoption("--onezone-seed"),
        timeout=config.getoption("--onezone-timeout"),
        settle=config.getoption("--onezone-settle"),
        expected=_expected(config),
    )
    contract = _contract(config)
    operation = judged_operations(contract)[0]
    try:
        with opened(_wanted(config), contract, operation, options.timeout) as target:
            run = Run(contract, operation, target, options)
            try:
                run.preflight()
                yield run
            finally:
                run.clean()
    except SetupError as error:
        pytest.exit(f"inconclusive: {error}", returncode=2)
