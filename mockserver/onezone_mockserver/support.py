"""What a document may ask of the mock: an error of the start for anything that it would otherwise serve wrongly."""

from __future__ import annotations


class UnsupportedContractError(ValueError):
    """The mock cannot serve the contract's document as it stands. The message is one line that says what to change."""
