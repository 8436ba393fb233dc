"""Editions and contracts of one's own: an Overlay with `extends`, and folders in the form of `spec/`.

`document` puts them together as bundling does with ours. Every mistake is told with file, line and key. Needs what
`onezone_spec.bundle` needs; nobody imports this who names an edition of ours alone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import yaml

from onezone_spec import bundle
from onezone_spec.lint import problems
from onezone_spec.read import METHODS
from onezone_spec.written import Mark, MistakeError, Place, Written, key_of, read_written

ROOT = "openapi.yaml"
"""The root document of a folder that is a contract by itself."""
STANDARDS = "rfc-"
"""How documents are called that hold for everybody's HTTP: the judge names them as sources."""
FOLDERS = ("paths", "schemas", "editions")
FILES = {f"{name}.yaml" for name in (*bundle.REGISTERS, "characters")} | {ROOT, "scenario.yaml"}
SUFFIXES = {".yaml", ".yml"}
_PLACE = re.compile(r"(paths\.|components\.|x-onezone-|info\b|servers\b)[^:]*: ")
"""What a line of the lint's begins with where it speaks of a place in the document."""
_FORMS = Path(__file__).parent / "forms.yaml"


def is_file(edition: str) -> bool:
    """Whether `--edition` names a file and not an edition of that name."""
    return "/" in edition or "\\" in edition or Path(edition).suffix in SUFFIXES


@dataclass(slots=True)
class Sources:
    """What a contract of one's own is made of, and where each part of it is written."""

    room: Path
    folders: list[Path]
    marks: dict[Place, tuple[Mark, Any]] = field(default_factory=dict)

    def place(self, written: Written, at: Place, value: Any, inside: Place = ()) -> None:
        """Remember where a value that goes to `at` of the document is written, with everything below it."""
        self.marks[at] = written.mark(inside), value
        for step, child in _children(value):
            self.place(written, (*at, step), child, (*inside, step))


def _children(value: Any) -> Iterator[tuple[str | int, Any]]:
    if isinstance(value, Mapping):
        yield from value.items()
    elif isinstance(value, list):
        yield from enumerate(value)


def sources(contracts: Sequence[str]) -> Sources:
    """The folders that are named. Raises MistakeError for one that is no contract."""
    folders = [Path(folder) for folder in contracts]
    for folder in folders:
        if not folder.is_dir():
            raise MistakeError(f"{folder}: there is no such folder: name one with paths/, schemas/ and the like")
        strange = [path for path in sorted(folder.iterdir()) if _is_strange(path)]
        if strange:
            parts = ", ".join([*(f"{name}/" for name in FOLDERS), *sorted(FILES)])
            raise MistakeError(f"{strange[0]}:1: this is no part of a contract, which has {parts}")
    roots = [folder for folder in folders if (folder / ROOT).is_file()]
    if len(roots) > 1:
        raise MistakeError(f"{roots[1] / ROOT}:1: {roots[0]} is a whole contract, too: take one of them")
    return Sources(roots[0] if roots else bundle.ROOM, [folder for folder in folders if folder not in roots])


def _is_strange(path: Path) -> bool:
    if path.name.startswith(".") or path.suffix in {".md", ".txt"}:
        return False
    return path.name not in (FOLDERS if path.is_dir() else FILES)


def names(contracts: Sequence[str]) -> list[str]:
    """The editions that the folders have: those of a whole contract, or ours and what the folders add."""
    return [name for name, _ in _editions(sources(contracts))]


def _editions(given: Sources) -> list[tuple[str, Path | None]]:
    """The editions by name with their overlays; the root document by itself has none, and is the first."""
    folders = [given.room, *given.folders]
    overlays = [(path.stem, path) for folder in folders for path in sorted((folder / "editions").glob("*.yaml"))]
    own = given.room != bundle.ROOM
    return [*([(given.room.resolve().name, None)] if own else ()), *overlays]


def document(edition: str | None, contracts: Sequence[str]) -> dict[str, Any]:
    """The whole OpenAPI document of an edition. Raises MistakeError with every mistake, a line each."""
    given = sources(contracts)
    ours = dict(_editions(given))
    name, overlays = _chain(edition, ours)
    whole = _assemble(given)
    whole["info"]["x-onezone-extends"] = next((overlay.file.stem for overlay in overlays if _is_ours(overlay)), None)
    for overlay in overlays:
        whole = _applied(given, whole, overlay)
    classes = [read_written(path).data for path in _each(given, "characters.yaml")]
    try:
        bundle.finish(whole, name, {key: text for group in classes for key, text in group.items()})
    except (KeyError, TypeError, AttributeError, ValueError, StopIteration) as error:
        lines = [_located(given, problem) for problem in problems(whole)]
        if not lines:
            raise
        raise MistakeError("\n".join(lines)) from error
    lines = [_located(given, problem) for problem in problems(whole)]
    if lines:
        raise MistakeError("\n".join(dict.fromkeys(lines)))
    return whole


