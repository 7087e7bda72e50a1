// The way in, as people go it: by password, through a provider, and out again.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { AxeBuilder } from '@axe-core/playwright';
import { browser, folder, live, open, start } from './stage.mjs';

const PASSWORD = 'correct horse battery';
let chromium, local;

async function freePort() {
  const server = createServer();
  await new Promise((listening) => { server.listen(0, '127.0.0.1', listening); });
  const { port } = server.address();
  await new Promise((closed) => { server.close(closed); });
  return port;
}

before(async () => {
  chromium = await browser();
  local = await start(['serve', '--demo', '--listen', '127.0.0.1:0', '--data', folder(), '--sign-in', 'local']);
});
after(async () => { try { await chromium?.close(); } finally { await local?.stop(); } });

async function clean(page) {
  const { violations } = await new AxeBuilder({ page }).analyze();
  assert.deepEqual(violations.map((found) => `${found.id}: ${found.nodes[0].html} ${found.nodes[0].failureSummary}`), []);
}

async function signIn(page, name, password) {
  await page.fill('input[name=name]', name);
  await page.fill('input[name=password]', password);
  await page.click('main button[type=submit]');
}

test('the first admin is made by the printed link, signs in, makes a token and reads the audit', async () => {
  const first = /http:\S+\/first\?key=\S+/.exec(local.out())?.[0];
  assert.ok(first, local.out());
  const page = await open(chromium, first);
  await clean(page);
  await signIn(page, 'ann', PASSWORD);
  assert.match(page.url(), /\/sign-in$/);
  await page.goto(`${local.url}/c/demo/networking?theme=dark`);
  assert.match(page.url(), /\/sign-in\?next=/);
  await clean(page);
  await signIn(page, 'ann', PASSWORD);
  assert.equal(page.url(), `${local.url}/c/demo/networking?theme=dark`);
  await live(page);
  await page.click('.visitor summary');
  await page.click('.visitor a[href^="/tokens"]');
  await page.fill('input[name=name]', 'pipeline');
  await page.click('main form button');
  const token = await page.textContent('code.token');
  assert.match(token, /^bnc_[0-9a-f]{16}_[0-9a-f]{64}$/);
  await clean(page);
  const answer = await fetch(`${local.url}/c/demo/architecture.json`, { headers: { authorization: `Bearer ${token}` } });
  assert.equal(answer.status, 200);
  await page.goto(`${local.url}/tokens`);
  assert.ok(!(await page.content()).includes(token));
  await page.click('td summary:text-is("Revoke")');
  await page.click('td button');
  assert.match(await page.textContent('tbody'), /revoked/);
  await page.goto(`${local.url}/audit`);
  assert.match(await page.textContent('tbody'), /token\.revoke/);
  await clean(page);
  await page.click('.visitor summary');
  await page.click('form[action="/sign-out"] button');
  await page.goto(`${local.url}/audit`);
  assert.match(page.url(), /\/sign-in/);
});

test('an admin adds a user, changes their role and refuses them', async () => {
  const page = await open(chromium, `${local.url}/sign-in?next=/users`, { complains: true }); // of the refused change
  await signIn(page, 'ann', PASSWORD);
  await clean(page);
  await page.fill('form.asks input[name=name]', 'bob');
  await page.fill('form.asks input[name=password]', 'moss 4 lantern grove');
  await page.click('form.asks button');
  assert.match(await page.textContent('[role=status]'), /added/);
  await page.selectOption('form[action="/users/bob/role"] select', 'operator');
  await page.click('form[action="/users/bob/role"] button');
  assert.equal(await page.inputValue('form[action="/users/bob/role"] select'), 'operator');
  await page.click('form[action="/users/bob/disable"] button');
  assert.match(await page.textContent('[role=status]'), /refused/);
  await page.click('form[action="/users/ann/disable"] button');
  assert.match(await page.textContent('[role=alert]'), /only admin/);
  await clean(page);
});

