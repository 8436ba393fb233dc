"""The mock server: serves the contract from an in-memory world."""
