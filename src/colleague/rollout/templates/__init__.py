"""Documents to take away, filled from what is there or empty: plan, sheets, policies, training, readout (TP-1, R92)."""
