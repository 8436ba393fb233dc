"""A short story with the client that openapi-python-client generates. Run as ``python story.py BASE_URL``."""

import sys
from http import HTTPStatus
from typing import Any

from onezone_client import Client
from onezone_client.api.group import (
    add_group_user,
    create_group,
    create_group_handle_service,
    get_group_handle_service,
    list_group_handle_services,
)
from onezone_client.api.user import create_user, get_user_privileges, update_user_privileges
from onezone_client.models import (
    DOIServiceProperties,
    DOIServicePropertiesType,
    Error,
    ErrorObject,
    GroupCreateRequest,
    GroupMemberRequest,
    GroupPrivilege,
    GroupType,
    HandleServiceCreateRequest,
    HandleServiceDetails,
    HandleServiceList,
    UserCreateRequest,
    ZonePrivilege,
    ZonePrivileges,
    ZonePrivilegesUpdate,
)
from onezone_client.types import Response, Unset

PROPERTIES = DOIServiceProperties(
    type_=DOIServicePropertiesType.DOI,
    host="https://mds.test.datacite.org",
    doi_endpoint="/doi",
    metadata_endpoint="/metadata",
    media_endpoint="/media",
    prefix="10.5072",
    username="alice",
    password="pa$$word",
)
SERVICE = HandleServiceCreateRequest(
    name="Story service", proxy_endpoint="https://proxy.example.org", service_properties=PROPERTIES
)


def log_in(base_url: str, name: str, password: str) -> Client:
    return Client(base_url=base_url, httpx_args={"auth": (name, password)})


def created_id(response: Response[Any | Error], status: HTTPStatus) -> str:
    """The id at the end of the Location."""
    assert response.status_code == status, response
    return str(response.headers["Location"]).rpartition("/")[2]


def refused(response: Response[Any | Error], status: HTTPStatus) -> ErrorObject:
    assert response.status_code == status, response
    assert isinstance(response.parsed, Error)
    assert response.parsed.error.description
    return response.parsed.error


def prepare(admin: Client) -> tuple[str, str]:
    """Make a group, and one user who may create services for it."""
    team = GroupCreateRequest(name="Story", type_=GroupType.UNIT)
    group = created_id(create_group.sync_detailed(client=admin, body=team), HTTPStatus.CREATED)
    person = UserCreateRequest(username="storyteller", full_name="Story Teller", password="a-long-password")
    user = created_id(create_user.sync_detailed(client=admin, body=person), HTTPStatus.CREATED)

    grant = ZonePrivilegesUpdate(grant=[ZonePrivilege.OZ_HANDLE_SERVICES_CREATE])
    granted = update_user_privileges.sync_detailed(user, client=admin, body=grant)
    assert granted.status_code == HTTPStatus.NO_CONTENT
    privileges = get_user_privileges.sync(user, client=admin)
    assert isinstance(privileges, ZonePrivileges)
    assert privileges.privileges == [ZonePrivilege.OZ_HANDLE_SERVICES_CREATE]

    member = GroupMemberRequest(privileges=[GroupPrivilege.GROUP_VIEW, GroupPrivilege.GROUP_CREATE_HANDLE_SERVICE])
    joined = add_group_user.sync_detailed(group, user, client=admin, body=member)
    assert created_id(joined, HTTPStatus.CREATED) == user
    other = created_id(
        create_group.sync_detailed(client=admin, body=GroupCreateRequest(name="Other")), HTTPStatus.CREATED
    )
    return group, other


def create_and_read(client: Client, group: str) -> None:
    """Create a service, and find in it what was sent."""
    created = create_group_handle_service.sync_detailed(group, client=client, body=SERVICE)
    service = created_id(created, HTTPStatus.NO_CONTENT)

    read = get_group_handle_service.sync(group, service, client=client)
    assert isinstance(read, HandleServiceDetails)
    assert (read.handle_service_id, read.name) == (service, "Story service")
    assert isinstance(read.service_properties, DOIServiceProperties)
    assert read.service_properties == PROPERTIES
    assert not isinstance(read.creator, Unset)
    assert read.creator.type_ == "user"

    listed = list_group_handle_services.sync(group, client=client)
    assert isinstance(listed, HandleServiceList)
    assert listed.handle_services == [service]


def be_refused(base_url: str, client: Client, group: str, other: str) -> None:
    """Each refusal is an Error with an id and a description."""
    create = create_group_handle_service.sync_detailed
    assert refused(create(other, client=client, body=SERVICE), HTTPStatus.FORBIDDEN).id == "forbidden"
    assert refused(get_group_handle_service.sync_detailed(group, "f" * 32, client=client), HTTPStatus.NOT_FOUND)
    stranger = log_in(base_url, "storyteller", "wrong-password")
    assert refused(create(group, client=stranger, body=SERVICE), HTTPStatus.UNAUTHORIZED).id == "unauthorized"

    number: Any = 7
    wrong = HandleServiceCreateRequest(name=number, proxy_endpoint="https://x.org", service_properties=PROPERTIES)
    error = refused(create(group, client=client, body=wrong), HTTPStatus.BAD_REQUEST)
    assert error.id == "badValueString"
    assert not isinstance(error.details, Unset)
    assert error.details.additional_properties == {"key": "name"}


def main(base_url: str) -> None:
    group, other = prepare(log_in(base_url, "adam", "adam-password"))
    user = log_in(base_url, "storyteller", "a-long-password")
    create_and_read(user, group)
    be_refused(base_url, user, group, other)


if __name__ == "__main__":
    main(sys.argv[1])
    sys.stdout.write("the story has ended well\n")
