"""Verbs of `colleague governance` that are about the installation as a whole: its files, its posture."""
