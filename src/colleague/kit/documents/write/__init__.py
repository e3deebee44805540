"""Writers: one format each, from the same draft."""
