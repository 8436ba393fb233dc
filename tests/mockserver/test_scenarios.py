"""Worlds as files: their schema, the examples, and what goes in coming out again."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import jsonschema
import orjson
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from onezone_mockserver import create_app
from onezone_mockserver.demo import _ask, introduce, lines
from onezone_mockserver.scenario import DEMO, ScenarioError, default_scenario, read_scenario
from onezone_mockserver.scenario.schema import FILE, text
from onezone_mockserver.scenario.snapshot import WorldError, build, snapshot
from onezone_mockserver.scenario.types import GROUP_TYPES
from onezone_spec import load

import ozkit

FOLDER = Path(__file__).parents[2] / "docs" / "scenarios"
EXAMPLES = sorted(FOLDER.glob("*.yaml"))
SCHEMA = json.loads(FILE.read_text(encoding="utf-8"))
CONTRACT = load("current")


def test_there_are_three_examples() -> None:
    assert [path.stem for path in EXAMPLES] == ["every-outcome", "federation", "small-lab"]


def test_the_schema_is_the_one_that_the_code_makes() -> None:
    """`python -m onezone_mockserver.scenario.schema` prints what is checked in."""
    assert FILE.read_text(encoding="utf-8") == text()
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("path", [DEMO, *EXAMPLES], ids=lambda path: path.stem)
def test_what_is_shipped_keeps_the_schema(path: Path) -> None:
    jsonschema.Draft202012Validator(SCHEMA).validate(yaml.safe_load(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize(("edition", "free"), [("classic", 0), ("current", 128), ("deployed", 128)])
def test_the_demo_has_shares_that_no_handle_stands_for(edition: str, free: int) -> None:
    """Where the edition knows shares; a world says so, and one made of what it says has them, too."""
    contract = load(edition)
    world = snapshot(default_scenario(contract).world(contract))
    data = orjson.loads(orjson.dumps(world))
    assert [share["details"]["handleId"] for share in data.get("shares", ())] == [None] * free
    assert orjson.loads(orjson.dumps(snapshot(build(data, contract)))) == data


@pytest.mark.slow
@pytest.mark.parametrize("edition", ["current", "deployed"])
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_persona_gets_what_its_line_says(path: Path, edition: str) -> None:
    """The status that the scenario expects is the one that the mock answers, and start-up has nothing to object."""
    mock = create_app(edition, path)
    operation = mock.contract.find("create", "handle_service", "group")
    assert operation
    for line in lines(mock.state, operation, "http://mock/api/v3"):
        status, reason = asyncio.run(_ask(mock, operation, line))
        expected = operation.success.status if line.persona.expect == "success" else line.persona.expect
        assert status == expected, f"{line.persona.name}: {reason}"
    assert "but the scenario expects" not in introduce(mock, "http://mock/api/v3")


def test_every_outcome_is_every_documented_status() -> None:
    """What the documented operation answers by itself: a success, 400, 401, 403 and 404."""
    personas = read_scenario(FOLDER / "every-outcome.yaml", CONTRACT).personas
    assert {persona.expect for persona in personas} == {"success", 400, 401, 403, 404}


@pytest.mark.slow
def test_start_up_tells_where_the_scenario_is_mistaken(tmp_path: Path) -> None:
    path = tmp_path / "wrong.yaml"
    path.write_text("groups: [{id: g}]\npersonas: [{name: nobody, group: g, expect: 403}]\n", encoding="utf-8")
    assert "but the scenario expects: 403" in introduce(create_app("current", path), "http://mock/api/v3")


WRONG = [
    {},
    {"people": []},
    {"users": [{}]},
    {"users": [{"username": "a:b"}]},
    {"users": [{"id": "a", "password": "x"}]},
    {"users": [{"id": "a", "blocked": "no"}]},
    {"users": [{"id": "a", "creationTime": -1}]},
    {"users": [{"id": "a", "tokens": ["t", "t"]}]},
    {"users": [{"id": "a", "zone_privileges": ["group_view"]}]},
    {"groups": [{"id": "g", "type": "club"}]},
    {"groups": [{"id": "g", "creator": "alice"}]},
    {"groups": [{"id": "g", "users": []}]},
    {"handle_services": [{"id": "h", "groups": {"g": "some"}}]},
    {"handle_services": [{"id": "h", "color": 1}]},
]


@pytest.mark.parametrize("data", WRONG, ids=orjson.dumps)
def test_what_the_schema_refuses_the_reader_refuses(data: dict[str, Any]) -> None:
    assert not jsonschema.Draft202012Validator(SCHEMA).is_valid(data)
    with pytest.raises(WorldError):
        build(data, CONTRACT)


@pytest.mark.parametrize("suffix", ["yaml", "json"])
@pytest.mark.parametrize(
    ("line", "tail"),
    [
        ('"groups": [{"id": "g", "type": "club"}]', "groups[0].type: must be one of"),
        ('"users": [{"id": "a", "blocked": 1}]', "users[0].blocked: must be true or false"),
        ('"users": [], "personas": [{"name": "a", "group": "g", "expect": 42}]', "personas[0].expect: must be an HTTP"),
    ],
)
def test_a_mistake_names_file_line_and_key(tmp_path: Path, suffix: str, line: str, tail: str) -> None:
    path = tmp_path / f"wrong.{suffix}"
    path.write_text(f"{{\n\n{line}\n}}", encoding="utf-8")
    with pytest.raises(ScenarioError) as caught:
        read_scenario(path, CONTRACT)
    assert str(caught.value).startswith(f"{path}:3: {tail}")


HALVES = ['{"groups": [\n{"id": "\\ud800"}]}', '{"groups": [\n{"id": "g", "details": {"\\udfff": 1}}]}']


@pytest.mark.parametrize("text", HALVES)
def test_half_a_character_is_refused(tmp_path: Path, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where PyYAML came without its C library, which refuses such escapes by itself."""
    for suffix, message in (("json", "not JSON: "), ("yaml", "not YAML: "), ("yaml", "groups[0]")):
        path = tmp_path / f"half.{suffix}"
        path.write_text(text, encoding="utf-8")
        with pytest.raises(ScenarioError) as caught:
            read_scenario(path, CONTRACT)
        assert str(caught.value).startswith(f"{path}:2: {message}")
        if suffix == "yaml":
            monkeypatch.delattr(yaml, "CSafeLoader", raising=False)


