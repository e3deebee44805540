"""Measurements: each number beside its anchor, in one run."""
