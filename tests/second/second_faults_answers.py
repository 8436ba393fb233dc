"""Faults."""

from second_registry import Table

ANSWERS = Table()
ANSWERS.topic = "status"
for status, sentence in (
    (200, "as if there were a body"),
    (202, "as if it were done later"),
    (302, "to redirect the client"),
):
    ANSWERS.created(
        f"status-{status}",
        f"Success is answered {status}, {sentence}.",
        lambda _c, r, s=status: setattr(r, "status", s),
    )
