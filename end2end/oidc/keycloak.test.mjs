// Keycloak as it is installed: people come in by its roles and groups, are looked at anew, and leave.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { CLIENT, SECRET, examined, freePort, house, until } from './house.mjs';
import { known, visitor, wrong } from './visitor.mjs';

const PASSWORD = 'moss 4 lantern grove';
const ROLES = { oidc_groups: 'realm_access.roles', oidc_operators: 'ops', oidc_viewers: 'staff' };
let program, at, admin;
const realm = () => `${at}/realms/lab`;

async function call(method, path, body) {
  const answer = await fetch(at + path, {
    method, body: body && JSON.stringify(body), headers: { authorization: `Bearer ${admin}`, 'content-type': 'application/json' },
  });
  assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${answer.ok ? '' : await answer.text()}`);
  return answer;
}

async function signedIn() {
  const form = { grant_type: 'password', client_id: 'admin-cli', username: 'admin', password: PASSWORD };
  const answer = await fetch(`${at}/realms/master/protocol/openid-connect/token`, { method: 'POST', body: new URLSearchParams(form) });
  assert.ok(answer.ok);
  admin = (await answer.json()).access_token;
}

const person = (username, realmRoles, groups = []) => ({
  username, realmRoles: ['default-roles-lab', ...realmRoles], groups, enabled: true, emailVerified: true,
  email: `${username}@lab.example`, firstName: username, lastName: 'of the lab',
  credentials: [{ type: 'password', value: PASSWORD, temporary: false }],
});

// A client as an admin registers it for this server, and what else is said of it.
async function client(url, { attributes = {}, ...more } = {}) {
  await signedIn();
  const [known] = await (await call('GET', `/admin/realms/lab/clients?clientId=${CLIENT}`)).json();
  if (known) await call('DELETE', `/admin/realms/lab/clients/${known.id}`);
  await call('POST', '/admin/realms/lab/clients', {
    clientId: CLIENT, secret: SECRET, redirectUris: [`${url}/sign-in/callback`],
    attributes: {
      'post.logout.redirect.uris': `${url}/sign-in/callback`, 'backchannel.logout.url': `${url}/sign-in/logged-out`,
      'backchannel.logout.session.required': 'true', 'pkce.code.challenge.method': 'S256', ...attributes,
    },
    ...more,
  });
}

const mapped = (kind, claim, config) => ({
  name: claim, protocol: 'openid-connect', protocolMapper: kind,
  config: { 'claim.name': claim, 'id.token.claim': 'true', 'access.token.claim': 'true', 'userinfo.token.claim': 'true', ...config },
});

async function signIn(who, url, name, next = '/c/demo') {
  const page = await who.go(`${url}/sign-in/oidc?next=${next}`);
  return who.fill(page, 'name="username"', { username: name, password: PASSWORD });
}

// Works with a server that is ended in any case.
async function beside(settings, told, work) {
  const server = await house(realm(), { ...ROLES, ...settings });
  try {
    await client(server.url, told);
    await work(server);
  } finally {
    await server.stop();
  }
}

before(async () => {
  const port = await freePort();
  at = `http://127.0.0.1:${port}`;
  program = spawn(fileURLToPath(new URL('../../.tools/keycloak/bin/kc.sh', import.meta.url)), [
    'start-dev', '--http-host=127.0.0.1', `--http-port=${port}`, '--db=dev-mem', '--cache=local',
  ], {
    detached: true, stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, KC_BOOTSTRAP_ADMIN_USERNAME: 'admin', KC_BOOTSTRAP_ADMIN_PASSWORD: PASSWORD, JAVA_OPTS_APPEND: '-Xmx512m' },
  });
  await until('Keycloak starts', async () => (await fetch(`${at}/realms/master`)).ok);
  await signedIn();
  await call('POST', '/admin/realms', {
    realm: 'lab', enabled: true, sslRequired: 'none', roles: { realm: [{ name: 'ops' }, { name: 'staff' }] },
    groups: [{ name: 'lab', subGroups: [{ name: 'night' }] }],
    users: [person('ann', ['ops'], ['/lab/night']), person('bob', ['staff']), person('eve', [])],
  });
});
after(() => { if (program) process.kill(-program.pid, 'SIGTERM'); });

