"""Options as variables: what the command line does not say."""

from __future__ import annotations

import argparse
from typing import Any

import pytest
from onezone_spec.variables import CommandParser, VariableParser


def parsed(*words: str, **environment: str) -> dict[str, Any]:
    parser = VariableParser(prog="ozkit try", environment=environment)
    parser.add_argument("url", nargs="?", metavar="URL")
    parser.add_argument("--port", type=int, choices=[1, 2, 3], default=1)
    parser.add_argument("--fault", action="append", default=[])
    parser.add_argument("--no-control", action="store_true")
    parser.add_argument("--challenge", action=argparse.BooleanOptionalAction)
    parser.add_argument("--admin")
    parser.add_argument("--admin-token")
    parser.exclude("--admin", "--admin-token")
    return vars(parser.parse(words))


DEFAULTS = parsed()


@pytest.mark.parametrize(
    ("words", "environment", "changed"),
    [
        ((), {"OZKIT_TRY_PORT": "2"}, {"port": 2}),
        (("--port", "3"), {"OZKIT_TRY_PORT": "2"}, {"port": 3}),
        (("--port=3",), {"OZKIT_TRY_PORT": "nonsense"}, {"port": 3}),
        ((), {"OZKIT_TRY_PORT": ""}, {}),
        ((), {"OZKIT_TRY_FAULT": "a b\n--c"}, {"fault": ["a b", "--c"]}),
        (("--fault", "d"), {"OZKIT_TRY_FAULT": "a"}, {"fault": ["d"]}),
        ((), {"OZKIT_TRY_NO_CONTROL": "1"}, {"no_control": True}),
        ((), {"OZKIT_TRY_NO_CONTROL": "False"}, {}),
        ((), {"OZKIT_TRY_CHALLENGE": "yes"}, {"challenge": True}),
        ((), {"OZKIT_TRY_CHALLENGE": "0"}, {"challenge": False}),
        (("--no-challenge",), {"OZKIT_TRY_CHALLENGE": "1"}, {"challenge": False}),
        ((), {"OZKIT_TRY_NO_CHALLENGE": "1"}, {"challenge": False}),
        ((), {"OZKIT_TRY_NO_CHALLENGE": "0"}, {}),
        (("--challenge",), {"OZKIT_TRY_NO_CHALLENGE": "1"}, {"challenge": True}),
        ((), {"OZKIT_TRY_FAULT": "\na\n\n  \nb\n"}, {"fault": ["a", "b"]}),
        (("--admin", "a:b"), {"OZKIT_TRY_ADMIN_TOKEN": "t"}, {"admin": "a:b"}),
        (("--admin-token", "t"), {"OZKIT_TRY_ADMIN": "a:b"}, {"admin_token": "t"}),
        ((), {"OZKIT_TRY_URL": "http://x"}, {"url": "http://x"}),
        (("http://y",), {"OZKIT_TRY_URL": "http://x"}, {"url": "http://y"}),
        ((), {"OZKIT_OTHER_PORT": "2", "OZKIT_TRY_HELP": "1"}, {}),
    ],
)
def test_the_command_line_wins(words: tuple[str, ...], environment: dict[str, str], changed: dict[str, Any]) -> None:
    """A variable says what the command line leaves open; an empty one says nothing."""
    assert parsed(*words, **environment) == DEFAULTS | changed


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"OZKIT_TRY_PORT": "9"}, "argument --port: invalid choice: 9"),
        ({"OZKIT_TRY_PORT": "x"}, "invalid int value: 'x' (from the variable OZKIT_TRY_PORT)"),
        ({"OZKIT_TRY_NO_CONTROL": "maybe"}, "the variable OZKIT_TRY_NO_CONTROL is 'maybe': write 1 or 0"),
    ],
)
def test_a_bad_value_names_its_variable(
    environment: dict[str, str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever reads the error knows where the value came from."""
    with pytest.raises(SystemExit) as end:
        parsed(**environment)
    assert end.value.code == 2
    assert words in capsys.readouterr().err


@pytest.mark.parametrize("words", [("",), ("--port", ""), ("--port=",), ("--fault", "a", "--fault", ""), ("--admin=",)])
def test_an_empty_value_is_a_mistake(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    """A shell's variable that is not set never means that the option was left out."""
    with pytest.raises(SystemExit) as end:
        parsed(*words)
    assert end.value.code == 2
    assert "the value is empty: give one, or leave" in capsys.readouterr().err


@pytest.mark.parametrize("words", [("--nope",), ("--port", "x"), ("one", "two"), ("--fault",)])
def test_a_mistake_is_one_line(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    """No list of everything that there is stands before what is wrong."""
    with pytest.raises(SystemExit) as end:
        parsed(*words)
    error = capsys.readouterr().err
    assert end.value.code == 2
    assert error.startswith("ozkit try: ")
    assert error.count("\n") == 1


def test_a_part_of_a_command_has_its_mistakes_in_one_line_too(capsys: pytest.CaptureFixture[str]) -> None:
    """The commands below a command are read in the same way."""
    parser = CommandParser(prog="ozkit try")
    parser.add_subparsers().add_parser("part").add_argument("--port", type=int)
    with pytest.raises(SystemExit):
        parser.parse_args(["part", "--port", ""])
    assert (
        capsys.readouterr().err
        == "ozkit try part: argument --port: the value is empty: give one, or leave the option out\n"
    )
