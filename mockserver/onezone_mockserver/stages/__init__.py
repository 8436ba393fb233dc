"""The stages of an operation: plain functions that the pipeline calls in order. Each makes its check at start-up."""
