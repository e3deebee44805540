"""Queries of audit."""
