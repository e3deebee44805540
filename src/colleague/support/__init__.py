"""Support tickets about the platform: what stands in the way of people, tied to use case and connector (B-10, KP-7)."""
