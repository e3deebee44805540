"""Verbs of Dispatch: one file a noun."""
