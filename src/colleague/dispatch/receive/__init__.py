"""From a verified message to an answer, perhaps a task, and a record, whatever became of it."""
