"""Fakes that ship: scripted model, connectors, channels, clock, a real PostgreSQL. No production code imports this."""
