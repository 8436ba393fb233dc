"""Target files: every mistake is one clear line that names the file and the key, and exit code 2."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from judge_tools import AGES, EDITIONS, HOME, OPERATION, CommandResult, closed_port, wanted_personas
from onezone_contracts.exchange import Request, Response
from onezone_contracts.subject import Subject
from onezone_contracts.target.credentials import Credentials
from onezone_contracts.target.file import SetupError, Target, read_target_file, supplied_user
from onezone_spec import load

Command = Callable[..., CommandResult]
Change = Callable[[dict[str, Any]], object]
MEMBER = f"personas.{OPERATION}.member"


def personas_of(data: dict[str, Any]) -> dict[str, Any]:
    personas: dict[str, Any] = data["personas"][OPERATION]
    return personas


def valid_target_file() -> dict[str, Any]:
    """A target file without a mistake, of a target that nobody serves."""
    names = [persona.name for persona in wanted_personas("current")]
    return {
        "base_url": f"http://127.0.0.1:{closed_port()}/api/onezone/v3",
        "groups": {"home": HOME},
        "personas": {OPERATION: {name: {"username": name, "password": "secret"} for name in names}},
    }


MISTAKES: dict[str, tuple[Change, str]] = {
    "unknown key": (lambda d: d.update(base_uri="http://x/y"), "base_uri"),
    "unknown group": (lambda d: d["groups"].update(hom=HOME), "groups.hom"),
    "unknown persona": (lambda d: personas_of(d).update(membr={"token": "x"}), f"personas.{OPERATION}.membr"),
    "no base_url": (lambda d: d.pop("base_url"), "base_url"),
    "no groups": (lambda d: d.pop("groups"), "groups"),
    "no home": (lambda d: d["groups"].pop("home"), "groups.home"),
    "no personas": (lambda d: d.pop("personas"), "personas"),
    "no operation": (lambda d: d["personas"].clear(), f"personas.{OPERATION}"),
    "missing persona": (lambda d: personas_of(d).pop("member"), MEMBER),
    "empty persona": (lambda d: personas_of(d).update(member=None), MEMBER),
    "persona is text": (lambda d: personas_of(d).update(member="alice:secret"), MEMBER),
    "persona is a list": (lambda d: personas_of(d).update(member=["alice", "secret"]), MEMBER),
    "token and password": (lambda d: personas_of(d)["member"].update(token="x"), MEMBER),
    "no password": (lambda d: personas_of(d)["member"].pop("password"), MEMBER),
    "no username": (lambda d: personas_of(d)["member"].pop("username"), MEMBER),
    "misspelled credential": (lambda d: personas_of(d).update(member={"user": "a", "password": "b"}), MEMBER),
    "empty username": (lambda d: personas_of(d)["member"].update(username=""), f"{MEMBER}.username"),
    "empty token": (lambda d: personas_of(d).update(member={"token": ""}), f"{MEMBER}.token"),
    "password is a number": (lambda d: personas_of(d)["member"].update(password=1234), f"{MEMBER}.password"),
    "username is true": (lambda d: personas_of(d)["member"].update(username=True), f"{MEMBER}.username"),
    "token is null": (lambda d: personas_of(d).update(member={"token": None}), f"{MEMBER}.token"),
    "line break in a token": (lambda d: personas_of(d).update(member={"token": "a\nb"}), f"{MEMBER}.token"),
    "home is a number": (lambda d: d["groups"].update(home=42), "groups.home"),
    "home is a list": (lambda d: d["groups"].update(home=[HOME]), "groups.home"),
    "home is empty": (lambda d: d["groups"].update(home=""), "groups.home"),
    "home is missing": (lambda d: d["groups"].update(missing=HOME), "groups.missing"),
    "home of a persona is missing": (
        lambda d: (d["groups"].update(missing="g2"), personas_of(d)["member"].update(group="g2")),
        "groups.missing",
    ),
    "other is home": (lambda d: d["groups"].update(other=HOME), "groups.other"),
    "other is home of a persona": (
        lambda d: (d["groups"].update(other="g2"), personas_of(d)["member"].update(group="g2")),
        "groups.other",
    ),
    "other is missing": (lambda d: d["groups"].update(other="g2", missing="g2"), "groups.missing"),
    "colon in a username": (lambda d: personas_of(d)["member"].update(username="a:b"), f"{MEMBER}.username"),
    "missing is a number": (lambda d: d["groups"].update(missing=7), "groups.missing"),
    "groups is a list": (lambda d: d.update(groups=[HOME]), "groups"),
    "personas is a list": (lambda d: d.update(personas=["member"]), "personas"),
    "operation is a list": (lambda d: d["personas"].update({OPERATION: ["member"]}), f"personas.{OPERATION}"),
    "base_url is a number": (lambda d: d.update(base_url=8080), "base_url"),
    "base_url without scheme": (lambda d: d.update(base_url="127.0.0.1:8080/api"), "base_url"),
    "base_url of another scheme": (lambda d: d.update(base_url="ftp://127.0.0.1/api"), "base_url"),
    "base_url without host": (lambda d: d.update(base_url="http:///api"), "base_url"),
    "base_url with a bad port": (lambda d: d.update(base_url="http://127.0.0.1:99999/api"), "base_url"),
    "base_url with a query": (lambda d: d.update(base_url="http://127.0.0.1/api?x=1"), "base_url"),
    "base_url with a blank": (lambda d: d.update(base_url="http://127.0.0.1/a pi"), "base_url"),
    "variable that is not set": (lambda d: personas_of(d)["member"].update(password="${OZ_NOT_SET}"), "OZ_NOT_SET"),
    "edition that there is not": (lambda d: d.update(edition="currant"), "edition"),
}


# What the judge does not tell well yet; each of these tests starts to fail once it does.
def complained(result: CommandResult, *names: str) -> None:
    """One line on standard error that has each of the names in it, exit code 2, and nothing else."""
    assert (result.code, result.out) == (2, "")
    assert result.err.count("\n") == 1
    assert result.err.startswith("ozkit verify: ")
    assert "Traceback" not in result.err
    for name in names:
        assert name in result.err


def refused(command: Command, path: Path, text: str, *names: str) -> None:
    path.write_text(text, encoding="utf-8")
    complained(command("verify", "--target", path), str(path), *names)


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistake_is_one_line_with_file_and_key(command: Command, tmp_path: Path, mistake: str) -> None:
    """Each mistake in a target file ends the run before it starts, with the file and the key to change."""
    change, key = MISTAKES[mistake]
    data = valid_target_file()
    change(data)
    refused(command, tmp_path / "target.yaml", yaml.safe_dump(data), key)


def test_file_without_a_mistake_is_read(command: Command, tmp_path: Path) -> None:
    """The file that the mistakes are made in is right itself: all that is wrong is that nobody serves its target."""
    path = tmp_path / "target.yaml"
    path.write_text(yaml.safe_dump(valid_target_file()), encoding="utf-8")
    result = command("verify", "--target", path)
    assert result.code == 2
    assert "the connection was refused" in result.last


NO_YAML = {
    "unbalanced": ("base_url: x\ngroups: {home: y\n", "line"),
    "tab": ("base_url: x\n\tgroups: y\n", "line 2"),
    "bad indent": ("groups:\n  home: x\n   missing: y\n", "line 3"),
    "python object": ("a: 1\nbase_url: !!python/object:os.system {}\n", "line 2"),
    "unknown alias": ("base_url: *there\n", "line 1"),
    "list as key": ("[a, b]: c\n? {x: y}\n: z\n", ""),
}


@pytest.mark.parametrize("case", NO_YAML)
def test_bad_yaml_is_one_line_with_the_place(command: Command, tmp_path: Path, case: str) -> None:
    """A file that is no YAML is told with file and line."""
    text, line = NO_YAML[case]
    refused(command, tmp_path / "target.yaml", text, line)


@pytest.mark.parametrize("text", ["", "just words\n", "- a\n- b\n", "42\n", "null\n"])
def test_yaml_that_is_no_mapping_is_told(command: Command, tmp_path: Path, text: str) -> None:
    """A file that holds something else than a mapping is told as such."""
    refused(command, tmp_path / "target.yaml", text, "mapping")


ODD = {
    "character that YAML forbids": "base_url: \x00\n",
    "date that does not exist": "base_url: 2020-99-99\n",
    "alias of itself": "base_url: x\ngroups: &a [*a]\n",
    "many levels": "a: " + "[" * 5000 + "]" * 5000 + "\n",
}


@pytest.mark.parametrize("case", ODD)
def test_odd_yaml_is_one_line(command: Command, tmp_path: Path, case: str) -> None:
    """YAML at the edges of its parser is a mistake in one line like any other."""
    refused(command, tmp_path / "target.yaml", ODD[case])


def test_missing_file_is_told(command: Command, tmp_path: Path) -> None:
    """A target file that is not there is told with its path and with what makes one."""
    path = tmp_path / "nowhere.yaml"
    complained(command("verify", "--target", path), str(path), "ozkit target init")


def test_folder_instead_of_a_file_is_told(command: Command, tmp_path: Path) -> None:
    """A folder is no target file."""
    complained(command("verify", "--target", tmp_path), str(tmp_path))


def test_bytes_that_are_no_utf_8_are_told(command: Command, tmp_path: Path) -> None:
    """A target file is UTF-8."""
    path = tmp_path / "target.yaml"
    path.write_bytes(b"base_url: \xff\xfe\n")
    complained(command("verify", "--target", path), str(path))


def test_password_in_the_base_url_is_refused(command: Command, tmp_path: Path) -> None:
    """Credentials have no place in the base URL, where they would be shown in every report."""
    data = valid_target_file() | {"base_url": "http://alice:hidden-word@127.0.0.1:9/api"}
    path = tmp_path / "target.yaml"
    path.write_text(yaml.safe_dump(data), encoding="utf-8")
    result = command("verify", "--target", path, "--timeout", "1")
    assert result.code == 2
    assert "hidden-word" not in result.all


def test_variables_are_filled_in(command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A value may come from the environment, in whole or in part."""
    data = valid_target_file()
    monkeypatch.setenv("OZ_PORT", data["base_url"].rpartition(":")[2].partition("/")[0])
    data["base_url"] = "http://127.0.0.1:${OZ_PORT}/api/onezone/v3"
    path = tmp_path / "target.yaml"
    path.write_text(yaml.safe_dump(data), encoding="utf-8")
    assert "the connection was refused" in command("verify", "--target", path).last


