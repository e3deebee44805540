"""Support: tickets about the platform, from wherever they come, tied to use cases and connectors, never to people."""
