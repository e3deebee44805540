"""Simulate a rollout before it starts: the real deeds, a moved clock, and people who behave as chosen (R89)."""
