"""Mails to the mailbox of Colleague."""
