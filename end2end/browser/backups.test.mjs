// A stranger backs up a real etcd by a button and sees it proved: with and without a script, by keyboard, on a phone.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { openSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { after, before, test } from 'node:test';
import { AxeBuilder } from '@axe-core/playwright';
import { binnacle, browser, folder, open, stage, until } from './stage.mjs';

// etcd and etcdutl, as end2end/install leaves them.
const programs = fileURLToPath(new URL('../../.tools/bin', import.meta.url));
const etcd = join(programs, 'etcd');
let chromium, place, member, list;

const freePort = () => new Promise((done) => {
  const server = createServer().listen(0, '127.0.0.1', () => {
    const { port } = server.address();
    server.close(() => done(port));
  });
});

// One member on loopback, with a few thousand keys' worth of bytes in it.
async function startEtcd() {
  const [client, peer] = [`http://127.0.0.1:${await freePort()}`, `http://127.0.0.1:${await freePort()}`];
  const dir = folder();
  const log = openSync(join(dir, 'log'), 'w');
  const child = spawn(etcd, ['--name', 'etcd1', '--log-level', 'warn', '--data-dir', join(dir, 'data'), '--unsafe-no-fsync',
    '--listen-client-urls', client, '--advertise-client-urls', client, '--listen-peer-urls', peer,
    '--initial-advertise-peer-urls', peer, '--initial-cluster', `etcd1=${peer}`], { stdio: ['ignore', log, log], env: {} });
  const ended = new Promise((done) => { child.once('exit', done); });
  const put = (key, value) => fetch(`${client}/v3/kv/put`, {
    method: 'POST', body: JSON.stringify({ key: btoa(key), value: btoa(value) }),
  });
  for (let tries = 0; ; tries += 1) {
    const well = await put('/registry/namespaces/default', 'n').then((answer) => answer.ok, () => false);
    if (well) break;
    assert.ok(tries < 100, 'etcd does not answer');
    await new Promise((done) => { setTimeout(done, 100); });
  }
  for (let key = 0; key < 40; key += 1) await put(`/registry/pods/default/pod-${key}`, 'x'.repeat(20_000));
  return { client, stop: () => { child.kill('SIGTERM'); return ended; } };
}

before(async () => {
  [chromium, member] = await Promise.all([browser(), startEtcd()]);
  place = await stage({ more: ['--etcd-endpoints', member.client, '--backup-keep', 'newest=3', '--backup-programs', programs,
    '--backup-hosts', 'nowhere.invalid', '--ssh-config', '/dev/null'] });
  list = `${place.page}/backups`;
});
after(async () => {
  try { await chromium?.close(); } finally { await place?.stop(); await member?.stop(); }
});

// The list has so many, and the newest was just taken.
const listed = (page, rows) => page.waitForFunction((wanted) => document.querySelector('.course.h-ok')
  ?.textContent.includes('Backup complete') && document.querySelectorAll('.backups tbody tr').length === wanted, rows);

async function everybody(page, width) {
  const { violations } = await new AxeBuilder({ page }).analyze();
  assert.deepEqual(violations.map((found) => `${page.url()} ${found.id}: ${found.nodes[0].html} ${found.nodes[0].failureSummary}`), []);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(wide <= width, `${page.url()} is ${wide} px wide`);
}

test('before the first backup every page says loudly that there is none', async () => {
  const page = await open(chromium, place.page);
  // It is found out now and then.
  await until('no warning', async () => {
    if (await page.locator('[role=alert]').count()) return true;
    await page.reload();
    return false;
  });
  assert.match(await page.textContent('[role=alert]'), /No verified etcd backup.*Take one now/);
  assert.match(await page.textContent('.overview'), /Back up etcd/);
  await page.click('[role=alert] a');
  assert.equal(page.url(), list);
  assert.equal(await page.locator('[role=alert]').count(), 1);
  assert.match(await page.textContent('main'), /No backups yet/);
  await everybody(page, 1480);
  await page.context().close();
});

test('a backup is taken by keyboard, and the page follows it until it is proved', async () => {
  const page = await open(chromium, list);
  await page.focus('button:text-is("Back up etcd")');
  await page.keyboard.press('Enter');
  await page.waitForSelector('.course.h-ok');
  assert.equal(page.url(), list);
  assert.match(await page.textContent('.course'), /Backup complete/);
  // The warning went with the part that it stands in; nobody loaded the page anew.
  assert.equal(await page.locator('[role=alert]').count(), 0);
  await page.waitForSelector('.backups tbody .h-ok:has-text("Test restore passed")', { timeout: 20_000 });
  const row = await page.textContent('.backups tbody tr');
  assert.match(row, /6 of 6 steps: restored/);
  assert.match(row, /etcd1/);
  await page.click('.course a');
  await page.waitForURL(/backups\/lab-/);
  assert.match(await page.textContent('main'), /Every revision was read/);
  assert.match(await page.textContent('main'), /kept: one of the newest/);
  assert.match(await page.textContent('main'), /Last test restore.*by etcd 3/);
  // Whoever needs not sign in here is no admin.
  assert.equal(await page.locator('a:text-is("Download")').count(), 0);
  await page.context().close();
});

test('beside the figure stand the button, the newest and how far it is proved', async () => {
  const page = await open(chromium, place.page);
  const strip = page.locator('.overview', { hasText: 'etcd backed up' });
  assert.match(await strip.textContent(), /6 of 6 steps.*etcd backed up .*Test restore passed/);
  await strip.locator('button:text-is("Back up etcd")').click();
  await page.waitForURL(list);
  await listed(page, 2);
  await page.context().close();
});

