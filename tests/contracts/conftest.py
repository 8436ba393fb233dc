"""Fixtures: the kit's command in this process, and the second implementation to judge."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import server
    from judge_tools import CommandResult

HERE = Path(__file__).parent
for room in (HERE.parent / "second", HERE):
    if str(room) not in sys.path:
        sys.path.insert(0, str(room))


@pytest.fixture(autouse=True)
def no_job_of_github(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs of these tests write nothing to the job that the tests themselves run in."""
    for name in ("GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(autouse=True)
def wide_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """No sentence is wrapped, but where a test asks for a narrow terminal."""
    monkeypatch.setenv("COLUMNS", "4000")


@pytest.fixture(autouse=True)
def light_load(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many requests at the same time are few here, however quick or slow the machine is."""
    from onezone_contracts.checks import heavy_load

    monkeypatch.setattr(heavy_load, "QUICK", float("inf"))
    monkeypatch.setattr(heavy_load, "EACH", {"standard": 3, "deep": 5})


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Callable[..., CommandResult]:
    """`command("verify", …)` runs `ozkit verify …` here, and gives its exit code and what it wrote."""
    from judge_tools import CommandResult, exit_code

    def run(*arguments: object) -> CommandResult:
        capsys.readouterr()
        code = exit_code([str(word) for word in arguments])
        out, err = capsys.readouterr()
        return CommandResult(code, out, err)

    return run


@pytest.fixture(scope="session")
def servers() -> Iterator[dict[str, server.Handle]]:
    """A correct second implementation of each edition."""
    import server

    handles = {edition: server.start(edition) for edition in ("classic", "current", "deployed")}
    yield handles
    for handle in handles.values():
        handle.close()


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., tuple[Path, Path]]:
    """Makes a certificate that signs itself, and its key."""
    if not shutil.which("openssl"):
        pytest.skip("openssl makes the certificate")

    def make(name: str, days: int = 1) -> tuple[Path, Path]:
        folder = tmp_path_factory.mktemp("tls")
        kind = "IP" if name[0].isdigit() else "DNS"
        (folder / "names").write_text(f"subjectAltName={kind}:{name}\n", encoding="ascii")
        key = "openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout key.pem -out asked.pem"
        sign = f"openssl x509 -req -in asked.pem -signkey key.pem -extfile names -out cert.pem -days {days}"
        for command in ([*key.split(), "-subj", f"/CN={name}"], sign.split()):
            subprocess.run(command, cwd=folder, check=True, capture_output=True)
        return folder / "cert.pem", folder / "key.pem"

    return make
