"""Links that work once: the first owner's, and invitations."""
