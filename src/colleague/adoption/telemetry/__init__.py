"""Telemetry in: what other agents of the company say they did, over OTLP, counted beside what was done here (R93)."""