test('who signs out in one window sees no more in another', async () => {
  const page = await open(chromium, `${local.url}/sign-in?next=/c/demo`, { complains: true });
  await signIn(page, 'ann', PASSWORD);
  await live(page);
  const other = await page.context().newPage();
  await other.goto(`${local.url}/c/demo`);
  await other.click('.visitor summary');
  await other.click('form[action="/sign-out-everywhere"] button');
  await page.waitForSelector('#pulse:not(.live)', { timeout: 20_000 });
});

test('a wrong password says so and not which half was wrong', async () => {
  const page = await open(chromium, `${local.url}/sign-in`, { complains: true });
  await signIn(page, 'ann', 'wrong horse battery');
  assert.equal(await page.textContent('.wrong'), 'Wrong name or password.');
  await clean(page);
});

// A server that trusts a provider of the given clock.
async function house(clock = 0) {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const script = fileURLToPath(new URL('../oidc/provider.mjs', import.meta.url));
  const child = spawn(process.execPath, [script, `${url}/sign-in/callback`], {
    stdio: ['ignore', 'pipe', 'inherit'], env: { PATH: process.env.PATH, CLOCK_OFFSET: String(clock) },
  });
  const issuer = await new Promise((ready) => {
    child.stdout.on('data', (text) => { const url = /Listening on (\S+)/.exec(text)?.[1]; if (url) ready(url); });
  });
  const data = folder();
  const secret = join(data, 'secret');
  writeFileSync(secret, 'a-secret-of-the-tests\n', { mode: 0o600 });
  const server = await start([
    'serve', '--demo', '--listen', `127.0.0.1:${port}`, '--data', data, '--sign-in', 'oidc', '--oidc-issuer', issuer,
    '--oidc-client', 'binnacle', '--oidc-secret-file', secret, '--oidc-admins', 'ann', '--oidc-viewers', 'bob', '--audit', join(data, 'audit'),
  ]);
  const newKeys = () => fetch(`${issuer}/new-keys`, { method: 'POST' });
  return { url, issuer, server, newKeys, stop: async () => { await server.stop(); child.kill('SIGTERM'); } };
}

// Signs in at the provider, whose own pages ask for a name and then for consent.
async function through(page, url, name) {
  // The provider's own pages ask for fonts of other hosts.
  await page.route((asked) => asked.hostname !== '127.0.0.1', (route) => route.abort());
  await page.goto(`${url}/c/demo`);
  await page.click('main a.button');
  await page.fill('input[name=login]', name);
  await page.fill('input[name=password]', 'any');
  await page.click('button[type=submit]');
  await page.click('button[type=submit]');
}

test('a provider vouches for people, and their groups are roles', async () => {
  const it = await house();
  try {
    const page = await open(chromium, `${it.url}/sign-in`, { complains: true });
    await clean(page);
    const returned = page.waitForRequest(/\/sign-in\/callback\?/);
    await through(page, it.url, 'ann');
    await page.waitForURL(`${it.url}/c/demo`);
    assert.match(await page.textContent('.visitor summary'), /ann · admin/);
    const used = (await returned).url();
    const other = await open(chromium, `${it.url}/sign-in`, { complains: true });
    await other.goto(used);
    assert.match(await other.textContent('.wrong'), /was not begun in this browser/, 'in another browser');
    await page.goto(used);
    assert.match(await page.textContent('.wrong'), /was not begun in this browser/, 'a second time');
    assert.ok(!it.server.log().includes('a-secret-of-the-tests'));
    const guest = await open(chromium, `${it.url}/sign-in`, { complains: true });
    await through(guest, it.url, 'mallory');
    assert.match(await guest.textContent('.wrong'), /have no role here\. The claim groups names these groups of yours: mallory/);
    await guest.goto(`${it.url}/c/demo`);
    assert.match(guest.url(), /\/sign-in/);
  } finally {
    await it.stop();
  }
});

test('a provider whose clock is two hours late is not believed, and the clock is named', async () => {
  const it = await house(-7200);
  try {
    const page = await open(chromium, `${it.url}/sign-in`, { complains: true });
    await through(page, it.url, 'ann');
    assert.match(await page.textContent('.wrong'), /has expired.*Compare the clocks/);
  } finally {
    await it.stop();
  }
});

