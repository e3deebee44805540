"""What goes into a task and what comes out of it: uploads, outputs and their review."""
