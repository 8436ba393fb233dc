"""What must be refused and what must be accepted of a request body."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from onezone_spec import Property, Source

from onezone_contracts.cases import Case, Change, constant, encode, with_value, with_values, without
from onezone_contracts.checks.status import accepted, answered, observed
from onezone_contracts.checks.success import not_the_clients
from onezone_contracts.derive.build import Builder
from onezone_contracts.requirement import Level, Requirement

OF_TYPE: dict[str, tuple[Any, ...]] = {
    "integer": (17,),
    "number": (1.5,),
    "boolean": (True, False),
    "string": ("text",),
    "array": ([], ["text"], [{}]),
    "object": ({}, {"text": "text"}),
}
EMPTY: dict[str, Any] = {"string": "", "object": {}}
BAD_REQUEST = {400}
FORMS = "serviceProperties"
"""The key whose value has several forms."""
_STRING = re.compile(r'"[^"\\]*"')
CLIENT_ID = "SADHLKJhlkASHDLAKSHDLKJHJjLH"
MALFORMED: dict[str, Callable[[bytes], bytes]] = {
    "truncated": lambda body: body[:-1],
    "half": lambda body: body[: len(body) // 2],
    "bare-words": lambda _: b"name=service",
    "missing-comma": lambda body: body.replace(b',"proxyEndpoint"', b' "proxyEndpoint"', 1),
}
EXTENDED: dict[str, Callable[[bytes], bytes]] = {
    "trailing-comma": lambda body: body[:-1] + b",}",
    "comment": lambda body: body[:-1] + b"/* x */}",
    "leading-zero": lambda body: body[:-1] + b',"kit":007}',
    "plus-sign": lambda body: body[:-1] + b',"kit":+1}',
    "hexadecimal": lambda body: body[:-1] + b',"kit":0x1F}',
    "bare-fraction": lambda body: body[:-1] + b',"kit":.5}',
    "single-quotes": lambda body: body.replace(b'"', b"'"),
    "unquoted-key": lambda body: body.replace(b'"name"', b"name", 1),
    "trailing-bracket": lambda body: body + b"}",
    "trailing-word": lambda body: body + b" trailing",
}
"""What JSON lacks, and JSON5, YAML and parsers that stop after a value take: RFC 8259, 9 lets them."""
NAMES = {
    "two-characters": "ab",
    "fifty-characters": "n" * 50,
    "digits": "0123456789",
    "underscore-and-parentheses": "_service_ (test)",
    "inner-blank-dot-hyphen": "a b.c-d",
    "latin": "Zażółć gęślą jaźń",
    "greek": "Υπηρεσία λαβών",
    "cyrillic": "Служба дескрипторов",
    "han": "句柄服务",
    "fifty-cyrillic": "Ж" * 50,
    "hebrew": "שירות מזהים",
    "kana": "ハンドル",
}


def requirements(build: Builder) -> Iterator[Requirement]:
    """The requirements of this topic: what must be refused, then what must be accepted."""
    yield from _missing(build)
    for prop in build.body.properties:
        yield from _types(build, prop)
    yield from _empty(build)
    yield from _no_object(build)
    yield from _accepted(build)


def _invalid(name: str, label: str, change: Change, error: str | None = None, key: str | None = None) -> Case:
    return Case(name, label, change=change, error=error, key=key)


def _missing(build: Builder) -> Iterator[Requirement]:
    level = build.body.required_level
    for prop in build.body.properties:
        if prop.required:
            name = f"body.missing.{prop.name}"
            case = _invalid(name, f"a body without {prop.name}", without(prop.name), "missingRequiredValue", prop.name)
            text = f"A body without {prop.name} is answered with 400."
            yield build.requirement(name, level, text, prop.source or build.body.source, answered(BAD_REQUEST, case))
    first = min(prop.name for prop in build.body.properties if prop.required)
    case = _invalid("body.missing.everything", "an object without any key", constant({}), "missingRequiredValue", first)
    text = "An object without any key is answered with 400."
    yield build.requirement(case.name, level, text, build.body.source, answered(BAD_REQUEST, case))


def _types(build: Builder, prop: Property) -> Iterator[Requirement]:
    level = prop.levels.get("type", Level.MUST)
    source = prop.source or build.body.source
    types = " or ".join(prop.types)
    cases = [
        _invalid(
            f"body.type.{prop.name}.{kind}.{number}",
            f"a body whose {prop.name} is {json.dumps(value)}",
            with_value(prop.name, value),
            prop.errors.get("type"),
            prop.name,
        )
        for kind, values in OF_TYPE.items()
        if kind not in prop.types
        for number, value in enumerate(values)
    ]
    cases += _in_a_string(prop)
    cases.append(_among_others(cases[0]))
    cases += _in_other_forms(build, prop, cases[0])
    text = f"A {prop.name} that is no {types} is answered with 400."
    yield build.requirement(f"body.type.{prop.name}", level, text, source, answered(BAD_REQUEST, *cases))
    case = _invalid(
        f"body.null.{prop.name}",
        f"a body whose {prop.name} is null",
        with_value(prop.name, None),
        prop.errors.get("null"),
        _keyed(build, prop.errors.get("null"), prop.name),
    )
    text = f"A {prop.name} that is null is answered with 400."
    yield build.requirement(case.name, level, text, source, answered(BAD_REQUEST, case))


def _in_a_string(prop: Property) -> Iterator[Case]:
    """The right value of an object or a list, as JSON in a string."""
    form: Any = {} if "object" in prop.types else [] if "array" in prop.types else None
    if form is None or "string" in prop.types:
        return

    def change(body: dict[str, Any]) -> dict[str, Any]:
        return {**body, prop.name: json.dumps(body.get(prop.name, form))}

    label = f"a body whose {prop.name} is JSON in a string"
    yield _invalid(f"body.type.{prop.name}.string.json", label, change, prop.errors.get("type"), prop.name)


def _among_others(case: Case) -> Case:
    """The same fault in a body that has more keys than the documents know, the client's own id among them."""
    inner = case.change or constant({})
    more = {"handleServiceId": CLIENT_ID, "kitUnknownKey": 1}
    label = f"{case.label}, beside keys that nobody knows"
    return replace(case, name=f"{case.name}.among-others", label=label, change=lambda body: {**inner(body), **more})


