"""One reader a format; they run in the confined child only, and none knows another."""