test('realm roles are found where Keycloak writes them without a mapper', () => beside({}, {}, async ({ url }) => {
  assert.match(known(await signIn(visitor(), url, 'ann')), /^ann of the lab · operator$/);
  assert.match(known(await signIn(visitor(), url, 'bob')), / · viewer$/);
}));

test('a person without a role is told which roles were found', () => beside({}, {}, async ({ url }) => {
  const page = await signIn(visitor(), url, 'eve');
  assert.equal(page.status, 403);
  assert.match(wrong(page), /known as eve of the lab, but have no role here\. The claim realm_access\.roles names these groups of yours: .*default-roles-lab/);
}));

test('without the right claim the page names those that are there', () => beside({ oidc_groups: 'groups' }, {}, async ({ url }) => {
  const page = await signIn(visitor(), url, 'ann');
  assert.match(wrong(page), /claim groups, which is not there .*realm_access\.roles.*oidc_groups/);
}));

test('groups of a mapper count by their whole paths, and roles of a client below its name', async () => {
  const groups = mapped('oidc-group-membership-mapper', 'groups', { 'full.path': 'true' });
  await beside({ oidc_groups: 'groups', oidc_operators: '/lab/night' }, { protocolMappers: [groups] }, async ({ url }) => {
    assert.match(known(await signIn(visitor(), url, 'ann')), / · operator$/);
  });
  await beside({ oidc_groups: `resource_access.${CLIENT}.roles`, oidc_operators: 'night' }, {}, async ({ url }) => {
    const [{ id }] = await (await call('GET', `/admin/realms/lab/clients?clientId=${CLIENT}`)).json();
    await call('POST', `/admin/realms/lab/clients/${id}/roles`, { name: 'night' });
    const role = await (await call('GET', `/admin/realms/lab/clients/${id}/roles/night`)).json();
    const [ann] = await (await call('GET', '/admin/realms/lab/users?username=ann&exact=true')).json();
    await call('POST', `/admin/realms/lab/users/${ann.id}/role-mappings/clients/${id}`, [role]);
    assert.match(known(await signIn(visitor(), url, 'ann')), / · operator$/);
  });
});

test('Keycloak wants PKCE, and gets it', () => beside({}, {}, async ({ url }) => {
  const left = (await (await fetch(`${url}/sign-in/oidc`, { redirect: 'manual' })).headers.get('location'));
  const query = new URL(left);
  assert.equal(query.searchParams.get('code_challenge_method'), 'S256');
  query.searchParams.delete('code_challenge');
  query.searchParams.delete('code_challenge_method');
  const refused = await fetch(query, { redirect: 'manual' });
  assert.match(refused.headers.get('location') ?? '', /error=invalid_request.*code_challenge/);
}));

for (const algorithm of ['RS256', 'PS256', 'ES256', 'ES512', 'EdDSA']) {
  test(`tokens that are signed by ${algorithm} are believed`, async () => {
    const attributes = { 'id.token.signed.response.alg': algorithm, 'user.info.response.signature.alg': algorithm, 'access.token.signed.response.alg': algorithm };
    await beside({}, { attributes }, async ({ url }) => {
      assert.match(known(await signIn(visitor(), url, 'ann')), / · operator$/);
    });
  });
}

test('tokens by a shared secret are refused with what to change', async () => {
  await beside({}, { attributes: { 'id.token.signed.response.alg': 'HS256' } }, async ({ url }) => {
    assert.match(wrong(await signIn(visitor(), url, 'ann')), /signed by HS256, a shared secret; have the provider sign .* by RS256/);
  });
});

