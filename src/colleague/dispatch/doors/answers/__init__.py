"""Answers that are sent, not returned: in a Slack conversation, by mail. Each once, or it is said that it may be."""
