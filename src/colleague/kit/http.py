"""The one door for calls out."""
