"""What a person agreed to beforehand for one schedule: given, listed, counted, ended."""
