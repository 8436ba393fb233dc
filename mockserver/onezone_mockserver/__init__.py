"""The mock: it serves the contract and keeps users, groups and privileges. Programs start it with `create_app`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from onezone_mockserver.app import Mock, create_app

__all__ = ["Mock", "create_app"]


def __getattr__(name: str) -> Any:
    """Import the application only when it is asked for: `ozkit mock --help` need not load Connexion (PEP 562)."""
    if name not in __all__:
        raise AttributeError(name)
    import warnings
    from importlib import import_module

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Connexion imports what its dependencies have announced to remove
        return getattr(import_module("onezone_mockserver.app"), name)
