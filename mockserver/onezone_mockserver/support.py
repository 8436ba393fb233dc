"""What a document may ask of the mock: an error of the start for anything that it would otherwise serve wrongly."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from onezone_spec import Contract

OTHER_METHODS = ("head", "options", "trace")
_SEGMENT = re.compile(r"[^{}]*|\{[^{}]+\}")


class UnsupportedContractError(ValueError):
    """The mock cannot serve the contract's document as it stands. The message is one line that says what to change."""


def check_supported(contract: Contract) -> None:
    """Raise UnsupportedContractError for paths and methods that the mock would not serve as they are documented."""
    for path, item in contract.document["paths"].items():
        odd = [segment for segment in path.split("/") if not _SEGMENT.fullmatch(segment)]
        if odd:
            raise UnsupportedContractError(f"{path}: a parameter must be a whole segment: make {odd[0]} one {{name}}")
        for method in OTHER_METHODS:
            if method in item:
                message = f"{method.upper()} {path}: take the operation out: the mock answers HEAD and OPTIONS itself"
                raise UnsupportedContractError(message)
