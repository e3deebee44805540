"""Past decisions, put again to other settings."""
