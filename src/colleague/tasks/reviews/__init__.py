"""Reviews: who looks at what came out of a task before it is used, and what that look was."""