def test_editions_differ_in_their_personas(command: Command, tmp_path: Path) -> None:
    """The edition of the command line wins over that of the file, and has personas of its own."""
    path = tmp_path / "target.yaml"
    path.write_text(yaml.safe_dump(valid_target_file() | {"edition": "current"}), encoding="utf-8")
    complained(command("verify", "--target", path, "--edition", "classic"), str(path), f"personas.{OPERATION}.")


# --- ozkit target init ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("edition", EDITIONS)
def test_skeleton_is_a_target_file_once_it_is_filled(command: Command, tmp_path: Path, edition: str) -> None:
    """What `ozkit target init` prints is YAML that needs nothing but values."""
    result = command("target", "init", "--edition", edition)
    assert (result.code, result.err) == (0, "")
    text = (
        result.out.replace("127.0.0.1:9000", f"127.0.0.1:{closed_port()}")
        .replace('"..."', '"filled"')
        .replace('other: "filled"', 'other: "another"')
    )
    data = yaml.safe_load(text)
    assert data["edition"] == edition
    assert list(data["personas"][OPERATION]) == [persona.name for persona in wanted_personas(edition)]
    path = tmp_path / "target.yaml"
    path.write_text(text, encoding="utf-8")
    assert "the connection was refused" in command("verify", "--target", path).last


