"""Sign-on: the company's identity providers say who somebody is (OIDC, SAML 2.0; ID-2, ID-5, R60)."""