test('a wrong client secret is said in the words of Keycloak, and in the log', async () => {
  await beside({}, { secret: 'another' }, async (server) => {
    assert.match(wrong(await signIn(visitor(), server.url, 'ann')), /Invalid client/);
    assert.match(server.log(), /unauthorized_client|invalid_client/);
    assert.ok(!server.log().includes(SECRET) && !server.log().includes('another'));
  });
});

test('signing out ends the session at Keycloak, and by the back channel those that it began', () => beside({}, {}, async ({ url }) => {
  const [desk, other] = [visitor(), visitor()];
  await signIn(desk, url, 'ann');
  const second = desk.without('binnacle');
  assert.match(known(await second.go(`${url}/sign-in/oidc?next=/c/demo`)), / · operator$/, 'without a password, for Keycloak knows them');
  // A second browser of the same person has a session of its own there, and stays.
  await signIn(other, url, 'ann');
  const page = await desk.go(`${url}/c/demo`);
  const out = await desk.fill(page, 'action="/sign-out"');
  assert.equal(new URL(out.url).pathname, '/sign-in', out.text);
  assert.ok(out.ways.some((way) => way.startsWith(`${realm()}/protocol/openid-connect/logout?`)), out.ways.join('\n'));
  const again = await desk.go(`${url}/sign-in/oidc?next=/c/demo`);
  assert.match(again.text, /id="kc-form-login"/, 'Keycloak asks anew');
  assert.match(new URL((await second.go(`${url}/plans`)).url).pathname, /^\/sign-in/, 'by the back channel');
  assert.match(known(await other.go(`${url}/c/demo`)), / · operator$/);
  const [ann] = await (await call('GET', '/admin/realms/lab/users?username=ann&exact=true')).json();
  await call('POST', `/admin/realms/lab/users/${ann.id}/logout`);
  const ended = await other.go(`${url}/plans`);
  assert.match(new URL(ended.url).pathname, /^\/sign-in/, 'an admin of Keycloak ended it');
}));

test('with oidc_sign_out = here the session at Keycloak stays', () => beside({ oidc_sign_out: 'here' }, {}, async ({ url }) => {
  const desk = visitor();
  const page = await signIn(desk, url, 'ann');
  const out = await desk.fill(page, 'action="/sign-out"');
  assert.ok(!out.ways.some((way) => way.startsWith(at)), out.ways.join('\n'));
  assert.match(known(await desk.go(`${url}/sign-in/oidc?next=/c/demo`)), / · operator$/, 'in again without a password');
}));

test('a role that is taken away at Keycloak is gone here after the time for looking anew', () => beside({ oidc_recheck: '60' }, {}, async ({ url }) => {
  const desk = visitor();
  assert.match(known(await signIn(desk, url, 'ann')), / · operator$/);
  const [ann] = await (await call('GET', '/admin/realms/lab/users?username=ann&exact=true')).json();
  const roles = await Promise.all(['ops', 'staff'].map(async (name) => (await call('GET', `/admin/realms/lab/roles/${name}`)).json()));
  try {
    await call('DELETE', `/admin/realms/lab/users/${ann.id}/role-mappings/realm`, [roles[0]]);
    await call('POST', `/admin/realms/lab/users/${ann.id}/role-mappings/realm`, [roles[1]]);
    await new Promise((done) => { setTimeout(done, 61_000); });
    assert.match(known(await desk.go(`${url}/c/demo`)), / · viewer$/);
  } finally {
    await signedIn(); // An admin's token lasts a minute.
    await call('POST', `/admin/realms/lab/users/${ann.id}/role-mappings/realm`, [roles[0]]);
    await call('DELETE', `/admin/realms/lab/users/${ann.id}/role-mappings/realm`, [roles[1]]);
  }
}));

test('the doctor examines Keycloak and finds nothing that lacks', async () => {
  const said = await examined(realm(), ROLES);
  assert.match(said, /answers[\s\S]*openid profile would be asked for[\s\S]*ends the session there/);
});
