"""The agent: one model turn at a time, knowing nothing of policy, database or network."""
