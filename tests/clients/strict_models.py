"""What a client expects of a zone, written from Onezone's own document 21.02: required keys are required here.

Nothing of this is taken from our contract. A value of another type, an unknown word of an enum and a missing key raise.
"""

from __future__ import annotations

import re
from typing import Any, Literal

import msgspec
from msgspec import UNSET, Struct, UnsetType

GroupType = Literal["organization", "unit", "team", "role_holders"]


class Creator(Struct, forbid_unknown_fields=True):
    type: Literal["nobody", "user", "oneprovider"]
    id: str | None


class LinkedAccount(Struct):
    subjectId: str


class SharedUser(Struct, forbid_unknown_fields=True, kw_only=True):
    userId: str
    fullName: str
    username: str | None
    creationTime: int
    name: str | UnsetType = UNSET
    login: str | UnsetType | None = UNSET
    alias: str | UnsetType | None = UNSET


class User(SharedUser, forbid_unknown_fields=True, kw_only=True):
    emails: list[str]
    linkedAccounts: list[LinkedAccount]
    emailList: list[str] | UnsetType = UNSET
    basicAuthEnabled: bool | UnsetType = UNSET
    blocked: bool | UnsetType = UNSET


class SharedGroup(Struct, forbid_unknown_fields=True, kw_only=True):
    groupId: str
    name: str
    type: GroupType
    creationTime: int


class Group(SharedGroup, forbid_unknown_fields=True, kw_only=True):
    creator: Creator


class HandleService(Struct, forbid_unknown_fields=True, kw_only=True):
    handleServiceId: str
    name: str
    proxyEndpoint: str
    serviceProperties: dict[str, Any]
    creator: Creator
    creationTime: int


class PublicHandleService(Struct, forbid_unknown_fields=True):
    handleServiceId: str
    name: str


class Intermediary(Struct, forbid_unknown_fields=True):
    type: Literal["group"]
    id: str


class Membership(Struct, forbid_unknown_fields=True):
    intermediaries: list[Intermediary]


class Users(Struct, forbid_unknown_fields=True):
    users: list[str]


class Groups(Struct, forbid_unknown_fields=True):
    groups: list[str]


class HandleServices(Struct, forbid_unknown_fields=True):
    handle_services: list[str]


class Privileges(Struct, forbid_unknown_fields=True):
    privileges: list[str]


class ZoneSets(Struct, forbid_unknown_fields=True):
    viewer: list[str]
    admin: list[str]


class GroupSets(Struct, forbid_unknown_fields=True):
    member: list[str]
    manager: list[str]
    admin: list[str]


class ServiceSets(Struct, forbid_unknown_fields=True):
    member: list[str]
    admin: list[str]


class Subject(Struct, forbid_unknown_fields=True):
    type: Literal["user", "oneprovider"]
    id: str


class TokenMetadata(Struct, forbid_unknown_fields=True):
    creationTime: int
    custom: dict[str, Any]


class NamedToken(Struct, forbid_unknown_fields=True):
    id: str
    name: str
    subject: Subject
    type: dict[Literal["accessToken", "identityToken", "inviteToken"], dict[str, Any]]
    caveats: list[dict[str, Any]]
    metadata: TokenMetadata
    revoked: bool
    token: str


class TokenStatus(Struct, forbid_unknown_fields=True):
    revoked: bool


class Generation(Struct, forbid_unknown_fields=True):
    generation: int


class Tokens(Struct, forbid_unknown_fields=True):
    tokens: list[str]


class HandleList(Struct, forbid_unknown_fields=True):
    handles: list[str]


class ShareList(Struct, forbid_unknown_fields=True):
    shares: list[str]


class HandleSets(Struct, forbid_unknown_fields=True):
    member: list[Literal["handle_view", "handle_update", "handle_delete"]]
    admin: list[Literal["handle_view", "handle_update", "handle_delete"]]


class Handle(Struct, forbid_unknown_fields=True, kw_only=True):
    handleId: str
    handleServiceId: str
    publicHandle: str
    resourceType: Literal["Share"]
    resourceId: str
    metadataPrefix: Literal["oai_dc", "edm"]
    metadata: str
    timestamp: str
    creator: Creator | UnsetType = UNSET
    creationTime: int


class PublicShare(Struct, kw_only=True):
    shareId: str
    name: str
    description: str
    publicUrl: str
    publicRestUrl: str
    rootFileId: str
    fileType: Literal["file", "dir"]
    handleId: str | None


class Configuration(Struct, kw_only=True):
    name: str | None
    domain: str
    version: str
    build: str
    subdomainDelegationSupported: bool
    compatibleOneproviderVersions: list[str]
    compatibilityRegistryRevision: int
    supportedIdPs: list[dict[str, Any]]
    availableSpaceTags: dict[str, Any]


MODELS: tuple[tuple[str, type[Struct]], ...] = (
    ("/privileges", ZoneSets),
    ("/groups/privileges", GroupSets),
    ("/handle_services/privileges", ServiceSets),
    ("/handles/privileges", HandleSets),
    ("/configuration", Configuration),
    ("/shares", ShareList),
    ("/shares/{}/public", PublicShare),
    ("/handles/{}/public", Handle),
    (r"(/.+)?/(effective_)?handles/{}", Handle),
    (r"(/.+)?/(effective_)?handles", HandleList),
    (r"/.+/(effective_)?privileges", Privileges),
    (r"/.+/membership", Membership),
    ("/user", User),
    ("/users/{}", User),
    (r"/.+/(effective_)?users/{}", SharedUser),
    ("/groups/{}", Group),
    (r"/user/(effective_)?groups/{}", Group),
    (r"/.+/(effective_)?(groups|children|parents)/{}", SharedGroup),
    (r"(/.+)?/tokens/named/name/{}", NamedToken),
    ("/tokens/named/{}", NamedToken),
    ("/tokens/named/{}/status", TokenStatus),
    (r"/.+/tokens/temporary", Generation),
    (r"(/.+)?/(tokens/named|client_tokens)", Tokens),
    ("/handle_services/{}/public", PublicHandleService),
    (r"(/.+)?/(effective_)?handle_services/{}", HandleService),
    (r"(/.+)?/(effective_)?users", Users),
    (r"(/.+)?/(effective_)?(groups|children|parents)", Groups),
    (r"(/.+)?/(effective_)?handle_services", HandleServices),
)
"""The model of what a path is answered, the first that fits; `{}` stands for any id."""


def read(template: str, body: bytes) -> Struct:
    """The answer to a GET of that path template. Raises msgspec.ValidationError where it is another thing."""
    shape = re.sub(r"\{\w*\}", "{}", template)
    model = next(model for pattern, model in MODELS if re.fullmatch(pattern.replace("{}", r"\{\}"), shape))
    struct: Struct = msgspec.json.decode(body, type=model, strict=True)
    return struct