def comments(text: str) -> dict[str, list[str]]:
    """The comment above each persona of a skeleton, by the persona's name."""
    by_persona: dict[str, list[str]] = {}
    waiting: list[str] = []
    for line in text.partition(f"{OPERATION}:\n")[2].splitlines():
        if line.strip().startswith("#"):
            waiting.append(line.strip(" #"))
        elif line.strip():
            by_persona[line.strip().partition(":")[0]] = waiting
            waiting = []
    return by_persona


@pytest.mark.parametrize("edition", EDITIONS)
def test_skeleton_names_exactly_the_privileges(command: Command, edition: str) -> None:
    """Above each persona the skeleton says what it must hold, and what is expected of it."""
    said = comments(command("target", "init", "--edition", edition).out)
    privileges = load(edition).privileges
    for persona in wanted_personas(edition):
        expected = "must be allowed" if persona.allowed else "must be refused"
        assert expected in said[persona.name][0]
        for (scope, have), line in zip(persona.grants.items(), said[persona.name][1:], strict=True):
            named = set(re.findall(r"\b(?:oz|group)_\w+", line))
            assert scope in line
            if have is None:
                assert "no member" in line
            elif "every one" in line:
                assert named == set(privileges[scope]) - have
            else:
                assert named == have


def test_target_init_of_an_unknown_edition_is_told(command: Command) -> None:
    """An edition that there is not is one line and exit code 2."""
    result = command("target", "init", "--edition", "modern")
    assert (result.code, result.out, result.err.count("\n")) == (2, "", 1)
    assert "modern" in result.err


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be"])
def test_files_of_every_editor_are_read(tmp_path: Path, encoding: str) -> None:
    """UTF-8 with and without a mark, and the UTF-16 that PowerShell writes."""
    path = tmp_path / "target.yaml"
    text = "\ufeffbase_url: ħttp" if encoding == "utf-16-be" else "base_url: ħttp"
    path.write_bytes(text.encode(encoding))
    assert read_target_file(path) == {"base_url": "ħttp"}


