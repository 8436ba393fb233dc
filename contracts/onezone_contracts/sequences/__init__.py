"""Sequences: what requests leave behind is compared with a model, step by step, and shrunk where they differ."""
