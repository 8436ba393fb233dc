"""What a job of GitHub Actions gets to see: annotations, a summary, and the kit as an action."""

from __future__ import annotations

import io
import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import server
import yaml
from judge_tools import CommandResult
from onezone_contracts.commands import verify
from onezone_contracts.reports import WRITERS, github
from onezone_contracts.requirement import Finding, Level, Outcome, Requirement, Result
from onezone_contracts.target.embedded import mock
from onezone_contracts.verdict import Judgement, Verdict
from onezone_spec import editions

Command = Callable[..., CommandResult]
ROOT = Path(__file__).parents[2]
EXAMPLES = ("action.yml", "docs/ci/github.yml", "docs/ci/gitlab.yml")
COMMAND = re.compile(r"::(error|warning) title=([^:,\r\n]*)::([^\r\n]*)")
IN_A_JOB = {"GITHUB_ACTIONS": "true"}


def judgement(outcome: Outcome, number: int, text: str = "A rule.") -> Judgement:
    """A judgement in which so many requirements came out so."""
    level = Level.SHOULD if outcome is Outcome.WARN else Level.MUST
    rules = [Requirement(f"some.{place}", "create", level, text, "A page.", lambda _: ()) for place in range(number)]
    results = tuple(Result(rule, outcome, (Finding(text, text, text),), "why") for rule in rules)
    return Judgement("http://127.0.0.1:1", "current", "core", "quick", 0, Verdict.NONCONFORMANT, "why", results)


def annotations(judgement: Judgement, environ: dict[str, str]) -> list[str]:
    stream = io.StringIO()
    github.annotate(judgement, environ, stream)
    return stream.getvalue().splitlines()


@pytest.mark.parametrize(("outcome", "kind"), [(Outcome.FAIL, "error"), (Outcome.WARN, "warning")])
def test_annotations_are_few(outcome: Outcome, kind: str) -> None:
    """What fails is an error, a SHOULD that fails a warning, at most ten of each."""
    lines = annotations(judgement(outcome, 13), IN_A_JOB)
    assert [line.split()[0] for line in lines] == [f"::{kind}"] * 10


def test_annotations_are_for_jobs_alone() -> None:
    """Elsewhere nothing is written."""
    assert annotations(judgement(Outcome.FAIL, 1), {}) == []


@pytest.mark.parametrize("outcome", [Outcome.PASS, Outcome.SKIP, Outcome.BLOCKED, Outcome.OBSERVED])
def test_no_annotation_for_what_is_not_violated(outcome: Outcome) -> None:
    """Only violations and failures of the kit are annotated."""
    assert annotations(judgement(outcome, 1), IN_A_JOB) == []


def test_annotation_is_one_line_whatever_it_says() -> None:
    """Percent signs and line ends are written as the runner reads them; nothing starts a command of its own."""
    hostile = "100%\r\n::error title=x::y\u2028::stop-commands::z"
    lines = annotations(judgement(Outcome.FAIL, 1, hostile), IN_A_JOB)
    assert len(lines) == 1
    match = COMMAND.fullmatch(lines[0])
    assert match
    assert "100%25%0D%0A::error" in match[3] or "100%25\\x0d%0A::error" in match[3]
    assert github.command("error", "a,b:c%\n", "d,e:f%\n") == "::error title=a%2Cb%3Ac%25%0A::d,e:f%25%0A"


def test_run_without_verdict_is_an_error() -> None:
    """A run that could not start is annotated with its reason."""
    judgement = Judgement("x", "current", "core", "quick", 0, Verdict.INCONCLUSIVE, "nobody answers")
    assert annotations(judgement, IN_A_JOB) == ["::error title=inconclusive::nobody answers"]


