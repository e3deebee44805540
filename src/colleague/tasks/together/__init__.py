"""People on one task: sharing it with colleagues."""
