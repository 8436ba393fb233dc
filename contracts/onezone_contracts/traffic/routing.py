"""From a recorded URL to the operation that it calls and the entities that its path names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from onezone_spec import Contract, Operation

from onezone_contracts.state.expected import Ref

Shape = tuple[str, int]
"""A method, and how many segments a path has."""


@dataclass(frozen=True, slots=True)
class Call:
    """What a URL calls: the operation, and by role the entities of its path."""

    operation: Operation
    roles: dict[str, Ref]
    spelled: bool = True
    """Whether the path is spelled as the contract has it: no slash too many at its end."""


@dataclass(slots=True)
class Routes:
    """Finds the operations of a contract below its base paths, or below one that is given."""

    contract: Contract
    base_url: str | None = None
    _table: dict[Shape, list[tuple[tuple[str, ...], Operation]]] = field(init=False, repr=False)
    _bases: list[str] = field(init=False)

    def __post_init__(self) -> None:
        self._table = {}
        for operation in self.contract.operations.values():
            segments = tuple(operation.path.strip("/").split("/"))
            self._table.setdefault((operation.method, len(segments)), []).append((segments, operation))
        for rows in self._table.values():
            rows.sort(key=lambda row: [segment.startswith("{") for segment in row[0]])
        paths = [urlsplit(self.base_url).path.rstrip("/")] if self.base_url else list(self.contract.base_paths)
        self._bases = sorted(paths, key=len, reverse=True)

    def find(self, method: str, path: str) -> Call | None:
        """The call of a percent-encoded path with its base path; None if no operation has it."""
        for base in self._bases:
            if path.startswith(f"{base}/") and (call := self._below(method, path[len(base) + 1 :])):
                return call
        return None

    def beside(self, method: str, path: str) -> Iterator[Call]:
        """The calls that a path would be with another method, where no operation has it with this one."""
        for base in self._bases:
            if path.startswith(f"{base}/"):
                others = sorted({other for other, _ in self._table} - {method})
                calls = (self._below(other, path[len(base) + 1 :]) for other in others)
                yield from (call for call in calls if call and method not in self.contract.methods(call.operation.path))

    def _below(self, method: str, path: str) -> Call | None:
        bare = path.removesuffix("/")
        segments = bare.split("/")
        if not all(segments):
            return None
        for template, operation in self._table.get((method, len(segments)), ()):
            if all(part.startswith("{") or part == came for part, came in zip(template, segments, strict=True)):
                return Call(operation, self._roles(operation, template, segments), spelled=bare == path)
        return None

    def _roles(self, operation: Operation, template: tuple[str, ...], segments: list[str]) -> dict[str, Ref]:
        values = {name: unquote(came) for name, came in zip(template, segments, strict=True) if name.startswith("{")}
        roles = {
            parameter.entity or parameter.name: values[f"{{{parameter.name}}}"] for parameter in operation.parameters
        }
        return {role: (self.contract.kind(role), value) for role, value in roles.items()}


def origin(url: str) -> str:
    """Scheme and authority of a URL, "" where it has none, as in a journal."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower() if parts.netloc else ""
