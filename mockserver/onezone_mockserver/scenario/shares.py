"""Shares as the mock has them: the API makes none, as a provider does that supports a space."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import orjson

from onezone_mockserver.references import templates, time_text
from onezone_mockserver.scenario.types import resource_kinds
from onezone_mockserver.world import BEGINNING, NOBODY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from onezone_spec import Contract

SHARE, SPACE, HANDLE = "share", "space", "handle"
FREE = 128
"""So many shares of the demo have no handle: the judge needs 108 at `standard` where it has no states to ask for."""


def share_details(identity: str, space: str, name: str) -> dict[str, Any]:
    """A share without a handle, as the API shows it."""
    urls = dict.fromkeys(("publicUrl", "publicRestUrl"), f"https://onezone.example.org/share/{identity}")
    return {"shareId": identity, "name": name, "spaceId": space, "handleId": None, **urls}


def space_details(identity: str, name: str) -> dict[str, Any]:
    """A space that the zone itself made."""
    return {"spaceId": identity, "name": name, "creator": NOBODY}


def handle_details(contract: Contract, identity: str, names: Mapping[str, str]) -> dict[str, Any]:
    """A handle that the zone itself made, which names these, with the examples of the contract."""
    create = contract.find("create", HANDLE)
    properties = create.body.properties if create and create.body else ()
    examples = {prop.name: prop.schema["example"] for prop in properties if "example" in prop.schema}
    moment = time_text(BEGINNING)
    filled = {key: text.format(id=identity, time=moment) for key, text in templates(contract, HANDLE).items()}
    return {"handleId": identity, **examples, **names, **filled, "creator": NOBODY, "creationTime": BEGINNING}


def demo_shares(contract: Contract) -> Mapping[str, Mapping[str, bytes]]:
    """The details of the demo's space and its shares, by kind and id; none where the contract knows no shares."""
    return _demo() if SHARE in resource_kinds(contract) else {}


@cache
def _demo() -> dict[str, dict[str, bytes]]:
    space = _demo_id("space")
    names = {_demo_id(f"share {number}"): f"Measurements {number}" for number in range(1, FREE + 1)}
    shares = {share: orjson.dumps(share_details(share, space, name)) for share, name in names.items()}
    return {SHARE: _packed(shares), SPACE: _packed({space: orjson.dumps(space_details(space, "Community data"))})}


def _demo_id(word: str) -> str:
    return sha256(f"demo {word}".encode()).hexdigest()[:32]


def _packed(texts: dict[str, bytes]) -> dict[str, bytes]:
    """The same bytes without room to grow."""
    return {key: bytes(memoryview(text)) for key, text in texts.items()}