@pytest.mark.parametrize("suffix", ["yaml", "json"])
@pytest.mark.parametrize(
    ("text", "line", "key"),
    [
        ('{"users":[\n{"id":"a",\n"id":"b"}]}', 3, "users[0].id"),
        ('{"users":[],\n"groups":[],\n"users":[]}', 3, "users"),
        ('{"groups":[{"id":"g"},{"id":"h","details":{"a":[1,{},"}",\n{"é,":{},"\\u00e9,":1}]}}]}', 2, ""),
    ],
)
def test_a_key_stands_once(tmp_path: Path, suffix: str, text: str, line: int, key: str) -> None:
    """In JSON as in YAML, at any depth and however it is spelt."""
    path = tmp_path / f"twice.{suffix}"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ScenarioError) as caught:
        read_scenario(path, CONTRACT)
    where = key or "groups[1].details.a[3].é,"
    assert str(caught.value) == f"{path}:{line}: {where}: this key stands here twice"


def test_a_json_file_is_json(tmp_path: Path) -> None:
    """YAML is none, a byte order mark does no harm, and mistakes have their line whatever else YAML would not take."""
    path = tmp_path / "world.json"
    path.write_text('{"users":\n[{"id":"a",}]}', encoding="utf-8")
    with pytest.raises(ScenarioError, match=r"world\.json:2: not JSON: "):
        read_scenario(path, CONTRACT)
    path.write_text('{"groups":[{"id":"g","details":{"n":123456789012345678901234567890}},\n{}]}', encoding="utf-8")
    with pytest.raises(ScenarioError, match=r"world\.json:2: groups\[1\]\.id: missing"):
        read_scenario(path, CONTRACT)
    path.write_text('{"users":[]}', encoding="utf-8-sig")
    assert read_scenario(path, CONTRACT).text == b'{"users":[]}'


