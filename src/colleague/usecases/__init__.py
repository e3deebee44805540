"""Use cases: documented workflows with an owner, a baseline before launch, and words that keep their quality."""
