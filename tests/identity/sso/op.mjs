// The certified OpenID provider of npm (panva's oidc-provider) with two people, groups in the ID token, and back-channel
// logout to us. OP_PORT, OP_JWKS (a file), RP_BASE (where we are).
import { readFileSync } from 'node:fs';
import Provider from 'oidc-provider';

const port = Number(process.env.OP_PORT), issuer = `http://127.0.0.1:${port}`, rp = process.env.RP_BASE;
const people = {
  ana: { email: 'ana@aldermoor.example', name: 'Ana Ruiz', groups: ['Clinicians', 'Site-Admins'] },
  ben: { email: 'ben@aldermoor.example', name: 'Ben Carter', groups: [] },
};
const provider = new Provider(issuer, {
  jwks: JSON.parse(readFileSync(process.env.OP_JWKS)),
  clients: [{
    client_id: 'colleague', client_secret: 'a-secret-of-the-client-00000000000000', response_types: ['code'],
    grant_types: ['authorization_code'], redirect_uris: [`${rp}/sign-in/oidc/corp/callback`],
    post_logout_redirect_uris: [`${rp}/signed-out`], token_endpoint_auth_method: 'client_secret_basic',
    backchannel_logout_uri: `${rp}/api/v1/sign-on/corp/backchannel-logout`, backchannel_logout_session_required: true,
  }],
  claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'], groups: ['groups'] },
  scopes: ['openid', 'email', 'profile', 'groups'],
  conformIdTokenClaims: process.env.OP_THIN === '1',
  pkce: { required: () => true },
  features: { devInteractions: { enabled: true }, backchannelLogout: { enabled: true }, rpInitiatedLogout: { enabled: true } },
  findAccount: (ctx, id) => ({ accountId: id, claims: () => ({ sub: id, email_verified: true, ...people[id] }) }),
  cookies: { keys: ['a-cookie-key'] },
  // It refuses to call loopback addresses; drop its dispatcher so that back-channel logout reaches us.
  fetch: (url, { dispatcher, ...rest }) => globalThis.fetch(url, rest),
});
provider.listen(port, '127.0.0.1', () => console.log('up'));