test('people are who the provider says they are, whatever they are called', async () => {
  const it = await house();
  try {
    const ann = await open(chromium, `${it.url}/sign-in`, { complains: true });
    await through(ann, it.url, 'ann');
    const bob = await open(chromium, `${it.url}/sign-in`, { complains: true });
    await through(bob, it.url, 'bob as ann');
    assert.match(await bob.textContent('.visitor summary'), /ann · viewer/, 'a name gives no role');
    const first = (await bob.context().cookies()).find((cookie) => cookie.name === 'binnacle');
    await bob.click('.visitor summary');
    await bob.click('form[action="/sign-out-everywhere"] button');
    await ann.goto(`${it.url}/audit`);
    assert.match(await ann.textContent('tbody'), /sign-out\.everywhere/, 'ann is still here');
    const text = await ann.textContent('tbody');
    assert.ok(text.includes(`ann oidc ${it.issuer} bob as ann, 127.0.0.1`), text);
    // A browser has one session: the one before ends, whoever's it was.
    const second = (await ann.context().cookies()).find((cookie) => cookie.name === 'binnacle');
    const cookie = (one) => ({ headers: { cookie: `binnacle=${one.value}` } });
    assert.equal((await fetch(`${it.url}/plans`, cookie(first))).status, 401);
    assert.equal((await fetch(`${it.url}/plans`, cookie(second))).status, 200);
    await ann.goto(`${it.url}/sign-in/oidc?next=/plans`);
    await ann.waitForURL(/\/plans$|\/interaction\//);
    if (ann.url().includes('/interaction/')) await ann.click('button[type=submit]');
    await ann.waitForURL(`${it.url}/plans`);
    assert.equal((await fetch(`${it.url}/plans`, cookie(second))).status, 401);
  } finally {
    await it.stop();
  }
});

test('signing out ends the session at the provider, which ends the others that it began', async () => {
  const it = await house();
  try {
    const page = await open(chromium, `${it.url}/sign-in`, { complains: true });
    await through(page, it.url, 'ann');
    await page.waitForURL(`${it.url}/c/demo`);
    const context = page.context();
    const first = (await context.cookies()).find((cookie) => cookie.name === 'binnacle');
    const other = { headers: { cookie: `binnacle=${first.value}` } };
    // The same person signs in a second time, and the provider knows them.
    await context.clearCookies({ name: 'binnacle' });
    await page.goto(`${it.url}/sign-in/oidc?next=/sessions`);
    await page.waitForURL(/\/sessions$|\/interaction\//);
    if (page.url().includes('/interaction/')) await page.click('button[type=submit]');
    await page.waitForURL(`${it.url}/sessions`);
    assert.equal(await page.locator('tbody tr').count(), 2);
    await clean(page);
    assert.equal((await fetch(`${it.url}/plans`, other)).status, 200);
    await page.click('.visitor summary');
    await page.click('form[action="/sign-out"] button');
    await page.waitForURL(/\/session\/end/);
    await page.click('button[value=yes]');
    await page.waitForURL(`${it.url}/sign-in`);
    assert.equal((await fetch(`${it.url}/plans`, other)).status, 401, 'by the back channel');
    await page.goto(`${it.url}/sign-in/oidc?next=/plans`);
    await page.waitForSelector('input[name=login]');
  } finally {
    await it.stop();
  }
});

test('a provider may change its keys, but not every few seconds', async () => {
  const it = await house();
  try {
    const page = await open(chromium, `${it.url}/sign-in`, { complains: true });
    // From now on the server knows the keys of this moment.
    assert.equal((await fetch(`${it.url}/sign-in/oidc`, { redirect: 'manual' })).status, 303);
    await it.newKeys();
    await through(page, it.url, 'ann');
    assert.match(await page.textContent('.visitor summary'), /ann · admin/);
    await it.newKeys();
    const other = await open(chromium, `${it.url}/sign-in`, { complains: true });
    await through(other, it.url, 'ann');
    assert.match(await other.textContent('.wrong'), /by a key that the provider does not publish/, 'a minute has not passed');
  } finally {
    await it.stop();
  }
});
