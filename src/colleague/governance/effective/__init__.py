"""What a person may do through the agent at this moment, why, since when and by whom (R62)."""
