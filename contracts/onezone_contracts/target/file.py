"""The implementation under test: where it is, who the personas are there, and which groups they act on."""

from __future__ import annotations

import codecs
import os
import re
import secrets
import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import quote, urlsplit

import yaml
from onezone_spec import Operation

from onezone_contracts.exchange import Auth, Redactor, basic
from onezone_contracts.personas import USER, Persona
from onezone_contracts.state.expected import Ref
from onezone_contracts.target.credentials import Credentials, FromVariable, near
from onezone_contracts.target.types import CREDENTIALS, Groups, TargetFile, keys

VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}")
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_MERGE = "tag:yaml.org,2002:merge"
_HEXADECIMAL = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[0-9a-f]{32}(?=ch)|[0-9a-fA-F]{16,}")
LONG, TEN_DIGITS = 12, 10
BLANK = "..."
"""What the skeleton has where something is to be filled in."""
_CREDENTIAL_KEYS = tuple(map(keys, CREDENTIALS))


NO_OTHER_GROUP = (
    "no second group is known: give groups.other, the id of a group that no persona belongs to "
    "(a states URL gives it for the state “a group”)"
)


class SetupError(Exception):
    """The run cannot start; the message says in one line what to change."""


NO_PERSONA = Persona("", {}, allowed=False)


@dataclass(frozen=True, slots=True)
class TestUser:
    """Somebody who sends requests: a persona that the target was given with, or a user that the kit made.

    `name` is what reports say; `ref` is the user's kind and id, or its name where the id is not known; `group` is the
    group in which the persona is judged, and `others` are ids of other kinds that it is judged with.
    """

    __test__: ClassVar[bool] = False
    name: str
    credentials: Credentials
    ref: Ref
    persona: Persona = NO_PERSONA
    group: str = ""
    others: Mapping[str, str] = field(default_factory=dict)

    @property
    def auth(self) -> Auth:
        """The user's own credentials."""
        return self.credentials.auth(self.name)

    @property
    def variable(self) -> str:
        """The variable that curl lines read a persona's secret from: that of the target file, if it has one."""
        return next(iter(self.variables))

    @property
    def variables(self) -> dict[str, str]:
        """The variables that curl lines read a persona's secrets from, with the secrets."""
        name = re.sub(r"[^A-Za-z0-9]+", "_", self.name).upper()
        return {
            value.variable if isinstance(value, FromVariable) else f"{name}_{kind}": value
            for kind, value in self.credentials.kinds()
        }


def supplied_user(
    persona: Persona, credentials: Credentials, group: str, others: Mapping[str, str] | None = None
) -> TestUser:
    """A persona that somebody else made: which user of the target it is, is not known."""
    return TestUser(persona.name, credentials, (USER, persona.name), persona, group, others or {})


@dataclass(slots=True)
class Target:
    """An implementation, its personas by name, and the groups.

    `missing` is an id that no group has; `other` is a group that no persona belongs to, where one is known;
    `cleanup` undoes what making the personas did; `created` are the ids of all that a run created.
    """

    base_url: str
    personas: dict[str, TestUser]
    missing: str
    other: str | None = None
    cleanup: Callable[[], None] = field(default=lambda: None)
    created: set[str] = field(default_factory=set)
    other_is_new: bool = False
    """Whether `other` was set up for this run, so that it is there."""

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        parts = urlsplit(self.base_url)
        return f"{parts.scheme}://{parts.netloc}"

    def credential_holder(self, kind: str, writer: TestUser | None, *, allowed: bool) -> str | None:
        """A persona with that kind of credentials: whom no later case needs to be allowed, or somebody who is."""
        people = sorted(self.personas.values(), key=lambda user: (user.persona.allowed, user is writer))
        fitting = (user.persona for user in people if user.credentials.has(kind))
        return next((persona.name for persona in fitting if persona.allowed or not allowed), None)

    def path(self, template: str, **values: str) -> str:
        """The absolute path of an operation, its parameters percent-encoded."""
        filled = re.sub(r"\{(\w+)\}", lambda match: self.quoted(values[match[1]]), template)
        return urlsplit(self.base_url).path.rstrip("/") + filled

    @staticmethod
    def quoted(value: str) -> str:
        """`value` percent-encoded; a surrogate escape is a byte that is no UTF-8."""
        return quote(value, safe="", errors="surrogateescape")

    def redactor(self) -> Redactor:
        """A redactor that knows every secret of the personas."""
        redactor = Redactor()
        for user in self.personas.values():
            for variable, secret in user.variables.items():
                redactor.name(variable, secret, f"the persona {user.name}")
        logins = [identity.credentials for identity in self.personas.values()]
        for login in logins:
            redactor.learn(*login.secrets())
        names = {login.username for login in logins if login.username is not None}
        words = {word for login in logins if login.password is not None for word in near(login.password)}
        for name in names:
            redactor.learn(*(basic(name, word).removeprefix("Basic ") for word in words))
        redactor.learn(*words, *(word for login in logins if login.token for word in near(login.token)))
        return redactor


