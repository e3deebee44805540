"""How a person is reached: page, mail, and later phone and chat."""
