"""The invented organisation of the demo: people, documents, a mail server, what is opened to whom."""
