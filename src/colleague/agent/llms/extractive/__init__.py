"""The model without a model: it finds and copies, and says so. Nothing here writes a sentence about a document."""
