"""Tickets as the programme looks at them: a rate for each week, its trend, and what follows where it stays high."""
