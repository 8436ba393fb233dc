"""What requirements and personas say, in words."""

from __future__ import annotations

from collections.abc import Container

from onezone_spec import Contract

from onezone_contracts.personas import Persona
from onezone_contracts.state.expected import CALLER, ZONE

EFFECTS = {
    "create": "What is created is there, with the data that was sent, and belongs to nobody but who is documented.",
    "list": "The list has exactly what belongs there.",
    "get": "The answer has the stored data of what the path names.",
    "update": "What is sent is changed, and nothing else.",
    "delete": "What is deleted is gone.",
    "attach": "The new member is a member, with the privileges of a plain member where none were given.",
    "detach": "What is removed is no member any more, and is still there.",
    "privileges": "The answer has exactly the privileges that are held.",
    "grant": "Afterwards exactly the privileges are held that were and were not taken away, and those that were added.",
    "revoke": "Afterwards no privilege is held.",
    "catalogue": "The answer has the sets of privileges that are known.",
    "invite": "Who takes the token that is made becomes a member, with the privileges of a plain one.",
    "join": "Who was invited is a member, with the privileges of a plain one.",
    "show": "The answer is the documented one.",
    "clear": "What somebody owned of the kind is gone, and nothing of anybody else.",
    "issue": "The token that is made lets its user in, and is listed nowhere.",
    "expire": "No temporary token from before lets its user in; named ones and other users' do.",
    "generation": "The answer has a whole number, the same until temporary tokens are revoked.",
    "infer": "The answer says until when the token counts.",
    "intermediaries": "The answer names exactly the direct members through which the user belongs.",
}


def holdings(contract: Contract, persona: Persona, silent: Container[str] = ()) -> str:
    """What a persona holds, in words; nothing is said of `silent` scopes."""
    words = []
    for scope, held in persona.grants.items():
        if scope == CALLER or scope in silent:
            continue
        place = "in the zone" if scope == ZONE else f"in the {scope.replace('_', ' ')}"
        everything = frozenset(contract.privileges.get(contract.kind(scope), ()))
        if held is None:
            words.append(f"not {scope}" if not everything else f"no member of the {scope.replace('_', ' ')}")
        elif not everything:
            words.append(scope)
        elif len(held) > len(everything) / 2:
            gone = ", ".join(sorted(everything - held))
            words.append(f"every privilege {place}" + (f" but {gone}" if gone else ""))
        else:
            words.append(f"{', '.join(sorted(held)) or 'no privilege'} {place}")
    return "; ".join(words)
