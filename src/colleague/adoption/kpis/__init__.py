"""The metric dictionary (requirements.md, part B): pure functions of facts, each with its interval and its n."""