def test_great_integers_keep_their_digits_in_yaml_too(tmp_path: Path) -> None:
    path = tmp_path / "numbers.yaml"
    path.write_text("groups: [{id: g, details: {n: 123456789012345678901234567890}}]", encoding="utf-8")
    world = read_scenario(path, CONTRACT).world(CONTRACT)
    assert world.details("group", "g").endswith(b'"n":123456789012345678901234567890}')


def test_merged_keys_may_be_overridden(tmp_path: Path) -> None:
    """A key stands there twice only where it is written twice; what an anchor gives gives way."""
    path = tmp_path / "merged.yaml"
    path.write_text("groups:\n  - &g {id: g, name: G}\n  - {<<: *g, id: h}\n  - {id: i, <<: *g}\n", encoding="utf-8")
    groups = snapshot(read_scenario(path, CONTRACT).world(CONTRACT))["groups"]
    assert [(group["id"], group["name"]) for group in groups] == [("g", "G"), ("h", "G"), ("i", "G")]


def test_numbers_keep_their_digits(tmp_path: Path) -> None:
    """Of resources, of users' and groups' details, and of creators."""
    numbers = '{"long":123456789012345678901234567890,"exponent":1.50e3,"zero":-0}'
    path = tmp_path / "numbers.json"
    path.write_text(
        f'{{"users":[{{"id":"u","details":{{"a":{numbers}}}}}],'
        f'"groups":[{{"id":"g","creator":{{"b":{numbers}}},"details":{{"c":{numbers}}}}}],'
        f'"handle_services":[{{"id":"h","serviceProperties":{numbers}}},{{"id":"i","details":{{"d":{numbers}}}}}]}}',
        encoding="utf-8",
    )
    world = read_scenario(path, CONTRACT).world(CONTRACT)
    for kind, identity in [("user", "u"), ("group", "g"), ("handle_service", "h"), ("handle_service", "i")]:
        assert world.details(kind, identity).count(numbers.encode()) == (2 if kind == "group" else 1)


def test_a_json_file_is_a_scenario(tmp_path: Path) -> None:
    path = tmp_path / "world.json"
    path.write_bytes(orjson.dumps(yaml.safe_load(DEMO.read_text(encoding="utf-8"))))
    ours, demo = (read_scenario(file, CONTRACT) for file in (path, DEMO))
    assert ours.personas == demo.personas
    assert orjson.dumps(snapshot(ours.world(CONTRACT))) == orjson.dumps(snapshot(demo.world(CONTRACT)))


def subset(scope: str) -> st.SearchStrategy[list[str]]:
    return st.sets(st.sampled_from(sorted(CONTRACT.privileges[scope])), max_size=3).map(sorted)


names = st.text(st.characters(codec="utf-8", exclude_characters=":"), min_size=1, max_size=5)
moments = st.integers(0, 2**40)
creators = st.sampled_from([{"type": "nobody", "id": None}, {"type": "user", "id": "gone"}])
token_types = st.sampled_from(["accessToken", "identityToken"])
caveats = st.lists(
    st.fixed_dictionaries({"type": st.just("time"), "validUntil": moments})
    | st.fixed_dictionaries({"type": st.just("service"), "whitelist": st.lists(names, min_size=1, max_size=2)}),
    max_size=2,
)


