"""`pytest --pyargs onezone_contracts`: the same requirements as pytest items, from any folder."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import server
from judge_tools import OPERATION, closed_port, set_up, target_file, wanted_personas
from junitparser import JUnitXml
from onezone_contracts.derive import judged_operations, requirements
from onezone_contracts.target import embedded
from onezone_spec import load
from second_faults import FAULTS

pytestmark = pytest.mark.slow
USAGE_ERROR = 4


@dataclass(frozen=True)
class PytestResult:
    """How pytest ended, and what it said."""

    code: int
    text: str


Suite = Callable[..., PytestResult]


@pytest.fixture
def suite(tmp_path: Path) -> Suite:
    """Run the suite in a process of its own, in an empty folder."""
    folder = tmp_path / "empty"
    folder.mkdir()
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST")}

    def run(*arguments: object) -> PytestResult:
        words = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--pyargs", "onezone_contracts"]
        words += [] if any("randomly" in str(word) for word in arguments) else ["-p", "no:randomly"]
        command = [*words, "--onezone-depth", "quick", "--onezone-settle", "0.3", *map(str, arguments)]
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False
        )
        return PytestResult(done.returncode, done.stdout + done.stderr)

    return run


def ids(edition: str) -> set[str]:
    contract = load(edition)
    return {requirement.id for requirement in requirements(contract, judged_operations(contract)[0], "quick")}


def test_own_mock_is_green(suite: Suite, tmp_path: Path) -> None:
    """Without a target the kit's own mock is judged: one item a requirement, all green, in an empty folder."""
    path = tmp_path / "junit.xml"
    ended = suite("--onezone-edition", "deployed", f"--junitxml={path}")
    assert ended.code == 0, ended.text
    names = {case.name for suite in JUnitXml.fromfile(str(path)) for case in suite}
    expected = {f"test_requirement[{identity}]" for identity in ids("deployed")}
    assert names == expected | {"test_every_documented_answer_was_seen"}


def test_target_file_is_judged(suite: Suite, servers: dict[str, server.Handle], tmp_path: Path) -> None:
    """A correct server is green by a target file, which may name the edition."""
    handle = servers["classic"]
    path = target_file(tmp_path, handle.base_url, set_up(handle.states_url, "classic"), edition="classic")
    ended = suite("--onezone-target", path, "-q")
    assert ended.code == 0, ended.text


def test_states_url_is_judged(suite: Suite, servers: dict[str, server.Handle]) -> None:
    """A correct server is green by provider states, and a part of the suite can be selected."""
    handle = servers["current"]
    where = ("--onezone-url", handle.base_url, "--onezone-states-url", handle.states_url)
    ended = suite(*where, "-k", "access", "-v")
    assert ended.code == 0, ended.text
    assert f"test_requirement[{OPERATION}.access.member] PASSED" in ended.text
    assert "deselected" in ended.text


def test_fault_fails_with_its_cause(suite: Suite, tmp_path: Path) -> None:
    """A fault fails the item of its requirement, with what was expected, what came, the source and the curl line."""
    with server.start("current", faults=["status-200"]) as handle:
        path = target_file(tmp_path, handle.base_url, set_up(handle.states_url, "current"))
        ended = suite("--onezone-target", path, "--onezone-edition", "current")
        secrets = [user.password for user in handle.app.world.users.values()]
    assert ended.code == 1
    failed = {
        line.rpartition("::")[2].partition(" - ")[0] for line in ended.text.splitlines() if line.startswith("FAILED")
    }
    assert failed == {f"test_requirement[{OPERATION}.success.status]", "test_every_documented_answer_was_seen"}
    assert "never seen: [204]" in ended.text
    for words in ("expected 204, got 200", "source: Onezone REST documentation", "curl -i"):
        assert words in ended.text
    assert "Traceback" not in ended.text
    assert [secret for secret in secrets if secret in ended.text] == []


def test_target_that_is_down_is_never_green(suite: Suite, tmp_path: Path) -> None:
    """A target that does not answer ends the session with exit code 2 and one line that says so."""
    accounts = {persona.name: {"token": "t", "group": "g"} for persona in wanted_personas("current")}
    ended = suite(
        "--onezone-target", target_file(tmp_path, f"http://127.0.0.1:{closed_port()}/api", accounts), "-x", "-q"
    )
    assert ended.code == 2
    assert "inconclusive: the target" in ended.text
    assert "the connection was refused" in ended.text


