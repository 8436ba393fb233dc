"""Legitimate differences: every one of these servers keeps the contract of the editions it names."""

import dataclasses
import re
from typing import Any

from second_registry import OLDER, App, Call, Refusal, Response, Table, replace_stage
from second_rules import ANY_NAME, KEYS, NAME_50, kind
from second_variants_around import AROUND
from second_variants_credentials import CREDENTIALS
from second_variants_kept import KEPT
from second_variants_people import PEOPLE
from second_variants_sequence import SEQUENCE
from second_variants_silent import HONEST
from second_variants_written import WRITTEN

VARIANTS = Table(WRITTEN | CREDENTIALS | SEQUENCE | HONEST | AROUND | PEOPLE | KEPT)
add, options = VARIANTS.add, VARIANTS.options
CLASSIC = ("classic",)

# --- the order in which a request is judged, and what is said to whom
VARIANTS.topic = "order"
ORDERS = {
    "order-validation-first": (
        "A fault of the body is told before a lack of privileges.",
        "media demand_user parse validate authorize group",
    ),
    "order-validation-first-of-all": (
        "A fault of the body is told even to nobody.",
        "media parse validate demand_user authorize group",
    ),
    "order-nobody-first": (
        "Nobody is refused before anything else is looked at.",
        "demand_user media parse authorize validate group",
    ),
    "order-authorization-first": (
        "Authorization comes before the body is read.",
        "demand_user authorize media parse validate group",
    ),
    "order-group-before-body": (
        "An unknown group is told before a fault of the body.",
        "demand_user authorize group media parse validate",
    ),
    "order-404-for-outsiders": (
        "An unknown group is told to everybody who is somebody.",
        "demand_user group authorize media parse validate",
    ),
    "order-404-for-nobody": (
        "An unknown group is told before anybody is asked who they are.",
        "group media parse demand_user authorize validate",
    ),
}
for name, (sentence, order) in ORDERS.items():
    options(name, sentence, OLDER, order=tuple(order.split()))

# --- what is offered beside the documented operation
VARIANTS.topic = "read-back"
options("no-read-back", "Nothing can be read back: such paths answer 404.", read_back=frozenset())
options(
    "no-read-back-405", "Nothing can be read back: such paths answer 405.", read_back=frozenset(), missing_route=405
)
options("only-list", "Only the list is offered.", read_back=frozenset({"list"}))
options("only-get", "Only a group's single service can be read.", read_back=frozenset({"get"}))
options("only-service", "Only the service itself can be read.", read_back=frozenset({"service"}))
options("no-leave", "What was made cannot be removed.", read_back=frozenset({"list", "get", "service"}))
options("list-lags", "A service is on the list 100 ms after it was created.", list_lag=0.1)


def admins_only(inner: Any, call: Call, user: Any) -> bool:
    """Let only administrators list."""
    return inner(call, user) and (call.op != "list" or "oz_groups_list_relationships" in user.zone)


def read_answers(change: Any) -> Any:
    """Change what reads answer."""
    return replace_stage("shown", lambda inner, call, value: inner(call, change(value)))


def mask(value: dict[str, Any]) -> dict[str, Any]:
    """Hide the password."""
    properties = value.get("serviceProperties")
    if isinstance(properties, dict) and "password" in properties:
        return value | {"serviceProperties": properties | {"password": "*" * 8}}
    return value


add("list-for-admins", "Only administrators may list.", replace_stage("may", admins_only))
add("password-masked", "The password is not shown when read back.", read_answers(mask))
add(
    "read-extra-fields",
    "Reads show further keys.",
    read_answers(lambda v: v | {"gri": "x.y", "revision": 3, "sharedWith": []}),
)
add("read-sorted", "Reads show keys in another order.", read_answers(lambda v: dict(sorted(v.items(), reverse=True))))
add(
    "list-reversed",
    "The list begins with the newest.",
    read_answers(lambda v: {k: x[::-1] if isinstance(x, list) else x for k, x in v.items()}),
)

# --- what is accepted
VARIANTS.topic = "acceptance"
DOI = ["type", "host", "doiEndpoint", "metadataEndpoint", "mediaEndpoint", "prefix", "username", "password"]
PID = ["type", "endpoint", "prefix", "username", "password", "autoSuffixGeneration", "suffixPrefix", "suffixSuffix"]


def strict_properties(doc: dict[str, Any]) -> None:
    """The DOI and PID forms, with the documented example's numeric prefix let through."""
    properties = doc.get("serviceProperties")
    if not isinstance(properties, dict):
        return
    form = {"DOI": DOI, "PID": PID}.get(str(properties.get("type")))
    fine = form is not None and all(key in properties for key in form)
    for key in form or ():
        allowed = {"prefix": {"string", "number"}, "autoSuffixGeneration": {"string", "boolean"}}.get(key, {"string"})
        fine = fine and kind(properties[key]) in allowed
    if not fine:
        raise Refusal(400, "badValueJSON", "The service properties are of no known form.", {"key": "serviceProperties"})


