"""Triggers: the standard commands of Dispatch, each with its fields, its tier and what it hands to the agent."""