# --- overlays ----------------------------------------------------------------------------------------------------


def _chain(edition: str | None, ours: Mapping[str, Path | None]) -> tuple[str, list[Written]]:
    """The edition's name, and its overlays, the one that everything rests on first."""
    if edition is None or not is_file(edition):
        name = edition or next(iter(ours))
        if name not in ours:
            raise MistakeError(f"there is no edition {name!r}: choose one of {', '.join(ours)}")
        overlay = ours[name]
        return name, _extended(overlay, ours, ()) if overlay else []
    file = Path(edition)
    if file.stem in ours:
        raise MistakeError(f"{file}: an edition is called {file.stem} already: give the file another name")
    return file.stem, _extended(file, ours, ())


def _extended(file: Path, ours: Mapping[str, Path | None], above: tuple[Path, ...]) -> list[Written]:
    overlay = read_written(file)
    _check_form(overlay, "overlay")
    base: str = overlay.data["extends"]
    if base in ours:
        other = ours[base]
        return [*(_extended(other, ours, above) if other else ()), overlay]
    path = (file.parent / base).resolve()
    if path == file.resolve() or path in above:
        raise overlay.mistake(("extends",), "the edition extends itself")
    if not path.is_file():
        choices = ", ".join(ours)
        raise overlay.mistake(("extends",), f"there is no edition and no file {base!r}: choose one of {choices}")
    if "openapi" in bundle.read(path):
        return [overlay]
    return [*_extended(path, ours, (*above, file.resolve())), overlay]


def _is_ours(overlay: Written) -> bool:
    return overlay.file.is_relative_to(bundle.ROOM)


def _applied(given: Sources, whole: dict[str, Any], overlay: Written) -> dict[str, Any]:
    if _is_ours(overlay):
        return bundle.apply(whole, overlay.data)
    for index, action in enumerate(overlay.data["actions"]):
        place: Place = ("actions", index, "target")
        try:
            places = bundle.targets(whole, action["target"])
            whole = bundle.apply(whole, {"actions": [action]})
        except bundle.OverlayError:
            problem = "the action changes nothing: " + ("what it says is so already" if places else "nothing is there")
            raise overlay.mistake(place, problem) from None
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise overlay.mistake(place, f"the action cannot be done: {_line(error)}") from None
        if "update" in action:
            for at in places:
                given.place(overlay, at, action["update"], ("actions", index, "update"))
    return whole


def _line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__


# --- folders -----------------------------------------------------------------------------------------------------


def _each(given: Sources, name: str) -> list[Path]:
    """The file of that name in each folder that has one."""
    return [path for folder in (given.room, *given.folders) if (path := folder / name).is_file()]


def _assemble(given: Sources) -> dict[str, Any]:
    if given.room == bundle.ROOM:
        whole = bundle.assemble()
    else:
        whole = _root(given)
        _add(given, given.room, whole)
    for folder in given.folders:
        _add(given, folder, whole)
    tree: dict[str, Any] = bundle.tree(whole)
    return tree


def _root(given: Sources) -> dict[str, Any]:
    """A root document, with registers that are empty but for the standards."""
    root = read_written(given.room / ROOT)
    _check_form(root, "root")
    given.place(root, (), root.data)
    whole: dict[str, Any] = {**root.data, "paths": {}}
    whole["components"].setdefault("schemas", {})
    for register in bundle.REGISTERS:
        whole[_key(register)] = {}
    documents = bundle.read(bundle.ROOM / "documents.yaml")
    whole[_key("documents")] = {name: entry for name, entry in documents.items() if name.startswith(STANDARDS)}
    return whole


def _key(register: str) -> str:
    return f"x-onezone-{register.replace('_', '-')}"


