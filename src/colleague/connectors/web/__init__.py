"""The web connector."""
