"""The contract as a document to read, made of the edition's OpenAPI document."""

from __future__ import annotations

import json
from functools import lru_cache
from html import escape
from typing import TYPE_CHECKING, Any

from onezone_mockserver.page import style

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from onezone_spec import Contract, Operation


@lru_cache(maxsize=4)
def contract_page(contract: Contract) -> str:
    """Every operation with who may call it, its body, and its answers with an example each."""
    operations = contract.operations.values()
    links = "".join(
        f'<li><a href="#{escape(operation.id)}"><b class="method">{operation.method}</b>'
        f" {escape(operation.path)}</a></li>"
        for operation in operations
    )
    body = "".join(part for operation in operations for part in _operation(contract, operation))
    title = f"{escape(contract.title)}, edition {escape(contract.edition)}"
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width">'
        f'<link rel="icon" href="data:,"><style>{style()}</style></head><body class="docs">'
        f'<header><h1>{title}</h1><nav><a href="./">The page</a> <a href="openapi.yaml">openapi.yaml</a>'
        f' <a href="openapi.json">openapi.json</a></nav></header>'
        f"<main><p>Served under {', '.join(f'<code>{escape(base)}</code>' for base in contract.base_paths)}.</p>"
        f"<details><summary>{len(operations)} operations</summary><ul>{links}</ul></details>{body}</main></body></html>"
    )


def _operation(contract: Contract, operation: Operation) -> Iterator[str]:
    document = contract.document["paths"][operation.path][operation.method.lower()]
    yield f'<section id="{escape(operation.id)}"><h2><b class="method">{operation.method}</b> {escape(operation.path)}'
    yield f"</h2><p>{escape(operation.summary)} "
    yield f'<a href="#{escape(operation.id)}"><code>{escape(operation.id)}</code></a></p>'
    yield _who_may(operation)
    if operation.body is not None:
        yield "<h3>Body</h3>" + _body(operation)
    yield "<h3>Answers</h3><dl>"
    for status, response in operation.responses.items():
        yield f"<dt><b>{status}</b> {escape(response.description)}</dt><dd>"
        yield _example(contract, document["responses"].get(str(status), {}))
        yield "</dd>"
    source = f"{operation.source.title}, {operation.source.section}"
    yield f"</dl><p class='source'>Source: {escape(source)}</p></section>"


def _who_may(operation: Operation) -> str:
    if operation.access.public:
        return "<h3>Who may</h3><p>Everybody, without credentials.</p>"
    routes = "".join(
        f"<li><b>{escape(route.name)}</b>: {escape(', '.join(_needs(route.needs)))}"
        + "".join(
            f"; with <code>{escape(key)}</code> also {escape(', '.join(_needs(more)))}"
            for key, more in route.given.items()
        )
        + "</li>"
        for route in operation.access.routes
    )
    return f"<h3>Who may</h3><ul>{routes}</ul>"


def _needs(needs: Mapping[str, frozenset[str]]) -> list[str]:
    return [f"{scope}: {' and '.join(sorted(names)) or 'membership'}" for scope, names in needs.items()]


def _body(operation: Operation) -> str:
    rows = "".join(
        f"<tr><td><code>{escape(prop.name)}</code></td><td>{'required' if prop.required else ''}</td></tr>"
        for prop in operation.body.properties  # type: ignore[union-attr]  # there is one
    )
    examples = "".join(
        f"<details><summary>{escape(name)}</summary>{_code(example.value)}</details>"
        for name, example in operation.body.examples.items()  # type: ignore[union-attr]
    )
    return f"<table>{rows}</table>{examples}"


def _example(contract: Contract, response: Mapping[str, Any]) -> str:
    """The examples of an answer."""
    media = contract.resolve(response).get("content", {}).get("application/json", {})
    examples = {"example": {"value": media["example"]}} if "example" in media else media.get("examples", {})
    values = [contract.resolve(example).get("value") for example in examples.values()]
    return "".join(f"<details><summary>example</summary>{_code(value)}</details>" for value in values)


def _code(value: Any) -> str:
    return f"<pre>{escape(json.dumps(value, indent=2, ensure_ascii=False))}</pre>"
