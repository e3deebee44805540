"""What the organisation has agreed on: the governance document, which compiles into what policy enforces."""
