"""The contract as typed, frozen values. Nothing in here knows of HTTP libraries, of the mock or of the judge."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from onezone_spec.body import Body, Level, Source

Grants = Mapping[str, frozenset[str] | None]
"""What somebody holds: scope -> privileges, None for an entity that they are no member of (`zone` has no members).

A scope is `zone`, the role of an entity of the path, or a condition, which is met by the empty set.
"""

JSON = "application/json"

CONDITIONS = ("caller", "self", "creator", "belongs")
"""Conditions of a route: somebody calls; the user of the path calls; that user made what the path names first; what the
path names first belongs to what the body names first."""


_NOT_BINDING = frozenset(
    {"description", "summary", "example", "examples", "links", "tags", "x-onezone-source", "x-onezone-access-source"}
)
"""Keys of the document that bind nobody."""


def path_shape(path: str) -> str:
    """A path, whatever its parameters are called."""
    return re.sub(r"\{[^}]*\}", "{}", path)


class ContractError(ValueError):
    """There is no such contract, or it has mistakes. The message says what to change, one line a mistake."""


@dataclass(frozen=True, slots=True)
class Origin:
    """What a contract was loaded by, so that another process can load it again: `load(edition, contracts)`.

    `edition` is a name, the file of an overlay, or None for a whole contract's root document.
    """

    edition: str | None
    contracts: tuple[str, ...] = ()

    @property
    def options(self) -> list[str]:
        """The words of a command line that name the contract."""
        named = [] if self.edition is None else ["--edition", self.edition]
        return [*named, *(word for folder in self.contracts for word in ("--contract", folder))]


class UnresolvedReferenceError(KeyError):
    """A `$ref` points at nothing in the document. The message is one line that says what to change."""

    def __str__(self) -> str:
        return f"$ref {self.args[0]}: the document has nothing there: mend the reference, or add what it means"


@dataclass(frozen=True, slots=True)
class Route:
    """One documented way to be authorized: every privilege that it needs, by scope.

    A scope other than `zone` also asks for membership of that entity, even where it names no privilege.
    `given` holds what a key of the body needs in addition. A route of level OBSERVE is left open by the edition's
    documents: the mock lets it pass, and nobody is judged by it.
    """

    name: str
    needs: Mapping[str, frozenset[str]]
    given: Mapping[str, Mapping[str, frozenset[str]]] = field(default_factory=dict)
    level: Level = Level.MUST

    def with_body(self, keys: Iterable[str]) -> Route:
        """The route for a body with these keys."""
        needs = dict(self.needs)
        for key in keys:
            for scope, more in self.given.get(key, {}).items():
                needs[scope] = needs.get(scope, frozenset()) | more
        return Route(self.name, needs, level=self.level) if self.given else self

    def lacks(self, grants: Grants) -> frozenset[tuple[str, str]]:
        """What `grants` lacks, as (scope, privilege); the privilege is "" where membership alone is missing."""
        missing: set[tuple[str, str]] = set()
        for scope, needed in self.needs.items():
            granted = grants.get(scope)
            if granted is None and scope != "zone":
                missing |= {(scope, name) for name in needed} or {(scope, "")}
            else:
                missing |= {(scope, name) for name in needed - (granted or frozenset())}
        return frozenset(missing)


@dataclass(frozen=True, slots=True)
class AccessRule:
    """Who may call an operation: any route is enough."""

    routes: tuple[Route, ...]
    source: Source

    @property
    def public(self) -> bool:
        """Whether a request without credentials is allowed."""
        return any(not route.needs for route in self.routes)

    def with_body(self, keys: Iterable[str]) -> AccessRule:
        """The rule for a body with these keys."""
        return AccessRule(tuple(route.with_body(keys) for route in self.routes), self.source)

    def allowed_by(self, grants: Grants) -> Route | None:
        """The first route that `grants` satisfies, None if there is none."""
        return next((route for route in self.routes if not route.lacks(grants)), None)


@dataclass(frozen=True, slots=True)
class Effect:
    """What a success does: the verb, the role of the entity it makes or reads, and the one that this belongs to.

    `effective` says that relations through groups count, `part` that only a part of the entity is meant, and `by` that
    it goes by that key of it, and not by its id.
    """

    verb: str
    resource: str
    within: str | None = None
    effective: bool = False
    part: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A path parameter and the role of the entity that it names (None if it names none).

    It names it by its id, or where there is a `key` by the value of that. `level` says how binding it is that an entity
    that does not exist is answered as such.
    """

    name: str
    entity: str | None
    source: Source | None
    key: str = ""
    level: Level = Level.MUST


