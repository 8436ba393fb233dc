"""The headers in which a token may come, of the operation that says who is asking."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from onezone_spec import Contract, Level, Operation, Source

from onezone_contracts.checks.carriers import lets_in
from onezone_contracts.derive.build import Row
from onezone_contracts.state.expected import CALLER

BEARER = ("http", "bearer")


def requirements(contract: Contract, operation: Operation, documented: Callable[[Level], Level]) -> Iterator[Row]:
    """The requirements of this topic; `documented` gives the level of what binds where it is documented."""
    if (operation.effect.verb, operation.effect.resource, operation.effect.within) != ("get", CALLER, None):
        return
    for header, form, source in carriers(contract):
        text = f"A token in the header {header} lets its user in."
        topic = f"authentication.carrier-{header.lower()}"
        yield topic, documented(Level.OBSERVE), text, source, lets_in(header, form)


def carriers(contract: Contract) -> Iterator[tuple[str, str, Source]]:
    """The headers that the document has for tokens, each with the form of its value and its source."""
    for scheme in contract.document["components"]["securitySchemes"].values():
        source = contract.source(scheme["x-onezone-source"])
        if (scheme["type"], scheme.get("scheme")) == BEARER:
            yield "Authorization", "Bearer {}", source
        elif scheme["type"] == "apiKey" and scheme["in"] == "header":
            yield scheme["name"], "{}", source