def _in_other_forms(build: Builder, prop: Property, case: Case) -> Iterator[Case]:
    """The same mistake in a body with another form of serviceProperties, unless that is the mistake."""
    inner = case.change or constant({})
    example = build.body.examples.get("pid")
    if example is None or prop.name == FORMS:
        return
    label = f"{case.label}, of another form"
    form = {FORMS: example.value[FORMS]}
    yield replace(case, name=f"{case.name}.other-form", label=label, change=lambda body: {**inner(body), **form})


def _keyed(build: Builder, error: str | None, key: str) -> str | None:
    """`key`, where that error names a key at all."""
    return key if error and build.contract.errors[error].details else None


def _empty(build: Builder) -> Iterator[Requirement]:
    for prop in build.body.properties:
        kind = next((type_ for type_ in prop.types if type_ in EMPTY), None)
        if kind is None:
            continue
        error = next(
            (prop.errors[rule] for rule in ("minLength", "minProperties", "pattern") if rule in prop.errors), None
        )
        case = _invalid(
            f"body.empty.{prop.name}",
            f"a body whose {prop.name} is empty",
            with_value(prop.name, EMPTY[kind]),
            error,
            _keyed(build, error, prop.name),
        )
        level = prop.levels.get("empty", Level.OBSERVE)
        text = f"An empty {prop.name} is answered with 400."
        yield build.judge(case.name, level, text, prop.source or build.body.source, answered(BAD_REQUEST, case))


def _no_object(build: Builder) -> Iterator[Requirement]:
    source = build.answer_source(400)
    text = "A body that is no JSON is answered with 400."
    malformed = _no_json("body.malformed", "malformed JSON", MALFORMED)
    yield build.requirement("body.malformed", Level.MUST, text, source, answered(BAD_REQUEST, *malformed))
    text = "What JSON does not have, as comments, single quotes, a last comma or text behind it, is answered with 400."
    extended = answered(BAD_REQUEST, *_no_json("body.extended", "extended JSON", EXTENDED))
    yield build.judge("body.extended", build.documented(), text, _as_released(build), extended)
    others: dict[str, Any] = {
        "array": [],
        "list-of-bodies": None,
        "string": "service",
        "body-in-a-string": None,
        "number": 17,
        "true": True,
        "null": None,
    }
    whole: dict[str, Change] = {"list-of-bodies": lambda body: [body], "body-in-a-string": json.dumps}
    cases = [
        _invalid(
            f"body.non-object.{name}",
            f"JSON that is no object: {name.replace('-', ' ')}",
            whole.get(name, constant(value)),
            "malformedData",
        )
        for name, value in others.items()
    ]
    text = "JSON that is no object is answered with 400."
    yield build.requirement("body.non-object", Level.MUST, text, source, answered(BAD_REQUEST, *cases))
    empty = Case("body.nothing", "a request without a body", raw=lambda _: b"")
    blank = Case("body.blank", "a body of blanks only", raw=lambda _: b"  ")
    text = "A request without anything in its body is answered with 400."
    yield build.requirement(
        "body.nothing", build.body.presence_level, text, build.body.source, answered(BAD_REQUEST, empty, blank)
    )