@st.composite
def named_tokens(draw: st.DrawFn, users: list[str]) -> list[dict[str, Any]]:
    """Named tokens of some of the users."""
    return [
        {
            "id": name,
            "name": f"{at}-{draw(names)}",
            "user": draw(st.sampled_from(users)),
            "token": f"named-{at}",
            "type": draw(token_types),
            "caveats": draw(caveats),
            "revoked": draw(st.booleans()),
            "creationTime": draw(moments),
            "customMetadata": draw(st.dictionaries(names, moments, max_size=2)),
        }
        for at, name in enumerate(draw(st.lists(names, unique=True, max_size=2 if users else 0)))
    ]


@st.composite
def worlds(draw: st.DrawFn) -> dict[str, Any]:
    """The data of a world with every key, in the order in which it comes back."""
    users, groups = draw(st.lists(names, unique=True, max_size=3)), draw(st.lists(names, unique=True, max_size=4))
    more: st.SearchStrategy[dict[str, Any]] = st.just({}) | st.fixed_dictionaries(
        {"details": st.fixed_dictionaries({"more": st.integers(-5, 5)})}
    )

    def privileges_in(scope: str, ids: list[str]) -> Any:
        return draw(st.dictionaries(st.sampled_from(ids), subset(scope))) if ids else {}

    return {
        "users": [
            {
                "id": user,
                "username": f"{at}-{draw(names)}",
                "fullName": draw(names),
                "basicAuthEnabled": draw(st.booleans()),
                "blocked": draw(st.booleans()),
                "creationTime": draw(moments),
                **draw(more),
                "password": draw(names),
                "tokens": draw(st.sampled_from([[], [f"t{at}"], [f"t{at}", f"u{at}"]])),
                "temporary_tokens": [
                    {"token": f"{at}-{number}", "type": draw(token_types), "caveats": draw(caveats)}
                    for number in range(draw(st.integers(0, 2)))
                ],
                "token_generation": draw(st.integers(1, 3)),
                "zone_privileges": draw(subset("zone")),
            }
            for at, user in enumerate(users)
        ],
        "groups": [
            {
                "id": group,
                "name": draw(names),
                "type": draw(st.sampled_from(GROUP_TYPES)),
                "creator": draw(creators),
                "creationTime": draw(moments),
                **draw(more),
                "users": privileges_in("group", users),
                "children": privileges_in("group", [other for other in groups if other != group]),
                "zone_privileges": draw(subset("zone")),
            }
            for group in groups
        ],
        "handle_services": [
            {
                "id": name,
                "details": {"handleServiceId": name, "name": draw(names), "serviceProperties": {"n": draw(moments)}},
                "groups": privileges_in("handle_service", groups),
                "users": privileges_in("handle_service", users),
            }
            for name in draw(st.lists(names, unique=True, min_size=1, max_size=2))
        ],
        "tokens": draw(named_tokens(users)),
        "invitations": [
            {"token": f"invitation-{at}", "invites": draw(st.sampled_from(["group", "user"])), "group": group}
            for at, group in enumerate(groups)
        ],
    }


@pytest.mark.slow
@settings(max_examples=100, deadline=None)
@given(worlds())
def test_what_goes_in_comes_out(data: dict[str, Any]) -> None:
    """Exactly, and once more from what came out; and the schema knows it."""
    out = orjson.loads(orjson.dumps(snapshot(build(data, CONTRACT))))
    assert out == data
    assert orjson.loads(orjson.dumps(snapshot(build(out, CONTRACT)))) == data
    jsonschema.Draft202012Validator(SCHEMA).validate(data)


def test_scenario_files_are_checked_without_serving(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`ozkit mock --check` says a line for each file with a mistake, and serves nothing."""
    bad = tmp_path / "bad.yaml"
    bad.write_text("users: [{idd: x}]\n", encoding="utf-8")
    assert ozkit.main(["mock", "--check", *map(str, EXAMPLES)]) == 0
    assert ozkit.main(["mock", "--check", str(EXAMPLES[0]), str(bad)]) == 2
    mistakes = capsys.readouterr().err.splitlines()
    assert len(mistakes) == 1
    assert f"{bad}:1: users[0].idd" in mistakes[0]
