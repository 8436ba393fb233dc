"""What the two distributions install, and under which names."""

from __future__ import annotations

import email
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from onezone_spec import __version__

pytestmark = pytest.mark.slow

NAMES = {
    "kit": {"ozkit.py", "onezone_spec", "onezone_mockserver", "onezone_contracts"},
    "mock": {"ozkit.py", "onezone_spec", "onezone_mockserver"},
}
ROOT = Path(__file__).parents[2]


def files(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return {name for name in archive.namelist() if ".dist-info/" not in name}


def metadata(wheel: Path) -> email.message.Message:
    with zipfile.ZipFile(wheel) as archive:
        name = next(path for path in archive.namelist() if path.endswith(".dist-info/METADATA"))
        return email.message_from_string(archive.read(name).decode())


@pytest.mark.parametrize("which", NAMES)
def test_a_wheel_has_no_other_name_at_top_level(wheels: dict[str, Path], which: str) -> None:
    """A wheel installs its packages and `ozkit`, and nothing beside them."""
    assert {name.partition("/")[0] for name in files(wheels[which])} == NAMES[which]


def test_the_mock_is_a_part_of_the_kit(wheels: dict[str, Path]) -> None:
    """The mock's wheel has every file of the kit but the judge's."""
    kit = {name for name in files(wheels["kit"]) if not name.startswith("onezone_contracts/")}
    assert files(wheels["mock"]) == kit


def test_both_have_the_version_of_the_contract(wheels: dict[str, Path]) -> None:
    """Both distributions and `onezone_spec.__version__` are one version."""
    assert {metadata(wheel)["Version"] for wheel in wheels.values()} == {__version__}


def test_the_mock_depends_on_a_part_of_what_the_kit_depends_on(projects: dict[str, Any]) -> None:
    """What the mock needs is bounded as in the kit, and has nothing of the judge."""
    kit, mock = (set(projects[name]["project"]["dependencies"]) for name in ("kit", "mock"))
    assert mock < kit
    names = {re.split(r"[^a-z-]", requirement)[0] for requirement in mock}
    assert not names & {"schemathesis", "hypothesis", "pytest", "junitparser"}


def test_both_carry_the_licence() -> None:
    """The licence in the mock's folder is the licence."""
    assert (ROOT / "mockserver" / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()


@pytest.mark.parametrize("which", NAMES)
def test_the_readme_on_an_index_has_no_link_into_the_repository(wheels: dict[str, Path], which: str) -> None:
    """What a package index renders links to whole addresses only, and starts with the title."""
    text = str(metadata(wheels[which]).get_payload())
    assert text.startswith("# Onezone ")
    assert [link for link in re.findall(r"\]\(([^)]+)\)", text) if not link.startswith("https://")] == []


def test_every_name_can_be_imported(kit: Any) -> None:
    """The four names can be imported, and the rooms' old names cannot."""
    code = (
        "import ozkit, onezone_spec, onezone_mockserver, onezone_contracts\n"
        "from importlib.util import find_spec\n"
        "print([name for name in ('spec', 'mockserver', 'contracts') if find_spec(name)])"
    )
    ended = kit.run("python", "-c", code)
    assert (ended.code, ended.out.strip()) == (0, "[]"), ended.err


def test_pycontracts_lies_beside(wheels: dict[str, Path], environment: Callable[..., Any]) -> None:
    """PyContracts, which owns `contracts/`, shares no file with the kit, and the kit works beside it."""
    both = environment("PyContracts==1.8.12", wheels["kit"])
    theirs, ours = owned(both, "pycontracts-"), owned(both, "onezone_contract_kit-")
    assert "contracts/__init__.py" in theirs
    assert theirs & ours == set()
    assert both.run("ozkit", "requirements", "--format", "json").code == 0


def owned(environment: Any, distribution: str) -> set[str]:
    """The files of a distribution, by its RECORD."""
    records = environment.packages.glob("*.dist-info/RECORD")
    (record,) = [path for path in records if path.parent.name.lower().startswith(distribution)]
    return {line.rsplit(",", 2)[0] for line in record.read_text().splitlines()}
