"""Voice notes: kept briefly, written down by a service that may hear them, acted on only after a person has looked."""
