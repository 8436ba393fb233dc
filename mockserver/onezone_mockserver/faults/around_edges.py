"""Faults of rare inputs to the operations around the documented one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from onezone_mockserver.faults.fault import Hook, Point, fault, on
from onezone_mockserver.faults.requests import after, crash, stored

if TYPE_CHECKING:
    from onezone_mockserver.exchange import Exchange
    from onezone_mockserver.state import MockState

USER, GROUP = "user", "group"
CREATE, UPDATE = on("create", GROUP), on("update", GROUP)
MANY, DEEP = 100, 255


def _stored_text(change: Callable[[str], str], key: str = "name") -> Hook:
    """Store another text at a key than was sent."""
    return stored(lambda data: data.update({key: change(data[key])}) if isinstance(data.get(key), str) else None)


def _any_null(value: Any) -> bool:
    """Whether an object has null at a key, or a list with it."""
    return isinstance(value, dict) and any(content is None or content == [None] for content in value.values())


def _lost_type() -> Hook:
    """Forget the type of what is made by a body with many keys."""

    def act(exchange: Exchange, _state: MockState) -> None:
        if isinstance(exchange.value, dict) and len(exchange.value) > MANY:
            exchange.data.pop("type", None)

    return after(Point.VALIDATION, act)


FAULTS = (
    fault(
        "around-edges-sharp-s",
        "In a new group's name the sharp s becomes two.",
        _stored_text(lambda name: name.replace("ß", "ss")).of(CREATE),
        "create_group.edges.text.name",
    ),
    fault(
        "around-edges-noughts",
        "A group's new name loses noughts where it looks like a number.",
        _stored_text(lambda name: name.strip("0") if name.replace(".", "").isdigit() else name).of(UPDATE),
        "update_group.edges.text.name",
    ),
    fault(
        "around-edges-word",
        "A new user's full name that is the word no becomes false.",
        _stored_text(lambda name: "false" if name == "no" else name, "fullName").of(on("create", USER)),
        "create_user.edges.text.fullName",
    ),
    fault(
        "around-edges-null",
        "Null in a change of privileges crashes the server.",
        crash(lambda exchange: _any_null(exchange.value), Point.VALIDATION).of(on("grant", USER, GROUP)),
        "update_group_user_privileges.edges.values",
    ),
    fault(
        "around-edges-number",
        "A number of more than 63 bits in place of a full name crashes the server.",
        crash(
            lambda exchange: isinstance(exchange.value, dict) and exchange.value.get("fullName") == 2**63,
            Point.VALIDATION,
        ).of(on("create", USER)),
        "create_user.edges.values",
    ),
    fault(
        "around-edges-many-keys",
        "Of more than a hundred keys a new group gets none but its name.",
        _lost_type().of(CREATE),
        "create_group.edges.keys",
    ),
    fault(
        "around-edges-depth",
        "A thousand lists in one another crash the server where a member is added.",
        crash(lambda exchange: exchange.body.count(b"[") > DEEP).of(on("attach", USER, GROUP)),
        "add_group_user.edges.bytes",
    ),
)
