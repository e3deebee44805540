"""Records of people who were erased: what is left of one, and that nobody comes back to it."""
