"""Who is told of what the programme asks of them."""
