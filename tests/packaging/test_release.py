"""What a release rests on: one version, and builds that come out the same."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from onezone_spec import __version__

ROOT = Path(__file__).parents[2]


def test_every_file_names_the_same_version() -> None:
    """The citation file and the component for GitLab name the version of the contract."""
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    component = next(yaml.safe_load_all((ROOT / "templates/verify.yml").read_text("utf-8")))
    assert str(citation["version"]) == __version__
    assert component["spec"]["inputs"]["kit"]["default"] == f"onezone-contract-kit=={__version__}"
    assert f"@v{__version__}" in (ROOT / "templates/verify.yml").read_text("utf-8")


def test_the_release_stores_no_secret() -> None:
    """The workflow publishes as a trusted publisher, and gives each job no more than it needs."""
    workflow = yaml.safe_load((ROOT / ".github/workflows/release.yml").read_text("utf-8"))
    text = (ROOT / ".github/workflows/release.yml").read_text("utf-8")
    assert workflow["permissions"] == {"contents": "read"}
    assert set(re.findall(r"secrets\.(\w+)", text)) == {"GITHUB_TOKEN"}
    assert workflow["jobs"]["publish"]["permissions"] == {"id-token": "write"}


def test_actions_are_named_by_commit() -> None:
    """A tag can be moved, a commit cannot; the version stands beside it for people and for update bots."""
    text = "".join(path.read_text("utf-8") for path in (ROOT / ".github/workflows").glob("*.yml"))
    uses = re.findall(r"uses: (.*)", text)
    assert uses
    assert [use for use in uses if not re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v\d+(\.\d+)*", use)] == []


def test_the_workflow_to_copy_names_the_same_commits() -> None:
    """What users copy is pinned as our own workflow is, but for the one action whose old versions GitHub retires."""
    ours = set(re.findall(r"uses: (.*)", (ROOT / ".github/workflows/release.yml").read_text("utf-8")))
    theirs = re.findall(r"uses: (.*)", (ROOT / "docs/ci/github.yml").read_text("utf-8"))
    assert [use for use in theirs if use not in ours] == [
        "./.onezone-contract-kit",
        "github/codeql-action/upload-sarif@v3",
    ]


def test_the_release_looks_for_the_version_where_it_stands() -> None:
    """The workflow's pattern matches the line of the version."""
    source = (ROOT / "spec/onezone_spec/__init__.py").read_text("utf-8")
    match = re.search(r'__version__ = "(.+)"', source)
    assert match
    assert match[1] == __version__


@pytest.mark.slow
@pytest.mark.parametrize("project", [".", "mockserver"])
def test_a_build_is_reproducible(project: str, tmp_path: Path) -> None:
    """Two builds of one state, at different times and in different folders, are the same, byte by byte."""
    builds = [built(ROOT / project, tmp_path / name) for name in ("first", "second")]
    assert builds[0]
    assert builds[0] == builds[1]


def built(project: Path, folder: Path) -> dict[str, str]:
    """The digest of each file that a build leaves."""
    kinds = ["--wheel", "--sdist"] if project == ROOT else ["--wheel"]
    words = [sys.executable, "-m", "build", "--installer", "uv", *kinds, "--outdir", str(folder), str(project)]
    environment = {**os.environ, "SOURCE_DATE_EPOCH": "1700000000"}
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}
