"""Legitimate differences between implementations are never flagged, and get no warning.

The usual run judges each variant in one of its editions, in turn, a good 20 of them at the depth `standard`;
`pytest -m exhaustive` judges each in all its editions, and each at that depth with three seeds.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
import server
from judge_tools import CommandResult
from second_variants import COMBINATIONS

Command = Callable[..., CommandResult]
# Each of these keeps the judge waiting: in the usual run they are judged by one requirement only.
LATE = {
    *("delayed-privileges", "list-cached", "list-ends", "list-lags", "list-stale", "slow"),
    *("details-lag", "eventual", "limit-20-a-second", "limit-50-a-user", "replica", "slow-hash"),
}
# What the kit's interfaces make a SHOULD although the edition's document is silent, or only shows it.
ADVISED = {
    "keys-optional": "a missing key of the body is refused",
    "types-unchecked": "the types of the example are those of the body",
}
ALL_PAIRS = [(entry.id, edition) for entry in server.VARIANTS.values() for edition in entry.editions]
IN_TURN = [(entry.id, entry.editions[n % len(entry.editions)]) for n, entry in enumerate(server.VARIANTS.values())]
FULLY = [
    (entry.id, "current" if "current" in entry.editions else entry.editions[0]) for entry in server.VARIANTS.values()
]
SAMPLE = [pair for pair in IN_TURN if pair[0] not in LATE][::7]
QUICKLY = [pair for pair in IN_TURN if pair not in SAMPLE]
SOON = [combination for combination in COMBINATIONS if not LATE & set(combination)]


def judged(command: Command, edition: str, variants: tuple[str, ...], depth: str, *more: str) -> CommandResult:
    with server.start(edition, variants) as handle:
        strict = () if ADVISED.keys() & set(variants) else ("--strict",)  # no warnings, either
        arguments = ("--states-url", handle.states_url, "--edition", edition, "--depth", depth, *strict, *more)
        return command("verify", handle.base_url, *arguments)


@pytest.mark.slow
@pytest.mark.parametrize(("variant", "edition"), QUICKLY)
def test_variant_is_conformant(command: Command, variant: str, edition: str) -> None:
    """A variant is conformant in an edition in which it is one."""
    part = ("--requirement", "*.access.administrator") if variant in LATE else ()
    result = judged(command, edition, (variant,), "quick", *part)
    assert result.code == 0, result.all


@pytest.mark.exhaustive
@pytest.mark.parametrize(("variant", "edition"), ALL_PAIRS)
def test_variant_is_conformant_in_all_its_editions(command: Command, variant: str, edition: str) -> None:
    """A variant is conformant in every edition in which it is one, however long that takes."""
    result = judged(command, edition, (variant,), "quick")
    assert result.code == 0, result.all


@pytest.mark.slow
@pytest.mark.parametrize(("variant", "edition"), SAMPLE)
def test_variant_is_conformant_to_generated_requests(command: Command, variant: str, edition: str) -> None:
    """A good 20 of the variants are conformant at the usual depth."""
    result = judged(command, edition, (variant,), "standard")
    assert result.code == 0, result.all


@pytest.mark.exhaustive
@pytest.mark.parametrize("seed", ["0", "1", "2"])
@pytest.mark.parametrize(("variant", "edition"), FULLY)
def test_variant_is_conformant_whatever_is_drawn(command: Command, variant: str, edition: str, seed: str) -> None:
    """Every variant is conformant at the usual depth, with each of three seeds."""
    result = judged(command, edition, (variant,), "standard", "--seed", seed)
    assert result.code == 0, result.all


def test_the_sample_is_not_small() -> None:
    """At least 20 variants are judged at the usual depth in the usual run, some in each edition."""
    assert len(SAMPLE) >= 20
    assert len({edition for _, edition in SAMPLE}) == 3


@pytest.mark.slow
@pytest.mark.parametrize("variants", SOON, ids="+".join)
def test_combined_variants_are_conformant(command: Command, variants: tuple[str, ...]) -> None:
    """Variants that come together are conformant."""
    result = judged(command, "current", variants, "quick")
    assert result.code == 0, result.all


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    "variants", [combination for combination in COMBINATIONS if combination not in SOON], ids="+".join
)
def test_combined_variants_that_keep_waiting_are_conformant(command: Command, variants: tuple[str, ...]) -> None:
    """Variants that come together are conformant, also where one of them keeps the judge waiting."""
    result = judged(command, "current", variants, "quick")
    assert result.code == 0, result.all
