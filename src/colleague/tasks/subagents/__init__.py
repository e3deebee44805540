"""Sub-agents (R7): runs of the same task that the agent starts for independent parts, and waits for."""
