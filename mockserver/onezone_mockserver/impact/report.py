"""What differs between the answers of two editions, grouped by who notices, as text or Markdown."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from onezone_spec.diff import differences

from onezone_mockserver.impact.ask import EditionMock, Reply
from onezone_mockserver.impact.probe import Probe, probes

if TYPE_CHECKING:
    from onezone_spec import Contract

WIDTH = 80
EXAMPLES_SHOWN = 3
LONGEST = 240


@dataclass(slots=True)
class Notice:
    """Somebody who notices, with the first example, and the operations in which the same holds."""

    probe: Probe
    old: Reply
    new: Reply
    operations: list[str] = field(default_factory=list)


def notices(old: Contract, new: Contract) -> list[Notice]:
    """Who notices that an edition takes the place of another, by asking the mocks of both; what most notice first."""
    before, after = EditionMock(old), EditionMock(new)
    grouped: dict[object, Notice] = {}
    for name, operation in {**new.operations, **old.operations}.items():
        seen: set[object] = set()
        for probe in probes(old, new, operation):
            earlier, later = before.answer(probe), after.answer(probe)
            change = earlier.facts, later.facts
            if earlier.facts == later.facts or change in seen:
                continue
            seen.add(change)
            notice = grouped.setdefault((probe.who, *change), Notice(probe, earlier, later))
            notice.operations.append(name)
    return sorted(grouped.values(), key=lambda notice: -len(notice.operations))


def report(old: Contract, new: Contract, form: str) -> str:
    """Who notices, with an example and both answers each; `markdown` is for a release note."""
    listed = notices(old, new)
    lines = _markdown(old, new, listed) if form == "markdown" else _text(old, new, listed)
    return "\n".join(lines) + "\n"


def _head(old: Contract, new: Contract) -> str:
    return f"{old.edition} ({old.version}) → {new.edition} ({new.version}): who notices"


def _rest(old: Contract, new: Contract, listed: list[Notice]) -> str:
    count = len(differences(old, new))
    who = f"{len(listed)} kind{'s' if len(listed) != 1 else ''} of clients notice" if listed else "No client notices"
    return (
        f"{who}; `ozkit spec diff` lists {count} difference{'s' if count != 1 else ''}, wording and sources included."
    )


def _where(notice: Notice) -> str:
    names = notice.operations
    more = f" and {len(names) - EXAMPLES_SHOWN} more operations" if len(names) > EXAMPLES_SHOWN else ""
    return ", ".join(names[:EXAMPLES_SHOWN]) + more


def _text(old: Contract, new: Contract, listed: list[Notice]) -> Iterator[str]:
    width = max(len(old.edition), len(new.edition))
    yield _head(old, new)
    for notice in listed:
        yield ""
        yield from _wrapped(notice.probe.who[0].upper() + notice.probe.who[1:], "")
        yield from _wrapped(f"in {_where(notice)}", "  ")
        yield from _wrapped(_short(notice.old.request), "    ")
        for contract, reply in ((old, notice.old), (new, notice.new)):
            yield from _wrapped(f"{contract.edition:<{width}}  {_short(str(reply))}", "      ")
    yield from ("", *_wrapped(_rest(old, new, listed), ""))


def _wrapped(text: str, indent: str) -> list[str]:
    later = f"{indent}  "
    return textwrap.wrap(text, WIDTH, initial_indent=indent, subsequent_indent=later, break_on_hyphens=False)


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _markdown(old: Contract, new: Contract, listed: list[Notice]) -> Iterator[str]:
    yield f"## {_head(old, new)}"
    for notice in listed:
        yield from ("", f"### {notice.probe.who[0].upper()}{notice.probe.who[1:]}", "")
        names = ", ".join(f"`{name}`" for name in notice.operations[:EXAMPLES_SHOWN])
        more = len(notice.operations) - EXAMPLES_SHOWN
        yield f"In {names}{f' and {more} more operations' if more > 0 else ''}."
        yield from ("", "```", _short(notice.old.request))
        yield f"{old.edition}: {_short(str(notice.old))}"
        yield f"{new.edition}: {_short(str(notice.new))}"
        yield "```"
    yield from ("", _rest(old, new, listed))
