"""The documented operation as a team would write it with Django REST framework: a view set, a serializer, pages.

`python drf_server.py WORLD.json` serves on a free port of loopback and prints `listening on URL`.
"""

import json
import socket
import sys
import threading
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import django
from django.conf import settings

settings.configure(
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    MIDDLEWARE=[f"{__name__}.with_length"],
    SECRET_KEY=uuid.uuid4().hex,
    REST_FRAMEWORK={
        "EXCEPTION_HANDLER": f"{__name__}.refused",
        "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
        "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
        "DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.LimitOffsetPagination",
        "PAGE_SIZE": 50,
        "UNAUTHENTICATED_USER": None,
    },
)
django.setup()

import uvicorn  # noqa: E402  (Django is set up first)
from django.core.asgi import get_asgi_application  # noqa: E402
from django.http import HttpRequest, HttpResponse  # noqa: E402
from django.urls import path, reverse  # noqa: E402
from rest_framework import authentication, exceptions, permissions, serializers, viewsets  # noqa: E402
from rest_framework.request import Request  # noqa: E402
from rest_framework.response import Response  # noqa: E402
from rest_framework.views import exception_handler  # noqa: E402

WORLD: dict[str, Any] = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
IDS = {400: "badData", 401: "unauthorized", 403: "forbidden", 404: "notFound"}

lock = threading.Lock()
services: dict[str, dict[str, dict[str, Any]]] = {group: {} for group in WORLD["groups"]}


def with_length(answer: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Django REST framework reads a body by its length, which one that comes in chunks does not say."""

    def respond(request: HttpRequest) -> HttpResponse:
        if "chunked" in request.headers.get("Transfer-Encoding", ""):
            request.META["CONTENT_LENGTH"] = str(len(request.body))
        return answer(request)

    return respond


class User(dict[str, Any]):
    """Who calls, as Django REST framework asks."""

    is_authenticated = True


class BasicAuthentication(authentication.BasicAuthentication):
    """User name and password, of the users that there are."""

    def authenticate_credentials(self, userid: str, password: str, request: Request | None = None) -> tuple[User, None]:
        """Who that is. Raises AuthenticationFailed."""
        del request
        user = WORLD["users"].get(userid)
        if user is None or user["password"] != password:
            raise exceptions.AuthenticationFailed
        return User(user, name=userid), None


class MayCreate(permissions.BasePermission):
    """Creating is for members and administrators; the rest is for whoever is signed in."""

    def has_permission(self, request: Request, view: viewsets.ViewSet) -> bool:
        """Whether the user may."""
        if request.method != "POST":
            return True
        zone, privileges = set(request.user["zone"]), request.user["groups"].get(view.kwargs["group_id"], [])
        member = "group_create_handle_service" in privileges and "oz_handle_services_create" in zone
        return member or zone >= {"oz_handle_services_create", "oz_groups_add_relationships"}


class Text(serializers.CharField):
    """A string as it was sent: neither trimmed nor made of a number."""

    def __init__(self, **options: Any) -> None:
        super().__init__(trim_whitespace=False, **options)

    def to_internal_value(self, data: Any) -> str:
        """The string. Raises ValidationError."""
        if not isinstance(data, str):
            self.fail("invalid")
        return data


class HandleService(serializers.Serializer[dict[str, Any]]):
    """What a client registers."""

    name = Text()
    proxyEndpoint = Text()  # noqa: N815  (the name of the document)
    serviceProperties = serializers.DictField(allow_empty=False)  # noqa: N815


def refused(error: Exception, context: dict[str, Any]) -> Response | None:
    """Every error of the views in the documented form."""
    if isinstance(error, RecursionError):
        error = exceptions.ParseError("The body is nested too deep.")
    answer = exception_handler(error, context)
    if answer is not None:
        words = getattr(error, "detail", str(error))
        answer.data = {"error": {"id": IDS.get(answer.status_code, "error"), "description": str(words)}}
    return answer


class HandleServices(viewsets.ViewSet):
    """The handle services of a group."""

    authentication_classes = (BasicAuthentication,)
    permission_classes = (permissions.IsAuthenticated, MayCreate)

    def group(self, group_id: str) -> dict[str, dict[str, Any]]:
        """The services of a group that there is."""
        if group_id not in services:
            raise exceptions.NotFound("There is no such group.")
        return services[group_id]

    def check_permissions(self, request: Request) -> None:
        """First whether there is such a group, of whoever is signed in."""
        if request.user is not None:
            self.group(self.kwargs["group_id"])
        super().check_permissions(request)

    def create(self, request: Request, group_id: str) -> Response:
        """Create a new handle service for the group."""
        form = HandleService(data=request.data)
        form.is_valid(raise_exception=True)
        service_id = uuid.uuid4().hex
        with lock:
            self.group(group_id)[service_id] = form.validated_data
        where = reverse("service", kwargs={"group_id": group_id, "service_id": service_id})
        return Response(status=204, headers={"Location": request.build_absolute_uri(where)})

    def list(self, request: Request, group_id: str) -> Response:
        """The ids of the group's services, fifty at a time."""
        pages = self.settings.DEFAULT_PAGINATION_CLASS()
        page = pages.paginate_queryset(list(self.group(group_id)), request, view=self)
        return pages.get_paginated_response(page)

    def retrieve(self, request: Request, group_id: str, service_id: str) -> Response:
        """One service."""
        del request
        if service_id not in self.group(group_id):
            raise exceptions.NotFound
        return Response({"handleServiceId": service_id, **services[group_id][service_id]})

    def destroy(self, request: Request, group_id: str, service_id: str) -> Response:
        """Take the group off a service."""
        del request
        if self.group(group_id).pop(service_id, None) is None:
            raise exceptions.NotFound
        return Response(status=204)


GROUP = "api/v3/groups/<str:group_id>/handle_services"
urlpatterns = [
    path(GROUP, HandleServices.as_view({"post": "create", "get": "list"})),
    path(f"{GROUP}/<str:service_id>", HandleServices.as_view({"get": "retrieve", "delete": "destroy"}), name="service"),
]


if __name__ == "__main__":
    listener = socket.create_server(("127.0.0.1", 0))
    sys.stdout.write(f"listening on http://127.0.0.1:{listener.getsockname()[1]}/api/v3\n")
    sys.stdout.flush()
    uvicorn.Server(uvicorn.Config(get_asgi_application(), log_level="error", lifespan="off")).run(sockets=[listener])
