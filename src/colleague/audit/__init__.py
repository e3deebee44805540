"""The ledger: everyone tells it, it asks no one."""
