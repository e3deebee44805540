"""The parts of the configuration, one folder of equals: each reads itself, says its changes in words, and makes them.

A change is made by the very deed that pages use: its permission, its ledger event, its second person.
"""