def check_url(url: str, what: str = "the URL") -> str:
    """`url` without a trailing slash. Raises SetupError if it is no http or https URL."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port is None or parts.port > 0)
        if usable and parts.username is not None:
            raise SetupError(f"{what} carries credentials: give them with the personas")
    except ValueError:
        usable = False
    if not usable or any(character.isspace() for character in url) or parts.query or parts.fragment:
        raise SetupError(f"{what} {url!r} is not a base URL: write it like http://127.0.0.1:8080/api/onezone/v3")
    return url.rstrip("/")


def missing_id(like: str = "") -> str:
    """An id that no group has, in the form of another one: a server may know what is no id before it looks.

    A number has ten digits at least, and fits into 32 bits where the other one does. A long run of hexadecimal digits
    is another one, UUIDs included; else digits and letters are others of their kind.
    """
    if not like:
        return secrets.token_hex(16)
    if like.isdecimal():
        return "1" + "".join(secrets.choice("012345678") for _ in range(max(len(like), TEN_DIGITS) - 1))
    if _HEXADECIMAL.search(like):
        return _HEXADECIMAL.sub(_other_digits, like)
    kinds = (string.digits, string.ascii_lowercase, string.ascii_uppercase)
    kind_of = {each: kind for kind in kinds for each in kind}
    pattern = like * -(-LONG // len(like))  # a short one could be somebody's
    return "".join(secrets.choice(kind_of.get(each, each)) for each in pattern)


def _other_digits(run: re.Match[str]) -> str:
    """As many random hexadecimal digits, in the same places and case; what says the version of a UUID stays."""
    digits = [each if each == "-" else secrets.choice("0123456789abcdef") for each in run[0]]
    if run[0].count("-") == 4:  # noqa: PLR2004
        digits[14], digits[19] = run[0][14], run[0][19]
    identity = "".join(digits)
    return identity.upper() if run[0].isupper() else identity


def read_target_file(path: Path) -> dict[str, Any]:
    """The target file as data, with `${ENV_VAR}` and `${ENV_VAR:-default}` filled in.

    It may be in UTF-8 or UTF-16, and is read once: it may be a pipe. Raises SetupError with file and line.
    """
    text = _file_text(path)
    try:
        data = yaml.load(text, _Loader)  # noqa: S506  (it is a SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        problem = " ".join(str(getattr(error, "problem", None) or error).split())
        what = "" if isinstance(error, _TwiceError) else "this is not YAML: "
        raise SetupError(f"{path}{where}: {what}{problem}") from None
    except (ValueError, RecursionError) as error:
        raise SetupError(f"{path}: this cannot be read as YAML: {' '.join(str(error).split())}") from None
    if not isinstance(data, dict):
        raise SetupError(f"{path}: a target file is a mapping with base_url, groups and personas")
    try:
        return dict(_fill(data, path))
    except RecursionError:
        raise SetupError(f"{path}: a value in this file contains itself") from None


def _file_text(path: Path) -> str:
    """What stands in a file. Raises SetupError."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise SetupError(f"there is no target file {path}; `ozkit target init` prints a skeleton") from None
    except OSError as error:
        raise SetupError(f"the target file {path} cannot be read: {error.strerror or error}") from None
    try:
        return data.decode("utf-16" if data.startswith(_UTF_16) else "utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise SetupError(f"{path}, line {line}: this is neither UTF-8 nor UTF-16: save the file as UTF-8") from None


class _TwiceError(yaml.MarkedYAMLError):
    """A key stands in a mapping twice."""


class _Loader(yaml.SafeLoader):
    """Refuses a mapping that has a key twice: one of the two would be lost."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002  (as PyYAML has it)
        """The mapping. Raises _TwiceError."""
        keys = set()
        for key, _ in node.value:
            if key.tag == _MERGE or not isinstance(key, yaml.ScalarNode):
                continue
            if key.value in keys:
                raise _TwiceError(problem=f"the key {key.value} is given twice", problem_mark=key.start_mark)
            keys.add(key.value)
        return super().construct_mapping(node, deep)


def filled(text: str, where: str) -> str:
    """`text` with `${ENV_VAR}` and `${ENV_VAR:-default}` filled in. Raises SetupError, which names `where`."""

    def value(match: re.Match[str]) -> str:
        name, default = match.groups()
        if default is not None:
            return os.environ.get(name) or default
        if name not in os.environ:
            raise SetupError(f"{where}: the environment variable {name} is not set")
        return os.environ[name]

    return VARIABLE.sub(value, text)


def _fill(node: Any, path: Path) -> Any:
    if isinstance(node, dict):
        return {key: _fill(value, path) for key, value in node.items()}
    if isinstance(node, list):
        return [_fill(value, path) for value in node]
    if isinstance(node, str):
        value = filled(node, str(path))
        alone = VARIABLE.fullmatch(node)
        if alone is None or value != os.environ.get(alone[1]):
            return value
        read = FromVariable(value)
        read.variable = alone[1]
        return read
    return node


def target_from_file(
    path: Path, data: Mapping[str, Any], operation: Operation, personas: tuple[Persona, ...]
) -> Target:
    """The target that a target file describes, for one operation. Raises SetupError naming the key to change."""
    _reject_unknown_keys(path, data, keys(TargetFile), "")
    base_url = check_url(_text(path, data, "base_url", ""), f"{path}: base_url")
    groups = _mapping(path, data, "groups", "")
    _reject_unknown_keys(path, groups, keys(Groups), "groups.")
    home = _text(path, groups, "home", "groups.")
    missing = _text(path, groups, "missing", "groups.") if "missing" in groups else missing_id(home)
    other = _text(path, groups, "other", "groups.") if "other" in groups else None
    entries = _mapping(path, _mapping(path, data, "personas", ""), operation.id, "personas.")
    prefix = f"personas.{operation.id}."
    _reject_unknown_keys(path, entries, {persona.name for persona in personas}, prefix)
    users = {
        persona.name: supplied_user(
            persona,
            _credentials(path, entries, persona.name, prefix),
            _group(path, entries, persona.name, prefix, home),
        )
        for persona in personas
    }
    homes = {user.group for user in users.values()}
    if other in homes:
        raise SetupError(
            f"{path}: groups.other is a home group; it must be a group that none of the personas belongs to"
        )
    if missing in {other, *homes}:
        raise SetupError(f"{path}: groups.missing is a group of this file; it must be an id that no group has")
    return Target(base_url, users, missing, other)


def _group(path: Path, entries: Mapping[str, Any], name: str, prefix: str, home: str) -> str:
    """The group in which a persona is judged: its own where one is named, else the home group."""
    return _text(path, entries[name], "group", f"{prefix}{name}.") if "group" in entries[name] else home


def admin_from_file(path: Path, data: Mapping[str, Any], account: Credentials | None = None) -> tuple[str, Credentials]:
    """The base URL of a target file and the administrator's account, the file's own where none was given.

    Raises SetupError naming the key to change.
    """
    base_url = check_url(_text(path, data, "base_url", ""), f"{path}: base_url")
    if account is not None:
        return base_url, account
    if "admin" not in data:
        raise SetupError(
            f"{path}: admin is missing: the profile full makes its personas with an administrator's account; "
            "give it with --admin USER:PASSWORD, or see `ozkit target init --profile full` for a skeleton"
        )
    return base_url, _credentials(path, data, "admin", "")


def _reject_unknown_keys(path: Path, data: Mapping[str, Any], names: set[str], prefix: str) -> None:
    unknown = [str(key) for key in data if key not in names]
    if unknown:
        choices = ", ".join(sorted(names))
        raise SetupError(f"{path}: unknown key {prefix}{unknown[0]}: choose one of {choices}")


def _mapping(path: Path, data: Mapping[str, Any], key: str, prefix: str) -> Mapping[str, Any]:
    value = data.get(key)
    if not isinstance(value, dict):
        raise SetupError(f"{path}: {prefix}{key} is missing or not a mapping")
    return value


def _text(path: Path, data: Mapping[str, Any], key: str, prefix: str) -> str:
    value = data.get(key)
    if value is None or value == "":
        raise SetupError(f"{path}: {prefix}{key} is missing")
    if not isinstance(value, str):
        raise SetupError(f"{path}: {prefix}{key} must be a string; put it in quotes")
    if value == BLANK:
        raise SetupError(f"{path}: {prefix}{key} is not filled in")
    return value


def _credentials(path: Path, entries: Mapping[str, Any], name: str, prefix: str) -> Credentials:
    value = entries.get(name)
    if value is None:
        raise SetupError(f"{path}: {prefix}{name} is missing; `ozkit target init` says which privileges it must hold")
    if not isinstance(value, dict) or set(value) - {"group"} not in _CREDENTIAL_KEYS:
        kinds = "username and password, token, bearer, or headers"
        raise SetupError(f"{path}: {prefix}{name} needs {kinds}, and nothing else")
    where = f"{prefix}{name}."
    if "headers" in value:
        return Credentials(headers=_headers(path, _mapping(path, value, "headers", where), f"{where}headers."))
    texts = {key: _secret(path, value, key, where) for key in value if key != "group"}
    if ":" in texts.get("username", ""):
        raise SetupError(f"{path}: {where}username: a user name with a colon cannot log in (RFC 7617, 2)")
    token = texts.get("token", texts.get("bearer"))
    return Credentials(texts.get("username"), texts.get("password"), token, bearer="bearer" in texts)


def _headers(path: Path, value: Mapping[str, Any], prefix: str) -> tuple[tuple[str, str], ...]:
    """Headers by name. Raises SetupError for none, and for what is no name (RFC 9110, 5.1)."""
    odd = [str(name) for name in value if not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", str(name))]
    if odd or not value:
        raise SetupError(
            f"{path}: {prefix}{odd[0]} is not a valid header name" if odd else f"{path}: {prefix[:-1]} is empty"
        )
    return tuple((str(name), _secret(path, value, name, prefix)) for name in value)


def _secret(path: Path, value: Mapping[str, Any], key: str, prefix: str) -> str:
    if not isinstance(value[key], str):
        raise SetupError(f"{path}: {prefix}{key} must be a string; put it in quotes")
    if value[key] == BLANK:
        raise SetupError(f"{path}: {prefix}{key} is not filled in")
    if key != "password" and not value[key]:
        raise SetupError(f"{path}: {prefix}{key} is empty")
    text: str = value[key]
    if ("\r" in text) or ("\n" in text):
        raise SetupError(f"{path}: {prefix}{key} has a line break in it")
    return text
