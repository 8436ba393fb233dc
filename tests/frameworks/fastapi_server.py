"""The documented operation as a team would write it with FastAPI: groups by UUID, lists in pages, its own 404 and 405.

`python fastapi_server.py WORLD.json` serves on a free port of loopback and prints `listening on URL`.
"""

import json
import secrets
import socket
import sys
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID, uuid4

import uvicorn
from fastapi import Depends, FastAPI, HTTPException, Query, Request, Response
from fastapi.exception_handlers import http_exception_handler
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.security import HTTPBasic, HTTPBasicCredentials
from pydantic import BaseModel
from starlette.exceptions import HTTPException as StarletteHTTPException

WORLD: dict[str, Any] = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
IDS = {400: "badValue", 401: "unauthorized", 403: "forbidden", 404: "notFound"}

app = FastAPI(title="Onezone")
basic = HTTPBasic()
services: dict[UUID, dict[UUID, "HandleService"]] = {UUID(group): {} for group in WORLD["groups"]}


class HandleService(BaseModel):
    """What a client registers."""

    name: str
    proxyEndpoint: str  # noqa: N815  (the name of the document)
    serviceProperties: dict[str, Any]  # noqa: N815


class Page(BaseModel):
    """A part of a list."""

    items: list[UUID]
    total: int
    limit: int
    offset: int


def problem(status: int, description: str, headers: Any = None) -> JSONResponse:
    """An error in the documented form."""
    return JSONResponse({"error": {"id": IDS.get(status, "error"), "description": description}}, status, headers)


@app.exception_handler(StarletteHTTPException)
async def refused(request: Request, error: StarletteHTTPException) -> Response:
    """What the operations raise; a path or a method that is not routed has the framework's own page."""
    if error.status_code in {404, 405} and not isinstance(error, HTTPException):
        return await http_exception_handler(request, error)
    return problem(error.status_code, str(error.detail), error.headers)


@app.exception_handler(RequestValidationError)
def invalid(_: Request, error: RequestValidationError) -> JSONResponse:
    """The document knows 400, not 422."""
    return problem(
        400, "; ".join(f"{'.'.join(map(str, mistake['loc']))}: {mistake['msg']}" for mistake in error.errors())
    )


def current_user(credentials: Annotated[HTTPBasicCredentials, Depends(basic)]) -> dict[str, Any]:
    """Who calls."""
    user: dict[str, Any] = WORLD["users"].get(credentials.username, {"password": secrets.token_hex()})
    if not secrets.compare_digest(credentials.password.encode(), user["password"].encode()):
        raise HTTPException(401, "Invalid user name or password", {"WWW-Authenticate": "Basic"})
    return user


User = Annotated[dict[str, Any], Depends(current_user)]


def require_group(group_id: UUID) -> dict[UUID, HandleService]:
    """The services of a group that there is."""
    if group_id not in services:
        raise HTTPException(404, "There is no such group")
    return services[group_id]


Group = Annotated[dict[UUID, HandleService], Depends(require_group)]


@app.post("/api/v3/groups/{group_id}/handle_services", status_code=204)
def add_group_handle_service(
    group_id: UUID, body: HandleService, user: User, group: Group, request: Request
) -> Response:
    """Create a new handle service for the group."""
    privileges = user["groups"].get(str(group_id), [])
    member = "group_create_handle_service" in privileges and "oz_handle_services_create" in user["zone"]
    if not member and not {"oz_handle_services_create", "oz_groups_add_relationships"} <= set(user["zone"]):
        raise HTTPException(403, "Insufficient privileges")
    service_id = uuid4()
    group[service_id] = body
    location = request.url_for("get_group_handle_service", group_id=group_id, service_id=service_id)
    return Response(status_code=204, headers={"Location": str(location)})


@app.get("/api/v3/groups/{group_id}/handle_services")  # noqa: FAST003  (the dependency takes it)
def list_group_handle_services(
    user: User, group: Group, limit: Annotated[int, Query(le=100)] = 50, offset: int = 0
) -> Page:
    """The ids of the group's services, fifty at a time."""
    del user
    return Page(items=list(group)[offset : offset + limit], total=len(group), limit=limit, offset=offset)


@app.get("/api/v3/groups/{group_id}/handle_services/{service_id}")  # noqa: FAST003
def get_group_handle_service(user: User, group: Group, service_id: UUID) -> HandleService:
    """One service."""
    del user
    if service_id not in group:
        raise HTTPException(404, "The group has no such service")
    return group[service_id]


if __name__ == "__main__":
    listener = socket.create_server(("127.0.0.1", 0))
    sys.stdout.write(f"listening on http://127.0.0.1:{listener.getsockname()[1]}/api/v3\n")
    sys.stdout.flush()
    uvicorn.Server(uvicorn.Config(app, log_level="error")).run(sockets=[listener])
