"""Doors of adoption beside the numbers themselves: calendar, absences, open items."""
