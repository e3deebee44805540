"""The connector-scope review pack: what a security review asks about connectors, in one file (CN-9)."""
