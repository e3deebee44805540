"""The door for browsers and HTTP clients."""
