"""What a review asks for, by the kind of output; pure, for the settings rest on it."""
