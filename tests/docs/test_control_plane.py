"""The control plane's OpenAPI document: its examples are sent to the mock, which takes them."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import httpx
import pytest
from onezone_mockserver import create_app
from openapi_spec_validator import validate

sys.path.insert(0, str(Path(__file__).parents[2] / "docs/_site"))

import control


def test_it_is_openapi_and_says_what_everything_does() -> None:
    """The document is valid, and every operation has a sentence."""
    document = control.document()
    validate(document)
    operations = [each for methods in document["paths"].values() for each in methods.values()]
    assert [each for each in operations if not each["summary"]] == []


def test_every_body_belongs_to_an_operation() -> None:
    """No example is of a path or a method that is gone."""
    paths = control.document()["paths"]
    assert [key for key in [*control.BODIES, *control.SUMMARIES] if key[0] not in paths.get(key[1], {})] == []
    assert set(control.FILTERED) | set(control.OPEN) | set(control.IN_A_WORLD) <= set(paths)


def test_what_is_of_one_world_takes_its_name() -> None:
    """In the query, once; what belongs to the whole server does not."""
    paths = control.document()["paths"]
    names = {
        (method, path): [each["name"] for each in operation["parameters"]].count("world")
        for path, methods in paths.items()
        for method, operation in methods.items()
    }
    assert names["post", "/_mock/reset"] == names["delete", "/_mock/journal"] == names["get", "/_mock/journal"] == 1
    assert names["put", "/_mock/faults"] == names["get", "/_mock/health"] == 0


@pytest.mark.slow
@pytest.mark.parametrize(("method", "path"), control.BODIES)
def test_an_example_is_taken(method: str, path: str) -> None:
    """What the document shows as a body is accepted by the mock."""

    async def send() -> httpx.Response:
        transport = httpx.ASGITransport(app=create_app())
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            return await client.request(method, path, json=control.BODIES[method, path][1])

    answer = asyncio.run(send())
    assert answer.is_success, answer.text