def _add(given: Sources, folder: Path, whole: dict[str, Any]) -> None:
    """Add what a folder has to the document, in place. Nothing that is there already may be said again."""
    for path in sorted((folder / "paths").rglob("*.yaml")):
        written = read_written(path)
        _check_form(written, "paths")
        name = "/" + path.relative_to(folder / "paths").with_suffix("").as_posix()
        item = whole["paths"].setdefault(name, {})
        for key in written.data:
            if key in item and key in METHODS:
                words = f"{key.upper()} {name} is there already: change it by an edition (an overlay)"
                raise written.mistake((key,), words)
        item |= written.data
        given.place(written, ("paths", name), written.data)
    for path in sorted((folder / "schemas").glob("*.yaml")):
        written = read_written(path)
        _check_form(written, "schemas")
        _new(written, (), path.stem, whole["components"]["schemas"], "a schema")
        whole["components"]["schemas"][path.stem] = written.data
        given.place(written, ("components", "schemas", path.stem), written.data)
    for register in bundle.REGISTERS:
        if (folder / f"{register}.yaml").is_file():
            written = read_written(folder / f"{register}.yaml")
            _check_form(written, register)
            _join(given, written, (_key(register),), (), whole.setdefault(_key(register), {}))


def _new(written: Written, place: Place, name: str, there: Mapping[str, Any], what: str) -> None:
    if name in there:
        raise written.mistake(place, f"{what} {name} is there already: change it by an edition (an overlay)")


def _join(given: Sources, written: Written, at: Place, inside: Place, there: dict[str, Any]) -> None:
    """Merge a register into the one that is there: mappings by key, lists by appending; no fact twice."""
    value: Any = written.data
    for step in inside:
        value = value[step]
    for name, entry in value.items():
        old, place = there.get(name), (*inside, name)
        if isinstance(old, dict) and isinstance(entry, dict) and len(place) < len(("scope", "set")):
            _join(given, written, (*at, name), place, old)
            continue
        if isinstance(old, list) and isinstance(entry, list):
            there[name] = [*old, *entry]
        else:
            _new(written, place, name, there, "an entry")
            there[name] = entry
        given.place(written, (*at, name), entry, place)


# --- mistakes ----------------------------------------------------------------------------------------------------


@cache
def _forms() -> Mapping[str, Any]:
    forms: Mapping[str, Any] = yaml.safe_load(_FORMS.read_text(encoding="utf-8"))
    return forms


def _check_form(written: Written, form: str) -> None:
    """Raise MistakeError where a file does not have the form of its kind."""
    schema = {"$ref": f"#/$defs/{form}", **_forms()}
    lines = []
    for error in jsonschema_rs.Draft202012Validator(schema).iter_errors(written.data):
        place = tuple(error.instance_path)
        lines.append((len(place), written.mark(place).located(_in_words(error.message))))
    if lines:
        raise MistakeError("\n".join(dict.fromkeys(text for _, text in sorted(lines, reverse=True))))


def _in_words(message: str) -> str:
    """What the validator says, without the value that it says it of, which may be long."""
    match = re.fullmatch(r".*? (is (?:not|a|too|less|greater|valid)\b.*|does not match .*)", message, re.DOTALL)
    if message.startswith(("Additional properties", '"')) or not match:
        return message
    return f"this {match[1]}"


def _located(given: Sources, problem: str) -> str:
    """A line of the lint's with file, line and key: where somebody wrote what it speaks of."""
    prefix = _place_of(problem)
    near = {at: mark for at, mark in given.marks.items() if at[: len(prefix)] == prefix} or given.marks
    if not near:
        return problem
    words = set(re.findall(r"[\w-]+", problem)) | set(re.findall(r"'([^']*)'", problem))

    def fit(at: Place) -> tuple[bool, int, int]:
        named = sum(str(step) in words for step in at[len(prefix) :])
        return near[at][1] in words if isinstance(near[at][1], str) else False, named, -len(at)

    mark = near[max(near, key=fit)][0]
    return mark.located(_PLACE.sub("", problem) if mark.key else problem)


def _place_of(problem: str) -> Place:
    """The place in the document that a line of the lint's begins with."""
    if match := re.match(r"(GET|PUT|POST|DELETE|PATCH) (/\S*?):? ", problem):
        return "paths", match[2].rstrip(":"), match[1].lower()
    if match := re.match(r"error (\w+):", problem):
        return "x-onezone-errors", match[1]
    if match := re.match(r"components\.(\w+)\.(\w+)", problem):
        return "components", match[1], match[2]
    return ()


def text(edition: str | None, contracts: Sequence[str], form: str) -> str:
    """The whole document as `yaml` or `json` text, as bundling writes it. Raises MistakeError."""
    whole = document(edition, contracts)
    return bundle.render(whole) if form == "yaml" else json.dumps(whole, indent=2, ensure_ascii=False) + "\n"


__all__ = ["document", "is_file", "key_of", "names", "text"]
