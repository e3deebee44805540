"""The organisation's output categories: seen by everybody, changed as settings are."""
