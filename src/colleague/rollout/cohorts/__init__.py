"""Who begins together: candidates on three criteria, warnings, the group they map to, their members."""
