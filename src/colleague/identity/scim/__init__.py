"""SCIM 2.0 (RFC 7643, 7644): an identity provider makes, changes and deactivates people, and fills groups."""
