"""The ledger rolled up into the facts that metrics rest on: each sealed entry is read once, in its order."""
