"""What the agent can reach: one folder per connector, one protocol for all."""
