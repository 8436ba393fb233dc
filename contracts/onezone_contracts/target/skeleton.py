"""`ozkit target init --profile full`: a target file that names an administrator's account."""

from __future__ import annotations

import textwrap

from onezone_spec import Contract

from onezone_contracts.personas import ZONE

BASE_PATH = "/api/onezone/v3"


def needed(contract: Contract) -> frozenset[str]:
    """The zone privileges that an administrator's account needs for the profile `full`."""
    routes = [route for operation in contract.operations.values() for route in operation.access.routes]
    routes += [route.with_body(route.given) for route in routes]
    return frozenset(name for route in routes if set(route.needs) == {ZONE} for name in route.needs[ZONE])


def skeleton(contract: Contract) -> str:
    """A target file to fill in, that says which zone privileges the administrator must hold."""
    names = textwrap.wrap(", ".join(sorted(needed(contract))), 110)
    return "\n".join(
        [
            f"# Target file for edition {contract.edition}, profile full. Values may be ${{ENV_VAR}}.",
            "# The kit makes its personas with this account, and removes them in the end.",
            f"base_url: http://127.0.0.1:9000{contract.base_paths[0] if contract.extends is None else BASE_PATH}",
            f"edition: {contract.edition}",
            "# The account has username and password (HTTP Basic), or token (X-Auth-Token), and these zone privileges:",
            *(f"#   {line}" for line in names),
            'admin: {username: "...", password: "..."}',
            "",
        ]
    )
