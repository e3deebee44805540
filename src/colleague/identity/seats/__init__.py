"""Seats: how many there may be, who holds one, who waits."""
