"""Weeks that are kept as they stood, in versions: freezing, reading, and the nightly check against the ledger."""
