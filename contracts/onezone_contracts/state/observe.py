"""Compare what the target shows with what it should hold; and say what a reading operation should answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from onezone_spec import Contract, Operation

from onezone_contracts.exchange import Exchange
from onezone_contracts.reading import answer_of, ids_of
from onezone_contracts.state.belonging import belonging
from onezone_contracts.state.compare import brief, difference, is_moment, more, value_at
from onezone_contracts.state.expected import (
    CALLER,
    GROUP,
    READING,
    TOKEN,
    USER,
    ZONE,
    Mirror,
    Ref,
    holds,
    naming,
    pair,
    rank,
    role_of,
)
from onezone_contracts.state.probe import Difference, Probe
from onezone_contracts.state.tokens import BLOCKED, as_sent, counts
from onezone_contracts.target.administrator import NOT_THERE, Account
from onezone_contracts.target.credentials import Credentials
from onezone_contracts.target.owned import generation_of, read_generation

LOGIN: Mapping[str, Any] = {BLOCKED: False, "basicAuthEnabled": True}
"""What is stored of a user who may log in with a password."""
UNAUTHORIZED = 401
CREATED = "creationTime"
SAME_AS, ABSENT = "x-onezone-same-as", "x-onezone-absent"


def probes(contract: Contract, operation: Operation, roles: Mapping[str, Ref], caller: Ref | None) -> list[Probe]:
    """What an operation can touch."""
    effect = operation.effect
    touched = [*roles.values(), *([caller] if caller and CALLER in {effect.resource, effect.within} else [])]
    owned = effect.resource in contract.owners
    looks = [Probe("details", ref) for ref in dict.fromkeys(touched)]
    for ref in dict.fromkeys(touched):
        looks += [Probe("members", ref, kind=kind) for kind in (USER, GROUP) if rank(ref[0]) > 0]
    if owned:
        looks += [Probe("counts", ref) for ref in touched if ref[0] in contract.owners]
        looks += [Probe(what, ref) for ref in touched if ref[0] == USER for what in ("owned", "temporary")]
        return looks
    about = pair(contract, operation, roles, caller)
    if about:
        looks.append(Probe("privileges", *about))
    about_user = contract.kind(effect.resource) == USER and effect.within is None
    if about_user and effect.verb in {"update", "create"}:
        holder = roles.get(effect.resource) or caller
        looks += [Probe("login", holder)] if holder else []
    if effect.within == ZONE:
        holder = roles.get(effect.resource) or caller
        looks += [Probe("zone", holder)] if holder else []
    return looks


def differences(account: Account, looks: list[Probe]) -> list[Difference]:
    """What differs from the mirror, once the target had time to show it."""
    left = list(looks)
    seen: list[Difference] = []

    def same() -> bool:
        seen.clear()
        seen.extend(mismatch for probe in left for mismatch in _differs(account, probe))
        return not seen

    account.lag.until(same)
    return seen


def _differs(account: Account, probe: Probe) -> Iterator[Difference]:
    mirror = account.mirror
    if probe.what not in {"details", "counts", "temporary", "belonging"} and not _there(mirror, probe):
        return
    if probe.what == "details" and probe.ref in account.tokens.unnamed:
        return
    look: Callable[[Account, Probe], Iterator[Difference]] = _LOOKS[probe.what]
    yield from look(account, probe)


def _there(mirror: Mirror, probe: Probe) -> bool:
    """Whether the mirror knows what the probe looks at."""
    if probe.ref not in mirror.details or (probe.other and probe.other not in mirror.details):
        return False
    return probe.what != "privileges" or mirror.privileges(probe.ref, probe.other or probe.ref) is not None


def _details(account: Account, probe: Probe) -> Iterator[Difference]:
    exchange = account.read("get", probe.ref[0], None, {probe.ref[0]: probe.ref})
    if exchange is None:
        return
    stored, shown = account.mirror.details.get(probe.ref), answer_of(exchange)
    name = f"the {probe.ref[0].replace('_', ' ')} {probe.ref[1]}"
    if stored is None:
        if exchange.succeeded:
            yield Difference(f"{name} is still there", "404", exchange.answer(), exchange)
    elif exchange.status in NOT_THERE:
        if account.offers("get", probe.ref[0]):
            yield Difference(f"{name} is not there", "200", exchange.answer(), exchange)
    elif isinstance(shown, dict):
        account.note("get", probe.ref[0])
        yield from unequal(name, stored, as_sent(probe.ref[0], shown), exchange)


def unequal(name: str, stored: Mapping[str, Any], shown: Mapping[str, Any], exchange: Exchange) -> Iterator[Difference]:
    """The keys that both have with different values."""
    for key in sorted(stored.keys() & shown.keys()):
        where = difference(stored[key], shown[key], key) or more(stored[key], shown[key], key)
        if where:
            yield Difference(
                f"{where} of {name}", brief(value_at(stored[key], where)), brief(value_at(shown[key], where)), exchange
            )


def _members(account: Account, probe: Probe) -> Iterator[Difference]:
    place = probe.ref
    exchange = account.read("list", role_of(probe.kind, place[0]), place[0], {place[0]: place})
    entries = account.listed(exchange)
    if exchange is None or entries is None:
        return
    expected = {ref[1] for ref in account.mirror.inside(place) if ref[0] == probe.kind}
    if ids_of(entries) != expected:
        yield Difference(
            f"the {probe.kind}s of the {place[0].replace('_', ' ')}", in_words(expected), in_words(entries), exchange
        )


def _privileges(account: Account, probe: Probe) -> Iterator[Difference]:
    assert probe.other is not None
    role = role_of(probe.ref[0], probe.other[0])
    exchange = account.read("privileges", role, probe.other[0], {role: probe.ref, probe.other[0]: probe.other})
    yield from _compare_privileges(
        account, account.mirror.privileges(probe.ref, probe.other), exchange, f"what the {role} may"
    )


def _zone(account: Account, probe: Probe) -> Iterator[Difference]:
    exchange = account.read("privileges", probe.ref[0], ZONE, {probe.ref[0]: probe.ref})
    yield from _compare_privileges(
        account, account.mirror.zone_privileges(probe.ref), exchange, f"what the {probe.ref[0]} may in the zone"
    )


def _compare_privileges(
    account: Account, privileges: frozenset[str] | None, exchange: Exchange | None, what: str
) -> Iterator[Difference]:
    entries = account.listed(exchange)
    if entries is not None and privileges is not None and set(map(str, entries)) != privileges:
        yield Difference(what, in_words(privileges), in_words(entries), exchange)


def _login(account: Account, probe: Probe) -> Iterator[Difference]:
    """Whether the user can log in where that should be, and that no earlier password serves."""
    operation, person = account.contract.find("get", CALLER), account.users.get(probe.ref)
    if operation is None or person is None:
        return
    stored = account.mirror.details[probe.ref]
    needed = {BLOCKED: False} if person[-1].credentials.token else LOGIN
    may = all(stored.get(key, right) == right for key, right in needed.items())
    for auth, works in account.logins(probe.ref, may=may):
        exchange = account.api.send(operation, {}, auth, label="log in")
        if (exchange.status == UNAUTHORIZED) is works:
            what = "the user cannot log in" if works else "the user can log in"
            yield Difference(what, "200" if works else "401", exchange.answer(), exchange)


def _counts(account: Account, probe: Probe) -> Iterator[Difference]:
    """Whether a named token lets its user in, and nobody else."""
    details, owner = account.mirror.details, account.tokens.owners[probe.ref]
    may = probe.ref in details and counts(details[probe.ref], details.get(owner))
    yield from _lets_in(account, account.tokens.texts[probe.ref], owner, may=may)


def _temporary(account: Account, probe: Probe) -> Iterator[Difference]:
    """Whether the temporary tokens of a user let it in that should."""
    owner = account.mirror.details.get(probe.ref)
    for text, right in account.tokens.temporary.get(probe.ref, {}).items():
        yield from _lets_in(account, text, probe.ref, may=right and counts({}, owner))


def _lets_in(account: Account, text: str, owner: Ref, *, may: bool) -> Iterator[Difference]:
    operation = account.contract.find("get", CALLER)
    if operation is None:
        return
    auth = Credentials(token=text).auth("a token")
    exchange = account.api.send(operation, {}, auth, label="look at oneself with a token")
    answer = answer_of(exchange)
    if (exchange.status == UNAUTHORIZED) is may:
        what = "the token does not count" if may else "the token still counts"
        yield Difference(what, "200" if may else "401", exchange.answer(), exchange)
    elif may and isinstance(answer, dict) and owner[1] not in answer.values():
        yield Difference("who the token lets in", owner[1], brief(answer), exchange)


def _owned_tokens(account: Account, probe: Probe) -> Iterator[Difference]:
    """Whether exactly those named tokens of a user are listed that are there."""
    exchange = account.read("list", TOKEN, USER, {USER: probe.ref})
    entries = account.listed(exchange)
    belongings = account.mirror.inside(probe.ref)
    if exchange is None or entries is None or belongings & account.tokens.unnamed:
        return
    expected = {ref[1] for ref in belongings if ref[0] == TOKEN}
    if ids_of(entries) != expected:
        yield Difference("the tokens of the user", in_words(expected), in_words(entries), exchange)


def _newer_generation(account: Account, probe: Probe) -> Iterator[Difference]:
    """Whether the generation of temporary tokens is another than it was."""
    before = account.tokens.generations.get(probe.ref)
    exchange = read_generation(account, probe.ref)
    now = account.tokens.generations.get(probe.ref)
    if exchange and before is not None and now is not None and now <= before:
        yield Difference("the generation of temporary tokens", f"more than {before}", str(now), exchange)


_LOOKS = {
    "login": _login,
    "details": _details,
    "members": _members,
    "privileges": _privileges,
    "zone": _zone,
    "counts": _counts,
    "temporary": _temporary,
    "owned": _owned_tokens,
    "generation": _newer_generation,
    "belonging": belonging,
}


def in_words(values: Any) -> str:
    """A set in words."""
    return ", ".join(sorted(map(str, values))) or "none"


# --- what a reading operation answers --------------------------------------------------------------------------


def misread(
    account: Account, operation: Operation, roles: Mapping[str, Ref], caller: Ref | None, exchange: Exchange
) -> list[Difference]:
    """How an answer differs from what the operation should say of the entities in its path."""
    answer = answer_of(exchange)
    if operation.success.schema is None:
        return []
    if not isinstance(answer, dict):
        return [
            Difference(
                "the answer", "a JSON object", brief(answer) if answer is not None else exchange.answer(), exchange
            )
        ]
    roles_with_caller: dict[str, Ref | None] = {**roles, CALLER: caller}
    return list(_READS[operation.effect.verb](account, operation, roles_with_caller, exchange))


Roles = Mapping[str, Ref | None]


def _list(account: Account, operation: Operation, roles: Roles, exchange: Exchange) -> Iterator[Difference]:
    effect, mirror, listing = operation.effect, account.mirror, account.listing(exchange)
    entries = listing.entries
    if entries is None:
        yield Difference("the answer", "one list of ids", brief(answer_of(exchange)), exchange)
    if entries is None or listing.cut:
        return
    ids, kind = ids_of(entries), account.contract.kind(effect.resource)
    if len(ids) != len(entries):
        yield Difference("the list", "each id once", "an id twice", exchange)
    place = roles.get(effect.within or "")
    if place is None:
        expected = {ref[1] for ref in mirror.details if ref[0] == kind and ref not in account.tokens.unnamed}
        judged = expected | {ref[1] for ref in account.removed if ref[0] == kind}
    else:
        texts = account.tokens.texts if effect.by == TOKEN else {}
        related = _related(account.contract, mirror, operation, place)
        expected = {texts.get(ref, ref[1]) for ref in related if ref[0] == kind}
        ours = {texts.get(ref, ref[1]) for ref in {*account.created, *account.tokens.owners} if ref[0] == kind}
        judged = ours if effect.within == CALLER else ids | expected
    if ids & judged != expected:
        yield Difference("the list", in_words(expected), in_words(ids & judged), exchange)


def _related(contract: Contract, mirror: Mirror, operation: Operation, place: Ref) -> set[Ref]:
    effect = operation.effect
    assert effect.within is not None
    if key := naming(contract, operation):
        return {
            ref for ref, details in mirror.details.items() if ref[0] == effect.resource and details.get(key) == place[1]
        }
    if holds(contract, effect.resource, effect.within):
        return mirror.inside(place, effective=effect.effective)
    return mirror.containers(place, contract.kind(effect.resource), effective=effect.effective)


def _get(account: Account, operation: Operation, roles: Roles, exchange: Exchange) -> Iterator[Difference]:
    ref, answer = roles[operation.effect.resource], answer_of(exchange)
    assert ref is not None
    if ref[1] not in answer.values() and _shows_text(account.contract, operation):
        yield Difference("the answer", f"the id {ref[1]}", "another id, or none", exchange)
    if ref in account.created and not is_moment(answer.get(CREATED)):
        yield Difference("when it was made", "seconds since 1970", brief(answer[CREATED]), exchange)
    stored = _as_shown(account, operation, ref)
    yield from unequal(f"the {ref[0].replace('_', ' ')}", stored, as_sent(ref[0], answer), exchange)


def _as_shown(account: Account, operation: Operation, ref: Ref) -> dict[str, Any]:
    """What is stored of an entity as the operation shows it: what stands for nothing and what is repeated, too."""
    stored, contract = dict(account.mirror.details.get(ref, {})), account.contract
    shown = contract.resolve(operation.success.schema or {}).get("properties", {})
    for name, schema in ((name, contract.resolve(prop)) for name, prop in shown.items()):
        if ABSENT in schema and ref in account.created:
            stored.setdefault(name, schema[ABSENT])
    for name, schema in ((name, contract.resolve(prop)) for name, prop in shown.items()):
        if schema.get(SAME_AS) in stored:
            stored[name] = stored[schema[SAME_AS]]
    return stored


def _shows_text(contract: Contract, operation: Operation) -> bool:
    """Whether the documented answer has a key that an id could stand under."""
    properties = contract.resolve(operation.success.schema or {}).get("properties", {}).values()
    return any(contract.resolve(prop).get("type") == "string" for prop in properties)


def _generation(account: Account, operation: Operation, roles: Roles, exchange: Exchange) -> Iterator[Difference]:
    owner, number = roles[operation.effect.within or ""], generation_of(exchange)
    assert owner is not None
    before = account.tokens.generations.get(owner)
    if number is None:
        yield Difference("the generation", "a whole number", brief(answer_of(exchange)), exchange)
    elif before is not None and number != before:
        yield Difference("the generation", str(before), str(number), exchange)
    else:
        account.tokens.generations[owner] = number


def _scope(account: Account, operation: Operation, roles: Roles, exchange: Exchange) -> Iterator[Difference]:
    """The token that is asked about has no end."""
    assert account is not None
    assert operation.effect.verb in READING
    assert roles is not None
    end = answer_of(exchange).get("validUntil")
    if end is not None:
        yield Difference("until when the token counts", "null", brief(end), exchange)


def _sets(account: Account, operation: Operation, roles: Roles, exchange: Exchange) -> Iterator[Difference]:
    effect, mirror = operation.effect, account.mirror
    about = pair(account.contract, operation, {role: ref for role, ref in roles.items() if ref}, roles.get(CALLER))
    if about:
        privileges = mirror.privileges(*about, effective=effect.effective)
    else:
        ref = roles[effect.resource]
        assert ref is not None
        privileges = mirror.zone_privileges(ref, effective=effect.effective)
    yield from _compare_privileges(account, privileges, exchange, "the privileges")


def _through(account: Account, operation: Operation, roles: Roles, exchange: Exchange) -> Iterator[Difference]:
    ref, place = roles[operation.effect.resource], roles[operation.effect.within or ""]
    entries = account.listed(exchange)
    assert ref is not None
    assert place is not None
    direct = operation.direct or {"type": ref[0], "id": ref[1]}
    between = account.mirror.through(ref, place) - {ref}
    expected = {f"{kind} {identity}" for kind, identity in between}
    expected |= {f"{direct['type']} {direct['id']}"} if ref in account.mirror.through(ref, place) else set()
    came = {f"{entry.get('type')} {entry.get('id')}" for entry in entries or () if isinstance(entry, dict)}
    if entries is None or came != expected:
        yield Difference("the members between", in_words(expected), in_words(came), exchange)


def _catalogue(account: Account, operation: Operation, roles: Roles, exchange: Exchange) -> Iterator[Difference]:
    assert roles is not None
    answer = answer_of(exchange)
    for name, privileges in account.contract.privilege_sets[operation.effect.resource].items():
        came = answer.get(name)
        if not isinstance(came, list) or set(map(str, came)) != set(privileges):
            yield Difference(f"the set {name}", in_words(privileges), in_words(came or ()), exchange)


_READS: dict[str, Callable[[Account, Operation, Roles, Exchange], Iterator[Difference]]] = {
    "list": _list,
    "get": _get,
    "privileges": _sets,
    "intermediaries": _through,
    "catalogue": _catalogue,
    "generation": _generation,
    "infer": _scope,
    "show": lambda _account, _operation, _roles, _exchange: iter(()),
}
