"""A person is asked, exactly once, about exactly what will happen."""
