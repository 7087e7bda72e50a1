// Dex: people of its own list come in by their groups, and leave; as it is installed, and with sessions of its own.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { folder } from '../browser/stage.mjs';
import { CLIENT, SECRET, examined, freePort, house, until } from './house.mjs';
import { known, visitor, wrong } from './visitor.mjs';

const PASSWORD = 'password';
// bcrypt of it, as Dex's own example has it: its list of people takes hashes alone.
const HASH = '$2a$10$2b2cU8CPhOTaGrs1HRQuAueS7JTT5ZHsHSzYiFPm1leZck7Mc8T4W';
const ROLES = { oidc_operators: 'lab/night', oidc_viewers: 'staff' };
const program = (name) => fileURLToPath(new URL(`../../.tools/bin/${name}`, import.meta.url));
let etcd, kept;

// Where Dex keeps what it knows: in memory alone, this version waits for itself when it is asked for fresh tokens.
before(async () => {
  kept = `http://127.0.0.1:${await freePort()}`;
  const flags = ['--data-dir', folder(), '--unsafe-no-fsync', '--log-level', 'warn', '--listen-client-urls', kept, '--advertise-client-urls', kept];
  etcd = spawn(program('etcd'), [...flags, '--listen-peer-urls', 'http://127.0.0.1:0'], { stdio: ['ignore', 'inherit', 'inherit'] });
  await until('etcd starts', async () => (await fetch(`${kept}/health`)).ok);
});
after(() => { etcd?.kill('SIGTERM'); });

// Dex and a server that trusts it.
async function both({ sessions = false, settings = {}, secret = SECRET } = {}, work) {
  const [dexAt, port] = [await freePort(), await freePort()];
  const [issuer, url] = [`http://127.0.0.1:${dexAt}/dex`, `http://127.0.0.1:${port}`];
  const person = (name, groups) => ({ email: `${name}@lab.example`, username: name, name: `${name} of the lab`, preferredUsername: name, userID: `u-${name}`, hash: HASH, groups });
  const file = join(folder(), 'dex.yaml');
  writeFileSync(file, JSON.stringify({
    issuer, storage: { type: 'etcd', config: { endpoints: [kept], namespace: `${dexAt}/` } }, web: { http: `127.0.0.1:${dexAt}` }, enablePasswordDB: true,
    staticPasswords: [person('ann', ['lab/night', 'other']), person('bob', ['staff']), person('eve', ['guests'])],
    staticClients: [{
      id: CLIENT, secret, name: 'Binnacle', redirectURIs: [`${url}/sign-in/callback`],
      postLogoutRedirectURIs: [`${url}/sign-in/callback`], backchannelLogoutURI: `${url}/sign-in/logged-out`,
    }],
  }));
  const dex = spawn(program('dex'), ['serve', file], {
    stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, DEX_SESSIONS_ENABLED: String(sessions) },
  });
  try {
    await until('Dex starts', async () => (await fetch(`${issuer}/.well-known/openid-configuration`)).ok);
    const server = await house(issuer, { ...ROLES, ...settings }, port);
    try {
      await work({ issuer, url, server });
    } finally {
      await server.stop();
    }
  } finally {
    dex.kill('SIGTERM');
  }
}

async function signIn(who, url, name) {
  const page = await who.go(`${url}/sign-in/oidc?next=/c/demo`);
  const asked = await who.fill(page, 'name="login"', { login: `${name}@lab.example`, password: PASSWORD });
  return asked.text.includes('name="approval"') ? who.fill(asked, 'value="approve"') : asked;
}

test('groups of Dex are roles, and a person without one is told theirs', () => both({}, async ({ issuer, url }) => {
  assert.match(known(await signIn(visitor(), url, 'ann')), / · operator$/);
  assert.match(known(await signIn(visitor(), url, 'bob')), / · viewer$/);
  assert.match(wrong(await signIn(visitor(), url, 'eve')), /have no role here\. The claim groups names these groups of yours: guests/);
  const left = (await fetch(`${url}/sign-in/oidc`, { redirect: 'manual' })).headers.get('location');
  assert.equal(new URL(left).searchParams.get('code_challenge_method'), 'S256');
  assert.match(await examined(issuer, ROLES), /openid profile groups would be asked for[\s\S]*no end_session_endpoint/);
}));

test('without sessions of Dex signing out ends the session here', () => both({}, async ({ url }) => {
  const desk = visitor();
  const out = await desk.fill(await signIn(desk, url, 'ann'), 'action="/sign-out"');
  assert.equal(new URL(out.url).pathname, '/sign-in');
  assert.match(new URL((await desk.go(`${url}/plans`)).url).pathname, /^\/sign-in/);
}));

test('with sessions of Dex signing out ends the one there, and those that it began', () => both({ sessions: true }, async ({ issuer, url }) => {
  const desk = visitor();
  const page = await signIn(desk, url, 'ann');
  // A second session here, by the same one there.
  const other = desk.without('binnacle');
  const asked = await other.go(`${url}/sign-in/oidc?next=/c/demo`);
  assert.match(known(asked.text.includes('name="approval"') ? await other.fill(asked, 'value="approve"') : asked), / · operator$/);
  const out = await desk.fill(page, 'action="/sign-out"');
  assert.ok(out.ways.some((way) => way.startsWith(`${issuer}/logout?`)), out.ways.join('\n'));
  const again = await desk.go(`${url}/sign-in/oidc?next=/c/demo`);
  assert.match(again.text, /name="password"/, 'Dex asks anew');
  assert.match(new URL((await other.go(`${url}/plans`)).url).pathname, /^\/sign-in/, 'by the back channel');
}));

test('a refresh token of Dex looks at the role anew', () => both({ settings: { oidc_recheck: '60', oidc_scopes: 'openid profile groups offline_access' } }, async ({ url }) => {
  const desk = visitor();
  await signIn(desk, url, 'ann');
  await new Promise((done) => { setTimeout(done, 61_000); });
  const page = await desk.go(`${url}/c/demo`);
  assert.match(known(page), / · operator$/);
  assert.deepEqual(page.ways, [`${url}/c/demo`], 'without going to Dex by the browser');
}));

test('a wrong client secret is said in the words of Dex', () => both({ secret: 'another' }, async ({ url }) => {
  assert.match(wrong(await signIn(visitor(), url, 'ann')), /Invalid client credentials/);
}));
