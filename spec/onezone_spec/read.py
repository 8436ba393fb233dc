"""Read a bundled document into a Contract."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from onezone_spec.body import Body, Example, Level, Property, Reference, Source
from onezone_spec.model import (
    JSON,
    AccessRule,
    Contract,
    Effect,
    ErrorKind,
    Operation,
    Origin,
    Parameter,
    Response,
    Route,
    Uncovered,
)

METHODS = ("get", "put", "post", "delete", "patch")
_SCOPE_WORDS = ("for", "of", "from", "in", "to")
_EFFECT_WORDS = {*_SCOPE_WORDS, "effective", "part", "by"}
_ROUTE_WORDS = {"with", "level"}

Node = Mapping[str, Any]


def parse(text: str) -> Any:
    """YAML text as plain data, by the fast parser where there is one."""
    import yaml

    return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506  (a safe loader)


def read_contract(document: Node, origin: Origin | None = None) -> Contract:
    """The contract that a bundled OpenAPI document describes; `origin` is what it is loaded by."""
    info = document["info"]
    contract = Contract(
        edition=info["x-onezone-edition"],
        title=info["title"],
        version=info["version"],
        base_paths=tuple(dict.fromkeys(_base_path(one) for one in document.get("servers") or [{"url": "/"}])),
        operations={},
        errors={name: _error(name, entry) for name, entry in document["x-onezone-errors"].items()},
        privileges=document["x-onezone-privileges"],
        error_schema=_error_schema(document),
        document=document,
        roles=document.get("x-onezone-roles", {}),
        privilege_sets=_sets(document),
        owners=document.get("x-onezone-owners", {}),
        uncovered=tuple(_uncovered(*one) for one in document.get("x-onezone-operations", {}).items()),
        advisory=frozenset(document.get("x-onezone-advisory", ())),
        unknown_path_allows=tuple(document.get("x-onezone-unknown-path", {}).get("allow", ())),
        origin=origin or Origin(info["x-onezone-edition"]),
        extends=info.get("x-onezone-extends", info["x-onezone-edition"]),
    )
    found = {operation.id: operation for operation in _operations(contract)}
    object.__setattr__(contract, "operations", found)
    object.__setattr__(contract, "references", _references(contract))
    return contract


def _references(contract: Contract) -> Mapping[str, Mapping[str, str]]:
    """What entities of each kind name: what the document says of a kind, and what bodies that make one name."""
    found = {kind: dict(keys) for kind, keys in contract.document.get("x-onezone-references", {}).items()}
    for operation in contract.operations.values():
        if operation.effect.verb == "create" and operation.body:
            for one in operation.body.properties:
                if one.refers:
                    found.setdefault(contract.kind(operation.effect.resource), {})[one.name] = one.refers.kind
    return found


def _uncovered(name: str, upstream: str) -> Uncovered:
    method, path = name.split(" ")
    return Uncovered(method, path, upstream)


def _base_path(server: Node) -> str:
    """The path of a server's URL, with the defaults of its variables. What has no default stays as it is."""
    url: str = server["url"]
    for name, variable in server.get("variables", {}).items():
        url = url.replace(f"{{{name}}}", variable["default"])
    return urlsplit(url).path.rstrip("/")


