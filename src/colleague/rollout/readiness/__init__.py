"""Whether an organisation can roll out by itself or had better ask for help, and what it still lacks (PN-1 to PN-3)."""
