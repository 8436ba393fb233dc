"""`ozkit target init`: a target file to fill in, that says for every persona exactly what it must hold."""

from __future__ import annotations

from collections.abc import Mapping

from onezone_spec import Contract

from onezone_contracts.personas import Persona


def skeleton(contract: Contract, personas: Mapping[str, tuple[Persona, ...]]) -> str:
    """A target file to fill in, that says for every persona exactly what it must hold."""
    lines = [
        f"# Target file for edition {contract.edition}. Values may be ${{ENV_VAR}}.",
        "# A persona has username and password (HTTP Basic), token (X-Auth-Token), bearer, or headers: {Name: value}.",
        "base_url: http://127.0.0.1:9000/api/onezone/v3",
        f"edition: {contract.edition}",
        "groups:",
        '  home: "..."      # the group that the personas belong to, or deliberately do not',
        '  # missing: "..." # an id that no group has; generated when absent',
        '  other: "..."     # a group that no persona belongs to: without it the verdict is at best partial',
        "personas:",
    ]
    for operation, people in personas.items():
        lines.append(f"  {operation}:")
        for persona in people:
            lines += [f"    # {text}" for text in _holdings(contract, persona)]
            lines.append(f'    {persona.name}: {{username: "...", password: "..."}}')
    return "\n".join(lines) + "\n"


def _holdings(contract: Contract, persona: Persona) -> list[str]:
    expected = "must be allowed" if persona.allowed else "must be refused with 403"
    lines = [f"{persona.name} {expected}."]
    for scope, privileges in persona.grants.items():
        where = "zone privileges" if scope == "zone" else f"in the home {scope.replace('_', ' ')}"
        lines.append(f"  {where}: {_privileges_in_words(contract, scope, privileges)}")
    return lines


def _privileges_in_words(contract: Contract, scope: str, privileges: frozenset[str] | None) -> str:
    everything = frozenset(contract.privileges[scope])
    if privileges is None:
        return "no member"
    if not privileges:
        return "none" if scope == "zone" else "a member without privileges"
    if len(privileges) > len(everything) / 2:
        gone = ", ".join(sorted(everything - privileges))
        return f"every one but {gone}" if gone else "every one"
    return f"exactly {', '.join(sorted(privileges))}"
