"""What is known of people one by one or by when they began: told to themselves, or to nobody by name."""
