"""Which skills do the same: measured without a model, with the reasons."""
