"""Stories that public clients of Onezone live: each begins with a token."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from onezone_mockserver import create_app
from starlette.testclient import TestClient

SERVICE = {"name": "My service", "proxyEndpoint": "https://proxy", "serviceProperties": {"type": "DOI"}}
PASSWORD = ("nora", "nora-password")
"""She may register handle services, and belongs to nothing that matters here."""


def story(edition: str) -> Iterator[tuple[TestClient, str]]:
    app = create_app(edition)
    with TestClient(app, base_url="http://zone.test") as client:
        yield client, app.contract.base_paths[0]


@pytest.fixture(params=["current", "deployed"])
def zone(request: pytest.FixtureRequest) -> Iterator[tuple[TestClient, str]]:
    """A zone of a release that has named tokens, and its base path."""
    yield from story(request.param)


def made(answer: httpx.Response, *statuses: int) -> str:
    """The id at the end of the Location."""
    assert answer.status_code in statuses, answer.text
    return answer.headers["location"].rpartition("/")[2]


def test_a_notebook_begins_with_a_named_token(zone: tuple[TestClient, str]) -> None:
    """It logs in with a password, works with the token, and is out as soon as the token is revoked."""
    client, base = zone
    token = client.post(f"{base}/user/tokens/named", json={"name": "Notebook"}, auth=PASSWORD)
    identity, text = made(token, 201), token.json()["token"]
    assert identity == token.json()["tokenId"]

    own: dict[str, Any] = {"headers": {"X-Auth-Token": text}}
    assert client.get(f"{base}/user", **own).json()["username"] == "nora"
    assert client.get(f"{base}/user/tokens/named/name/Notebook", **own).json()["token"] == text

    group = made(client.post(f"{base}/user/groups", json={"name": "Team"}, **own), 201)
    service = made(client.post(f"{base}/groups/{group}/handle_services", json=SERVICE, **own), 201, 204)
    shown = client.get(f"{base}/handle_services/{service}", **own).json()
    assert {key: shown[key] for key in SERVICE} == SERVICE

    revoked = client.patch(f"{base}/tokens/named/{identity}", json={"revoked": True}, **own)
    assert revoked.status_code == 204
    assert client.get(f"{base}/user", **own).status_code == 401
    assert client.get(f"{base}/user", auth=PASSWORD).status_code == 200


@pytest.mark.parametrize("edition", ["classic", "current", "deployed"])
def test_an_acceptance_suite_begins_with_a_client_token(edition: str) -> None:
    """It asks for one with an empty object, as it has done since the oldest release, and deletes it by itself."""
    for client, base in story(edition):
        token = client.post(f"{base}/user/client_tokens", json={}, auth=PASSWORD).json()["token"]
        own: dict[str, Any] = {"headers": {"X-Auth-Token": token}}
        assert token in client.get(f"{base}/user/client_tokens", **own).json()["tokens"]
        assert client.delete(f"{base}/user/client_tokens/{token}", **own).status_code == 204
        assert client.get(f"{base}/user", **own).status_code == 401
