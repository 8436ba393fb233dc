"""Requirements that drawn requests judge. A violation is shrunk to the smallest request that still shows it."""

from __future__ import annotations

from collections.abc import Iterator

from onezone_contracts.checks import concurrent, drawn, heavy_load
from onezone_contracts.derive.build import Builder
from onezone_contracts.requirement import Level, Requirement


def requirements(build: Builder) -> Iterator[Requirement]:
    """The requirements of this topic."""
    text = "Requests at the same time make a service each, with an id of its own, and keep their data apart."
    yield build.requirement("concurrent.creates", Level.MUST, text, build.operation.source, concurrent.creates)
    yield from at_once(build)
    yield from valid(build)
    yield from invalid_bodies(build)


def at_once(build: Builder) -> Iterator[Requirement]:
    """Requests at the same time by who may and who may not, of any operation whose valid request can be repeated."""
    forbidden = next(
        (persona.name for persona in build.personas if not persona.allowed and any(persona.grants.values())), None
    )
    if forbidden:
        text = (
            "Requests at the same time are each judged by their own credentials: "
            f"the persona {forbidden} stays refused."
        )
        check = concurrent.access(forbidden)
        yield build.requirement("concurrent.access", Level.MUST, text, build.operation.access.source, check)


def under_load(build: Builder) -> Requirement:
    """Hundreds of creations at the same time: judged last of what is sent, since a target may not survive it."""
    text = "Hundreds of creations by several clients are all accepted, each with an id of its own, and none is lost."
    check = heavy_load.creates
    return build.requirement("concurrent.load", Level.MUST, text, build.operation.source, check, needs="a quick target")


def valid(build: Builder) -> Iterator[Requirement]:
    """Drawn valid bodies, of any operation with a body whose valid request can be repeated."""
    text = "Every body that the contract describes is accepted, kept as it was sent, and named by a right Location."
    yield build.requirement("generated.valid", Level.MUST, text, build.body.source, drawn.valid)


def invalid_bodies(build: Builder) -> Iterator[Requirement]:
    """Drawn bodies that are wrong, of any operation with a body."""
    text = (
        "A body with one thing wrong is refused with the documented Error where it is ruled out, and changes nothing."
    )
    yield build.requirement("generated.invalid", Level.MUST, text, build.answer_source(400), drawn.invalid)
    text = (
        "Whatever bytes are sent as a body, the answer comes in time, is no 5xx, and any error is the documented one."
    )
    yield build.requirement("generated.hostile", Level.MUST, text, build.answer_source(400), drawn.hostile)