@dataclass(frozen=True, slots=True)
class Response:
    """A documented answer. `location` holds the path templates that a Location may end in, preferred one first.

    `media_type` is what its body is sent as: the first documented one that is JSON. `labelled` is the media type that
    an answer without a body names nevertheless.
    """

    status: int
    description: str
    schema: Mapping[str, Any] | None
    location: tuple[str, ...]
    source: Source | None
    location_source: Source | None
    headers: Mapping[str, Level] = field(default_factory=dict)
    media_type: str = JSON
    labelled: str | None = None

    @property
    def success(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status < 300  # noqa: PLR2004


@dataclass(frozen=True, slots=True)
class ErrorKind:
    """An error id with its HTTP status, the keys of its details and a description with `{key}` fields.

    `within` names the error whose details carry this one (`authError` of `unauthorized`).
    """

    id: str
    status: int
    description: str
    details: tuple[str, ...]
    within: str | None


@dataclass(frozen=True, slots=True)
class Operation:
    """One documented operation: a method of a path with its access rule, effect, body and answers.

    `upstream_id` is what Onezone's own documentation calls it. `direct` stands for a direct member where an operation
    answers through what somebody belongs. `as_released`: what released servers answer is promised. `kept_by` says of
    which kinds nothing may name what is to be deleted, each with the error.
    """

    id: str
    method: str
    path: str
    summary: str
    parameters: tuple[Parameter, ...]
    access: AccessRule
    effect: Effect
    locate_at_effect: bool
    body: Body | None
    responses: Mapping[int, Response]
    source: Source
    upstream_id: str | None = None
    direct: Mapping[str, str] | None = None
    kept_by: Mapping[str, str] = field(default_factory=dict)
    as_released: bool = False

    @property
    def success(self) -> Response:
        """The documented 2xx answer. Raises ContractError if there is none."""
        answer = next((answer for answer in self.responses.values() if answer.success), None)
        if answer is None:
            raise ContractError(f"{self.method} {self.path}: no answer of success is documented")
        return answer


@dataclass(frozen=True, slots=True)
class Uncovered:
    """An operation that Onezone has and the contract lacks, by its id in Onezone's own documentation."""

    method: str
    path: str
    upstream_id: str


@dataclass(frozen=True, slots=True, eq=False)
class Contract:
    """One edition of the contract. `document` is the whole OpenAPI document, as plain data.

    `uncovered` are the operations that Onezone has and the contract lacks. A path that neither knows is answered 404;
    where `unknown_path_allows` has methods, others are answered 405 there. `owners` says of what belongs to one
    other entity, from when it is made until it is gone, of which kind that is. `references` says of a kind which of its
    keys name entities of which kind. `origin` says what it was loaded by, `extends` which of the kit's editions it
    rests on: itself where it is one of them, none where it is all one's own.
    `advisory` are documents of which the edition takes what its own do not say: nothing of that is promised.

    A contract equals itself alone: what is derived of one can be kept beside it.
    """

    edition: str
    title: str
    version: str
    base_paths: tuple[str, ...]
    operations: Mapping[str, Operation]
    errors: Mapping[str, ErrorKind]
    privileges: Mapping[str, Mapping[str, str]]
    error_schema: Mapping[str, Any]
    document: Mapping[str, Any]
    roles: Mapping[str, str] = field(default_factory=dict)
    privilege_sets: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    owners: Mapping[str, str] = field(default_factory=dict)
    references: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    uncovered: tuple[Uncovered, ...] = ()
    unknown_path_allows: tuple[str, ...] = ()
    origin: Origin = field(default_factory=lambda: Origin(None))
    extends: str | None = None
    advisory: frozenset[str] = frozenset()

    def at_most(self, level: Level, source: Source | str) -> Level:
        """The level, no more than SHOULD where it rests on a document that does not bind in this edition."""
        advice = level is Level.MUST and isinstance(source, Source) and source.document in self.advisory
        return Level.SHOULD if advice else level

    @property
    def own(self) -> bool:
        """Whether it is no edition of the kit's as it stands."""
        return bool(self.origin.contracts) or self.extends != self.edition

    @property
    def error_is_string(self) -> bool:
        """Whether `error` is a sentence (the older documents) and not an object with an id."""
        kind: object = self.error_schema["properties"]["error"]["type"]
        return kind == "string"

    @property
    def challenges(self) -> bool:
        """Whether a 401 says how to authenticate (RFC 9110, 11.6.1): not where the edition leaves that header open."""
        answers = (answer for operation in self.operations.values() for answer in operation.responses.values())
        return all(answer.headers.get("WWW-Authenticate") is not Level.OBSERVE for answer in answers)

    def resolve(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        """`schema`, or what its `$ref` points at in the document. Raises UnresolvedReferenceError."""
        while "$ref" in schema:
            node: Any = self.document
            for step in str(schema["$ref"]).removeprefix("#/").split("/"):
                try:
                    node = node[step]
                except (KeyError, TypeError):
                    raise UnresolvedReferenceError(schema["$ref"]) from None
            schema = node
        return schema

    def binding(self, operation: Operation) -> Any:
        """What the document says of an operation, references followed, without wording, examples and sources."""
        item = self.document["paths"][operation.path]
        node = {**item[operation.method.lower()], "path": operation.path, "in": item.get("parameters", ())}
        return self._binding(node, ())

    def _binding(self, node: Any, above: tuple[str, ...], *, named: bool = False) -> Any:
        """`above` are the references that lead here; `named` says that the keys are names of the user's."""
        if isinstance(node, list):
            return [self._binding(child, above) for child in node]
        if not isinstance(node, Mapping):
            return node
        if isinstance(reference := node.get("$ref"), str):
            return reference if reference in above else self._binding(self.resolve(node), (*above, reference))
        kept = {key: child for key, child in node.items() if named or key not in _NOT_BINDING}
        return {key: self._binding(child, above, named=key == "properties") for key, child in kept.items()}

    def source(self, place: Mapping[str, str]) -> Source:
        """The source that an `x-onezone-source` names."""
        title = self.document["x-onezone-documents"][place["document"]]["title"]
        return Source(place["document"], place["section"], title)

    def methods(self, path: str) -> set[str]:
        """The methods that Onezone has at a path, whatever its parameters are called; some are lacking here."""
        every: tuple[Operation | Uncovered, ...] = (*self.operations.values(), *self.uncovered)
        return {operation.method for operation in every if path_shape(operation.path) == path_shape(path)}

    def reference(self, kind: str, other: str) -> str | None:
        """The key by which entities of a kind name one of the other kind; None if they do not."""
        return next((key for key, target in self.references.get(kind, {}).items() if target == other), None)

    def kind(self, role: str) -> str:
        """The kind of entity that plays a role: a `child` is a group, the `caller` a user, most roles are kinds."""
        return self.roles.get(role, role)

    def find(
        self,
        verb: str,
        resource: str,
        within: str | None = None,
        *,
        effective: bool = False,
        part: str = "",
        by: str = "",
    ) -> Operation | None:
        """The operation with that effect, None if the contract has none."""
        effect = Effect(verb, resource, within, effective, part, by)
        return next((operation for operation in self.operations.values() if operation.effect == effect), None)
