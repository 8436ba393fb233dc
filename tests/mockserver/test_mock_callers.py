"""Credentials as the document asks for them, of operations about the caller, too."""

from __future__ import annotations

import re
from typing import Any

import pytest
from mock_client import GOOD, HOME, changed
from onezone_mockserver.support import UnsupportedContractError

CALLERS = [
    ("get", "/user"),
    ("patch", "/user"),
    ("delete", "/user"),
    ("get", "/user/groups"),
    ("post", "/user/groups"),
    ("get", "/user/privileges"),
    ("delete", "/user/groups/{gid}"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("method", "path"), CALLERS)
def test_who_asks_about_themselves_must_be_known(method: str, path: str) -> None:
    """Also where the document lets a request pass without credentials: then nobody in particular asks."""
    client = changed(lambda document: document["paths"][path][method].update(security=[{}, {"basic": []}]), whole=True)
    asked = f"/api/v3{path}".replace("{gid}", HOME)
    for body in (None, GOOD):
        refused = client(method.upper(), asked, body)
        assert (refused.status, refused.error) == (401, "unauthorized")
    assert client(method.upper(), asked, {"name": "Known"}, as_="adam").status in {200, 201, 204, 400, 404}


@pytest.mark.slow
@pytest.mark.parametrize("security", [[], [{}]])
@pytest.mark.parametrize(("method", "path"), CALLERS)
def test_an_operation_that_never_knows_its_caller_is_an_error_of_the_start(
    method: str, path: str, security: list[Any]
) -> None:
    """It could not do what it is for."""
    with pytest.raises(
        UnsupportedContractError, match=f"^{re.escape(f'{method.upper()} {path}')}: security: name a scheme"
    ):
        changed(lambda document: document["paths"][path][method].update(security=security), whole=True)
