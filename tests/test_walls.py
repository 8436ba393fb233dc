"""The walls of the house: which room may import which, how long a piece may grow, what a command may load."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path
from statistics import median

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = ("spec", "mockserver", "contracts")
SPEC, MOCK, JUDGE = PACKAGES = ("onezone_spec", "onezone_mockserver", "onezone_contracts")
LIMITS = {"median": 10, "most": 35, "longest": 60, "file": 400}
ALLOWED = {("pytest_plugin.py", "pytest")}
"""A plugin is loaded by pytest alone."""
FORBIDDEN = {
    "spec": {MOCK, JUDGE, "connexion", "starlette", "schemathesis", "hypothesis", "pytest"},
    "mockserver": {JUDGE, "schemathesis", "hypothesis", "pytest"},
    "contracts": {MOCK, "connexion"},
}


def sources(*rooms: str) -> list[Path]:
    files = {room: sorted((ROOT / room).rglob("*.py")) for room in rooms}
    assert all(files.values()), "a room without any source is not where this test looks for it"
    return [ROOT / "ozkit.py", *(path for paths in files.values() for path in paths)]


def imported(path: Path) -> Iterator[str]:
    """The top-level name of everything that a file imports, also inside functions."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            yield node.module.split(".")[0]


def lengths(path: Path) -> Iterator[tuple[int, str]]:
    """The lines of every function of a file, decorators not counted."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno is not None:
            yield node.end_lineno - node.lineno + 1, f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"


def loaded_by(code: str) -> set[str]:
    """The top-level modules that are loaded after a piece of Python has run in a fresh interpreter."""
    code += "\nimport sys\nprint(*sorted({name.split('.')[0] for name in sys.modules}), file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr
    return set(done.stderr.splitlines()[-1].split())


def no_exit(statement: str) -> str:
    return f"try:\n    {statement}\nexcept SystemExit:\n    pass"


@pytest.mark.slow
@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_through_no_wall(room: str) -> None:
    """Spec imports neither other room, and the mock and the judge never import each other."""
    breaches = {(path.name, name) for path in sources(room) for name in imported(path) if name in FORBIDDEN[room]}
    assert not breaches - ALLOWED


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_nothing_of_another_by_name_in_text(room: str) -> None:
    """No wall is gone round with import_module or runpy."""
    walls = FORBIDDEN[room] & set(PACKAGES)
    calls = [f'{call}("{wall}' for wall in walls for call in ("import_module", "run_module", "__import__")]
    assert calls
    assert not [path.name for path in sources(room) if any(call in path.read_text(encoding="utf-8") for call in calls)]


def modules(room: str, package: str) -> dict[str, Path]:
    base = ROOT / room / package
    names = {path: ".".join((package, *path.relative_to(base).with_suffix("").parts)) for path in base.rglob("*.py")}
    return {name.removesuffix(".__init__"): path for path, name in names.items()}


def imports_within(room: str, package: str) -> dict[str, set[str]]:
    """For each module of a package those of it that it imports, anywhere in its text, for types alone included."""
    names, imports = modules(room, package), {}
    for name, path in names.items():
        nodes = [
            node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.ImportFrom)
        ]
        pairs = [(node.module or "", alias.name) for node in nodes for alias in node.names]
        imports[name] = {
            f"{module}.{name}" if f"{module}.{name}" in names else module for module, name in pairs
        } & names.keys()
        imports[name].discard(name)
    return imports


@pytest.mark.slow
@pytest.mark.parametrize(("room", "package"), list(zip(ROOMS, PACKAGES, strict=True)))
def test_no_import_goes_round_in_a_circle(room: str, package: str) -> None:
    """Not even for types."""
    graph = imports_within(room, package)
    assert len(graph) > 5
    TopologicalSorter(graph).prepare()


def test_the_mock_uses_nothing_private_of_its_libraries() -> None:
    """No private module or name of uvicorn and Connexion, and no surgery on modules or classes."""
    text = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "mockserver").rglob("*.py")}
    forbidden = re.compile(r"uvicorn\._|connexion\._|sys\.modules|\.__class__|\.__dict__|\b_build_middleware_stack\b")
    assert {name for name, source in text.items() if forbidden.search(source)} == set()
    users = {name for name, source in text.items() if re.search(r"^(import|from) uvicorn", source, re.MULTILINE)}
    assert users == {"serve.py", "connection.py"}


@pytest.mark.slow
def test_functions_are_short() -> None:
    """The median function has fewer than 10 lines, nine in ten have at most 35, none has more than 60."""
    breaches = sorted(length for path in sources(*ROOMS) for length in lengths(path))
    sizes = [size for size, _ in breaches]
    assert median(sizes) < LIMITS["median"]
    assert sum(size <= LIMITS["most"] for size in sizes) >= 0.9 * len(sizes)
    assert [name for size, name in breaches if size > LIMITS["longest"]] == []


@pytest.mark.slow
def test_files_are_short() -> None:
    """No file has more than 400 lines, tests included."""
    files = [*sources(*ROOMS), *(ROOT / "tests").rglob("*.py"), *(ROOT / "bench").rglob("*.py")]
    long = {path.name: path.read_text(encoding="utf-8").count("\n") for path in files}
    assert {name: lines for name, lines in long.items() if lines > LIMITS["file"]} == {}


def test_importing_the_contract_loads_nothing_heavy() -> None:
    """`import onezone_spec` loads nothing of the mock, the judge or the author's tools."""
    heavy = {"connexion", "jsonschema_rs", "jsonschema", "schemathesis", "hypothesis", "pytest", "jsonpath_rfc9535"}
    assert not loaded_by("import onezone_spec") & (heavy | {MOCK, JUDGE, "asyncio"})


def test_help_of_the_mock_loads_nothing_of_the_judge() -> None:
    """`ozkit mock --help` imports no pytest, no hypothesis, no schemathesis and not the judge."""
    loaded = loaded_by(no_exit("import ozkit; ozkit.main(['mock', '--help'])"))
    assert MOCK in loaded
    assert not loaded & {"pytest", "hypothesis", "schemathesis", JUDGE}


@pytest.mark.slow
def test_help_of_the_judge_loads_nothing_of_the_mock() -> None:
    """`ozkit verify --help` imports neither Connexion nor the mock."""
    loaded = loaded_by(no_exit("import ozkit; ozkit.main(['verify', '--help'])"))
    assert JUDGE in loaded
    assert not loaded & {"connexion", MOCK}


@pytest.mark.slow
def test_the_command_itself_loads_no_room() -> None:
    """`ozkit --help` answers without loading a room."""
    assert not loaded_by("import ozkit; ozkit.main(['--help'])") & set(PACKAGES)