test('without a script it takes a button, too, and the page looks again by itself', async () => {
  const page = await open(chromium, list, { javaScriptEnabled: false });
  await page.click('button:text-is("Back up etcd")');
  await page.waitForSelector('.backups tbody tr:nth-child(3)', { timeout: 15_000 });
  await page.context().close();
});

test('pressed twice it takes one, and a fourth pushes out the first', async () => {
  const page = await open(chromium, list);
  const before = await page.locator('.backups tbody th a').allTextContents();
  const key = await page.inputValue('input[name=key]');
  const press = () => fetch(list, {
    method: 'POST', body: new URLSearchParams({ key }), headers: { origin: place.url }, redirect: 'manual',
  });
  const answers = await Promise.all([press(), press()]);
  assert.deepEqual(answers.map((answer) => answer.status), [303, 303]);
  await page.reload();
  const newer = (top) => document.querySelector('.backups tbody th a').textContent !== top
    && document.querySelector('.course.h-ok')?.textContent.includes('Backup complete');
  await page.waitForFunction(newer, before[0]);
  assert.equal((await press()).status, 303);
  await page.reload();
  const now = await page.locator('.backups tbody th a').allTextContents();
  assert.deepEqual(now.slice(1), before.slice(0, 2), 'one more, and the oldest went');
  await page.context().close();
});

test('an admin restores one for trial, and removes it by typing its revision', async () => {
  const data = folder();
  const made = execFileSync(binnacle, ['token', 'add', 'admin', '--role', 'admin', '--data', data], { encoding: 'utf8' });
  const extraHTTPHeaders = { authorization: `Bearer ${/bnc_\S+/.exec(made)[0]}` };
  const house = await stage({ data, more: ['--sign-in', 'tokens', '--etcd-endpoints', member.client, '--backup-programs', programs,
    '--backup-rehearse', 'never'] });
  const page = await open(chromium, `${house.page}/backups`, { extraHTTPHeaders, complains: true, viewport: { width: 390, height: 900 } });
  for (const rows of [1, 2]) {
    await page.click('button:text-is("Back up etcd")');
    await listed(page, rows);
  }
  assert.match(await page.textContent('.backups'), /Test restore: not run yet/);
  const older = await page.locator('.backups tbody th a').last().getAttribute('href');
  await page.goto(house.url + older);
  await everybody(page, 390);
  await page.click('button:text-is("Test restore")');
  await page.waitForSelector('.course:has-text("Test restore passed.")', { timeout: 20_000 });
  await page.goto(house.url + older);
  assert.match(await page.textContent('.headline'), /Test restore passed just now/);
  await page.click('summary:text-is("Remove this backup")');
  await page.fill('input[name=confirm]', '1');
  await page.click('button:text-is("Remove permanently")');
  assert.match(await page.textContent('[role=alert]'), /Nothing was removed/);
  const [, revision] = /revision, (\d+)/.exec(await page.textContent('details.cancel'));
  await page.fill('input[name=confirm]', revision);
  await page.click('button:text-is("Remove permanently")');
  await page.waitForURL(/backups$/);
  assert.equal(await page.locator('.backups tbody tr').count(), 1);
  await page.context().close();
  await house.stop();
});

test('the newest leads to the way back for this cluster, and to what changed since the one before', async () => {
  const page = await open(chromium, list);
  assert.match(await page.textContent('.on-hosts'), /nowhere\.invalid.*Unknown/);
  await page.click('.backups tbody th a');
  const one = page.url();
  await page.click('main a[href$="/restore"]');
  assert.match(await page.textContent('main'), /What will be lost.*etcdutl snapshot restore/s);
  await everybody(page, 1480);
  await page.goto(one);
  await page.click('main a[href*="/changes"]');
  assert.match(await page.textContent('main'), /What changed/);
  await everybody(page, 1480);
  await page.context().close();
});

test('an etcd that is away is no backup, and the page says why', async () => {
  await member.stop();
  const page = await open(chromium, list);
  await page.click('button:text-is("Back up etcd")');
  await page.waitForSelector('.course.h-bad', { timeout: 30_000 });
  assert.match(await page.textContent('.course'), /Backup failed: .*127\.0\.0\.1/);
  assert.equal(await page.locator('.backups tbody tr').count(), 3);
  await everybody(page, 1480);
  await page.context().close();
});

for (const colorScheme of ['light', 'dark']) {
  for (const width of [1480, 390]) {
    test(`the pages of backups are for everybody: ${colorScheme}, ${width} px`, async () => {
      const page = await open(chromium, list, { colorScheme, viewport: { width, height: 900 } });
      const one = await page.getAttribute('.backups tbody th a', 'href');
      await everybody(page, width);
      const pages = [`${place.url}${one}`, `${place.url}${one}/restore`, `${place.url}${one}/changes`, `${list}/retention`, place.page];
      for (const url of pages) {
        await page.goto(url);
        await everybody(page, width);
      }
      await page.context().close();
    });
  }
}

test('where no etcd is known the page says what to set', async () => {
  const other = await stage();
  const page = await open(chromium, `${other.page}/backups`, { viewport: { width: 390, height: 900 } });
  assert.match(await page.textContent('main'), /etcd_endpoints.*backup_schedule/s);
  assert.equal(await page.locator('button:text-is("Back up etcd")').count(), 0);
  await everybody(page, 390);
  await page.context().close();
  await other.stop();
});
