"""What runs by the clock or after an event: schedules, their slots, and what was agreed to beforehand."""
