"""What naming another entity brings with it, and what the mock fills in where released servers ask a registry."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import orjson

from onezone_mockserver.exchange import Exchange, Refusal

if TYPE_CHECKING:
    from onezone_spec import Contract, Property

FILLED = "x-onezone-filled"


def filled(contract: Contract, kind: str) -> Callable[[Exchange, str], list[bytes]]:
    """What makes the parts of a new entity's details that are neither sent nor its own id: by a template each."""
    shown = contract.find("get", kind)
    properties = contract.resolve(shown.success.schema or {})["properties"] if shown else {}
    templates = [(f',"{key}":'.encode(), schema[FILLED]) for key, schema in properties.items() if FILLED in schema]

    def fill(exchange: Exchange, identity: str) -> list[bytes]:
        if not templates:
            return []
        moment = datetime.fromtimestamp(exchange.run.clock.now(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return [part for key, text in templates for part in (key, orjson.dumps(text.format(id=identity, time=moment)))]

    return fill


def refuse_named(refers: Iterable[Property], exchange: Exchange) -> None:
    """Raises Refusal where something else names already what the body names, and nothing else may."""
    for kind, identity, key, taken in _named(refers, exchange):
        if taken and exchange.world.named_by(kind, identity, key) is not None:
            raise Refusal(taken, f"effect: the {kind} has its {key} already")


def show_naming(refers: Iterable[Property], exchange: Exchange, identity: str) -> None:
    """Have what the body names show by whom it is named."""
    for kind, named, key, _ in _named(refers, exchange):
        exchange.world.set_key(kind, named, key, identity)


def _named(refers: Iterable[Property], exchange: Exchange) -> list[tuple[str, str, str, str]]:
    return [
        (prop.refers.kind, orjson.loads(exchange.data[prop.name]), prop.refers.key, prop.refers.taken)
        for prop in refers
        if prop.refers and prop.name in exchange.data
    ]
