"""Model providers: one file each, none knows another."""
