"""Work that is started and answered away from the desk: from a phone, a message, a clock."""
