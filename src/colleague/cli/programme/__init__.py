"""Verbs of the programme: one file a noun."""
