"""What naming another entity brings with it, and what the mock fills in where released servers ask a registry."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import orjson

from onezone_mockserver.exchange import Exchange, Refusal
from onezone_mockserver.references import templates, time_text

if TYPE_CHECKING:
    from onezone_spec import Contract, Property


def filled(contract: Contract, kind: str) -> Callable[[Exchange, str], list[bytes]] | None:
    """What makes the parts of a new entity's details that are neither sent nor its own id: by a template each.

    None where there are none.
    """
    parts_of = [(f',"{key}":'.encode(), template) for key, template in templates(contract, kind).items()]

    if not parts_of:
        return None

    def fill(exchange: Exchange, identity: str) -> list[bytes]:
        moment = time_text(exchange.run.clock.now())
        return [part for key, text in parts_of for part in (key, orjson.dumps(text.format(id=identity, time=moment)))]

    return fill


def refuse_named(refers: Iterable[Property], exchange: Exchange) -> None:
    """Raises Refusal where something else names already what the body names, and nothing else may."""
    for kind, identity, key, taken in _references(refers, exchange):
        if taken and exchange.world.named_by(kind, identity, key) is not None:
            raise Refusal(taken, f"effect: the {kind} has its {key} already")


def show_naming(refers: Iterable[Property], exchange: Exchange, identity: str) -> None:
    """Have what the body names show by whom it is named."""
    for kind, named, key, _ in _references(refers, exchange):
        exchange.world.set_key(kind, named, key, identity)


def _references(refers: Iterable[Property], exchange: Exchange) -> list[tuple[str, str, str, str]]:
    """What the body names that is there: kind, id, the key that shows who names it, and the error for a second one."""
    references = [
        (prop.refers, orjson.loads(exchange.data[prop.name]))
        for prop in refers
        if prop.refers and prop.name in exchange.data
    ]
    return [
        (reference.kind, identity, reference.key, reference.taken)
        for reference, identity in references
        if isinstance(identity, str) and exchange.world.exists(reference.kind, identity)
    ]
