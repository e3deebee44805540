"""Projects: people who work on one thing, what they share with the agent, and what it may remember."""