def _error_schema(document: Node) -> Node:
    """What the body of an error looks like, with everything that it refers to."""
    schemas: Node = document["components"]["schemas"]

    def whole(schema: Node) -> Node:
        schema = schemas[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
        properties = {name: whole(one) for name, one in schema.get("properties", {}).items()}
        return {**schema, "properties": properties} if properties else schema

    return whole(schemas["Error"])


def _sets(document: Node) -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    known = document["x-onezone-privileges"]
    return {
        scope: {name: tuple(known[scope] if listed == "all" else listed) for name, listed in sets.items()}
        for scope, sets in document.get("x-onezone-privilege-sets", {}).items()
    }


def _error(name: str, entry: Node) -> ErrorKind:
    return ErrorKind(name, entry["status"], entry["description"], tuple(entry.get("details", ())), entry.get("within"))


def _operations(contract: Contract) -> Iterator[Operation]:
    for path, item in contract.document["paths"].items():
        for method in METHODS:
            if method in item:
                yield _operation(contract, path, method, item)


def _operation(contract: Contract, path: str, method: str, item: Node) -> Operation:
    node = item[method]
    source = contract.source(node["x-onezone-source"])
    return Operation(
        id=node["operationId"],
        method=method.upper(),
        path=path,
        summary=node["summary"],
        parameters=tuple(
            _parameter(contract, contract.resolve(one))
            for one in [*item.get("parameters", ()), *node.get("parameters", ())]
        ),
        access=_access(contract, node, source),
        effect=_effect(node["x-onezone-effect"]),
        locate_at_effect=node.get("x-onezone-locate", {}).get("when") == "effect",
        body=_body(contract, node) if "requestBody" in node else None,
        responses={
            int(code): _response(contract, int(code), one) for code, one in node["responses"].items() if code.isdigit()
        },
        source=source,
        upstream_id=node.get("x-onezone-upstream-id"),
        direct=node.get("x-onezone-direct"),
        kept_by=node.get("x-onezone-kept-by", {}),
        as_released=node.get("x-onezone-as-released", False),
    )


def _parameter(contract: Contract, node: Node) -> Parameter:
    entity, key = node.get("x-onezone-entity"), node.get("x-onezone-key", "")
    return Parameter(node["name"], entity, _source(contract, node), key, Level(node.get("x-onezone-level", "MUST")))


def _source(contract: Contract, node: Node) -> Source | None:
    return contract.source(node["x-onezone-source"]) if "x-onezone-source" in node else None


def _access(contract: Contract, node: Node, default: Source) -> AccessRule:
    routes = tuple(_route(name, needs) for name, needs in node["x-onezone-access"].items())
    place = node.get("x-onezone-access-source")
    return AccessRule(routes, contract.source(place) if place else default)


def _route(name: str, node: Node) -> Route:
    given = {key: _needs(more) for key, more in node.get("with", {}).items()}
    needs = _needs({scope: needed for scope, needed in node.items() if scope not in _ROUTE_WORDS})
    return Route(name, needs, given, Level(node.get("level", "MUST")))


def _needs(node: Node) -> dict[str, frozenset[str]]:
    return {scope: frozenset(needed) for scope, needed in node.items()}


def _effect(node: Node) -> Effect:
    within = next((node[word] for word in _SCOPE_WORDS if word in node), None)
    verb, resource = next((key, value) for key, value in node.items() if key not in _EFFECT_WORDS)
    return Effect(verb, resource, within, node.get("effective", False), node.get("part", ""), node.get("by", ""))


def _body(contract: Contract, operation: Node) -> Body:
    node = contract.resolve(operation["requestBody"])
    media: Node = next(iter(node["content"].values()), {})  # all of them are JSON, of one schema
    schema = contract.resolve(media.get("schema", {}))
    other = operation.get("x-onezone-media-types", {})
    source = contract.source(node["x-onezone-source"])
    return Body(
        schema=schema,
        properties=tuple(_property(contract, name, schema) for name in sorted(schema.get("properties", ()))),
        required_level=Level(schema.get("x-onezone-level", {}).get("required", "MUST")),
        presence_level=Level(node.get("x-onezone-level", "MUST")),
        ignored=schema.get("x-onezone-ignored", {}),
        examples={name: _example(contract, name, one) for name, one in media.get("examples", {}).items()},
        source=source,
        other_media_types=Level(other.get("other", "OBSERVE")),
        media_type_source=contract.source(other["source"]) if "source" in other else source,
        media_type_parameters=other.get("parameters", True),
        required=node.get("required", False),
        none_known=schema.get("x-onezone-errors", {}).get("minProperties"),
        needs={key: tuple(others) for key, others in schema.get("x-onezone-needs", {}).items()},
    )


def _property(contract: Contract, name: str, parent: Node) -> Property:
    schema = contract.resolve(parent["properties"][name])
    if "items" in schema:
        schema = {**schema, "items": contract.resolve(schema["items"])}
    return Property(
        name=name,
        required=name in parent.get("required", ()),
        schema=schema,
        types=tuple(sorted(_types(schema))),
        errors=schema.get("x-onezone-errors", {}),
        levels={rule: Level(level) for rule, level in schema.get("x-onezone-level", {}).items()},
        source=_source(contract, schema),
        unique=schema.get("x-onezone-unique"),
        unique_of_owner=schema.get("x-onezone-unique-of-owner"),
        refers=_reference(schema["x-onezone-refers"]) if "x-onezone-refers" in schema else None,
    )


def _reference(node: Node) -> Reference:
    return Reference(node["to"], node.get("as", ""), node.get("taken", ""))


def _types(schema: Node) -> set[str]:
    if "type" in schema:
        return {schema["type"]}
    return {name for branch in schema.get("anyOf", ()) for name in _types(branch)}


def _example(contract: Contract, name: str, node: Node) -> Example:
    level = Level(node.get("x-onezone-level", "MUST"))
    return Example(name, node["summary"], node["value"], contract.source(node["x-onezone-source"]), level)


def _is_json(media_type: str) -> bool:
    name = media_type.partition(";")[0].strip().lower()
    return name == JSON or name.endswith("+json")


def _response(contract: Contract, status: int, node: Node) -> Response:
    node = contract.resolve(node)
    headers = {header: contract.resolve(one) for header, one in node.get("headers", {}).items()}
    location = headers.get("Location", {})
    content = node.get("content", {})
    name = next(filter(_is_json, content), next(iter(content), JSON))
    return Response(
        status=status,
        description=node["description"],
        schema=content[name].get("schema", {}) if content else None,
        location=tuple(location.get("x-onezone-location", ())),
        source=_source(contract, node),
        location_source=_source(contract, location),
        headers={header: Level(one.get("x-onezone-level", "MUST")) for header, one in headers.items()},
        media_type=JSON if "*" in name else name,
        labelled=node.get("x-onezone-labelled"),
    )
