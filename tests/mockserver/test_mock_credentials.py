"""Which credentials count: API keys wherever they stand, schemes that come to a bearer token, and their challenges."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from mock_client import GOOD, HOME, Client, basic, changed, create_of
from onezone_mockserver import create_app

if TYPE_CHECKING:
    from collections.abc import Callable

PATH = f"/api/v3/groups/{HOME}/handle_services"
TOKEN = "demo-token-adam"


def asks_for(*schemes: dict[str, Any]) -> Client:
    """The mock of a document whose create takes any of the security schemes, and no other."""

    def change(document: dict[str, Any]) -> None:
        names = [f"scheme{number}" for number, _ in enumerate(schemes)]
        document["components"]["securitySchemes"].update(zip(names, schemes, strict=True))
        create_of(document)["security"] = [{name: []} for name in names]

    return changed(change)


def key(where: str) -> dict[str, str]:
    return {"type": "apiKey", "in": where, "name": "key"}


def test_a_key_may_stand_in_the_query() -> None:
    """It is percent-decoded, and the first of several counts."""
    client = asks_for(key("query"))
    assert client("POST", f"{PATH}?a=b&key={TOKEN}", GOOD).status == 204
    assert client("POST", f"{PATH}?key=%64emo-token-adam&key=x", GOOD).status == 204
    assert client("POST", f"{PATH}?key=x", GOOD).status == 401
    assert client("POST", PATH, GOOD).status == 401


@pytest.mark.parametrize("value", ["%C3%A9", "%E9", "\xc3\xa9", "\xff", "%", "%00", ""])
def test_any_bytes_in_the_query_are_a_wrong_key(value: str) -> None:
    """401, whatever they are."""
    refused = asks_for(key("query"))("POST", f"{PATH}?key={value}", GOOD)
    assert (refused.status, refused.error) == (401, "unauthorized")


@pytest.mark.parametrize("cookie", [
    f"a=b; key={TOKEN}", f"a[b]=1; key={TOKEN}", f"a={{}}; key={TOKEN}; c", f'a b; key="{TOKEN}"', f"\xe9=;key={TOKEN}",
])  # fmt: skip
def test_a_key_may_stand_in_a_cookie(cookie: str) -> None:
    """Whatever cookies of others stand beside it (RFC 6265, 4.2.1)."""
    assert asks_for(key("cookie")).create(headers={"cookie": cookie}).status == 204


def test_cookies_may_come_in_several_headers() -> None:
    """They are joined by semicolons, not by commas (RFC 9113, 8.2.3)."""
    client = asks_for(key("cookie"))
    assert client.create(headers=[("cookie", "a=b"), ("cookie", f"key={TOKEN}"), ("cookie", "c=d")]).status == 204
    assert client.create(headers=[("cookie", f"key={TOKEN}"), ("cookie", "c=d")]).status == 204
    assert client.create(headers={"cookie": "key=\xe9"}).status == 401


@pytest.mark.slow
@pytest.mark.parametrize("scheme", [
    {"type": "http", "scheme": "Bearer"},
    {"type": "oauth2", "flows": {"clientCredentials": {"tokenUrl": "https://op.example.org", "scopes": {}}}},
    {"type": "openIdConnect", "openIdConnectUrl": "https://op.example.org"},
])  # fmt: skip
def test_every_scheme_of_bearer_tokens_has_a_challenge(scheme: dict[str, Any]) -> None:
    """RFC 9110, 11.6.1; said once, though two schemes come to it."""
    client = asks_for(scheme, {"type": "http", "scheme": "bearer"})
    assert client.create(headers={"authorization": f"Bearer {TOKEN}"}).status == 204
    refused = client.create(headers={"authorization": basic("adam", "adam-password")})
    assert [value for name, value in refused.pairs if name == "www-authenticate"] == ['Bearer realm="onezone"']
    assert refused.reason.endswith("Authorization is ignored: it starts neither with Bearer")


@pytest.mark.slow
def test_a_scheme_may_be_a_reference() -> None:
    """A 401 speaks of what it refers to."""

    def refer(document: dict[str, Any]) -> None:
        schemes = document["components"]["securitySchemes"]
        schemes["other"] = {"$ref": "#/components/securitySchemes/basic"}
        create_of(document)["security"] = [{"other": []}]

    client = changed(refer)
    assert client.create(as_="adam").status == 204
    refused = client.create()
    assert refused.status == 401
    assert [value.split()[0] for name, value in refused.pairs if name == "www-authenticate"] == ["Basic"]


def test_the_first_credential_decides() -> None:
    """A wrong token stops the request; behind a right one a wrong password is not looked at."""
    client = changed(lambda _: None)
    wrong, right = ({"authorization": basic("adam", password)} for password in ("wrong", "adam-password"))
    assert client.create(headers={"x-auth-token": "x", **right}).status == 401
    assert client.create(headers={"x-auth-token": TOKEN, **wrong}).status == 204


@pytest.mark.parametrize(("edition", "sent"), [("classic", True), ("current", True), ("deployed", False)])
def test_the_edition_says_whether_a_401_has_a_challenge(
    edition_client: Callable[[str], Client], edition: str, *, sent: bool
) -> None:
    """No released server sends one; a browser opens a login box of its own for Basic."""
    assert ("www-authenticate" in edition_client(edition).create().headers) == sent


@pytest.mark.slow
@pytest.mark.parametrize("challenge", [True, False])
@pytest.mark.parametrize("edition", ["current", "deployed"])
def test_an_option_says_whether_a_401_has_a_challenge(edition: str, *, challenge: bool) -> None:
    """Whatever the edition has."""
    reply = Client(create_app(edition, challenge=challenge)).create()
    assert (reply.status, "www-authenticate" in reply.headers) == (401, challenge)
