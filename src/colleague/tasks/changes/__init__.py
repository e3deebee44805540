"""What a task changed outside itself, and how a person takes it back."""
