"""The documented operation as a team would write it with Flask: groups by number, abort() in the documented form.

`python flask_server.py WORLD.json` serves on a free port of loopback and prints `listening on URL`.
"""

import itertools
import json
import sys
import threading
from pathlib import Path
from typing import Any

from flask import Flask, Response, abort, jsonify, request, url_for
from werkzeug.exceptions import BadRequest, HTTPException
from werkzeug.serving import make_server

WORLD: dict[str, Any] = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
FIELDS = {"name": str, "proxyEndpoint": str, "serviceProperties": dict}

app = Flask(__name__)
lock = threading.Lock()
numbers = itertools.count(1)
services: dict[int, dict[int, dict[str, Any]]] = {int(group): {} for group in WORLD["groups"]}


@app.errorhandler(HTTPException)
def refused(error: HTTPException) -> tuple[Response, int]:
    """Every error in the documented form."""
    name = (error.name or "error").title().replace(" ", "")
    return jsonify(error={"id": name[:1].lower() + name[1:], "description": error.description}), error.code or 500


@app.errorhandler(RecursionError)
def too_deep(_: RecursionError) -> tuple[Response, int]:
    """A body that is nested too deep for the JSON parser."""
    return refused(BadRequest("The body is nested too deep."))


def login() -> dict[str, Any]:
    """Who calls; ends the request for nobody."""
    given = request.authorization
    user: dict[str, Any] | None = WORLD["users"].get(given.username) if given and given.type == "basic" else None
    if user is None or given is None or given.password != user["password"]:
        abort(401)
    return user


def group_services(group_id: int) -> dict[int, dict[str, Any]]:
    """The services of a group that there is."""
    if group_id not in services:
        abort(404, "There is no such group.")
    return services[group_id]


@app.post("/api/v3/groups/<int:group_id>/handle_services")
def add_group_handle_service(group_id: int) -> Response:
    """Create a new handle service for the group."""
    user = login()
    group = group_services(group_id)
    zone, privileges = set(user["zone"]), user["groups"].get(str(group_id), [])
    member = "group_create_handle_service" in privileges and "oz_handle_services_create" in zone
    if not member and not zone >= {"oz_handle_services_create", "oz_groups_add_relationships"}:
        abort(403)
    data = request.get_json(force=True)
    if not isinstance(data, dict):
        abort(400, "The body must be an object.")
    for field, kind in FIELDS.items():
        if not data.get(field) or not isinstance(data[field], kind):
            abort(400, f"{field} is required, and must be a {kind.__name__}.")
    with lock:
        service_id = next(numbers)
        group[service_id] = {field: data[field] for field in FIELDS}
    response = Response(status=204)
    response.headers["Location"] = url_for("get_group_handle_service", group_id=group_id, service_id=service_id)
    return response


@app.get("/api/v3/groups/<int:group_id>/handle_services")
def list_group_handle_services(group_id: int) -> Response:
    """The ids of the group's services."""
    login()
    return jsonify(handle_services=list(group_services(group_id)))


@app.get("/api/v3/groups/<int:group_id>/handle_services/<int:service_id>")
def get_group_handle_service(group_id: int, service_id: int) -> Response:
    """One service."""
    login()
    group = group_services(group_id)
    if service_id not in group:
        abort(404)
    return jsonify(handleServiceId=service_id, **group[service_id])


@app.delete("/api/v3/groups/<int:group_id>/handle_services/<int:service_id>")
def leave_group_handle_service(group_id: int, service_id: int) -> Response:
    """Take the group off a service."""
    login()
    if group_services(group_id).pop(service_id, None) is None:
        abort(404)
    return Response(status=204)


if __name__ == "__main__":
    server = make_server("127.0.0.1", 0, app, threaded=True)
    sys.stdout.write(f"listening on http://127.0.0.1:{server.port}/api/v3\n")
    sys.stdout.flush()
    server.serve_forever()
