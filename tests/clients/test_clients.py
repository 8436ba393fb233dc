"""Clients that other people's generators make of the bundled document live a short story against the mock."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from onezone_spec import bundled_text, editions, load

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent
DOCS = HERE.parent.parent / "docs" / "clients.md"
END = "the story has ended well\n"
REQUIRED = os.environ.get("OZKIT_CLIENTS") == "required"
OFFLINE = re.compile(r"\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ENOTCACHED)\b")
COMPILER = ["--strict", "--noUncheckedIndexedAccess", "--exactOptionalPropertyTypes", "--target", "es2022"]
COMPILER += ["--module", "nodenext", "--types", "node", "--noEmitOnError"]


def run(*command: str, cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """Run a command without input, with the programs of this environment first in its way."""
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", "")))
    return subprocess.run(
        command,
        cwd=cwd,
        env={**os.environ, "PATH": path, **env},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def succeed(*command: str, cwd: Path, **env: str) -> str:
    """What a command prints, errors included; it has to succeed."""
    done = run(*command, cwd=cwd, **env)
    output = done.stdout + done.stderr
    assert done.returncode == 0, output
    return output


@pytest.fixture
def base_url() -> Iterator[str]:
    """The base URL of a mock of its own, edition `current`."""
    command = [sys.executable, "-m", "ozkit", "mock", "--port", "0", "--quiet"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline().strip()
            assert line.startswith("listening on "), line
            yield f"{line.rpartition(' ')[2]}/api/v3"
        finally:
            process.kill()


@pytest.fixture
def room(tmp_path: Path) -> Path:
    """A folder with the document, as docs/clients.md says to make it."""
    commands = [line for line in DOCS.read_text(encoding="utf-8").splitlines() if line.startswith("ozkit spec")]
    assert set(commands) == {"ozkit spec --edition current > onezone.yaml"}
    printed = run(sys.executable, "-m", *commands[0].split(" > ", maxsplit=1)[0].split(), cwd=tmp_path)
    (tmp_path / "onezone.yaml").write_text(printed.stdout, encoding="utf-8")
    return tmp_path


@pytest.fixture
def npm_room(room: Path) -> Path:
    """A folder with the document, the story and the pinned npm packages."""
    if not (shutil.which("node") and shutil.which("npm")):
        absent("node or npm is missing")
    for name in ("story.ts", "package.json", "package-lock.json"):
        shutil.copy(HERE / name, room)
    done = run("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", cwd=room)
    output = done.stdout + done.stderr
    if done.returncode and OFFLINE.search(output):
        absent("npm cannot reach its registry")
    assert done.returncode == 0, output
    return room


def absent(what: str) -> None:
    """Skip the test, or fail it where it is required."""
    (pytest.fail if REQUIRED else pytest.skip)(f"{what}: the client in TypeScript is not tried")


def generate(room: Path) -> None:
    """Generate the package onezone_client beside the document; a warning is a failure."""
    options = ("--path", "onezone.yaml", "--meta", "none", "--output-path", "onezone_client", "--fail-on-warning")
    result = succeed(sys.executable, "-m", "openapi_python_client", "generate", *options, cwd=room)
    assert "warning" not in result.lower()


def test_the_python_client_lives_the_story(room: Path, base_url: str) -> None:
    """openapi-python-client generates without a warning, mypy agrees with the story, and it ends well."""
    generate(room)
    shutil.copy(HERE / "story.py", room)
    mypy = ("mypy", "--strict", "--config-file", os.devnull, "--follow-imports", "silent", "story.py")
    succeed(sys.executable, "-m", *mypy, cwd=room)
    assert succeed(sys.executable, "story.py", base_url, cwd=room) == END


@pytest.mark.parametrize("edition", editions())
def test_python_models_have_names_that_say_what_they_are(edition: str, tmp_path: Path) -> None:
    """Every model is a schema of the document or the kind of one; only what has no form is named after its place."""
    (tmp_path / "onezone.yaml").write_text(bundled_text(edition), encoding="utf-8")
    generate(tmp_path)
    models = {path.stem.replace("_", "") for path in (tmp_path / "onezone_client" / "models").glob("[a-z]*.py")}
    document = load(edition).document["components"]["schemas"]
    keys = {name.lower(): schema.get("properties", {}) for name, schema in document.items()}
    schemas = set(keys)
    kinds = {"creatortype", "intermediarytype", "doiservicepropertiestype", "pidservicepropertiestype"}
    unions = {"handleserviceproperties"}  # and lists, which Python needs no class for
    if "timecaveat" in schemas:
        kinds |= {"apicaveattype", "servicecaveattype", "timecaveattype", "tokensubjecttype"}
        unions |= {"tokencaveat", "tokencaveats", "tokentype"}
    kinds |= {
        f"{schema}resourcetype" for schema in schemas if schema.startswith("handle") and "resourceType" in keys[schema]
    }
    kinds |= {f"{schema}metadataprefix" for schema in schemas if "metadataPrefix" in keys[schema]}
    kinds |= {f"{schema}filetype" for schema in schemas if "fileType" in keys[schema]}
    formless = {"configurationsupportedidpsitem", "configurationavailablespacetags"}
    assert models - schemas - formless == kinds
    assert schemas - models == unions


def test_the_typescript_client_lives_the_story(npm_room: Path, base_url: str) -> None:
    """openapi-typescript generates without a warning, the compiler agrees with the story, and it ends well."""
    result = succeed("npx", "--no-install", "openapi-typescript", "onezone.yaml", "-o", "onezone.d.ts", cwd=npm_room)
    assert not re.search("warn(ing)?:|⚠", result, re.IGNORECASE)
    succeed("npx", "--no-install", "tsc", *COMPILER, "story.ts", cwd=npm_room)
    assert succeed("node", "story.js", base_url, cwd=npm_room) == END
