"""What a task makes: of which category it is, and what a program of its own wrote."""
