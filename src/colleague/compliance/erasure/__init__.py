"""The erasure of a person (GDPR art. 17): proposed, confirmed by somebody else, carried out, certified."""
