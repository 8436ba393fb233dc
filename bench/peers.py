"""The contenders of bench/serve.py: how each is started, and what it is asked. One that is not there says so."""

from __future__ import annotations

import base64
import json
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from load import Call
from onezone_spec import load

HERE = Path(__file__).parent
BASE = "/api/v3"
GROUP, MISSING = "4ebd9efd1e67f6c18695db1d762a914a", "f" * 32
BODY = {
    "name": "LifeWatch DataCite",
    "proxyEndpoint": "172.17.0.9:8080/api/v1",
    "serviceProperties": {
        "type": "DOI",
        "host": "https://mds.test.datacite.org",
        "doiEndpoint": "/doi",
        "metadataEndpoint": "/metadata",
        "mediaEndpoint": "/media",
        "prefix": "10.5072",
        "username": "alice",
        "password": "pa$$word",
        "identifierTemplate": "{{space.name}}-{{space.guid}}",
        "allowTemplateOverride": False,
    },
}
MOCK, REFERENCE = "ozkit mock", "bare Starlette route"
REFUSING = "bare Starlette route that sends such a refusal"
LONG = 1000
REDUCED = (
    f"its document has no bearer tokens and no pattern of more than {LONG} characters; "
    "with those of names it takes a minute and gigabytes to come up"
)
SCALAR = "@scalar/mock-server"
OLD_SCALAR = "older than 0.7 and answers every 204 with 500: ask npm for @latest"
FORGE = "mockforge (PyPI)"
OTHER_FORGE = "PyPI's package of this name, not the Rust crate mockforge-cli; it checks neither credentials nor body"


@dataclass(frozen=True)
class Case:
    """A request, and the status that the contract has for it."""

    name: str
    status: int
    user: str | None = "adam"
    password: str = ""
    group: str = GROUP
    body: str = json.dumps(BODY)
    method: str = "POST"
    path: str = "/handle_services"
    identical: bool = False

    def call(self, base_url: str) -> Call:
        """The request to a server."""
        headers = {"Content-Type": "application/json"} if self.body else {}
        if self.user:
            pair = f"{self.user}:{self.password or f'{self.user}-password'}"
            headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
        return Call(self.method, f"{base_url}/groups/{self.group}{self.path}", headers, self.body, self.identical)


CREATE = Case("create", 204)
IDENTICAL = Case("create, byte-identical", 204, identical=True)
CASES = (
    CREATE,
    IDENTICAL,
    Case("no credentials", 401, user=None),
    Case("wrong password", 401, password="wrong"),
    Case("not allowed", 403, user="otto"),
    Case("no such group", 404, group=MISSING),
    Case("bad body", 400, body=json.dumps(BODY | {"name": 5})),
    Case("get", 200, method="GET", body="", path=""),
)


@dataclass(frozen=True)
class Contender:
    """A server to be measured: its command for a port, where its paths begin, and what to know of it."""

    name: str
    command: Callable[[int], list[str]]
    base: str = BASE
    environment: dict[str, str] = field(default_factory=dict)
    folder: Path | None = None
    limit: float = 20.0
    create_only: bool = False
    refusals_only: bool = False
    note: str = ""

    def takes(self, case: Case) -> bool:
        """Whether the case is measured with it."""
        return not (self.create_only and case != CREATE) and not (self.refusals_only and case.status < 400)


@dataclass(frozen=True)
class Absent:
    """A contender that cannot be measured here, and why."""

    name: str
    reason: str


def mock(*options: str, name: str = MOCK, create_only: bool = False) -> Contender:
    """The mock, by its public command."""
    command = [sys.executable, "-m", "ozkit", "mock", "--quiet", *options, "--port"]
    return Contender(name, lambda port: [*command, str(port)], create_only=create_only)


def bare(app: str, name: str, implementation: tuple[str, str] = ("auto", "auto")) -> Contender:
    """A server of bare.py, on uvicorn's HTTP implementation and event loop of these names."""
    command, path = [sys.executable, str(HERE / "bare.py"), app], {"PYTHONPATH": str(HERE)}
    contender = Contender(name, lambda port: [*command, str(port), *implementation], environment=path)
    return contender if app == "starlette" else replace(contender, create_only=True)


