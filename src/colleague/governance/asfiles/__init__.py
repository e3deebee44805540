"""Configuration as files: what governs the agent, written out, compared, planned, applied and taken back (R66)."""
