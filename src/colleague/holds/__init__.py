"""Legal holds, as far as those ask who delete: what is covered, and the refusal. Placed and released: compliance."""
