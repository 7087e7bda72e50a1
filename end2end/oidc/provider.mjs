// A real OpenID Connect provider on loopback, for tests.
// usage: node provider.mjs CALLBACK-URL
// Whoever signs in is in the group that is their name; "bob as ann" is in bob's, and is called ann. It prints where it
// listens, gives refresh tokens, tells of sign-outs by the back channel, and signs with other keys from each POST of /new-keys on. CLOCK_OFFSET moves the clock that its tokens are
// made by so many seconds, as a machine's whose clock is wrong.
import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import { Provider } from 'oidc-provider';

const callback = process.argv[2];
const offset = Number(process.env.CLOCK_OFFSET ?? 0) * 1_000;
const now = Date.now;

const server = createServer();
let keys = 0;

function fresh() {
  keys += 1;
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { keys: [{ ...privateKey.export({ format: 'jwk' }), kid: `key ${keys}`, use: 'sig', alg: 'RS256' }] };
}

server.listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = () => new Provider(issuer, {
    jwks: fresh(),
    clients: [{
      client_id: 'binnacle', client_secret: 'a-secret-of-the-tests', redirect_uris: [callback],
      grant_types: ['authorization_code', 'refresh_token'], response_types: ['code'],
      post_logout_redirect_uris: [callback],
      backchannel_logout_uri: callback.replace(/callback$/, 'logged-out'), backchannel_logout_session_required: true,
    }],
    features: { backchannelLogout: { enabled: true } },
    // Its own way of asking refuses loopback, where these tests are.
    fetch: (url, { dispatcher, ...asked }) => fetch(url, asked),
    issueRefreshToken: async () => true,
    pkce: { required: () => true },
    scopes: ['openid', 'profile', 'groups'],
    claims: { openid: ['sub'], profile: ['preferred_username'], groups: ['groups'] },
    conformIdTokenClaims: false,
    cookies: { keys: ['of the tests'] },
    findAccount: (_, id) => {
      const [group, called = group] = id.split(' as ');
      return { accountId: id, claims: () => ({ sub: id, preferred_username: called, groups: [group] }) };
    },
  });
  let answer = provider().callback();
  server.on('request', (request, response) => {
    if (request.url === '/new-keys') {
      answer = provider().callback();
      return response.end();
    }
    // Not for its pages: browsers would drop cookies of the past.
    Date.now = offset && request.url === '/token' ? () => now() + offset : now;
    return answer(request, response);
  });
  console.log(`Listening on ${issuer}`);
});
