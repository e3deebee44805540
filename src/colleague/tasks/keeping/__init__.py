"""One's tasks over time: pinned, put away, found again, and ended for good."""
