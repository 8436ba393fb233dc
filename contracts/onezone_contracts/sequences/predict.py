"""What a request must be answered with, by the contract's access rule and what the model holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum, auto

from onezone_spec import AccessRule, Contract, Level, Operation

from onezone_contracts.state.expected import CALLER, UNRELATED, USER, ZONE, Mirror, Ref, pair, rank
from onezone_contracts.state.observe import LOGIN
from onezone_contracts.target.administrator import Account
from onezone_contracts.target.skeleton import needed

NOT_THERE, CONFLICT = 404, 409
SELF, CREATOR = "self", "creator"
Bounds = tuple[frozenset[str] | None, frozenset[str] | None]
"""The least and the most that somebody may hold: some privileges are not promised by any document."""


class Expected(Enum):
    """What must come of a request. OPEN binds nobody; every other one but ALLOWED is refused."""

    ALLOWED = auto()
    UNAUTHENTICATED = auto()
    FORBIDDEN = auto()
    ABSENT = auto()
    """What the path names is not there, or not related as it would have to be."""
    OPEN = auto()


class Prediction:
    """Predicts by a model.

    Args:
        account: an administrator's, with the model.
    """

    def __init__(self, account: Account) -> None:
        self.account = account
        self.contract: Contract = account.contract
        self.zone = needed(account.contract)

    @property
    def _mirror(self) -> Mirror:
        return self.account.mirror

    def of_user(self, operation: Operation, user: Ref, roles: Mapping[str, Ref], keys: Iterable[str]) -> Expected:
        """What comes of a request of a user, who may have been deleted or blocked."""
        if user not in self._mirror.details or not self._logs_in(user):
            return Expected.OPEN if operation.access.public else Expected.FORBIDDEN
        if not self._present(roles):
            return self._absent(operation)
        rule = operation.access.with_body(keys)
        if self._may(rule, operation, user, roles):
            return self._related(operation, roles, user, Expected.ALLOWED)
        if self._might(rule, operation, user, roles):
            return self._related(operation, roles, user, Expected.OPEN)
        return Expected.FORBIDDEN

    def of_administrator(self, operation: Operation, roles: Mapping[str, Ref], keys: Iterable[str]) -> Expected:
        """What comes of a request of the administrator, who belongs to nothing and holds what the kit needs."""
        if not self._present(roles):
            return self._absent(operation)
        grants = {ZONE: self.zone, CALLER: frozenset[str]()}
        allowed = operation.access.with_body(keys).allowed_by(grants)
        return self._related(operation, roles, None, Expected.ALLOWED if allowed else Expected.OPEN)

    def of_nobody(self, operation: Operation, roles: Mapping[str, Ref]) -> Expected:
        """What comes of a request without credentials."""
        if not operation.access.public:
            present = (
                self._present(roles) and self._related(operation, roles, None, Expected.ALLOWED) is Expected.ALLOWED
            )
            return Expected.UNAUTHENTICATED if present else Expected.FORBIDDEN
        return Expected.ALLOWED if self._present(roles) else self._absent(operation)

    def determined(self, operation: Operation, roles: Mapping[str, Ref], user: Ref | None) -> bool:
        """Whether the contract says what is there after a success.

        It does not where a member is added again, or belongs to itself by some way, nor where the privileges before are
        not known, or are held through a group only.
        """
        verb = operation.effect.verb
        about = pair(self.contract, operation, roles, user) if verb in {"attach", "detach", "grant"} else None
        if about is None or not self._present(roles):
            return True
        member, container = about
        direct = self._mirror.inside(container)
        if verb != "attach":
            unknown = verb == "grant" and self._mirror.privileges(member, container) is None
            return member in direct and not unknown
        inside = self._mirror.inside(member, effective=True) if rank(member[0]) > 0 else set()
        return member not in direct and container not in {member, *inside}

    # --- whether it is there ------------------------------------------------------------------------------

    def _present(self, roles: Mapping[str, Ref]) -> bool:
        return all(ref in self._mirror.details for ref in roles.values())

    def _absent(self, operation: Operation) -> Expected:
        return Expected.ABSENT if NOT_THERE in operation.responses else Expected.OPEN

    def _logs_in(self, user: Ref) -> bool:
        stored = self._mirror.details[user]
        return all(stored.get(key, right) == right for key, right in LOGIN.items())

    def _related(
        self, operation: Operation, roles: Mapping[str, Ref], user: Ref | None, otherwise: Expected
    ) -> Expected:
        """ABSENT where a relation is missing that the effect speaks of, or there already that it would make.

        Whether a member through groups counts where direct ones are asked for is left open.
        """
        effect = operation.effect
        about = pair(self.contract, operation, roles, user)
        if about is None or effect.verb == "create":
            return otherwise
        member, container = about
        if effect.verb in UNRELATED:
            conflict = CONFLICT in operation.responses and member in self._mirror.inside(container)
            return Expected.ABSENT if conflict else otherwise
        if member in self._mirror.inside(container, effective=effect.effective):
            return otherwise
        through_groups = member in self._mirror.inside(container, effective=True)
        return Expected.OPEN if through_groups else self._absent(operation)

    # --- who may ------------------------------------------------------------------------------------------

    def _may(self, rule: AccessRule, operation: Operation, user: Ref, roles: Mapping[str, Ref]) -> bool:
        """Whether the least that the user holds is enough for a route that binds."""
        least = {scope: self._bounds(operation, scope, user, roles)[0] for scope in _scopes(rule)}
        binding = AccessRule(tuple(route for route in rule.routes if route.level is Level.MUST), rule.source)
        return binding.allowed_by(least) is not None

    def _might(self, rule: AccessRule, operation: Operation, user: Ref, roles: Mapping[str, Ref]) -> bool:
        """Whether the most that the user holds is enough for any route, or the routes leave the user out."""
        most = {scope: self._bounds(operation, scope, user, roles)[1] for scope in _scopes(rule)}
        return rule.allowed_by(most) is not None or self._not_spoken_of(rule, roles, user)

    def _not_spoken_of(self, rule: AccessRule, roles: Mapping[str, Ref], user: Ref) -> bool:
        """Whether the user belongs to an entity of whose members no route says anything."""
        scopes = _scopes(rule)
        silent = (ref for role, ref in roles.items() if role not in scopes and rank(ref[0]) > 0)
        return any(user in self._mirror.inside(ref, effective=True) for ref in silent)

    def _bounds(self, operation: Operation, scope: str, user: Ref, roles: Mapping[str, Ref]) -> Bounds:
        if scope == ZONE:
            privileges = self._mirror.zone_privileges(user, effective=True)
            return privileges, privileges
        if scope in {CALLER, SELF, CREATOR}:
            met = (
                scope == CALLER
                or (scope == SELF and roles.get(USER) == user)
                or (scope == CREATOR and self._created(operation, roles))
            )
            condition = frozenset[str]() if met else None
            return condition, condition
        return self._bounds_in(user, roles[scope])

    def _created(self, operation: Operation, roles: Mapping[str, Ref]) -> bool:
        """Whether the user of the path made what the path names first."""
        first = operation.parameters[0]
        creator = self._mirror.details[roles[first.entity or first.name]].get("creator") or {}
        return bool(creator.get("id") == roles[USER][1])

    def _bounds_in(self, user: Ref, container: Ref) -> Bounds:
        direct = self._mirror.members[container]
        sets = [direct[member] for member in self._mirror.through(user, container)]
        if not sets:
            return None, None
        least = frozenset[str]().union(*(privileges for privileges in sets if privileges is not None))
        return least, frozenset(self.contract.privileges[container[0]]) if None in sets else least


def _scopes(rule: AccessRule) -> set[str]:
    return {scope for route in rule.routes for scope in route.needs}
