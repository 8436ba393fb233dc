"""A command line whose options can also be given as variables: `OZKIT_MOCK_PORT` for `ozkit mock --port`."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NoReturn

YES = frozenset({"1", "true", "yes", "on"})
NO = frozenset({"0", "false", "no", "off"})


class VariableParser(argparse.ArgumentParser):
    """An ArgumentParser; what the command line does not say, a variable may. The command line wins.

    A variable has the name of the command and of the option. Of an option that takes no value it says 1 or 0; of one
    that can be repeated, it has a value a line. An empty one is as good as none.
    """

    def __init__(self, *args: Any, environment: Mapping[str, str] = os.environ, **kwargs: Any) -> None:
        self._options: list[tuple[argparse.Action, bool]] = []
        self._environment = environment
        self._from: dict[str, str] = {}
        super().__init__(*args, **kwargs)

    def add_argument(self, *args: Any, **kwargs: Any) -> argparse.Action:
        """Add an option, as ArgumentParser does."""
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
        given = self._on_command_line(words)
        options: list[str] = []
        positionals: list[str] = []
        for action, repeated in self._options:
            name = self.variable(action)
            value = self._environment.get(name)
            if value and action.dest not in given:
                self._from["/".join(action.option_strings) or str(action.metavar)] = name
                added = options if action.option_strings else positionals
                added.extend(self._words(action, name, value, repeated=repeated))
        return self.parse_args([*options, *words, *positionals])

    def error(self, message: str) -> NoReturn:
        """End with the usage; a value that came from a variable is told by the variable's name."""
        super().error(self.named(message))

    def named(self, message: str) -> str:
        """A message of argparse's, with the variable that the value came from."""
        match = re.match(r"argument ([^:]+):", message)
        name = self._from.get(match[1]) if match else None
        return f"{message} (from the variable {name})" if name else message

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

    def variable(self, action: argparse.Action) -> str:
        """The name of the variable that speaks for an option."""
        long = next((word for word in action.option_strings if word.startswith("--")), action.dest)
        return re.sub(r"[ -]+", "_", f"{self.prog} {long.lstrip('-')}").upper()

    def _words(self, action: argparse.Action, name: str, value: str, *, repeated: bool) -> Iterator[str]:
        if not action.option_strings:
            yield value
        elif action.nargs == 0:
            on = value.lower() in YES
            if not on and value.lower() not in NO:
                self.error(f"the variable {name} is {value!r}: write 1 or 0")
            if on:
                yield action.option_strings[0]
            elif isinstance(action, argparse.BooleanOptionalAction):
                yield action.option_strings[-1]
        else:
            for part in value.splitlines() if repeated else [value]:
                yield f"{action.option_strings[-1]}={part}"
