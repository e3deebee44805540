"""Text messages from a Twilio-compatible provider."""
