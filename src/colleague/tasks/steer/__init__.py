"""What a person does to a running task besides speaking to it: pause it, rewrite its plan, try again from a step."""
