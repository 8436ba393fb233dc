"""What is wrong in a scenario or a snapshot, with the path that leads to it."""

from __future__ import annotations

Path = tuple[str | int, ...]


class WorldError(ValueError):
    """The data describes no world: `path` leads to the mistake, the message says what it is."""

    def __init__(self, path: Path, message: str) -> None:
        super().__init__(message)
        self.path = path

    def __str__(self) -> str:
        return f"{self.where}: {self.args[0]}" if self.path else str(self.args[0])

    @property
    def where(self) -> str:
        """The path as `users[0].password`."""
        return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in self.path).removeprefix(".")


def check(good: bool, path: Path, message: str) -> None:  # noqa: FBT001
    """Raises WorldError unless it is good."""
    if not good:
        raise WorldError(path, message)
