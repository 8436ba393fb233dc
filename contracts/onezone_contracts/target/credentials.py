"""What somebody signs in with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from onezone_contracts.exchange import Auth, basic


class FromVariable(str):
    """A value of a target file that an environment variable gave, and nothing else."""

    __slots__ = ("variable",)
    variable: str


@dataclass(frozen=True, slots=True)
class Credentials:
    """A user name with password (HTTP Basic), a token, or headers of the target's own.

    A token is sent as `X-Auth-Token`, or with `bearer` as `Authorization: Bearer`.
    """

    username: str | None = None
    password: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)
    bearer: bool = False
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)

    def has(self, kind: str) -> bool:
        """Whether there is a `password`, or a `token`."""
        return getattr(self, kind) is not None

    def kinds(self) -> Iterator[tuple[str, str]]:
        """Each secret, with a word for what it is."""
        if self.token is not None:
            yield "TOKEN", self.token
        elif self.headers:
            for number, (_, value) in enumerate(self.headers, start=1):
                yield f"HEADER_{number}", value
        else:
            yield "PASSWORD", self.password or ""

    def secrets(self) -> list[str]:
        """What must not be shown, in every spelling that is sent."""
        own = [value for _, value in self.kinds()]
        if self.token is None and not self.headers:
            own.append(basic(self.username or "", self.password or "").removeprefix("Basic "))
        return own

    def auth(self, who: str) -> Auth:
        """How they are sent."""
        if self.token is not None:
            return Auth((self.carrier(self.token),), who)
        return Auth(self.headers or (("Authorization", basic(self.username or "", self.password or "")),), who)

    def carrier(self, token: str) -> tuple[str, str]:
        """The header in which a token like the own one is sent."""
        return ("Authorization", f"Bearer {token}") if self.bearer else ("X-Auth-Token", token)


def near(secret: str) -> set[str]:
    """A secret and what the judge makes of it to see that only the right one is taken: all of them tell it."""
    variants = {secret, f"{secret}x", f"{secret} ", secret[:-1], secret.swapcase(), f"{secret.swapcase()}X"}
    return {variant for variant in variants if variant}
