"""Groups of identity providers: who is in them, what their rules give, and the organisation's own roles."""
