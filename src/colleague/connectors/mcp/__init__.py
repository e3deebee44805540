"""The connector to any MCP server."""
