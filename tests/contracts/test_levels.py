"""What an edition's own documents do not say is advice: they bind, and what later servers do does not."""

import pytest
from onezone_contracts.derive.operations import all_requirements
from onezone_contracts.requirement import Level
from onezone_spec import editions, load


@pytest.mark.slow
@pytest.mark.parametrize("edition", editions())
def test_no_must_rests_on_another_editions_document(edition: str) -> None:
    """Of every operation; the released servers' pages bind in `deployed` alone, those of 20.02 not in `classic`."""
    contract = load(edition)
    documents = contract.document["x-onezone-documents"]
    advisory = tuple(documents[document]["title"] for document in contract.advisory)
    assert [
        requirement.id
        for requirement in all_requirements(contract)
        if requirement.level is Level.MUST and requirement.source.startswith(advisory)
    ] == []


def test_which_documents_bind() -> None:
    """As docs/contract.md has it."""
    deployed, older = "onezone-21.02-deployed", {"onezone-20.02", "onezone-20.02-others"}
    advisory = {name: load(name).advisory for name in editions()}
    assert advisory == {"classic": {deployed} | older, "current": {deployed}, "deployed": frozenset()}


def test_advice_stays_advice() -> None:
    """Only a MUST becomes less, and what names its source in words of its own stays what it is."""
    contract = load("current")
    source = contract.source({"document": "onezone-21.02-deployed", "section": "Tokens"})
    levels = [contract.at_most(level, source) for level in Level]
    assert levels == [Level.SHOULD, Level.SHOULD, Level.OBSERVE]
    assert contract.at_most(Level.MUST, "in words") is Level.MUST
