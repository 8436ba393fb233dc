"""What is masked in what the journal shows."""

from __future__ import annotations

import pytest
from onezone_mockserver import masking


@pytest.mark.parametrize("depth", [200, 300, 900])
@pytest.mark.parametrize(("left", "right"), [("[", "]"), ('{"a":', "}")])
def test_what_is_nested_deeply_is_shown_without_its_secrets(depth: int, left: str, right: str) -> None:
    """More deeply than Python walks, and than what is masked can be written again."""
    nested = left * depth + "1" + right * depth
    assert masking.body(nested.encode()) == nested
    shown = masking.body(f'{{"password":"hunter2","nested":{nested}}}'.encode())
    assert "hunter2" not in shown
    assert nested in shown


def test_a_key_in_escapes_hides_nothing_in_what_is_nested_deeply() -> None:
    """What is not walked through is read as text, in which such a key has no name."""
    nested = "[" * 900 + "1" + "]" * 900
    assert "hunter2" not in masking.body(f'{{"pass\\u0077ord":"hunter2","nested":{nested}}}'.encode())
