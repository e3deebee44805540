"""Colleague: the AI coworker that a company can govern."""

__version__ = "0.1.0"
