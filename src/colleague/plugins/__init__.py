"""Skills: written ways of working that the agent can follow, where they come from, and who may use them."""
