"""Where messages come in: each door verifies what its channel brings, and makes one `Incoming` of it. None decides."""
