"""Web push: a few words to a browser or an installed app, sealed for it alone."""
