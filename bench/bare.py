"""What the mock is measured against in Python: `python bench/bare.py asgi|starlette|connexion PORT [HTTP [LOOP]]`.

HTTP and LOOP are uvicorn's names for its implementations, so that a bare server stands on the same ones as the mock.
"""

from __future__ import annotations

import base64
import copy
import logging
import sys
import warnings
from collections.abc import Callable
from typing import Any

import uvicorn

LOCATION = "http://127.0.0.1/api/v3/handle_services/4f2bb1a9a9cc0a3b5de2a6a1d0f4a1d3ch81a2"
BASIC = base64.b64encode(b"adam:adam-password").decode()
PATH, GROUP_PATH = "/groups/{id}/handle_services", "/groups/{id}"
REFUSED = b'{"error":{"id":"notFound","description":"The resource could not be found."}}'
"""As the mock answers 404, with the same headers."""
REASON = {"access-control-allow-origin": "*", "x-mock-reason": "existence: there is no such group"}


def asgi() -> Any:
    """A function that reads the body and answers."""
    headers = [(b"location", LOCATION.encode())]

    async def app(_scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "http.response.start", "status": 204, "headers": headers})
        await send({"type": "http.response.body", "body": b""})

    return app


def starlette() -> Any:
    """One route that reads the body as JSON and answers."""
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import JSONResponse, Response
    from starlette.routing import Route

    async def create(request: Request) -> Response:
        await request.json()
        return Response(status_code=204, headers={"Location": LOCATION})

    async def show(_request: Request) -> Response:
        return JSONResponse({"groupId": "4ebd9efd1e67f6c18695db1d762a914a", "name": "Community"})

    async def refuse(request: Request) -> Response:
        await request.json()
        return Response(REFUSED, status_code=404, headers=REASON, media_type="application/json")

    base = "/api/v3"
    routes = [Route(base + PATH, create, methods=["POST"]), Route(base + GROUP_PATH, show)]
    return Starlette(routes=[*routes, Route("/refused" + PATH, refuse, methods=["POST"])])


def connexion() -> Any:
    """Stock Connexion: the same operations, its own validation, security and routing, a handler that does nothing."""
    warnings.simplefilter("ignore")
    from connexion import AsyncApp
    from connexion.resolver import Resolver
    from onezone_spec import load
    from starlette.responses import JSONResponse, Response

    document: Any = copy.deepcopy(load().document)
    document["paths"] = {path: document["paths"][path] for path in (PATH, GROUP_PATH)}
    for scheme in document["components"]["securitySchemes"].values():
        kind = "apikey" if scheme["type"] == "apiKey" else scheme["scheme"]
        scheme[f"x-{kind}InfoFunc"] = f"bare.{'basic' if kind == 'basic' else 'nobody'}_info"

    async def create(id: str, body: Any) -> Any:  # noqa: A002, ARG001
        return Response(status_code=204, headers={"Location": LOCATION})

    async def show(id: str) -> Any:  # noqa: A002, ARG001
        return JSONResponse({"groupId": "4ebd9efd1e67f6c18695db1d762a914a", "name": "Community"})

    app = AsyncApp(__name__)
    app.add_api(document, base_path="/api/v3", resolver=Resolver(lambda name: create if "create" in name else show))
    return app


def basic_info(username: str, password: str) -> dict[str, str] | None:
    return {"sub": username} if password == f"{username}-password" else None


def nobody_info(_token: str) -> None:
    return None


APPS: dict[str, Callable[[], Any]] = {"asgi": asgi, "starlette": starlette, "connexion": connexion}


def main(name: str, port: int, http: Any = "auto", loop: Any = "auto") -> None:
    logging.disable(logging.WARNING)
    quiet: Any = {"access_log": False, "log_level": "error", "server_header": False}
    uvicorn.run(APPS[name](), port=port, http=http, loop=loop, lifespan="off", ws="none", **quiet)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), *sys.argv[3:])
