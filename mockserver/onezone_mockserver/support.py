"""What a document may ask of the mock: an error of the start for anything that it would otherwise serve wrongly."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from onezone_spec import UnresolvedReferenceError

if TYPE_CHECKING:
    from onezone_spec import Contract, Operation

VERBS_THAT_SHOW = frozenset(
    {"list", "get", "privileges", "intermediaries", "catalogue", "issue", "generation", "infer", "invite"}
)
"""Verbs of which a success has a body; that of `create` may, where it makes what is owned."""
SHOWING = "show"
"""The verb of which a success may have a body: its example."""
KEYS = {
    "privileges": "array",
    "grant": "array",
    "revoke": "array",
    "username": "string",
    "password": "string",
    "newPassword": "string",
    "basicAuthEnabled": "boolean",
    "blocked": "boolean",
}
"""Keys of bodies that mean something to the mock, with the type that it reads; arrays are of strings."""
OTHER_METHODS = ("head", "options", "trace")
_BASE_PATH = re.compile(r"(/[^{}]*[^{}/])?")
_JSON = re.compile(r"application/json|[^/*;]+/[^/*;]+\+json", re.IGNORECASE)
_RANGES = frozenset({"*/*", "application/*"})
_CHARSET = re.compile(r'\s*charset\s*=\s*"?utf-?8"?\s*', re.IGNORECASE)
_SEGMENT = re.compile(r"[^{}]*|\{[^{}]+\}")


class UnsupportedContractError(ValueError):
    """The mock cannot serve the contract's document as it stands. The message is one line that says what to change."""


def check_supported(contract: Contract) -> None:
    """Raise UnsupportedContractError for what the mock would not serve as it is documented."""
    _check_references(contract, contract.document, "")
    _check_servers(contract)
    for path, item in contract.document["paths"].items():
        odd = [segment for segment in path.split("/") if not _SEGMENT.fullmatch(segment)]
        if odd:
            raise UnsupportedContractError(f"{path}: a parameter must be a whole segment: make {odd[0]} one {{name}}")
        for method in OTHER_METHODS:
            if method in item:
                message = f"{method.upper()} {path}: take the operation out: the mock answers HEAD and OPTIONS itself"
                raise UnsupportedContractError(message)
        if "servers" in item:
            raise UnsupportedContractError(f"{path}: servers: take them out: every path is served under the document's")
    for operation in contract.operations.values():
        _check_operation(contract, operation, f"{operation.method} {operation.path}")


def _check_references(contract: Contract, node: Any, place: str) -> None:
    """Everything that is referred to is there, also where nobody looks before a request does."""
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            try:
                contract.resolve({"$ref": node["$ref"]})
            except UnresolvedReferenceError as error:
                raise UnsupportedContractError(f"{place}: {error}") from None
        for key, value in node.items():
            _check_references(contract, value, f"{place}: {key}" if place else str(key))
    elif isinstance(node, list):
        for value in node:
            _check_references(contract, value, place)


def _check_servers(contract: Contract) -> None:
    for base in contract.base_paths:
        if not _BASE_PATH.fullmatch(base):
            message = f"servers: {base}: make it a path that begins with a slash, with a default for each variable"
            raise UnsupportedContractError(message)
    for server in contract.document.get("servers", ()):
        path = urlsplit(server["url"]).path
        for name, variable in server.get("variables", {}).items():
            if f"{{{name}}}" in path and set(variable.get("enum", ())) - {variable["default"]}:
                raise UnsupportedContractError(f"servers: {path}: make each value of {name} a server of its own")


def _check_operation(contract: Contract, operation: Operation, where: str) -> None:
    node = contract.document["paths"][operation.path][operation.method.lower()]
    if "servers" in node:
        raise UnsupportedContractError(f"{where}: servers: take them out: it is served under the document's")
    for status in node["responses"]:
        if not status.isdigit():
            raise UnsupportedContractError(f"{where}: responses: {status}: document each status that is meant")
    answers = operation.responses.values()
    if not any(answer.success for answer in answers):
        raise UnsupportedContractError(f"{where}: responses: document a success, of the status 2xx")
    for answer in answers:
        if answer.schema is not None and not _is_json(answer.media_type):
            message = (
                f"{where}: answer {answer.status}: {answer.media_type}: document it as JSON: the mock sends no other"
            )
            raise UnsupportedContractError(message)
    _check_success(contract, operation, node, f"{where}: answer {operation.success.status}")
    if operation.body:
        _check_body(contract.resolve(node["requestBody"])["content"], f"{where}: body")
        _check_keys(contract, operation, f"{where}: body")


def _check_success(contract: Contract, operation: Operation, node: Any, where: str) -> None:
    content = contract.resolve(node["responses"][str(operation.success.status)]).get("content", {})
    if len(content) > 1:
        raise UnsupportedContractError(f"{where}: document one media type: the mock does not choose by Accept")
    create = operation.effect.verb == "create"
    shown = create and contract.kind(operation.effect.resource) in contract.owners
    if create and not (operation.success.location or (content and shown)):
        raise UnsupportedContractError(f"{where}: document the header Location, with x-onezone-location")
    shows = operation.effect.verb in VERBS_THAT_SHOW
    if shows and not content:
        raise UnsupportedContractError(f"{where}: document its content: the mock sends a body")
    if content and not shows and not shown and operation.effect.verb != SHOWING:
        raise UnsupportedContractError(f"{where}: take its content out: the mock sends no body")
    schema = contract.resolve(operation.success.schema or {})
    if shows and operation.effect.verb != "catalogue" and not schema.get("properties"):
        raise UnsupportedContractError(f"{where}: list the keys in the schema's own properties")


def _check_keys(contract: Contract, operation: Operation, where: str) -> None:
    effect = operation.effect
    if effect.verb not in {"attach", "grant"} and contract.kind(effect.resource) != "user":
        return  # what is given is stored
    for prop in operation.body.properties if operation.body else ():
        kind = KEYS.get(prop.name)
        texts = kind != "array" or prop.schema.get("items", {}).get("type") == "string"
        if kind and (prop.types != (kind,) or prop.schema.get("nullable") or not texts):
            of_texts = " of strings" if kind == "array" else ""
            raise UnsupportedContractError(
                f"{where}: {prop.name}: give it the type {kind}{of_texts}: the mock acts on it"
            )


def _check_body(content: Any, where: str) -> None:
    for media in content:
        if media not in _RANGES and not _is_json(media):
            raise UnsupportedContractError(f"{where}: {media}: document it as JSON, in UTF-8: the mock takes no other")
    schemas = [media_type.get("schema") for media_type in content.values()]
    if any(schema != schemas[0] for schema in schemas):
        raise UnsupportedContractError(f"{where}: give all media types one schema")


def _is_json(media_type: str) -> bool:
    """Whether a media type is JSON, without parameters but for the charset."""
    media, *parameters = media_type.split(";")
    return bool(_JSON.fullmatch(media.strip())) and all(map(_CHARSET.fullmatch, parameters))
