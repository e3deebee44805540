"""What came out of a task goes back to where its person wants it: once, and no further than its class allows."""
