"""What is handed to the agent, its runs, and what came out."""
