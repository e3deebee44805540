"""The governance document: drafted from answers, signed by named people, published, enforced, acknowledged (GP-1…6)."""