def test_bad_target_file_is_a_usage_error(suite: Suite, tmp_path: Path) -> None:
    """A mistake in a target file ends pytest with its usage error, in one line."""
    path = tmp_path / "target.yaml"
    path.write_text("base_uri: http://127.0.0.1:9/x\n", encoding="utf-8")
    usage_error(suite("--onezone-target", path, "-q"), "base_uri")


def test_missing_target_file_is_a_usage_error(suite: Suite, tmp_path: Path) -> None:
    """A target file that is not there ends pytest with its usage error, in one line."""
    usage_error(suite("--onezone-target", tmp_path / "nowhere.yaml", "-q"), "there is no target file")


def usage_error(ended: PytestResult, words: str) -> None:
    assert ended.code == USAGE_ERROR, ended.text
    assert "Traceback" not in ended.text
    assert len([line for line in ended.text.splitlines() if line.startswith("ERROR") and words in line]) == 1


def test_every_option_begins_with_the_name_of_the_kit(suite: Suite) -> None:
    """`pytest --help` shows the options of the suite, and each of them begins with --onezone-."""
    text = suite("--help").text
    group = text.partition("Onezone contract (")[2].partition("\n\n")[0]
    options = set(re.findall(r"^ +(--[a-z-]+)", group, re.MULTILINE))
    assert {"--onezone-target", "--onezone-edition", "--onezone-states-url", "--onezone-admin"} <= options
    assert {option for option in options if not option.startswith("--onezone-")} == set()


def test_plugin_leaves_other_suites_alone(tmp_path: Path) -> None:
    """A suite of somebody else's keeps its options, fixtures and module names, and loads nothing of the kit."""
    (tmp_path / "conftest.py").write_text(
        "def pytest_addoption(parser):\n    for name in ('target', 'edition', 'requirement'):\n"
        "        parser.addoption(f'--{name}')\n"
    )
    (tmp_path / "test_contract.py").write_text(
        "import sys\nimport pytest\n\n@pytest.fixture\ndef requirement():\n    return 1\n\n"
        "def test_it(requirement, pytestconfig):\n"
        "    assert (requirement, pytestconfig.getoption('target')) == (1, 'theirs')\n"
        "    loaded = {one for one in sys.modules if one.startswith(('onezone_', 'ozkit'))}\n"
        "    plugins = {'onezone_contracts.plugin', 'onezone_mockserver.pytest_plugin'}\n"
        "    assert loaded == {*plugins, 'onezone_contracts', 'onezone_mockserver'}\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--target", "theirs", str(tmp_path)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--onezone-edition", "1999"), "there is no edition '1999'"),
        (("--onezone-url", "http://127.0.0.1:9/api"), "give --onezone-target FILE"),
        (("--onezone-requirement", "no.such"), "no requirement matches 'no.such'"),
    ],
    ids=["edition", "url-alone", "requirement"],
)
def test_a_mistake_in_an_option_is_a_usage_error(suite: Suite, arguments: tuple[str, ...], words: str) -> None:
    """A mistake in an option ends pytest with its usage error, in one line."""
    usage_error(suite(*arguments), words)


def test_administrator_makes_the_personas(suite: Suite) -> None:
    """With an administrator's account the kit makes the personas itself, and removes all it made."""
    with embedded.mock("deployed") as origin:
        where = ("--onezone-url", f"{origin}/api/v3", "--onezone-admin", "adam:adam-password")
        before = entities(origin)
        ended = suite(*where, "--onezone-edition", "deployed", "--onezone-requirement", "*.access.*")
        assert ended.code == 0, ended.text
        assert entities(origin) == before


def entities(origin: str) -> dict[str, set[str]]:
    with urllib.request.urlopen(f"{origin}/_mock/world", timeout=10) as answer:
        world = json.load(answer)
    return {kind: {entity["id"] for entity in world[kind]} for kind in ("users", "groups", "handle_services")}


def test_a_random_seed_is_told_and_shared_by_the_workers(suite: Suite) -> None:
    """A seed that was drawn is printed, so that the run can be repeated; parts of the suite run on two workers."""
    ended = suite("--onezone-seed", "random", "--onezone-requirement", "*.success.*", "-n", "2")
    assert ended.code == 0, ended.text
    assert re.search(r"^onezone: edition current, depth quick, seed \d+$", ended.text, re.MULTILINE)


