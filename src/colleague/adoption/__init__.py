"""What the numbers say: how the agent is used, by whom not, and what it saves. Nothing here evaluates a worker."""
