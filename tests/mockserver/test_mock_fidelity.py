"""What was accepted is read back as it was sent, to the last digit and character."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mock_client import Client
from onezone_mockserver.jsontext import MAX_DEPTH, depth, loads


def exactly(text: bytes) -> Any:
    """JSON with every number as the decimal that stands there, and objects as lists of pairs: nothing is lost."""
    return json.loads(text, parse_float=Decimal, parse_int=Decimal, object_pairs_hook=list)


def round_trip(client: Client, properties: str) -> bytes:
    body = f'{{"name":"ab","extra":1e5,"serviceProperties":{properties},"proxyEndpoint":"x"}}'.encode()
    reply = client.create(body, as_="adam")
    assert reply.status in {201, 204}, reply.body
    shown = client("GET", urlsplit(reply.headers["location"]).path, as_="adam").body
    return dict(exactly(shown))["serviceProperties"]


@pytest.mark.parametrize(
    "value",
    [
        "10.5072", "1e3", "1E-7", "-0", "-0.0", "0.1", "1.0", "1.10", "12345678901234567890123456789",
        "18446744073709551616", "-9223372036854775809", "0.30000000000000004", "3.141592653589793238462643383279",
        '""', '"\\u0000"', '"\\ud83d\\ude00"', '"é\\u00e9"', '"\\/"', "null", "[]", "{}", "[[[]]]", "true",
        '{"b":1,"a":{"d":[1,2,{"":null}],"c":"x"}}', '"' + "x" * 100000 + '"', '"1e3 and 4e5"',
    ],
)  # fmt: skip
def test_a_value_is_read_back_as_sent(each: Client, value: str) -> None:
    """Numbers keep their value digit by digit, objects their order, unknown keys their place."""
    text = f'{{"type":"DOI","z":{value},"a":{value}}}'
    assert round_trip(each, text) == exactly(text.encode())


scalars = st.none() | st.booleans() | st.integers(-(2**80), 2**80) | st.floats(allow_nan=False, allow_infinity=False)
texts = st.text(st.characters(exclude_categories=["Cs"]))
values = st.recursive(
    scalars | texts, lambda v: st.lists(v, max_size=4) | st.dictionaries(texts, v, max_size=4), max_leaves=20
)


@pytest.mark.slow
@given(st.dictionaries(texts, values, min_size=1, max_size=5), st.booleans())
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_properties_are_read_back_as_sent(client: Client, properties: dict[str, Any], ascii_only: bool) -> None:  # noqa: FBT001
    """Whatever JSON object is accepted comes back as the same one."""
    text = json.dumps(properties, ensure_ascii=ascii_only)
    assert round_trip(client, text) == exactly(text.encode())


def test_of_equal_keys_the_last_one_counts(client: Client) -> None:
    """In the body and below (as released servers have it)."""
    shown = round_trip(client, '{"a":1},"serviceProperties":{"a":1,"a":1e3}')
    assert dict(shown) == {"a": Decimal("1e3")}


def test_the_clients_own_id_has_no_effect(client: Client) -> None:
    """Keys that the contract does not know are dropped."""
    body = {"handleServiceId": "mine", "name": "ab", "proxyEndpoint": "x", "serviceProperties": {"a": 1}, "creator": 5}
    location = client.create(body, as_="adam").headers["location"]
    shown = client("GET", urlsplit(location).path, as_="adam").json
    assert shown["handleServiceId"] != "mine"
    assert shown["creator"] == {"type": "user", "id": "adam"}


def test_depth_is_bounded() -> None:
    """MAX_DEPTH levels are read, one more is not; brackets inside strings are no levels."""
    assert loads(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH)
    with pytest.raises(ValueError, match="nested"):
        loads(b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1))
    assert loads(b'["' + b"[{" * 1000 + b'\\""]')
    assert depth(b'{"a":[{"\\"[":[]}]}') == 4