@pytest.mark.slow
def test_command_annotates_and_summarises(command: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """In a job `ozkit verify` annotates, appends to the summary, and still ends with its verdict."""
    summary = tmp_path / "summary.md"
    summary.write_text("# before\n", encoding="utf-8")
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    with server.start("current", faults=["status-200"]) as bad:
        result = command("verify", bad.base_url, "--states-url", bad.states_url, "--depth", "quick", "--settle", "0.2")
    lines = [line for line in result.out.splitlines() if line.startswith("::")]
    assert lines
    assert all(COMMAND.fullmatch(line) for line in lines)
    assert "nonconformant" in result.last
    assert summary.read_text(encoding="utf-8").startswith("# before\n## ❌ nonconformant")


@pytest.mark.slow
def test_annotations_leave_a_report_on_standard_output_alone(
    command: Command, servers: dict[str, server.Handle], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With `json=-` in a job standard output is JSON all the same."""
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    good = servers["current"]
    result = command("verify", good.base_url, "--states-url", good.states_url, "--depth", "quick", "--report", "json=-")
    assert json.loads(result.out)["verdict"] == "conformant"


# --- the action and the examples ------------------------------------------------------------------------------


def load(name: str) -> Any:
    return yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))


def known_options() -> set[str]:
    actions = verify.parser()._actions
    return {option for action in actions for option in action.option_strings}


@pytest.mark.parametrize("name", [*EXAMPLES, "docs/ci/README.md"])
def test_examples_use_options_that_exist(name: str) -> None:
    """Each option of `ozkit verify` and each format that an example names is one that there is."""
    text = (ROOT / name).read_text(encoding="utf-8")
    options = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", text)) - {"--disable-pip-version-check"}
    assert options
    assert options <= known_options()
    assert set(re.findall(r"--report [\"']?([a-z]+)=", text)) <= set(WRITERS)


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_are_yaml_with_steps(name: str) -> None:
    """The files parse, and their steps have something to run or to use."""
    data = load(name)
    steps = {
        "action.yml": lambda: data["runs"]["steps"],
        "docs/ci/github.yml": lambda: [step for job in data["jobs"].values() for step in job["steps"]],
        "docs/ci/gitlab.yml": lambda: [{"run": line} for line in data["onezone-contract"]["script"]],
    }[name]()
    assert steps
    assert all(step.get("run") or step.get("uses") for step in steps)


@pytest.mark.slow
def test_the_example_for_gitlab_judges(command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its command needs nothing but the server and the masked variable that the file names."""
    line = next(line for line in load("docs/ci/gitlab.yml")["onezone-contract"]["script"] if "ozkit verify" in line)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "reports").mkdir()
    monkeypatch.setenv("OZKIT_VERIFY_ADMIN", "adam:adam-password")
    with mock("current") as origin:
        words = shlex.split(line.replace("http://127.0.0.1:9000", origin).replace("standard", "quick"))
        assert command(*words[1:]).code == 0
    assert {path.name for path in (tmp_path / "reports").iterdir()} == {
        "contract.xml",
        "contract.html",
        "contract.json",
    }


def test_the_example_for_github_names_the_same_variable() -> None:
    """An administrator's account reaches the command by the same variable in both examples."""
    steps = [step for job in load("docs/ci/github.yml")["jobs"].values() for step in job["steps"]]
    (judging,) = (step for step in steps if step.get("id") == "contract")
    assert list(judging["env"]) == ["OZKIT_VERIFY_ADMIN"]


def test_example_gives_the_action_inputs_that_it_has() -> None:
    """The example for GitHub passes no input that the action does not declare."""
    steps = [step for job in load("docs/ci/github.yml")["jobs"].values() for step in job["steps"]]
    given = {name for step in steps if step.get("id") == "contract" for name in step.get("with", {})}
    assert given
    assert given <= set(load("action.yml")["inputs"])


def test_action_puts_no_input_into_a_script() -> None:
    """Inputs reach scripts through the environment, so that none of them is run."""
    scripts = [step["run"] for step in load("action.yml")["runs"]["steps"] if "run" in step]
    assert scripts
    assert not any("${{" in script for script in scripts)


def run_action(folder: Path, code: int, writes: str = ":", **inputs: str) -> tuple[int, list[str], str]:
    """Run the action's judging step with a stand-in for ozkit: its code, what ozkit was told, and the outputs.

    `writes` is a command of the stand-in's, which leaves reports behind.
    """
    step = next(step for step in load("action.yml")["runs"]["steps"] if step.get("id") == "verify")
    stand_in = folder / "onezone-contract-kit" / "bin" / "ozkit"
    stand_in.parent.mkdir(parents=True)
    stand_in.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > "{folder}/told"\n{writes}\nexit {code}\n', encoding="utf-8")
    stand_in.chmod(0o755)
    (stand_in.parent / "python").symlink_to(sys.executable)
    defaults = {name: str(declared.get("default", "")) for name, declared in load("action.yml")["inputs"].items()}
    values = {f"INPUT_{name.upper().replace('-', '_')}": value for name, value in (defaults | inputs).items()}
    values |= {"RUNNER_TEMP": str(folder), "GITHUB_OUTPUT": str(folder / "outputs")}
    assert {name for name in values if name.startswith("INPUT_")} == {
        name for name in step["env"] if name.startswith("INPUT_")
    }
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
        env={"PATH": os.environ["PATH"], **values},
        cwd=folder,
        check=False,
    )
    output, outputs = (folder / name for name in ("told", "outputs"))
    words = output.read_text().splitlines() if output.exists() else []
    return done.returncode, words, outputs.read_text() if outputs.exists() else ""


