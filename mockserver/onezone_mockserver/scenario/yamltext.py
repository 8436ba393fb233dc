"""YAML as the mock reads it: values of JSON, each key once, and the line of everything."""

from __future__ import annotations

import math
from typing import Any

import orjson
import yaml

from onezone_mockserver.jsontext import MAX_DEPTH
from onezone_mockserver.scenario.jsonplaces import TWICE
from onezone_mockserver.scenario.mistakes import Path, WorldError, check

_TAG = "tag:yaml.org,2002:"
_NO_KEY = "a list or a mapping is no key: a key must be a string"
_MAX_INTEGER, _MIN_INTEGER = 2**64 - 1, -(2**63)


class Document:
    """The document of a YAML text. Raises yaml.YAMLError where it is not YAML.

    `line` has the line of each path that `value` came by.
    """

    def __init__(self, text: str) -> None:
        self._loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(text)
        self._node = self._loader.get_single_node()
        self._values: dict[int, Any] = {}
        self._lines: dict[Path, int] = {}

    def value(self) -> Any:
        """The value of the document. Raises WorldError if it is not JSON, or has a key twice."""
        return None if self._node is None else self._value(self._node, ())

    def line(self, path: Path) -> int:
        """The line of what `path` leads to, or of the last thing on the way that is there."""
        while path and path not in self._lines:
            path = path[:-1]
        return self._lines.get(path, 1)

    def _value(self, node: Any, path: Path) -> Any:
        """The value of a node; of an alias, the very value of its anchor."""
        self._lines.setdefault(path, node.start_mark.line + 1)
        check(len(path) <= MAX_DEPTH, path[:2], "nested too deep")
        if id(node) not in self._values:
            if isinstance(node, yaml.MappingNode) and node.tag == _TAG + "map":
                value: Any = self._mapping(node, path)
            elif isinstance(node, yaml.SequenceNode) and node.tag == _TAG + "seq":
                value = [self._value(child, (*path, at)) for at, child in enumerate(node.value)]
            else:
                value = self._scalar(node, path)
            self._values[id(node)] = value
        return self._values[id(node)]

    def _mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Any]:
        keys = set()
        for key, _ in node.value:
            name = _name(key)
            self._lines[*path, name] = key.start_mark.line + 1
            check(isinstance(key, yaml.ScalarNode), (*path, name), _NO_KEY)
            check(name not in keys, (*path, name), TWICE)
            keys.add(name)
        self._loader.flatten_mapping(node)
        value = {}
        for key, child in node.value:
            self._lines.setdefault((*path, _name(key)), key.start_mark.line + 1)
            check(isinstance(key, yaml.ScalarNode), (*path, _name(key)), _NO_KEY)
            check(key.tag == _TAG + "str", (*path, key.value), "a key must be a string: quote it")
            value[_text(key.value, path)] = self._value(child, (*path, key.value))
        return value

    def _scalar(self, node: Any, path: Path) -> Any:
        try:
            value = self._loader.construct_object(node, deep=True)
            if isinstance(value, int) and not _MIN_INTEGER <= value <= _MAX_INTEGER:
                return orjson.Fragment(str(value))  # with every digit, as in a JSON text
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):  # by a tag that does not fit
            raise WorldError(path, "is not JSON: quote it") from None
        if isinstance(value, str):
            return _text(value, path)
        if value is not None and not isinstance(value, int):
            check(isinstance(value, float) and math.isfinite(value), path, "is not JSON: quote it")
        return value


def _name(key: Any) -> str:
    """What a key is called in messages."""
    return key.value if isinstance(key, yaml.ScalarNode) else "[...]" if isinstance(key, yaml.SequenceNode) else "{...}"


def _text(value: str, path: Path) -> str:
    check(not any("\ud800" <= character <= "\udfff" for character in value), path, "must be Unicode text")
    return value
