"""The shape of scenario files and snapshots, as types: what a user, a group, a resource and a persona are made of.

    users:
      - {id: alice, username: alice, password: secret, tokens: [MDAx], zone_privileges: [oz_handle_services_create]}
    groups:
      - id: 4ebd9efd1e67f6c18695db1d762a914a
        name: Community
        users: {alice: [group_view]}
        children: {some-other-group: all}
        zone_privileges: []
    tokens:
      - {id: t1, user: alice, name: Notebook, token: MDAxNg, caveats: [{type: time, validUntil: 1893456000}]}
    handle_services:
      - {id: h1, name: DOI, proxyEndpoint: "https://proxy", serviceProperties: {type: DOI}, users: {alice: all}}

Only `id` is required (of users: `id` or `username`). Privileges are a list, or `all` for every one of the scope. Other
keys are those of the entity as the API shows it; `details` takes an object of more of them. What a type cannot say,
that a user exists or a token is used once, is checked where the world is built.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args

import msgspec
from msgspec import UNSET, Meta, Raw, Struct, UnsetType, field

from onezone_mockserver.caveats import API, SERVICE, TIME
from onezone_mockserver.world import BEGINNING, GROUP, TOKEN, USER

if TYPE_CHECKING:
    from collections.abc import Mapping

    from onezone_spec import Contract

SUCCESS = "success"
HOLDERS = {"groups": GROUP, "users": USER}


def _privileges(scope: str) -> Meta:
    """The edition knows the names. Few sets come again and again: they stay as sent until each is looked at, once."""
    return Meta(extra_json_schema={"$ref": f"#/$defs/{scope}_privileges"})


def _members(kind: str) -> Meta:
    return Meta(description=f"The direct members: the id of a {kind}, and its privileges.")


GroupType = Literal["organization", "unit", "team", "role_holders"]
GROUP_TYPES: tuple[str, ...] = get_args(GroupType)
Text = Annotated[str, Meta(min_length=1)]
Username = Annotated[str, Meta(min_length=1, pattern="^[^:]*$")]
Moment = Annotated[int, Meta(ge=0, le=2**63 - 1, description="Seconds since 1970-01-01 UTC.")]
Tokens = Annotated[tuple[Text, ...], Meta(extra_json_schema={"uniqueItems": True})]
BasicAuth = Annotated[bool | UnsetType, Meta(description="Whether the password counts; it does where one is given.")]
Body = Annotated[str | None, Meta(description="The request's body as it is sent; a good one where it is missing.")]
Details = Annotated[dict[str, Raw], Meta(description="More keys of the entity as the API shows it.")]
Whitelist = Annotated[tuple[Text, ...], Meta(min_length=1)]


class TimeCaveat(Struct, forbid_unknown_fields=True, gc=False, tag_field="type", tag=TIME, rename="camel"):
    """The token counts until a moment."""

    valid_until: Moment


class ServiceCaveat(Struct, forbid_unknown_fields=True, gc=False, tag_field="type", tag=SERVICE):
    """Only these services take the token."""

    whitelist: Whitelist


class ApiCaveat(Struct, forbid_unknown_fields=True, gc=False, tag_field="type", tag=API):
    """Only these calls may be made with the token."""

    whitelist: Annotated[tuple[Annotated[str, Meta(pattern=r"^\w+/\w+/\*\.\*\.\*:\*$")], ...], Meta(min_length=1)]


TokenType = Literal["accessToken", "identityToken"]
Caveats = Annotated[
    tuple[TimeCaveat | ServiceCaveat | ApiCaveat, ...], Meta(description="What limits the token, as the API shows it.")
]
ZonePrivileges = Annotated[Raw, _privileges("zone")]
GroupPrivileges = Annotated[Raw, _privileges("group")]


class User(Struct, forbid_unknown_fields=True, gc=False, kw_only=True):
    """A user with its credentials."""

    id: Text | None = None
    username: Username | None = None
    full_name: Text | None = field(default=None, name="fullName")
    basic_auth: BasicAuth = field(default=UNSET, name="basicAuthEnabled")
    blocked: bool = False
    created: Moment = field(default=BEGINNING, name="creationTime")
    password: Text | None = None
    tokens: Tokens = ()
    temporary_tokens: tuple[TemporaryToken, ...] = ()
    token_generation: Annotated[int, Meta(ge=1)] = 1
    zone_privileges: ZonePrivileges = field(default_factory=partial(Raw, b"[]"))
    details: Details = {}


class TemporaryToken(Struct, forbid_unknown_fields=True, gc=False, kw_only=True):
    """A temporary token of a user, which counts until its caveats say otherwise."""

    token: Text
    type: TokenType = "accessToken"
    caveats: Caveats = ()


class Token(Struct, forbid_unknown_fields=True, gc=False, kw_only=True):
    """A named token of a user."""

    id: Text
    user: Text
    token: Text
    name: Text | None = None
    type: TokenType = "accessToken"
    caveats: Caveats = ()
    revoked: bool = False
    created: Moment = field(default=BEGINNING, name="creationTime")
    custom: dict[str, Raw] = field(default={}, name="customMetadata")


class InvitationEntry(Struct, forbid_unknown_fields=True, gc=False, kw_only=True):
    """A token that invites users or groups to a group."""

    token: Text
    invites: Literal["user", "group"]
    group: Text


class Group(Struct, forbid_unknown_fields=True, gc=False, kw_only=True):
    """A group with its direct members."""

    id: Text
    name: Text | None = None
    type: GroupType | None = None
    creator: dict[str, Raw] | UnsetType = UNSET
    created: Moment = field(default=BEGINNING, name="creationTime")
    users: Annotated[dict[str, GroupPrivileges], _members("user")] = {}
    children: Annotated[dict[str, GroupPrivileges], _members("group")] = {}
    zone_privileges: ZonePrivileges = field(default_factory=partial(Raw, b"[]"))
    details: Details = {}


class Resource(Struct, forbid_unknown_fields=True, gc=False, kw_only=True):
    """A resource of any kind; its keys and direct members are added by kind."""

    id: Text
    details: Details = {}


class Persona(Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    """One line of the demo: who asks (None: nobody), for which group, with which body (None: a good one).

    `expect` is the status that the scenario's author expects, `success` for the edition's own; None: not told.
    """

    name: str
    about: str = ""
    user: str | None = None
    password: str | None = None
    group: str
    body: Body = None
    expect: Annotated[int, Meta(ge=100, le=599)] | Literal["success"] | None = None


def resource_kinds(*contracts: Contract) -> dict[str, tuple[str, ...]]:
    """The kinds of resources that operations of any of the contracts show, each with the keys of its forms."""
    kinds: dict[str, dict[str, None]] = {}
    for contract in contracts:
        for operation in contract.operations.values():
            kind = contract.kind(operation.effect.resource)
            if operation.effect.verb == "get" and kind not in {USER, GROUP, TOKEN}:
                schema = contract.resolve(operation.success.schema or {})
                kinds.setdefault(kind, {}).update(dict.fromkeys(schema["properties"]))
        for kind, keys in contract.references.items():
            for key, target in keys.items():
                kinds.setdefault(kind, {}).setdefault(key)
                kinds.setdefault(target, {})
    return {kind: tuple(keys) for kind, keys in kinds.items()}


def entry_types(kinds: Mapping[str, tuple[str, ...]]) -> dict[str, type[Struct]]:
    """What the lists of a scenario hold, by their names."""
    resources = {f"{kind}s": _resource(kind, keys) for kind, keys in kinds.items()}
    return {
        "users": User,
        "groups": Group,
        **resources,
        "tokens": Token,
        "invitations": InvitationEntry,
        "personas": Persona,
    }


def _resource(kind: str, keys: tuple[str, ...]) -> type[Struct]:
    members: Any = dict[str, Annotated[Raw, _privileges(kind)]]
    shown: list[Any] = [(key, Raw | UnsetType, UNSET) for key in keys]
    lists: list[Any] = [(plural, Annotated[members, _members(member)], {}) for plural, member in HOLDERS.items()]
    return msgspec.defstruct(kind, [*shown, *lists], bases=(Resource,))


def scenario_type(lists: Mapping[str, Any]) -> type[Struct]:
    """A scenario with these lists, each of entries of a type. A list that is not there is UNSET."""
    fields: list[Any] = [(name, list.__class_getitem__(entry) | UnsetType, UNSET) for name, entry in lists.items()]
    return msgspec.defstruct("Scenario", fields, forbid_unknown_fields=True)
