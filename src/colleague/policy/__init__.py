"""May this call happen? A pure answer with its reasons."""
