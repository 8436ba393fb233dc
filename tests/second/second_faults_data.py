"""Faults."""

from second_registry import Table

DATA = Table()
