"""The command `ozkit`: a table of its commands and the room that each lives in.

A room is imported only when one of its commands runs, so `ozkit mock` never loads the judge and `ozkit verify`
never loads the mock.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from importlib import import_module
from io import TextIOWrapper
from pathlib import Path

COMMANDS = {
    "verify": ("onezone_contracts.commands.cli", "judge an implementation"),
    "identify": ("onezone_contracts.commands.cli", "say which editions a target conforms to"),
    "mock": ("onezone_mockserver.cli", "serve the mock"),
    "prove": ("onezone_contracts.commands.cli", "judge the mock with each of its faults"),
    "traffic": ("onezone_contracts.commands.cli", "judge recorded traffic, or what passes through a proxy"),
    "requirements": ("onezone_contracts.commands.cli", "list what the judge requires"),
    "target": (
        "onezone_contracts.commands.cli",
        "target files: init, check, schema; clean: remove what a killed run left behind",
    ),
    "explain": ("onezone_contracts.commands.cli", "say who may call an operation, and why"),
    "spec": ("onezone_spec.cli", "print an edition's OpenAPI document; spec diff A B; lint; bundle; coverage"),
}
IMPACT = "onezone_mockserver.impact.cli"
"""Where `ozkit spec diff A B --impact` lives: it asks the mocks of both editions."""
MOCK_ALONE = (
    "only the mock is installed here: "
    "`pip uninstall onezone-mockserver`, then `pip install onezone-contract-kit`, which has the mock too"
)
TRACEBACK = "OZKIT_TRACEBACK"
"""The variable that shows where the kit failed."""
INTERRUPTED = 130
"""The exit code of a command that Ctrl-C ended before it could do anything about it."""


def usage() -> str:
    """The text of `ozkit --help`."""
    width = max(map(len, COMMANDS))
    rows = "\n".join(f"  {name:<{width}}  {text}" for name, (_, text) in COMMANDS.items())
    return f"usage: ozkit COMMAND [options]\n\ncommands:\n{rows}\n\n`ozkit COMMAND --help` lists a command's options.\n"


def main(argv: list[str] | None = None) -> int:
    """Run a command; returns its exit code, 2 for a command that does not exist."""
    arguments = sys.argv[1:] if argv is None else argv
    if sys.stdout is None and arguments[:1] != ["mock"]:
        _prepare_console()
        return _failed("cannot write: standard output is closed")
    _prepare_console()
    try:
        code = _run(arguments)
        sys.stdout.flush()
    except BrokenPipeError:  # whoever reads has had enough, as `head` has
        _write_nowhere()
        return 0
    except OSError as error:
        _write_nowhere()
        what = "cannot write" if error.errno == errno.ENOSPC else "the kit itself failed"
        return _failed(f"{what}: {error.strerror or error}{f': {error.filename}' if error.filename else ''}")
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:
        if TRACEBACK in os.environ:
            raise
        return _failed(f"the kit itself failed: {type(error).__name__}: {error} ({TRACEBACK}=1 shows where)")
    return code


def _failed(why: str) -> int:
    """Say why the kit failed, if anybody can hear it; the exit code, which is that of no verdict."""
    with contextlib.suppress(OSError):
        print(f"ozkit: {' '.join(why.split())}", file=sys.stderr, flush=True)
    return 2


def _write_nowhere() -> None:
    """What is still to be written to standard output goes nowhere: Python would try once more, and complain."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _run(arguments: list[str]) -> int:
    if not arguments or arguments[0] in {"-h", "--help", "help"}:
        print(usage(), end="")
        return 0 if arguments else 2
    if arguments[0] in {"-V", "--version"}:
        from onezone_spec import __version__

        print(f"ozkit {__version__}")
        return 0
    name, *rest = arguments
    if name not in COMMANDS:
        print(f"ozkit: there is no command {name!r}: choose one of {', '.join(COMMANDS)}", file=sys.stderr)
        return 2
    module = IMPACT if name == "spec" and "--impact" in rest else COMMANDS[name][0]
    try:
        room = import_module(module)
    except ModuleNotFoundError as error:
        if error.name != "onezone_contracts":
            raise
        print(f"ozkit {name}: {MOCK_ALONE}", file=sys.stderr)
        return 2
    code: int = room.main(name, rest)
    return code


def _prepare_console() -> None:
    """Let a console that lacks a character show its number, and nothing go wrong where there is no console."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # it was closed before the start
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115  (open until the end)
        stream = getattr(sys, name)
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


if __name__ == "__main__":
    sys.exit(main())
