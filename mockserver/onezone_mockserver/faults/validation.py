"""Faults that accept invalid bodies."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from onezone_mockserver.faults.fault import DEPLOYED, NEWER, Fault, Hook, Point, fault
from onezone_mockserver.faults.requests import GOOD, crash, mended, parsed, shaped
from onezone_mockserver.jsontext import loads

if TYPE_CHECKING:
    from onezone_mockserver.exchange import Exchange

Odd = Callable[[Any], bool]


def _hole(key: str, odd: Odd) -> Hook:
    """Values of the key that are invalid in this way are accepted."""

    def mend(value: dict[str, Any]) -> None:
        if key in value and odd(value[key]):
            value[key] = GOOD[key]

    return mended(mend)


def _default(*keys: str) -> Hook:
    def mend(value: dict[str, Any]) -> None:
        for key in keys:
            value.setdefault(key, GOOD[key])

    return mended(mend)


def _of_types(*kinds: type) -> Odd:
    return lambda value: type(value) in kinds


def _null(value: Any) -> bool:
    return value is None


def _text_of(key: str) -> Hook:
    """Numbers, booleans and null become strings."""

    def mend(value: dict[str, Any]) -> None:
        if type(value.get(key)) in {int, float, bool}:
            value[key] = str(value[key])

    return mended(mend)


def _is_odd(value: Any) -> bool:
    if isinstance(value, str):
        return not value.isalpha()
    return isinstance(value, float) or (isinstance(value, int) and value < 0)


def _first(exchange: Exchange) -> bool:
    return not exchange.body.strip()


def _per_key() -> tuple[Fault, ...]:
    faults = []
    for key in GOOD:
        what = key.lower()
        kinds = (bool, int, float, list, str if isinstance(GOOD[key], dict) else dict)
        faults += [
            fault(
                f"validation-{what}-missing", f"A missing {key} gets a default.", _default(key), f"body.missing.{key}"
            ),
            fault(
                f"validation-{what}-null",
                f"A {key} that is null gets a default.",
                _hole(key, _null),
                f"body.null.{key}",
            ),
            fault(
                f"validation-{what}-type",
                f"The type of {key} is not looked at.",
                _hole(key, _of_types(*kinds)),
                f"body.type.{key}",
            ),
            fault(
                f"validation-{what}-list",
                f"A {key} that is a list is accepted.",
                _hole(key, _of_types(list)),
                f"body.type.{key}",
            ),
            fault(
                f"validation-{what}-empty",
                f"An empty {key} gets a default.",
                _hole(key, lambda value: value in ("", {})),
                f"body.empty.{key}",
                editions=DEPLOYED,
            ),
        ]
    return tuple(faults)


def _unchecked() -> Hook:
    """A body with a key that the contract does not know is not looked at."""

    def mend(value: dict[str, Any]) -> None:
        if "handleServiceId" in value:
            value.update(GOOD)

    return mended(mend)


def _read(value: dict[str, Any]) -> None:
    """Properties that are JSON in a string are read."""
    try:
        inner = loads(str(value.get("serviceProperties")).encode())
    except ValueError:
        return
    if isinstance(inner, dict):
        value["serviceProperties"] = inner


def _empty(value: dict[str, Any]) -> None:
    if not value:
        value.update(GOOD)


def _malformed(exchange: Exchange) -> bool:
    try:
        loads(exchange.body or b"{}")
    except ValueError:
        return True
    return False


FAULTS = (
    *_per_key(),
    fault(
        "validation-name-text", "Names that are numbers or booleans become strings.", _text_of("name"), "body.type.name"
    ),
    fault(
        "validation-nothing",
        "Nothing in an object is looked at.",
        mended(lambda value: value.update(GOOD)),
        "body.type.*",
        "body.null.*",
        "body.missing.*",
    ),
    fault(
        "validation-nothing-missing",
        "An object without any key gets defaults.",
        mended(_empty),
        "body.missing.everything",
    ),
    fault(
        "validation-client-id", "A body with an id of the client's own is not looked at.", _unchecked(), "body.type.*"
    ),
    fault(
        "validation-properties-json",
        "Properties that are JSON in a string are read.",
        mended(_read),
        "body.type.serviceProperties",
        editions=NEWER,
    ),
    fault(
        "validation-malformed",
        "What is no JSON is taken for a good body.",
        parsed(lambda _body: True, GOOD),
        "body.malformed",
        "generated.hostile",
    ),
    fault(
        "validation-truncated",
        "JSON that ends too soon is mended.",
        parsed(lambda b: not b.endswith(b"}"), GOOD),
        "body.malformed",
    ),
    fault(
        "validation-comma",
        "A comma too many is overlooked.",
        parsed(lambda b: b",}" in b, GOOD),
        "body.extended",
        editions=DEPLOYED,
    ),
    fault(
        "validation-trailing",
        "What follows the JSON is overlooked.",
        parsed(lambda b: b.endswith((b"trailing", b"}}")), GOOD),
        "body.extended",
        editions=DEPLOYED,
    ),
    fault(
        "validation-quotes",
        "Single quotes are as good as double ones.",
        parsed(lambda b: b"'name'" in b, GOOD),
        "body.extended",
        editions=DEPLOYED,
    ),
    fault(
        "validation-nan",
        "NaN and Infinity are numbers.",
        parsed(lambda b: b"NaN" in b or b"Infinity" in b, GOOD),
        "edges.not-json",
        editions=DEPLOYED,
    ),
    fault(
        "validation-latin-1",
        "Bytes that are no UTF-8 are overlooked.",
        parsed(lambda b: b"\xff" in b, GOOD),
        "edges.not-json",
        editions=DEPLOYED,
    ),
    fault(
        "validation-array",
        "A list is taken for its first member.",
        shaped(lambda v: isinstance(v, list), GOOD),
        "body.non-object",
    ),
    fault(
        "validation-body-in-string",
        "A body that is JSON in a string is read.",
        shaped(lambda v: isinstance(v, str) and v.startswith("{"), GOOD),
        "body.non-object",
    ),
    fault(
        "validation-odd-scalar",
        "A negative number, a fraction, or a text with more than letters in it is a body.",
        shaped(_is_odd, GOOD),
        "generated.invalid",
    ),
    fault(
        "validation-string", "A JSON string is a body.", shaped(lambda v: isinstance(v, str), GOOD), "body.non-object"
    ),
    fault(
        "validation-number",
        "A number is a body.",
        shaped(lambda v: isinstance(v, int | float), GOOD),
        "body.non-object",
    ),
    fault(
        "validation-null-body", "The body null is as good as any.", shaped(lambda v: v is None, GOOD), "body.non-object"
    ),
    fault("validation-no-body", "A request without a body gets defaults.", mended(_empty), "body.nothing"),
    fault(
        "validation-list-crash",
        "A list as the body crashes the server.",
        crash(lambda e: isinstance(e.value, list), Point.VALIDATION),
        "body.non-object",
        "robust.no-5xx",
    ),
    fault(
        "validation-null-crash",
        "A name that is null crashes the server.",
        crash(lambda e: isinstance(e.value, dict) and e.value.get("name", "") is None, Point.VALIDATION),
        "body.null.name",
    ),
    fault(
        "validation-object-crash",
        "A name that is an object crashes the server.",
        crash(lambda e: isinstance(e.value, dict) and isinstance(e.value.get("name"), dict), Point.VALIDATION),
        "body.type.name",
    ),
    fault("validation-malformed-crash", "What is no JSON crashes the server.", crash(_malformed), "body.malformed"),
    fault(
        "validation-empty-crash",
        "A request without a body crashes the server.",
        crash(_first),
        "body.nothing",
        "robust.no-5xx",
    ),
)
