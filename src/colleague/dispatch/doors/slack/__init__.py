"""Commands, messages and buttons from one Slack workspace."""
