"""What is told of so few people that it would be told of one of them, and is withheld."""
