"""One call on its way: do its arguments fit, what it rests on, what the rules say, how it is written down."""
