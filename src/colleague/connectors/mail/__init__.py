"""The mail connector."""
