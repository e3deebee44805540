"""A corpus of hostile instructions, and a model that obeys every one of them."""
