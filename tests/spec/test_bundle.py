"""The bundled files: fresh, valid, and put together by overlays that each change something."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from onezone_spec import bundle, editions, load
from onezone_spec.bundle import OverlayError, apply, stale
from onezone_spec.load import BUNDLED, bundled_text
from onezone_spec.read import parse
from onezone_spec.walk import nodes

BASE = {"a": {"b": 1, "list": [1]}, "c": "x"}


@pytest.mark.slow
def test_the_bundled_files_are_fresh() -> None:
    """What is checked in is what the sources give."""
    assert stale() == []


@pytest.mark.slow
@pytest.mark.parametrize("edition", editions())
def test_openapi_spec_validator_accepts(edition: str) -> None:
    """Each bundled file is a valid OpenAPI 3.0 document, also without the optional `regex` package."""
    openapi_spec_validator = pytest.importorskip("openapi_spec_validator")
    openapi_spec_validator.validate(yaml.safe_load((BUNDLED / f"{edition}.yaml").read_text("utf-8")))
    assert load(edition).document["openapi"] == "3.0.3"


@pytest.mark.parametrize("edition", editions())
def test_a_bundled_file_stands_alone(edition: str) -> None:
    """No reference leaves the file."""
    text = (BUNDLED / f"{edition}.yaml").read_text("utf-8")
    references = [line.split("$ref:")[1].strip() for line in text.splitlines() if "$ref:" in line]
    assert references
    assert all(reference.startswith("'#/components/") for reference in references)


@pytest.mark.parametrize("edition", editions())
def test_generators_can_follow_every_reference(edition: str) -> None:
    """A reference names a whole component: what the sources say of a property elsewhere is written out."""
    references = [
        node["$ref"] for _, node in nodes(load(edition).document) if isinstance(node, dict) and "$ref" in node
    ]
    assert {reference.count("/") for reference in references} == {3}
    update = load(edition).document["components"]["schemas"]["UserUpdateRequest"]["properties"]
    assert update["username"]["x-onezone-unique"] == "badValueIdentifierOccupied"


@pytest.mark.parametrize("edition", editions())
def test_no_change_sends_a_default(edition: str) -> None:
    """A generated client sends defaults with every change, so no schema of a request has one."""
    schemas = load(edition).document["components"]["schemas"]
    assert [place for place, node in nodes(schemas) if isinstance(node, dict) and "default" in node] == []
    assert schemas["GroupType"]["x-onezone-default"] == "team"


def test_an_overlay_merges_objects_and_appends_to_arrays() -> None:
    """An update reaches into objects and adds to lists, and leaves the original alone."""
    overlay = {"actions": [{"target": "$.a", "update": {"list": [2], "d": {"e": 3}}}]}
    assert apply(BASE, overlay) == {"a": {"b": 1, "list": [1, 2], "d": {"e": 3}}, "c": "x"}
    assert BASE == {"a": {"b": 1, "list": [1]}, "c": "x"}


def test_an_overlay_removes() -> None:
    """A removal takes every node that its target selects."""
    assert apply(BASE, {"actions": [{"target": "$.a['b', 'list']", "remove": True}]}) == {"a": {}, "c": "x"}


@pytest.mark.parametrize("action", [{"target": "$.missing", "remove": True}, {"target": "$", "update": {"c": "x"}}])
def test_an_overlay_action_that_changes_nothing_is_an_error(action: dict[str, object]) -> None:
    """An action that misses, or says what is so already, states a fact twice."""
    with pytest.raises(OverlayError, match="changes nothing"):
        apply(BASE, {"actions": [action]})


@pytest.mark.slow
def test_a_changed_source_makes_its_bundled_file_stale(tmp_path: Path) -> None:
    """Editing a source, or leaving a file that no edition has, is noticed by name."""
    room = copy_of_the_room(tmp_path)
    path = room / "schemas" / "HandleServiceList.yaml"
    path.write_text(path.read_text("utf-8").replace("in no order", "in any order"), encoding="utf-8")
    (room / bundle.BUNDLED / "gone.yaml").write_text("{}", encoding="utf-8")
    yaml_files = [name for name in stale(room) if name.endswith(".yaml")]
    assert yaml_files == ["classic.yaml", "current.yaml", "deployed.yaml", "gone.yaml"]
    bundle.write(room)
    assert stale(room) == []


@pytest.mark.slow
@pytest.mark.parametrize("edition", editions())
def test_the_json_says_what_the_yaml_says(edition: str) -> None:
    """Programs read the one, people the other."""
    document = json.loads((BUNDLED / f"{edition}.json").read_text("utf-8"))
    assert json.dumps(document) == json.dumps(parse(bundled_text(edition))), "in the same order"
    assert json.dumps(document) == json.dumps(load(edition).document)


@pytest.mark.slow
def test_the_command_says_that_all_is_fresh() -> None:
    """`python -m onezone_spec.bundle --check` is quiet and ends with 0."""
    done = subprocess.run(
        [sys.executable, "-m", "onezone_spec.bundle", "--check"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def copy_of_the_room(tmp_path: Path) -> Path:
    import shutil

    return Path(shutil.copytree(bundle.ROOM, tmp_path / "spec", ignore=shutil.ignore_patterns("__pycache__", "*.py")))
