"""Verbs of what several people use: projects and document sets."""
