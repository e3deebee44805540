"""Verbs of identity, besides people and tokens."""