def peers(folders: list[Path], work: Path) -> Iterator[Contender | Absent]:
    """Mocks of others: npm packages below `folders`, and mockforge. They get the document, written to `work`."""
    plain = work / "current.json"
    plain.write_text(json.dumps(load().document), encoding="utf-8")
    node = shutil.which("node") or "node"

    def npm(name: str, path: str, command: Callable[[str, int], list[str]], base: str = "") -> Contender | Absent:
        there = [module for folder in folders if (module := folder.resolve() / "node_modules" / path).exists()]
        package = "/".join(path.split("/")[: 2 if path[0] == "@" else 1])
        contender = next((str(place) for place in there if package != SCALAR or _answers_204(place)), None)
        if contender is None:
            return Absent(name, f"npm's {package} is {OLD_SCALAR if there else 'not there'}")
        return Contender(name, lambda port: command(contender, port), base)

    prism = ["mock", "-h", "127.0.0.1", "-v", "error", str(plain), "-p"]
    yield npm("Prism", "@stoplight/prism-cli/dist/index.js", lambda path, port: [node, path, *prism, str(port)])
    serve = str(HERE / "scalar.mjs")
    yield npm("Scalar", f"{SCALAR}/package.json", lambda path, port: [node, serve, path, str(plain), str(port)])
    start = ["start", "-d", str(plain), "-X", "--disable-admin-api", "-l", "127.0.0.1", "-p"]
    yield npm("Mockoon", "@mockoon/cli/bin/run.js", lambda path, port: [node, path, *start, str(port)], BASE)
    yield npm("WireMock", "wiremock/package.json", lambda path, port: _wiremock(path, port, work))
    reduced = work / "reduced.json"  # specmatic.json would be its configuration
    reduced.write_text(json.dumps(_reduced(load().document)), encoding="utf-8")
    jar = ["mock", str(reduced), "--noConsoleLog", "--host", "127.0.0.1", "--port"]
    contender = npm("Specmatic", "specmatic/specmatic.jar", lambda path, port: ["java", "-jar", path, *jar, str(port)])
    # It leaves a report in the folder it is started in.
    yield contender if isinstance(contender, Absent) else replace(contender, folder=work, limit=60.0, note=REDUCED)
    yield _mockforge(plain)


def _answers_204(package: Path) -> bool:
    """Scalar's mock gives a 204 a body, which Node refuses, before 0.7; npm picks 0.3 for a Node older than 22."""
    version = json.loads(package.read_text(encoding="utf-8"))["version"]
    return tuple(int(part) for part in version.split(".")[:2]) >= (0, 7)


def _reduced(node: Any) -> Any:
    """The document as Specmatic can serve it in time.

    Where two schemes read one header, it wants both to hold: with `bearer` beside `basic` it refuses every request that
    has an Authorization. It makes an automaton of every pattern, also of one that lists the letters of all scripts.
    """
    if isinstance(node, list):
        return [_reduced(inner) for inner in node if inner != {"bearer": []}]
    if not isinstance(node, dict):
        return node
    long = {name for name, inner in node.items() if name == "pattern" and isinstance(inner, str) and len(inner) > LONG}
    return {name: _reduced(inner) for name, inner in node.items() if name not in {*long, "bearer"}}


def _mockforge(document: Path) -> Contender | Absent:
    """PyPI's mockforge, by the interpreter beside its command: the command itself listens on every address."""
    command = shutil.which("mockforge")
    python = Path(command).with_name("python") if command else None
    if python is None or not python.exists():
        return Absent(FORGE, "PyPI's mockforge is not on the PATH")
    serve = [str(python), str(HERE / "forge.py"), str(document)]
    return Contender(FORGE, lambda port: [*serve, str(port)], base="", note=OTHER_FORGE)


def _wiremock(package: str, port: int, work: Path) -> list[str]:
    """WireMock knows no OpenAPI: it gets one stub for each answer, by hand."""
    mappings = work / "wiremock" / "mappings"
    mappings.mkdir(parents=True, exist_ok=True)
    path = f"/groups/{GROUP}/handle_services"
    who = {"Authorization": {"contains": "Basic"}}
    good = {"urlPath": path, "method": "POST", "headers": who, "bodyPatterns": [{"matchesJsonSchema": _schema()}]}
    place = "http://127.0.0.1/api/v3/handle_services/{{randomValue length=32 type='ALPHANUMERIC'}}"
    success = {"status": 204, "headers": {"Location": place}, "transformers": ["response-template"]}
    stubs = [
        {"priority": 1, "request": good, "response": success},
        {"priority": 2, "request": {"urlPath": path, "method": "POST", "headers": who}, "response": {"status": 400}},
        {"request": {"urlPath": f"/groups/{GROUP}", "method": "GET"}, "response": {"status": 200, "body": "{}"}},
        {"priority": 3, "request": {"urlPath": path}, "response": {"status": 401}},
    ]
    (mappings / "stubs.json").write_text(json.dumps({"mappings": stubs}), encoding="utf-8")
    options = ["--port", str(port), "--bind-address", "127.0.0.1", "--no-request-journal", "--disable-banner"]
    jar = next(Path(package).parent.rglob("*.jar"))
    return ["java", "-jar", str(jar), "--root-dir", str(mappings.parent), *options]


def _schema() -> str:
    texts = {"type": "string", "minLength": 1}
    properties = {"name": texts, "proxyEndpoint": texts, "serviceProperties": {"type": "object", "minProperties": 1}}
    return json.dumps({"type": "object", "required": list(properties), "properties": properties})