def test_strict_makes_advice_a_failure(suite: Suite) -> None:
    """A SHOULD that fails is a warning, and a failure with --onezone-strict."""
    with embedded.mock("current", "--fault", "error-unlabelled") as origin:
        where = ("--onezone-url", f"{origin}/api/v3", "--onezone-states-url", f"{origin}/_mock/states")
        options = (*where, "--onezone-requirement", "*.error.labelled.403")
        lenient, strict = suite(*options), suite(*options, "--onezone-strict")
    assert (lenient.code, strict.code) == (0, 1), strict.text
    assert "1 warning" in lenient.text


def test_expected_failures_are_strict(suite: Suite, tmp_path: Path) -> None:
    """A listed requirement that fails is an xfail; one that passes fails; one that there is not ends pytest."""
    path, part = tmp_path / "known.txt", ("-k", "success", "-rx")
    with server.start("current", faults=["status-200"]) as handle:
        where = ("--onezone-url", handle.base_url, "--onezone-states-url", handle.states_url)
        options = (*where, *part, "--onezone-expected-failures", path)
        path.write_text(f"{OPERATION}.success.status\n")
        result = suite(*options)
        path.write_text(f"{OPERATION}.success.*\n")
        strict = suite(*options)
        path.write_text("nothing\n")
        usage_error(suite(*options), "nothing is no requirement")
    assert (result.code, strict.code) == (0, 1), result.text
    assert "1 xfailed" in result.text
    assert "expected to fail and passes" in strict.text


@pytest.mark.parametrize(
    "plugins",
    [
        ("-n", "2"),
        ("--randomly-seed", "1"),
        ("--randomly-seed", "2"),
        ("-n", "2", "--randomly-seed", "3"),
        ("--count", "2", "--reruns", "1"),
        ("--onezone-profile", "full", "--onezone-workers", "4"),
    ],
    ids=" ".join,
)
def test_it_works_with_the_plugins_that_people_use(plugins: tuple[str, ...], suite: Suite) -> None:
    """Several processes, any order, again and again, and every operation: nothing fails that does not fail alone."""
    with embedded.mock("current") as origin:
        ended = suite(*plugins, "--onezone-url", f"{origin}/api/v3", "--onezone-states-url", f"{origin}/_mock/states")
    assert ended.code == 0, ended.text


def test_a_dead_target_is_told_by_every_worker(suite: Suite) -> None:
    """With the reason, and not as a crash."""
    url = f"http://127.0.0.1:{closed_port()}"
    ended = suite("-n", "2", "--onezone-url", f"{url}/api/v3", "--onezone-states-url", f"{url}/states")
    assert ended.code == 1
    assert "inconclusive: " in ended.text
    assert "crashed" not in ended.text


@pytest.mark.parametrize("fault", ["status-200", "access-nobody", None])
def test_no_traceback_shows_a_secret(suite: Suite, tmp_path: Path, fault: str | None) -> None:
    """Also where pytest prints every local variable in full, of a faulty target and of one that does not answer."""
    with server.start("current", faults=[fault] if fault in FAULTS else []) as handle:
        accounts = set_up(handle.states_url, "current")
        base_url = handle.base_url if fault else f"http://127.0.0.1:{closed_port()}/api/v3"
        ended = suite("--onezone-target", target_file(tmp_path, base_url, accounts), "-l", "-vvv", "--full-trace")
    assert ended.code != 0
    assert not [person["password"] for person in accounts.values() if person["password"] in ended.text]


def test_options_of_the_network_are_the_suites_too(suite: Suite) -> None:
    """Mistakes in them are usage errors in one line."""
    for words, why in (
        (("--onezone-header", "nonsense"), "write NAME:VALUE"),
        (("--onezone-cacert", "/no/such/file"), "No such file"),
        (("--onezone-rate", "0"), "not a number of requests a second"),
    ):
        ended = suite(*words)
        assert (ended.code, why in ended.text) == (USAGE_ERROR, True)
    ended = suite("--onezone-header", "X-Gateway: key", "--onezone-rate", "1000", "--onezone-wait", "1", "-k", "status")
    assert ended.code == 0, ended.text


def test_a_contract_without_the_documented_call_is_judged_whole(suite: Suite) -> None:
    """A contract that is all one's own has no profile `core`."""
    folder = Path(__file__).parents[2] / "docs" / "examples" / "projects"
    ended = suite("-q", "--onezone-contract", folder, "--onezone-requirement", "add_project.success.*")
    assert ended.code == 0, ended.text
    assert "passed" in ended.text
