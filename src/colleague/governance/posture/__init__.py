"""The posture: a published list of hardening checks, and how this installation stands to them (CT-2, R67)."""
