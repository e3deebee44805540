"""The phone: this device as an installed app, and what other apps share with it."""
