"""The command line of every command: its mistakes in one line, and its options as variables, too."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import wraps
from typing import Any, NoReturn

YES = frozenset({"1", "true", "yes", "on"})
NO = frozenset({"0", "false", "no", "off"})


class CommandParser(argparse.ArgumentParser):
    """An ArgumentParser that says what is wrong in one line, and takes no empty value."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.exclusive: list[frozenset[str]] = []
        super().__init__(*args, **kwargs)

    def add_argument(self, *args: Any, **kwargs: Any) -> argparse.Action:
        """Add an option, as ArgumentParser does."""
        if kwargs.get("action", "store") in {"store", "append", "extend"}:
            what = "the option" if args[0].startswith("-") else "it"
            kwargs["type"] = _not_empty(kwargs.get("type", str), f"the value is empty: give one, or leave {what} out")
        return super().add_argument(*args, **kwargs)

    def add_contract_folders(self, default: str | None = None) -> None:
        """Add `--contract`: folders of operations to add to the contract; none where `default` is None."""
        self.add_argument(
            "--contract",
            action="append",
            default=[] if default is None else default,
            metavar="DIR",
            help="folder of operations to add to the contract; repeatable",
        )

    def exclude(self, *options: str) -> None:
        """Note options that contradict each other; whoever reads their values says so."""
        self.exclusive.append(frozenset(options))

    def error(self, message: str) -> NoReturn:
        """End with one line and exit code 2."""
        self.exit(2, f"{self.prog}: {message}\n")


def _not_empty(convert: Callable[[str], Any], mistake: str) -> Callable[[str], Any]:
    """Convert a value that is there; an empty one is what a shell makes of a variable that is not set."""

    @wraps(convert)
    def converted(text: str) -> Any:
        if not text:
            raise argparse.ArgumentTypeError(mistake)
        return convert(text)

    return converted


class VariableParser(CommandParser):
    """A CommandParser; what the command line does not say, a variable may. The command line wins.

    A variable has the name of the command and of the option: `OZKIT_MOCK_PORT` for `ozkit mock --port`. Of an option
    that takes no value it says 1 or 0; of one that can be repeated, it has a value a line. An empty one is as good as
    none, and so is that of an option that contradicts the command line.
    """

    def __init__(self, *args: Any, environment: Mapping[str, str] = os.environ, **kwargs: Any) -> None:
        self._options: list[tuple[argparse.Action, bool]] = []
        self._environment = environment
        self._from: dict[str, str] = {}
        super().__init__(*args, **kwargs)

    def add_argument(self, *args: Any, **kwargs: Any) -> argparse.Action:
        """Add an option, as CommandParser does."""
        action = super().add_argument(*args, **kwargs)
        if kwargs.get("action") not in {"help", "version"}:
            self._options.append((action, kwargs.get("action") in {"append", "extend"}))
        return action

    @property
    def options(self) -> tuple[argparse.Action, ...]:
        """What the command takes, help and version aside, in the order of its help."""
        return tuple(action for action, _ in self._options)

    def parse(self, words: Sequence[str]) -> argparse.Namespace:
        """What the command line says, and what variables say of the rest. Ends as ArgumentParser does."""
        decided = self._decided(words)
        options: list[str] = []
        positionals: list[str] = []
        for action, repeated in self._options:
            for option in _spoken(action):
                name = self._variable(option)
                value = self._environment.get(name)
                if value and action.dest not in decided:
                    self._from["/".join(action.option_strings) or str(action.metavar)] = name
                    added = options if action.option_strings else positionals
                    added.extend(self._words(action, option, value, repeated=repeated))
        return self.parse_args([*options, *words, *positionals])

    def error(self, message: str) -> NoReturn:
        """End with one line; an error in a value from a variable names the variable."""
        super().error(self.with_variable(message))

    def with_variable(self, message: str) -> str:
        """A message of argparse's, with the variable that the value came from."""
        match = re.match(r"argument ([^:]+):", message)
        name = self._from.get(match[1]) if match else None
        return f"{message} (from the variable {name})" if name else message

    def _decided(self, words: Sequence[str]) -> set[str]:
        """What the command line itself says, and what contradicts that."""
        given = self._on_command_line(words)
        names = {option: action.dest for action, _ in self._options for option in action.option_strings}
        rivals = ({names[option] for option in options} for options in self.exclusive)
        return given.union(*(group for group in rivals if group & given))

    def _on_command_line(self, words: Sequence[str]) -> set[str]:
        """What the command line itself says. Help is printed before, while the defaults that it names are there."""
        if {"-h", "--help"} & set(words):
            self.parse_args(words)
        before = [(action, action.default) for action, _ in self._options]
        for action, _ in before:
            action.default = argparse.SUPPRESS
        try:
            return set(vars(self.parse_known_args(words)[0]))
        finally:
            for action, default in before:
                action.default = default

    def variables(self, action: argparse.Action) -> list[str]:
        """The names of the variables that speak for an option: two where it has a `--no-` form."""
        return [self._variable(option) for option in _spoken(action)]

    def _variable(self, option: str) -> str:
        return re.sub(r"[ -]+", "_", f"{self.prog} {option.lstrip('-')}").upper()

    def _words(self, action: argparse.Action, option: str, value: str, *, repeated: bool) -> Iterator[str]:
        if not action.option_strings:
            yield value
        elif action.nargs == 0:
            on = value.lower() in YES
            if not on and value.lower() not in NO:
                self.error(f"the variable {self._variable(option)} is {value!r}: write 1 or 0")
            if on:
                yield option
            elif isinstance(action, argparse.BooleanOptionalAction) and not option.startswith("--no-"):
                yield action.option_strings[-1]
        else:
            lines = [line for line in value.splitlines() if line.strip()] if repeated else [value]
            yield from (f"{option}={line}" for line in lines)


def _spoken(action: argparse.Action) -> list[str]:
    """The long forms of an option: one, and two where it has a `--no-` form; the name of a positional."""
    long = [word for word in action.option_strings if word.startswith("--")]
    return (long if isinstance(action, argparse.BooleanOptionalAction) else long[:1]) or [action.dest]
