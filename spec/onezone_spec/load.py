"""The door to the contract: an edition's name, or the files of one's own, to a Contract."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from onezone_spec.model import Contract, ContractError, Origin
from onezone_spec.read import read_contract

BUNDLED = Path(__file__).parent / "bundled"
DEFAULT_EDITION = "current"


class UnknownEditionError(ContractError):
    """There is no edition of that name; the message lists those that there are."""

    def __init__(self, name: str) -> None:
        super().__init__(f"there is no edition {name!r}: choose one of {', '.join(editions())}")


def editions(contracts: Sequence[str | Path] = ()) -> tuple[str, ...]:
    """The names of the editions, the default one first; with folders of one's own, those that there are then.

    Raises ContractError for a folder that is no contract.
    """
    if contracts:
        from onezone_spec import own

        return tuple(own.names(tuple(map(str, contracts))))
    names = sorted(path.stem for path in BUNDLED.glob("*.yaml"))
    return tuple(sorted(names, key=lambda name: name != DEFAULT_EDITION))


def bundled_text(edition: str) -> str:
    """The bundled OpenAPI document of `edition` as YAML text. Raises UnknownEditionError."""
    if edition not in editions():
        raise UnknownEditionError(edition)
    return (BUNDLED / f"{edition}.yaml").read_text(encoding="utf-8")


def document_text(contract: Contract) -> str:
    """The whole OpenAPI document of a contract as YAML text, as bundling writes it."""
    origin = contract.origin
    if not origin.contracts and origin.edition in editions():
        return bundled_text(origin.edition)
    from onezone_spec import bundle

    return bundle.render(dict(contract.document))


def load(edition: str | Path | None = None, contracts: Sequence[str | Path] = ()) -> Contract:
    """The contract of an edition; the same object at every call.

    Args:
        edition: a name, or the file of an Overlay with `extends`; left out, the default edition.
        contracts: folders in the form of `spec/` that add operations; one with an `openapi.yaml` replaces ours.

    Raises:
        ContractError: a file has a mistake; the message names file, line and key.
    """
    return _load(None if edition is None else str(edition), tuple(map(str, contracts)))


def load_again(edition: str | Path | None = None, contracts: Sequence[str | Path] = ()) -> Contract:
    """The same as `load`, but from the files as they are now. It drops every contract that was loaded before."""
    _load.cache_clear()
    return load(edition, contracts)


@cache
def _load(edition: str | None, contracts: tuple[str, ...]) -> Contract:
    if not contracts:
        edition = edition or DEFAULT_EDITION
        if edition in editions():
            # JSON is read fifty times sooner than the same document in YAML.
            document = json.loads((BUNDLED / f"{edition}.json").read_text(encoding="utf-8"))
            return read_contract(document, Origin(edition))
    from onezone_spec import own

    if edition is not None and not own.is_file(edition) and not contracts:
        raise UnknownEditionError(edition)
    if contracts and edition is None and DEFAULT_EDITION in own.names(contracts):
        edition = DEFAULT_EDITION
    return read_contract(own.document(edition, contracts), Origin(edition, contracts))
