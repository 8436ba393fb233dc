"""Invitations: tokens with which a user or a group becomes a member of a group."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Invitation:
    """Who is invited, by the kind, to which entity."""

    member_kind: str
    kind: str
    id: str


class Invitations:
    """The invitations by the text of their tokens, the oldest first."""

    def __init__(self) -> None:
        self.invitations: dict[str, Invitation] = {}

    def invite(self, text: str, invitation: Invitation) -> None:
        """Have a token invite."""
        self.invitations[text] = invitation

    def invitation(self, text: str) -> Invitation | None:
        """What a token invites to, None if it invites to nothing."""
        return self.invitations.get(text)

    def _withdraw(self, kind: str, identity: str) -> None:
        for text in [
            key for key, invitation in self.invitations.items() if (invitation.kind, invitation.id) == (kind, identity)
        ]:
            del self.invitations[text]