def test_bytes_of_no_encoding_name_the_line(tmp_path: Path) -> None:
    """A file in Latin-1 is told with the line that shows it."""
    path = tmp_path / "target.yaml"
    path.write_bytes(b"base_url: x\ngroups: \xe4\n")
    with pytest.raises(SetupError, match="line 2: this is neither UTF-8 nor UTF-16"):
        read_target_file(path)


@pytest.mark.parametrize("text", ["a: 1\nb: 2\na: 3\n", "x: {y: 1, y: 2}", "p:\n  q: 1\n  'q': 2\n"])
def test_a_key_given_twice_is_refused(tmp_path: Path, text: str) -> None:
    """One of the two would be lost; file and line are named."""
    path = tmp_path / "target.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SetupError, match=r"target\.yaml, line \d: the key . is given twice"):
        read_target_file(path)


def test_merge_keys_and_anchors_serve(tmp_path: Path) -> None:
    """What YAML offers against repetition is no key given twice."""
    path = tmp_path / "target.yaml"
    path.write_text("a: &a {x: 1}\nb: &b {y: 2}\nc: {<<: [*a, *b], x: 3}\n", encoding="utf-8")
    assert read_target_file(path)["c"] == {"x": 3, "y": 2}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("${SET_HERE}", "here"),
        ("${SET_HERE:-there}", "here"),
        ("${NOT_SET:-there}", "there"),
        ("${EMPTY:-there}", "there"),
        ("${EMPTY}", ""),
        ("${NOT_SET:-}", ""),
        ("a${NOT_SET:-b}c${SET_HERE}", "abchere"),
        ("$SET_HERE ${} ${1}", "$SET_HERE ${} ${1}"),
    ],
)
def test_variables_may_have_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, value: str) -> None:
    """As in a shell, the default stands for a variable that is not set or empty."""
    monkeypatch.setenv("SET_HERE", "here")
    monkeypatch.setenv("EMPTY", "")
    monkeypatch.delenv("NOT_SET", raising=False)
    path = tmp_path / "target.yaml"
    path.write_text(yaml.safe_dump({"base_url": text}), encoding="utf-8")
    assert read_target_file(path) == {"base_url": value}


@pytest.mark.parametrize("profile", ["core", "full"])
def test_a_pipe_is_read_once(command: Command, tmp_path: Path, profile: str) -> None:
    """A target file may be a pipe, as `<(…)` gives one: what it says is there when it is needed again."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    data = {**valid_target_file(), "admin": {"token": "t"}}
    writer = threading.Thread(target=path.write_text, args=(yaml.safe_dump(data),), daemon=True)
    writer.start()
    result = command("verify", "--target", path, "--profile", profile)
    writer.join(AGES)
    assert (result.code, result.err) == (2, "")
    assert "does not answer" in result.out


def test_credentials_show_no_secret() -> None:
    """What a traceback or a debugger prints of them is not what they are."""
    credentials = Credentials("alice", "s3cret-word")
    identity = supplied_user(wanted_personas("current")[0], credentials, HOME)
    target = Target("http://x/y", {"member": identity}, "0")
    redactor = target.redactor()
    request = Request("POST", "/x", identity.auth, (("X", "s3cret-word"),), b"s3cret-word")
    answer = Response(200, (("X", "s3cret-word"),), b"s3cret-word")
    shown = repr((credentials, identity, target, redactor, request, answer, Subject(admin=credentials), identity.auth))
    assert "s3cret" not in shown
    assert "YWxpY2U" not in shown
    assert "s3cret" not in repr(Credentials(token="s3cret-word"))
