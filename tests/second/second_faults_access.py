"""Faults."""

from second_registry import Table

ACCESS = Table()
