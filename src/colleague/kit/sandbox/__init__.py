"""Confinement: programs that must not reach what they were not given."""