def no_extra_keys(doc: dict[str, Any]) -> None:
    """Refuse keys that are not documented."""
    if set(doc) - {*KEYS, "handleServiceId"}:
        raise Refusal(400, "badData", "There is an unknown key.")


def names(pattern: re.Pattern[str]) -> Any:
    """Another rule for names."""
    return lambda app: setattr(app, "edition", dataclasses.replace(app.edition, name=pattern))


MISSING = {(key, "missing") for key in KEYS}
add(
    "properties-strict",
    "serviceProperties must have the documented DOI or PID form.",
    lambda app: app.options.extra_checks.append(strict_properties),
)
add("names-any", "Any non-empty name is accepted.", names(ANY_NAME), OLDER)
add("names-onezone", "Names follow Onezone's rule: 2 to 50 letters, digits and a few marks.", names(NAME_50), OLDER)
add(
    "empties-accepted",
    "Empty strings are strings, and accepted.",
    lambda app: app.options.holes.update({("name", "empty"), ("proxyEndpoint", "empty")}),
    OLDER,
)
add(
    "keys-optional",
    "No key is required: none is marked so.",
    lambda app: app.options.holes.update(MISSING),
    ("current",),
)
add(
    "types-unchecked",
    "Types that the older document does not name are not checked.",
    lambda app: app.options.holes.update(
        (key, each) for key in KEYS for each in ("null", "boolean", "number", "list", "object", "string")
    ),
    CLASSIC,
)
add(
    "unknown-keys-refused",
    "Keys that are not documented are refused.",
    lambda app: app.options.extra_checks.append(no_extra_keys),
    OLDER,
)
add(
    "unknown-keys-kept",
    "Keys that are not documented are kept and shown.",
    replace_stage(
        "record",
        lambda inner, call: inner(call) | {k: v for k, v in call.doc.items() if k not in {*KEYS, "handleServiceId"}},
    ),
)
options("charset-refused", "A request labelled with a charset is refused with 415.", charset=False)
options("charset-accepted", "A request labelled with a charset is accepted.", OLDER, charset=True)
add("accept-ignored", "The Accept header is not looked at.", replace_stage("accept", lambda _inner, _call: None), OLDER)

# --- methods
VARIANTS.topic = "methods"


def options_status(status: int) -> Any:
    """Answer OPTIONS with a status, or refuse it."""

    def change(_inner: Any, call: Call) -> Response:
        if status < 400:
            return Response(status, [("Allow", ", ".join(call.allow))])
        raise Refusal(status, "methodNotAllowed", "OPTIONS is not offered.")

    return replace_stage("preflight", change)


def not_found(_inner: Any, _call: Call) -> None:
    """Call a wrong method an unknown resource."""
    raise Refusal(404, "notFound", "The resource could not be found.")


add(
    "405-as-404",
    "A method that a path does not have is answered as an unknown path.",
    replace_stage("wrong_method", not_found),
    OLDER,
)
add("no-head", "HEAD is not offered.", replace_stage("allowed", lambda _inner, offered: (*offered, "OPTIONS")))
for status in (204, 405, 501):
    add(f"options-{status}", f"OPTIONS is answered {status}.", options_status(status))


# --- personas
def classic_members(app: App) -> None:
    """Let a group's members create by their privilege in the group."""
    app.member_may = lambda user, group: app.world.in_group(user, group, "group_create_handle_service")  # type: ignore[method-assign]


VARIANTS.topic = "personas"
add(
    "delayed-privileges",
    "Privileges show one second after they were granted.",
    lambda app: setattr(app.states, "delay", 1.0),
)
add("token-personas", "Provider states give tokens, not passwords.", lambda app: setattr(app.states, "tokens", True))
add("own-groups", "Each persona is judged in a group of its own.", lambda app: setattr(app.states, "own_groups", True))
add("members-may", "The older document is silent on members: they may create.", classic_members, CLASSIC)

COMBINATIONS = (
    ("location-path", "headers-lower-case", "errors-chunked", "ids-escaped", "token-personas"),
    ("location-relative", "ids-long", "own-groups", "http-1.0", "errors-charset"),
    ("location-other-host", "base-deployed", "no-challenge", "only-get", "json-pretty"),
    ("location-https-port", "base-api-v3", "ids-uuid", "list-lags", "headers-odd-case"),
    ("delayed-privileges", "own-groups", "token-personas", "ids-numbers", "connection-close"),
    ("auth-two-400", "auth-unpadded", "auth-locks", "auth-hard-passwords", "auth-no-long-headers"),
    ("properties-strict", "password-masked", "read-extra-fields", "errors-other-text", "no-head"),
)
