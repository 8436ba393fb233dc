"""Model-based sequences over all operations: drawn steps are predicted by the contract, and compared step by step."""
