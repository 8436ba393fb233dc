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


def created_id(answer: httpx.Response, *statuses: int) -> str:
    """The id at the end of the Location."""
    assert answer.status_code in statuses, answer.text
    return answer.headers["location"].rpartition("/")[2]


@pytest.mark.slow
def test_a_notebook_begins_with_a_named_token(zone: tuple[TestClient, str]) -> None:
    """It logs in with a password, works with the token, and is out as soon as the token is revoked."""
    client, base = zone
    token = client.post(f"{base}/user/tokens/named", json={"name": "Notebook"}, auth=PASSWORD)
    identity, text = created_id(token, 201), token.json()["token"]
    assert identity == token.json()["tokenId"]

    own: dict[str, Any] = {"headers": {"X-Auth-Token": text}}
    assert client.get(f"{base}/user", **own).json()["username"] == "nora"
    assert client.get(f"{base}/user/tokens/named/name/Notebook", **own).json()["token"] == text

    group = created_id(client.post(f"{base}/user/groups", json={"name": "Team"}, **own), 201)
    service = created_id(client.post(f"{base}/groups/{group}/handle_services", json=SERVICE, **own), 201, 204)
    shown = client.get(f"{base}/handle_services/{service}", **own).json()
    assert {key: shown[key] for key in SERVICE} == SERVICE

    revoked = client.patch(f"{base}/tokens/named/{identity}", json={"revoked": True}, **own)
    assert revoked.status_code == 204
    assert client.get(f"{base}/user", **own).status_code == 401
    assert client.get(f"{base}/user", auth=PASSWORD).status_code == 200


@pytest.mark.slow
@pytest.mark.parametrize("edition", ["classic", "current", "deployed"])
def test_an_acceptance_suite_begins_with_a_client_token(edition: str) -> None:
    """It asks for one with an empty object, as it has done since the oldest release, and deletes it by itself."""
    for client, base in story(edition):
        token = client.post(f"{base}/user/client_tokens", json={}, auth=PASSWORD).json()["token"]
        own: dict[str, Any] = {"headers": {"X-Auth-Token": token}}
        assert token in client.get(f"{base}/user/client_tokens", **own).json()["tokens"]
        assert client.delete(f"{base}/user/client_tokens/{token}", **own).status_code == 204
        assert client.get(f"{base}/user", **own).status_code == 401


@pytest.mark.slow
def test_a_repository_publishes_what_it_shares(zone: tuple[TestClient, str]) -> None:
    """It registers a handle service, makes a handle for a share in it, and everybody reads the handle."""
    client, base = zone
    admin: dict[str, Any] = {"auth": ("adam", "adam-password")}
    token = client.post(f"{base}/user/tokens/named", json={"name": "Repository"}, **admin).json()["token"]
    own: dict[str, Any] = {"headers": {"X-Auth-Token": token}}
    me = client.get(f"{base}/user", **own).json()["userId"]
    service = created_id(client.post(f"{base}/user/handle_services", json=SERVICE, **own), 201)
    share = client.post("/_mock/states", json={"state": "a share"}).json()["share"]

    handle = {"handleServiceId": service, "resourceType": "Share", "resourceId": share, "metadata": "<metadata/>"}
    body = {**handle, "metadataPrefix": "oai_dc"}
    identity = created_id(client.post(f"{base}/user/handles", json=body, **own), 201)
    assert client.post(f"{base}/user/handles", json=body, **own).status_code == 409
    assert client.get(f"{base}/user/handles", **own).json() == {"handles": [identity]}
    assert client.get(f"{base}/handle_services/{service}/handles", **own).json() == {"handles": [identity]}

    public = client.get(f"{base}/handles/{identity}/public").json()
    assert {key: public[key] for key in handle} == handle
    assert public["creator"] == {"type": "user", "id": me}
    assert client.get(f"{base}/shares/{share}/public").json()["handleId"] == identity


@pytest.mark.slow
def test_a_service_with_handles_stays_where_its_release_says_so() -> None:
    """It goes when its handles are gone; the share can be registered again then."""
    for client, base in story("deployed"):
        admin: dict[str, Any] = {"auth": ("adam", "adam-password")}
        service = created_id(client.post(f"{base}/handle_services", json=SERVICE, **admin), 201)
        share = client.post("/_mock/states", json={"state": "a share"}).json()["share"]
        body = {"handleServiceId": service, "resourceType": "Share", "resourceId": share, "metadata": "<metadata/>"}
        handle = created_id(client.post(f"{base}/handles", json={**body, "metadataPrefix": "edm"}, **admin), 201)
        refused = client.delete(f"{base}/handle_services/{service}", **admin)
        assert refused.status_code == 400
        assert refused.json()["error"]["id"] == "cannotDeleteNonEmptyHandleService"
        assert client.delete(f"{base}/handles/{handle}", **admin).status_code == 204
        assert client.get(f"{base}/shares/{share}/public").json()["handleId"] is None
        assert client.delete(f"{base}/handle_services/{service}", **admin).status_code == 204


@pytest.mark.slow
def test_a_team_grows_by_invitations(zone: tuple[TestClient, str]) -> None:
    """A member invites a user and a group; each takes the token, and what nobody gave is refused."""
    client, base = zone
    nora: dict[str, Any] = {"auth": PASSWORD}
    adam: dict[str, Any] = {"auth": ("adam", "adam-password")}
    team = created_id(client.post(f"{base}/user/groups", json={"name": "Team"}, **nora), 201)
    token = client.post(f"{base}/groups/{team}/users/token", **nora).json()["token"]
    assert created_id(client.post(f"{base}/user/groups/join", json={"token": token}, **adam), 201) == team
    assert client.post(f"{base}/user/groups/join", json={"token": token}, **adam).status_code == 409
    wrong = client.post(f"{base}/user/groups/join", json={"token": "nobody-gave-it"}, **adam)
    assert (wrong.status_code, wrong.json()["error"]["id"]) == (400, "badValueToken")

    inner = created_id(client.post(f"{base}/user/groups", json={"name": "Inner"}, **nora), 201)
    token = client.post(f"{base}/groups/{team}/children/token", **nora).json()["token"]
    assert created_id(client.post(f"{base}/groups/{inner}/parents/join", json={"token": token}, **nora), 201) == team
    assert client.get(f"{base}/groups/{inner}/parents", **nora).json() == {"groups": [team]}
    assert client.get(f"{base}/groups/{team}/children", **nora).json() == {"groups": [inner]}
    assert client.delete(f"{base}/groups/{inner}/parents/{team}", **nora).status_code == 204
    assert client.get(f"{base}/groups/{inner}/effective_parents", **nora).json() == {"groups": []}


@pytest.mark.slow
def test_a_health_check_looks_for_the_build(zone: tuple[TestClient, str]) -> None:
    """The configuration is shown to everybody; the health, where the release had it."""
    client, base = zone
    assert "build" in client.get(f"{base}/configuration").json()
    health = client.get(f"{base}/health")
    assert (health.status_code, health.content) == (200, b"") or base == "/api/v3"  # 20.02 has no such operation
