"""The catalogue: what is in use, what a pilot may have of it, and how it overlaps."""
