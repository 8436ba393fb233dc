"""An administrator's account: makes users, groups, services, memberships and privileges, and removes them all.

Nothing is removed but what this account made, or what one of its users made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from onezone_spec import Contract, Operation

from onezone_contracts.api import Api, new_id
from onezone_contracts.exchange import Auth, Exchange, Redactor, basic
from onezone_contracts.generate.values import Samples, is_ours, privileges_of, secret, usual
from onezone_contracts.network import Network
from onezone_contracts.patience import Lag
from onezone_contracts.reading import Listing, answer_of, entry_id, list_keys, listing
from onezone_contracts.state.expected import TOKEN, USER, ZONE, Mirror, PrivilegeSet, Ref, kinds, removal, role_of
from onezone_contracts.state.tokens import TokenBook, by_text, text_of
from onezone_contracts.target.credentials import Credentials, near
from onezone_contracts.target.file import SetupError, Target, TestUser
from onezone_contracts.wire import Wire

DEFAULT_SET = "member"
"""The privileges of a new member that none were given to."""
NOT_THERE = frozenset({404, 410})


class Account:
    """Works with an administrator's credentials, by the effects of operations.

    Args:
        contract: the edition.
        base_url: where the API is.
        credentials: the administrator's.
        timeout: seconds for a request.
        settle: seconds until privileges must have taken effect.
        network: how the target is reached.

    `core` is the target of the profile `core`, where its personas were made. `shut` says why no persona can act, where
    that is so. `lag` waits for what has not taken effect yet.
    `with_tokens`: the users that it makes log in with tokens, and have no passwords. `make_share` sets a share up,
    where that can be done.
    """

    def __init__(
        self,
        contract: Contract,
        base_url: str,
        credentials: Credentials,
        *,
        timeout: float = 10.0,
        settle: float = 5.0,
        network: Network | None = None,
    ) -> None:
        self.contract = contract
        self.api = Api(contract, base_url, Wire(_origin(base_url), timeout, network=network))
        self.credentials = credentials
        self.auth = credentials.auth("the administrator")
        self.lag = Lag(settle)
        self.with_tokens = False
        self.samples = Samples(contract)
        self.invited: dict[str, Ref] = {}
        self.make_share: Callable[[], str | None] = lambda: None
        self.mirror = Mirror()
        self.tokens = TokenBook()
        self.api.key = lambda ref, key: str(self.mirror.details.get(ref, {}).get(key, ref[1]))
        self.redactor = Redactor()
        self.redactor.learn(self.samples.password, *credentials.secrets())
        self.api.wire.network.mask_values(self.redactor)
        self.redactor.name("OZKIT_ADMIN_SECRET", credentials.token or credentials.password or "", "the administrator")
        self.redactor.name("OZKIT_PASSWORD", self.samples.password, "every user that the kit makes")
        self.redactor.learn(
            *(
                word
                for credential in (credentials.password, credentials.token)
                if credential
                for word in near(credential)
            )
        )
        self.created: dict[Ref, None] = {}
        self.pool: dict[frozenset[str], list[TestUser]] = {}
        self.removed: set[Ref] = set()
        self.users: dict[Ref, list[TestUser]] = {}
        self.core: Target | None = None
        self.shut: str | None = None
        self.misread: dict[str, Exchange] = {}
        self._before: dict[str, set[str]] = {}
        self._offered: set[tuple[str, str]] = set()

    # --- what it makes ------------------------------------------------------------------------------------

    def open(self) -> None:
        """See that the target answers and takes the account, and remember what is there. Raises SetupError."""
        operation = self.contract.find("get", "caller")
        exchange = self.api.send(operation, {}, self.auth, label="who the administrator is") if operation else None
        if exchange is not None and exchange.response is None:
            raise SetupError(f"the target {self.api.base_url} does not answer: {exchange.failure}")
        if exchange is not None and exchange.status == 401:  # noqa: PLR2004
            raise SetupError("the target answers 401 to the administrator's account: check its credentials")
        for kind in kinds(self.contract):
            if (ids := self.everything(kind)) is not None:
                self._before[kind] = ids

    def create(
        self,
        kind: str,
        body: Mapping[str, Any] | None = None,
        *,
        by: TestUser | None = None,
        names: Mapping[str, str] | None = None,
    ) -> Ref:
        """A new entity, made for itself, or for the user who makes it. Raises SetupError.

        `names` has the ids of what it is to name, by kind.
        """
        operation = self._operation("create", kind, "caller" if by else None)
        value = dict(body) if body is not None else self.samples.body(operation, names=names)
        exchange = self.do(operation, {}, value, by.auth if by else None)
        identity = new_id(exchange)
        if identity is None:
            raise SetupError(
                f"{operation.method} {operation.path} created nothing that can be found: its answer has no Location"
            )
        ref = (kind, identity)
        self.adopt(ref, usual(operation.body, value))
        if by:
            self.mirror.join(by.ref, ref, frozenset(self.contract.privileges[kind]))
        return ref

    def adopt(self, ref: Ref, details: Mapping[str, Any] | None = None) -> None:
        """Take something new into account: it is removed in the end."""
        if ref not in self.created and ref[1] not in self._before.get(ref[0], ()):
            self.created[ref] = None
        self.mirror.add(ref, details or {})

    def before(self, kind: str) -> list[str]:
        """The ids of what was there before the kit, in order."""
        return sorted(self._before.get(kind, ()))

    def take(self, kind: str, ids: Iterable[str]) -> None:
        """Take what one of the kit's users made into account, to be removed in the end."""
        for identity in ids:
            self.created.setdefault((kind, identity))

    def person(self, zone: Iterable[str] = ()) -> TestUser:
        """A new user with these zone privileges, who can log in. Raises SetupError."""
        operation = self._operation("create", USER)
        properties = operation.body.properties if operation.body else ()
        body = self.samples.body(
            operation, [prop.name for prop in properties if not (self.with_tokens and secret(prop))]
        )
        try:
            ref = self.create(USER, body)
        except SetupError as error:
            hint = "" if self.with_tokens else "; where users cannot have passwords, give --personas tokens"
            raise SetupError(f"{error}{hint}") from None
        user = self._let_in(ref) if self.with_tokens else self.logs_in(ref, body, operation)
        if user is None:
            raise SetupError(f"{operation.id} makes no users who can log in")
        self.grant_zone(ref, zone)
        return user

    def _let_in(self, ref: Ref) -> TestUser:
        """Make a token for a user. Raises SetupError."""
        operation = self.contract.find("create", TOKEN, USER)
        if operation is None:
            words = "has no operation that makes tokens for others: leave --personas tokens out"
            raise SetupError(f"edition {self.contract.edition} {words}")
        value = self.samples.body(operation, ["name"])
        identity, text = text_of(exchange := self.do(operation, {USER: ref}, value))
        if text is None:
            raise SetupError(f"{operation.method} {operation.path} showed no token: its answer was {exchange.answer()}")
        self.keep_token(operation, ref, text, identity or new_id(exchange), {"revoked": False, **value})
        self.users[ref] = [TestUser(ref[1], Credentials(token=text), ref)]
        return self.users[ref][-1]

    def keep_token(
        self, operation: Operation, owner: Ref, text: str, identity: str | None, details: Mapping[str, Any]
    ) -> Ref:
        """Take a new token of somebody's into account, which that operation made."""
        named = identity if identity and not by_text(operation) else None
        ref = (TOKEN, named or text)
        self.redactor.learn(text)
        self.tokens.keep(ref, text, owner, named=named is not None)
        if named:
            self.created.setdefault(ref)
        self.mirror.add(ref, {**details, TOKEN: text})
        self.mirror.join(ref, owner, None)
        return ref

    def logs_in(self, ref: Ref, body: Mapping[str, Any], operation: Operation) -> TestUser | None:
        """Remember how a user logs in that was made with this body, None if the body does not say."""
        properties = operation.body.properties if operation.body else ()
        name = next((str(body[prop.name]) for prop in properties if prop.unique and prop.name in body), None)
        word = next((str(body[prop.name]) for prop in properties if secret(prop) and prop.name in body), None)
        if name is None or word is None:
            return None
        user = TestUser(name, Credentials(name, word), ref)
        self.users[ref] = [user]
        self.redactor.learn(word, basic(name, word).removeprefix("Basic "))
        return user

    def renamed(self, ref: Ref, body: Mapping[str, Any], operation: Operation) -> None:
        """A user's name or password was changed by a body of that operation: both are remembered, the new ones last."""
        logins = self.users.get(ref)
        if not logins or logins[-1].credentials.token or operation.body is None:
            return
        names = [str(body[prop.name]) for prop in operation.body.properties if prop.unique and prop.name in body]
        words = [str(body[prop.name]) for prop in operation.body.properties if secret(prop) and prop.name in body]
        self.redactor.learn(*words)
        last = logins[-1].credentials
        name = (names or [last.username or ""])[0]
        logins.append(TestUser(name, Credentials(name, (words or [last.password or ""])[0]), ref))

    def logins(self, ref: Ref, *, may: bool) -> Iterator[tuple[Auth, bool]]:
        """Every name and password that a user had, with whether they should serve: the last ones, if any."""
        *before, last = self.users[ref]
        yield last.auth, may
        for earlier in before:
            if earlier.credentials != last.credentials:
                yield earlier.auth, False

    def pooled(self, zone: Iterable[str], apart: Iterable[Ref], others: Iterable[TestUser]) -> TestUser:
        """A user with these zone privileges, none of `others`, who belongs to nothing of `apart`; made if need be."""
        pool = self.pool.setdefault(frozenset(zone), [])
        places, taken = list(apart), list(others)
        for user in pool:
            if user not in taken and not any(user.ref in self.mirror.inside(place, effective=True) for place in places):
                return user
        pool.append(self.person(zone))
        return pool[-1]

    def attach(self, member: Ref, container: Ref, privileges: PrivilegeSet = None) -> None:
        """A direct membership with these privileges, or those that every new member gets. Raises SetupError."""
        role = role_of(member[0], container[0])
        operation = self._operation("attach", role, container[0])
        key = (
            next((prop.name for prop in operation.body.properties if privileges_of(prop)), None)
            if operation.body
            else None
        )
        value = {key: sorted(privileges)} if key and privileges is not None else None
        self.do(operation, {role: member, container[0]: container}, value)
        self.mirror.join(member, container, self.default(container[0]) if privileges is None else privileges)

    def default(self, kind: str) -> frozenset[str]:
        """The privileges of a new member that none were given to."""
        return frozenset(self.contract.privilege_sets.get(kind, {}).get(DEFAULT_SET, ()))

    def grant_zone(self, ref: Ref, privileges: Iterable[str]) -> None:
        """Zone privileges for somebody. Raises SetupError."""
        names = sorted(privileges)
        if names:
            self.do(self._operation("grant", ref[0], ZONE), {ref[0]: ref}, {"grant": names})
            self.mirror.zone[ref] = self.mirror.zone[ref] | frozenset(names)

    def _operation(self, verb: str, resource: str, within: str | None = None) -> Operation:
        operation = self.contract.find(verb, resource, within)
        if operation is None:
            place = f" in {within}" if within else ""
            raise SetupError(
                f"edition {self.contract.edition} has no operation with the effect {verb} {resource}{place}"
            )
        return operation

    def do(self, operation: Operation, roles: Mapping[str, Ref], value: Any, auth: Auth | None = None) -> Exchange:
        """Set something up by an operation, as the administrator or with other credentials. Raises SetupError."""
        exchange = self.api.send(operation, roles, auth or self.auth, value, label="set up")
        if not exchange.succeeded:
            raise SetupError(self._why(operation, exchange))
        return exchange

    def _why(self, operation: Operation, exchange: Exchange) -> str:
        answer = f"{operation.method} {operation.path} was answered {exchange.answer()}"
        message = f"the administrator's account could not create the test users and groups: {answer}"
        if exchange.status not in {401, 403}:
            doubt = f"; is {self.api.base_url} the base URL, and does it have this operation?"
            return f"{message}{doubt if exchange.status in {404, 405, 501} else '; the kit cannot go on without it'}"
        needed = next((route for route in operation.access.routes if set(route.needs) == {ZONE}), None)
        names = ", ".join(sorted(needed.with_body(["privileges"]).needs[ZONE])) if needed else "more"
        return f"{message}; {operation.id} needs the zone privileges {names}"

    # --- what it reads ------------------------------------------------------------------------------------

    def read(
        self, verb: str, resource: str, within: str | None, roles: Mapping[str, Ref], *, effective: bool = False
    ) -> Exchange | None:
        """What the administrator is answered; None if the contract has no such operation."""
        operation = self.contract.find(verb, resource, within, effective=effective)
        if operation is None:
            return None
        exchange = self.api.send(operation, roles, self.auth, label=f"look: {operation.summary}")
        if not exchange.not_offered and answer_of(exchange) is None:
            self.misread.setdefault(operation.id, exchange)
        return exchange

    def everything(self, kind: str) -> set[str] | None:
        """The ids of all entities of a kind, None if the target does not say."""
        exchange = self.read("list", kind, None, {})
        entries = self.listed(exchange)
        return None if entries is None else {identity for identity in map(entry_id, entries) if identity is not None}

    def listed(self, exchange: Exchange | None) -> list[Any] | None:
        """The list of an answer with its next pages, None if there is none, or more of it than is followed."""
        pages = self.listing(exchange) if exchange else None
        return pages.entries if pages and not pages.cut else None

    def listing(self, exchange: Exchange) -> Listing:
        """The list of an answer with its next pages, as far as they are followed."""
        return listing(exchange, self.api.wire.send, list_keys(self.contract))

    def details(self, ref: Ref) -> dict[str, Any] | None:
        """The stored details, None if there are none to be read."""
        exchange = self.read("get", ref[0], None, {ref[0]: ref})
        answer = answer_of(exchange) if exchange else None
        if not isinstance(answer, dict):
            return None
        self.note("get", ref[0])
        return answer

    def note(self, verb: str, kind: str) -> None:
        """Remember that the target offers to read."""
        self._offered.add((verb, kind))

    def look(self, ref: Ref) -> None:
        """Read something that is there, to know that it can be read."""
        exchange = self.read("get", ref[0], None, {ref[0]: ref})
        if exchange is not None and exchange.succeeded:
            self.note("get", ref[0])

    def offers(self, verb: str, kind: str) -> bool:
        """Whether the target was seen to answer a read."""
        return (verb, kind) in self._offered

    def effective_privileges(self, member: Ref, container: Ref | None) -> frozenset[str] | None:
        """The effective privileges of somebody, in a container or in the zone, None if they are not to be read."""
        role = role_of(member[0], container[0]) if container else member[0]
        roles = {role: member, **({container[0]: container} if container else {})}
        exchange = self.read("privileges", role, container[0] if container else ZONE, roles, effective=True)
        entries = self.listed(exchange)
        return None if entries is None else frozenset(map(str, entries))

    def settled(self, member: Ref, containers: Iterable[Ref]) -> bool:
        """Wait until what somebody was given has taken effect; False where it has not in time."""
        return all(self.lag.until(lambda place=place: self._shows(member, place)) for place in (None, *containers))  # type: ignore[misc]

    def _shows(self, member: Ref, container: Ref | None) -> bool:
        if container is None:
            expected: PrivilegeSet = self.mirror.zone_privileges(member, effective=True)
            if not expected:
                return True
        else:
            expected = self.mirror.privileges(member, container, effective=True)
        shown = self.effective_privileges(member, container)
        return expected is None or shown is None or shown == expected

    # --- afterwards ---------------------------------------------------------------------------------------

    def remove(self) -> None:
        """Remove all that was made, users last; an interrupt waits until that is done, a second one does not."""
        self.api.wire.finish()
        for ref in self._leftovers():
            self.created.setdefault(ref)
        # others go with their owners
        entities = [entity for entity in self.created if self.tokens.owners.get(entity) not in self.created]
        for ref in sorted(filter(self._removable, entities), key=lambda entity: removal(self.contract, entity[0])):
            self.delete(ref)
        self.created.clear()
        self.api.wire.close()

    def delete(self, ref: Ref) -> Exchange | None:
        """Delete an entity; what the target says to that does not matter."""
        operation = self.contract.find("delete", ref[0])
        return (
            self.api.send(operation, {ref[0]: ref}, self.auth, label="remove what the kit made") if operation else None
        )

    def _removable(self, ref: Ref) -> bool:
        """Whether something is surely the kit's: it was not there before, or it says so itself."""
        if ref[0] in self._before:
            return ref[1] not in self._before[ref[0]]
        users = [entity[1] for entity in self.created if entity[0] == USER]
        return is_ours(self.details(ref) or {}, users, self.samples.run_id)

    def _leftovers(self) -> Iterator[Ref]:
        """What is new, carries the run's mark or was made by a user of the kit, and was not accounted for."""
        ours = {ref[1] for ref in self.created if ref[0] == USER}
        for kind in self._before:
            new = (self.everything(kind) or set()) - self._before[kind]
            for identity in sorted(new - {ref[1] for ref in self.created if ref[0] == kind}):
                if is_ours(self.details((kind, identity)) or {}, ours, self.samples.run_id):
                    yield kind, identity


def _origin(base_url: str) -> str:
    scheme, _, rest = base_url.partition("://")
    return f"{scheme}://{rest.partition('/')[0]}"
