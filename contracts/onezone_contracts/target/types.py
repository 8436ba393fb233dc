"""The shape of a target file, as types: which keys there are, and what each holds.

`file` reads by these keys, and `schema` makes the JSON Schema for editors from them.
"""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType

Text = Annotated[str, Meta(min_length=1)]


class Password(Struct, forbid_unknown_fields=True):
    """HTTP Basic."""

    username: Text
    password: str


class Token(Struct, forbid_unknown_fields=True):
    """Sent as `X-Auth-Token`."""

    token: Text


class Bearer(Struct, forbid_unknown_fields=True):
    """Sent as `Authorization: Bearer`."""

    bearer: Text


class Headers(Struct, forbid_unknown_fields=True):
    """Headers of the target's own, by name."""

    headers: Annotated[dict[str, Text], Meta(min_length=1)]


CREDENTIALS: tuple[type[Struct], ...] = (Password, Token, Bearer, Headers)
"""The ways to log in; a user has exactly one."""


class Groups(Struct, forbid_unknown_fields=True):
    """The groups that requests are about."""

    home: Annotated[Text, Meta(description="The group that personas are in, or deliberately not in.")]
    other: Annotated[
        Text | UnsetType, Meta(description="A group that no persona is in. Without it the verdict is at best partial.")
    ] = UNSET
    missing: Annotated[
        Text | UnsetType, Meta(description="An id that no group has. Left out, one is drawn in the form of the others.")
    ] = UNSET


class TargetFile(Struct, forbid_unknown_fields=True):
    """A target file: where the API is, and as whom to call it."""

    base_url: Annotated[Text, Meta(description="The base URL of the API, base path included.")]
    edition: Annotated[Text | UnsetType, Meta(description="The edition of the contract; `--edition` wins over it.")] = (
        UNSET
    )
    groups: Groups | UnsetType = UNSET
    personas: Annotated[
        dict[str, dict[str, Any]] | UnsetType,
        Meta(description="Operation id, then persona: its credentials. `ozkit target init` lists them."),
    ] = UNSET
    admin: Annotated[Any, Meta(description="An administrator's account, with which the kit creates its users.")] = UNSET
    kept: Annotated[
        dict[str, Any] | UnsetType,
        Meta(description="What `ozkit target clean` removes; `ozkit verify --keep` writes it."),
    ] = UNSET


def keys(kind: type[Struct]) -> set[str]:
    """The keys of a part of a target file."""
    return set(kind.__struct_fields__)
