"""What a long run keeps of its older steps when a model cannot be given all of them."""