def _as_released(build: Builder) -> Source:
    """Where it is documented what released servers accept and refuse."""
    return build.contract.source({"document": "onezone-21.02-deployed", "section": "Validation"})


def _no_json(topic: str, words: str, spoilers: dict[str, Callable[[bytes], bytes]]) -> Iterator[Case]:
    for name, spoil in spoilers.items():
        yield Case(
            f"{topic}.{name}",
            f"{words}: {name.replace('-', ' ')}",
            raw=lambda body, spoil=spoil: spoil(encode(body)),  # type: ignore[misc]
            error="malformedData",
        )


# --- what must be accepted ------------------------------------------------------------------------------------


def _accepted(build: Builder) -> Iterator[Requirement]:
    for example in build.body.examples.values():
        topic = f"accept.{example.name.replace('_', '-')}"
        case = Case(topic, f"the example “{example.summary.rstrip('.')}”", change=constant(example.value))
        text = f"This is accepted: {example.summary[0].lower()}{example.summary[1:]}"
        yield build.judge(topic, example.level, text, example.source, accepted(case))
    source = build.body.source
    names = [
        Case(f"accept.names.{name}", f"a name such as {value[:24]!r}", change=with_value("name", value))
        for name, value in NAMES.items()
    ]
    text = (
        "Names of letters and digits of any script, with blanks, dots, hyphens and parentheses in them, are accepted."
    )
    name = next(prop for prop in build.body.properties if prop.name == "name")
    level = name.levels.get("type", Level.MUST)  # as binding as that a name is any string
    yield build.judge("accept.names", level, text, name.source or source, accepted(*names))
    yield from _spelled(build)
    yield from _repeated_creation(build)
    extra = Case(
        "accept.extra-keys", "a body with a key nobody knows", change=with_value("kitUnknownKey", {"a": [1, None]})
    )
    text = "Keys that the contract does not know are ignored."
    yield build.judge(extra.name, build.documented(), text, source, accepted(extra))
    own = [
        Case(
            f"location.own-id.{n}",
            "a body with an id of the client's own",
            change=with_value("handleServiceId", CLIENT_ID),
        )
        for n in (1, 2)
    ]
    text = "The id of the new service is the server's choice, also where the client sends one."
    location = build.operation.success.location_source or source
    yield build.requirement("location.own-id", Level.MUST, text, location, not_the_clients(CLIENT_ID, *own))
    ids = dict.fromkeys(("id", "_id", "sid", "hsid", "handle_service_id"), CLIENT_ID)
    other = Case("location.own-id.other-keys", "a body with an id under other keys", change=with_values(ids))
    text = "An id that the client sends under another key than the documented one is not the new service's either."
    level = build.documented()
    check = observed(other) if level is Level.OBSERVE else not_the_clients(CLIENT_ID, other, known=False)
    yield build.requirement("location.own-id-keys", level, text, location, check)


def _repeated_creation(build: Builder) -> Iterator[Requirement]:
    """A creation is no update: the same body twice makes two services."""
    same = constant({**next(iter(build.body.examples.values())).value, "name": "Twice the same"})
    cases = [Case(f"accept.again.{n}", f"the same body, time {n}", change=same) for n in (1, 2)]
    text = "Names need not be unique: the same body may be sent again."
    source = _as_released(build)
    yield build.judge("accept.again", build.documented(), text, source, accepted(*cases, names_repeat=True))


def _spelled(build: Builder) -> Iterator[Requirement]:
    """The same JSON value, spelled in the ways that RFC 8259 allows."""
    spellings: dict[str, Callable[[dict[str, Any]], bytes]] = {
        "key-order": lambda body: encode(_reversed(body)),
        "indented": lambda body: json.dumps(body, indent=4, ensure_ascii=False).replace("\n", "\r\n").encode(),
        "escaped": lambda body: _STRING.sub(_escaped, json.dumps(body)).encode(),
    }
    cases = [
        Case(f"accept.spelling.{name}", f"a valid body, {name.replace('-', ' ')}", raw=spell)
        for name, spell in spellings.items()
    ]
    text = "Key order, white space and escapes make no difference to a JSON value."
    yield build.requirement(
        "accept.spelling", Level.MUST, text, build.rfc("rfc-8259", "2 JSON Grammar"), accepted(*cases)
    )


def _escaped(string: re.Match[str]) -> str:
    return string[0].replace("/", "\\/").replace("e", "\\u0065")


def _reversed(value: Any) -> Any:
    return {key: _reversed(inner) for key, inner in reversed(value.items())} if isinstance(value, dict) else value
