"""Dispatch for MCP clients (streamable HTTP, no session, JSON answers)."""
