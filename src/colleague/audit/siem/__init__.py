"""The ledger for a SIEM: every sealed entry as an OCSF event, sent on in order."""
