"""Changes proposed inside a person's own Word file: tracked, so that each is accepted or rejected there."""