def test_action_passes_its_inputs_on(tmp_path: Path) -> None:
    """Each input becomes the option of its name, further arguments follow, and every report is written."""
    inputs = {"url": "http://x/api v3", "states-url": "http://x/states", "edition": "classic", "depth": "quick"}
    code, output, outputs = run_action(tmp_path, 0, **inputs, arguments="--strict --seed 7")
    assert code == 0
    assert output[:2] == ["verify", "http://x/api v3"]
    options = ("--edition", "--depth", "--wait")
    assert [output[output.index(name) + 1] for name in options] == ["classic", "quick", "60"]
    assert output[output.index("--states-url") + 1] == "http://x/states"
    assert output[-3:] == ["--strict", "--seed", "7"]
    formats = [output[at + 1].partition("=")[0] for at, word in enumerate(output) if word == "--report"]
    assert sorted(formats) == sorted(WRITERS)
    assert "verdict=conformant" in outputs
    assert verify.parser().parse_args(output[1:]).edition in editions()


@pytest.mark.parametrize(("code", "verdict"), [(1, "nonconformant"), (2, "inconclusive"), (3, "partial")])
def test_action_ends_as_the_run_does(tmp_path: Path, code: int, verdict: str) -> None:
    """The step fails with the exit code of the run, and says the verdict; inputs left empty give no option."""
    ended, output, outputs = run_action(tmp_path, code, target="target.yaml")
    assert (ended, output[:3]) == (code, ["verify", "--target", "target.yaml"])
    assert f"verdict={verdict}\n" in outputs
    assert "--states-url" not in output


def test_action_keeps_blanks_in_quoted_arguments(tmp_path: Path) -> None:
    """Further arguments are split as a shell splits them, over several lines, too, and nothing in them is run."""
    arguments = "--header 'X-Key: a b'\n--requirement \"success.*\" --expected-failures '$(touch run) it''s.txt'"
    _, output, _ = run_action(tmp_path, 0, arguments=arguments)
    words = ["--header", "X-Key: a b", "--requirement", "success.*", "--expected-failures", "$(touch run) its.txt"]
    assert output[-6:] == words
    assert not (tmp_path / "run").exists()


def test_action_says_what_is_wrong_with_its_arguments(tmp_path: Path) -> None:
    """A quote without its end is no verdict, and nothing is judged."""
    code, output, outputs = run_action(tmp_path, 0, arguments="--header 'X-Key: a")
    assert (code, output, outputs) == (2, [], "verdict=inconclusive\n")


def test_action_names_the_reports_that_are_there(tmp_path: Path) -> None:
    """Outputs name files that this run wrote, and none that an earlier one left."""
    (tmp_path / "my reports").mkdir()
    (tmp_path / "my reports/onezone-contract.html").write_text("of an earlier run")
    writes = "touch 'my reports/onezone-contract.xml'"
    _, _, outputs = run_action(tmp_path, 2, writes, reports="my reports")
    assert outputs.splitlines() == ["verdict=inconclusive", "junit=my reports/onezone-contract.xml"]


def test_the_component_uses_options_that_exist() -> None:
    """Each variable of the GitLab component speaks for an option, and each format is one that there is."""
    _, job = yaml.safe_load_all((ROOT / "templates/verify.yml").read_text(encoding="utf-8"))
    (work,) = job.values()
    parser = verify.parser()
    assert set(work["variables"]) <= {name for option in parser.options for name in parser.variables(option)}
    assert {line.partition("=")[0] for line in work["variables"]["OZKIT_VERIFY_REPORT"].splitlines()} <= set(WRITERS)


def test_the_component_declares_what_it_inserts() -> None:
    """The GitLab component inserts each of its inputs, and no other."""
    head, body = (ROOT / "templates/verify.yml").read_text(encoding="utf-8").split("\n---\n")
    used = set(re.findall(r"\$\[\[ inputs\.([a-z-]+) \]\]", body))
    assert used == set(yaml.safe_load(head)["spec"]["inputs"])
