"""People, teams, roles, and how they prove who they are."""
