"""The two-person rule: what weakens a rule of the organisation waits for another person."""
