"""Shares and handles of a scenario: fills in what the scenario leaves out, and links what they refer to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from onezone_mockserver.references import may_go, needed
from onezone_mockserver.scenario.mistakes import check
from onezone_mockserver.scenario.shares import HANDLE, SHARE, handle_details, share_details

if TYPE_CHECKING:
    from onezone_spec import Contract

    from onezone_mockserver.scenario.mistakes import Path
    from onezone_mockserver.scenario.types import Resource
    from onezone_mockserver.world import World


class Naming:
    """Fills in what creating an entity would fill in, and makes referenced entities show the reference."""

    def __init__(self, contract: Contract, world: World) -> None:
        self.contract = contract
        self.world = world
        self.needed = {kind: needed(contract, kind) & keys.keys() for kind, keys in world.references.items()}
        self.leaving = {
            (kind, key)
            for kind, keys in world.references.items()
            for key, reference in keys.items()
            if may_go(contract, reference.kind, kind)
        }
        self.showing: dict[str, list[tuple[str, str, str]]] = {}
        for kind, keys in world.references.items():
            for key, reference in keys.items():
                if reference.key:
                    self.showing.setdefault(reference.kind, []).append((kind, key, reference.key))

    def usual(self, kind: str, identity: str) -> dict[str, Any]:
        """The default details of a share or a handle, without its references."""
        if kind == SHARE:
            details = share_details(identity, "", identity)
        elif kind == HANDLE:
            details = handle_details(self.contract, identity, {})
        else:
            return {}
        return {key: value for key, value in details.items() if key not in self.world.references.get(kind, {})}

    def settle(self, kind: str, resource: Resource, path: Path) -> None:
        """Look at what an entity that is in the world names, and show it there.

        Raises WorldError if a name is missing or no string, where nothing has it, and where something else names
        what one alone may name. What may be deleted while it is named need not be there.
        """
        world, identity = self.world, resource.id
        details = orjson.loads(world.details(kind, identity))
        for key, reference in world.references[kind].items():
            where = _place(resource, key, path)
            if key not in details:
                check(key not in self.needed[kind], where, "missing")
                continue
            named = details[key]
            check(isinstance(named, str), where, "must be a string: quote it")
            if not world.exists(reference.kind, named):
                check((kind, key) in self.leaving, where, f"there is no {reference.kind} {named}")
            elif reference.key:
                other = world.named_by(reference.kind, named, reference.key)
                check(other in {None, identity}, where, f"the {reference.kind} is named by {other} already")
                world.set_key(reference.kind, named, reference.key, identity)

    def check_namer(self, kind: str, resource: Resource, path: Path) -> None:
        """Look at what an entity says that it is named by. Raises WorldError where that names another, or is none."""
        world, identity = self.world, resource.id
        details = orjson.loads(world.details(kind, identity))
        for namer, key, shown in self.showing[kind]:
            name, where = details.get(shown), _place(resource, shown, path)
            if name is not None:
                check(isinstance(name, str), where, "must be a string: quote it")
                check(world.exists(namer, name), where, f"there is no {namer} {name}")
                check(world.named_by(namer, name, key) == identity, where, f"the {namer} {name} names another {kind}")


def _place(resource: Resource, key: str, path: Path) -> Path:
    """Where a key of an entity stands."""
    return (*path, "details", key) if key in resource.details else (*path, key)
