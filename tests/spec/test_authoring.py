"""Adding an operation is one file, adding an edition is one overlay: both done here in a copy of the room."""

import shutil
import textwrap
from pathlib import Path

import pytest
from onezone_spec import Contract, bundle, editions, load, read_contract
from onezone_spec.lint import problems, room_problems
from onezone_spec.walk import nodes

EXAMPLE = bundle.ROOM.parent / "docs" / "examples" / "memberships" / "paths/groups/{id}/memberships.yaml"
OPERATION = (
    EXAMPLE.read_text(encoding="utf-8")
    .replace("document: plan, section: Parents of a group", "document: onezone-21.02-deployed, section: Provisioning")
    .replace("group_view_parents", "group_view")
)
"""The example without registers of its own: a part of the contract itself."""

EDITION = """
overlay: 1.0.0
info: {title: "Edition teapot: an example", version: "1"}
extends: ../onezone.yaml
actions:
  - target: $.info
    update: {version: "25.0"}
  - target: $.paths['/groups/{id}/handle_services'].post['x-onezone-access'].member.group
    description: An array is added to.
    update: group_update
"""


@pytest.fixture
def room(tmp_path: Path) -> Path:
    """A copy of the contract's sources, bundled files included."""
    return Path(shutil.copytree(bundle.ROOM, tmp_path / "spec", ignore=shutil.ignore_patterns("__pycache__", "*.py")))


def loaded(room: Path, edition: str) -> Contract:
    return read_contract(bundle.bundle(edition, room))


@pytest.mark.slow
def test_an_operation_is_one_file(room: Path) -> None:
    """A Path Item in the folder tree is an operation of every edition, whole and clean."""
    path = room / "paths/groups/{id}/memberships.yaml"
    path.write_text(OPERATION, encoding="utf-8")
    bundle.write(room)
    assert room_problems(room) == []
    for edition in ("classic", "current", "deployed"):
        contract = loaded(room, edition)
        operation = contract.operations["list_group_memberships"]
        assert (operation.method, operation.path) == ("GET", "/groups/{id}/memberships")
        assert [(parameter.name, parameter.entity) for parameter in operation.parameters] == [("id", "group")]
        assert operation.access.allowed_by({"group": frozenset({"group_view"})}) is operation.access.routes[0]
        assert contract.find("list", "group", "group") is operation
        assert set(contract.operations) == {*load(edition).operations, operation.id}
    # An overlay that speaks of every operation speaks of the new one.
    assert 415 in loaded(room, "deployed").operations["list_group_memberships"].responses


@pytest.mark.slow
def test_an_edition_is_one_overlay(room: Path) -> None:
    """An Overlay in editions/ is an edition: bundled, clean, and different only in what it says."""
    (room / "editions/teapot.yaml").write_text(textwrap.dedent(EDITION), encoding="utf-8")
    written = {path.name for path in bundle.write(room) if path.suffix == ".yaml"}
    assert written == {"classic.yaml", "current.yaml", "deployed.yaml", "teapot.yaml"}
    assert room_problems(room) == []
    contract = loaded(room, "teapot")
    member = contract.operations["create_group_handle_service"].access.routes[0]
    assert (contract.edition, contract.version) == ("teapot", "25.0")
    assert member.needs["group"] == {"group_create_handle_service", "group_update"}


@pytest.mark.slow
def test_a_mistake_in_a_new_edition_is_named_with_the_edition(room: Path) -> None:
    """The lint says which editions a problem is in."""
    overlay = textwrap.dedent(EDITION).replace("update: group_update", "update: group_dance")
    (room / "editions/teapot.yaml").write_text(overlay, encoding="utf-8")
    bundle.write(room)
    assert room_problems(room) == [
        (
            "teapot: POST /groups/{id}/handle_services: route member asks for group_dance, "
            "which is no privilege of scope group"
        )
    ]


@pytest.mark.slow
def test_a_new_operation_is_valid_openapi(room: Path) -> None:
    """The bundled document with the new operation passes the public validator."""
    validator = pytest.importorskip("openapi_spec_validator")
    path = room / "paths/groups/{id}/memberships.yaml"
    path.write_text(OPERATION, encoding="utf-8")
    document = bundle.bundle("deployed", room)
    validator.validate(document)
    assert problems(document) == []


def test_every_extension_is_explained() -> None:
    """docs/contract.md lists every x-onezone-* key that an edition uses."""
    page = (bundle.ROOM.parent / "docs" / "contract.md").read_text(encoding="utf-8")
    keys = {
        step
        for edition in editions()
        for place, _ in nodes(load(edition).document)
        for step in place.split(".")
        if step.startswith("x-onezone-")
    }
    assert "x-onezone-access" in keys
    assert {key for key in keys if f"| `{key}` |" not in page} == set()
