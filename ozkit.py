"""The command `ozkit`: a table of its commands and the room that each lives in.

A room is imported only when one of its commands runs, so `ozkit mock` never loads the judge and `ozkit verify`
never loads the mock.
"""

from __future__ import annotations

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
    "requirements": ("onezone_contracts.commands.cli", "list what the judge requires"),
    "target": (
        "onezone_contracts.commands.cli",
        "target init: print a target file; target clean: remove what a killed run left",
    ),
    "spec": ("onezone_spec.cli", "print an edition's OpenAPI document; spec diff A B; spec coverage"),
}
MOCK_ALONE = (
    "only the mock is installed here: "
    "`pip uninstall onezone-mockserver`, then `pip install onezone-contract-kit`, which has the mock too"
)
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
    _prepare_console()
    try:
        code = _run(arguments)
        sys.stdout.flush()
    except BrokenPipeError:  # whoever reads has had enough, as `head` has
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        print(f"ozkit: cannot write: {error.strerror}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return INTERRUPTED
    return code


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
    try:
        room = import_module(COMMANDS[name][0])
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
