"""The pytest plugin: `pytest --pyargs onezone_contracts --onezone-target FILE` judges a target, one item a requirement.

Every pytest of an environment that has the kit loads this file, most of them for suites that have nothing to do with
it. So it adds options, all of which begin with `--onezone-`, and nothing else: no marker, no fixture, no hook into
other people's items. The judge is imported when one of the options is used, or when the suite is collected.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

DEPTHS = ("quick", "standard", "deep")
PERSONAS = ("passwords", "tokens")
PROFILES = ("core", "full")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of the suite."""
    add = parser.getgroup("onezone", "Onezone contract (pytest --pyargs onezone_contracts)").addoption
    add("--onezone-target", metavar="FILE", help="target file; without a target the kit's own mock is judged")
    add("--onezone-url", metavar="URL", help="base URL of the API, for use with the next three")
    add("--onezone-states-url", metavar="URL", help="URL at which the server under test creates each persona")
    add(
        "--onezone-admin", metavar="USER:PASSWORD", help="administrator's account, with which the kit creates its users"
    )
    add("--onezone-admin-token", metavar="TOKEN", help="the same, with a token")
    add(
        "--onezone-edition",
        metavar="NAME|FILE",
        help="edition of the contract, or the file of one of your own (default: the target file's, or current)",
    )
    add(
        "--onezone-contract",
        action="append",
        metavar="DIR",
        help="folder of operations to add to the contract; repeatable",
    )
    add("--onezone-personas", choices=PERSONAS, help="how the users that it creates log in (default: passwords)")
    add("--onezone-profile", choices=PROFILES, help="core: the documented operation (default); full: every operation")
    add("--onezone-depth", choices=DEPTHS, help="default: standard")
    add("--onezone-seed", metavar="N", help="seed of generated requests, or `random` (default 0)")
    add(
        "--onezone-requirement",
        action="append",
        metavar="ID",
        help="judge only these: repeatable, glob patterns",
    )
    add("--onezone-strict", action="store_true", help="a SHOULD that fails is a failure, not a warning")
    add("--onezone-expected-failures", metavar="FILE", help="requirement ids known to fail; each is a strict xfail")
    add(
        "--onezone-workers",
        type=_workers,
        metavar="N|auto",
        help="how many requests to send at a time, 1 to 64 (default auto)",
    )
    add(
        "--onezone-examples",
        metavar="DIR|redis://…",
        help="remember which generated requests failed, and try those first",
    )
    add("--onezone-timeout", type=_some_seconds, metavar="SECONDS", help="how long to wait for an answer (default 10)")
    add("--onezone-settle", type=_seconds, metavar="SECONDS", help="how long privileges may take to apply (default 5)")
    add("--onezone-max-time", type=_seconds, metavar="SECONDS", help="for the whole run; the rest is skipped")
    _add_network(add)


def _add_network(add: Callable[..., None]) -> None:
    """Add how the target is reached."""
    add(
        "--onezone-header",
        action="append",
        metavar="NAME:VALUE",
        help="sent with every request to the target, repeatable; values may be ${ENV_VAR}",
    )
    add("--onezone-cacert", metavar="FILE", help="certificate authority to trust (PEM)")
    add("--onezone-insecure", action="store_true", help="check no certificate")
    add("--onezone-rate", type=_rate, metavar="N", help="at most N requests a second")
    add("--onezone-wait", type=_seconds, metavar="SECONDS", help="wait until the target answers at all")
    add("--onezone-keep", metavar="FILE", help="do not remove the users, and write their credentials to FILE")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Refuse a mistake in the options before anything is collected. Raises UsageError.

    Under xdist a target is judged by one worker: what two do in the same group cannot be told apart.
    """
    if _used(config):
        from onezone_contracts.suite import check

        check(config)
        if getattr(config.option, "dist", None) == "load":
            config.option.dist = "loadgroup"


def pytest_report_header(config: pytest.Config) -> str | None:
    """What is judged by, so that a run with a random seed can be repeated."""
    if not _used(config):
        return None
    from onezone_contracts.suite import header

    return header(config)


def _used(config: pytest.Config) -> bool:
    return any(value for name, value in vars(config.option).items() if name.startswith("onezone_"))


def _workers(text: str) -> int:
    from onezone_contracts.arguments import workers

    return workers(text)


def _rate(text: str) -> float:
    from onezone_contracts.arguments import requests_a_second

    return requests_a_second(text)


def _seconds(text: str) -> float:
    from onezone_contracts.arguments import seconds

    return seconds(text)


def _some_seconds(text: str) -> float:
    from onezone_contracts.arguments import some_seconds

    return some_seconds(text)
