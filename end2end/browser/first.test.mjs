// The first ten minutes of a stranger: the tour, the page that breaks the demonstration, and a backup of its own etcd.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { after, before, test } from 'node:test';
import { AxeBuilder } from '@axe-core/playwright';
import { browser, folder, live, mark, open, stage, start, until } from './stage.mjs';

const tools = fileURLToPath(new URL('../../.tools/bin', import.meta.url));
const data = folder();
const serve = (where, path) => start(['serve', '--demo', '--listen', '127.0.0.1:0', '--data', where], { PATH: path });
let chromium, server, base;
before(async () => {
  assert.ok(existsSync(join(tools, 'etcd')), 'end2end/install etcd etcdutl');
  [chromium, server] = await Promise.all([browser(), serve(data, `${tools}:${process.env.PATH}`)]);
  base = `${server.url}/c/demo`;
});
after(async () => { await chromium?.close(); await server?.stop(); });

// Where scripts are off axe cannot run either; the same pages are looked at with scripts on.
async function everybody(page, width, scripts = true) {
  const { violations } = scripts ? await new AxeBuilder({ page }).analyze() : { violations: [] };
  assert.deepEqual(violations.map((found) => `${page.url()} ${found.id}: ${found.nodes[0].html} ${found.nodes[0].failureSummary}`), []);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(wide <= width, `${page.url()} is ${wide} px wide`);
}

// Chooses in the form of a fault, sends it, and waits for the page that follows.
async function fault(page, name, of) {
  const form = page.locator('form.fault', { hasText: name });
  await form.locator('select').selectOption(of);
  await Promise.all([page.waitForNavigation(), form.locator('button').click()]);
}

// The mark of a host, in one of these states.
const host = (name, states) => states.map((state) => `${mark(`node/${name}`)}.h-${state}`).join(',');

test('a stopped kubelet is seen in the figure, and mended', async () => {
  const page = await open(chromium, base);
  await page.click('.demo a:text-is("Break it")');
  await live(page);
  await page.waitForSelector(host('host4', ['ok']));
  await fault(page, 'Stop a kubelet', 'host4');
  await page.waitForSelector(host('host4', ['bad', 'stale', 'unknown', 'warn']));
  assert.match(await page.textContent('.breaking'), /kubelet stopped on host4/);
  await everybody(page, 1480);
  await page.setViewportSize({ width: 390, height: 900 });
  await everybody(page, 390);
  await page.click('button:text-is("Mend")');
  await page.waitForSelector('.breaking:has-text("Nothing is broken")');
  await page.waitForSelector(host('host4', ['ok']));
  await page.context().close();
});

test('without a script faults are asked for and mended by plain forms', async () => {
  const page = await open(chromium, `${base}/break`, { javaScriptEnabled: false, viewport: { width: 390, height: 900 } });
  await fault(page, 'Crash a workload', 'vepc/mme');
  await fault(page, 'Fill a host', 'host5');
  await fault(page, 'Cut the network of a host', 'host3');
  await fault(page, 'Roll out', 'ims/cscf');
  assert.match(await page.textContent('.breaking'), /network cut on host3.*no room on host5.*crashing: vepc\/mme/s);
  await everybody(page, 390, false);
  await page.click('button:text-is("Mend everything")');
  await page.waitForSelector('.breaking:has-text("Nothing is broken")');
  await page.context().close();
});

test('only a form of this site breaks it, only what is there, and only the demonstration', async (t) => {
  const send = (url, body, headers = {}) => fetch(url, { method: 'POST', body: new URLSearchParams(body), headers, redirect: 'manual' });
  const cut = { act: 'break', fault: 'network', of: 'host4' };
  assert.equal((await send(`${base}/break`, cut, { origin: 'http://elsewhere.invalid' })).status, 403);
  assert.equal((await send(`${base}/break`, { ...cut, of: 'host9' }, { origin: server.url })).status, 422);
  const lab = await stage();
  t.after(() => lab.stop());
  assert.equal((await fetch(`${lab.page}/break`)).status, 404);
  assert.equal((await send(`${lab.page}/break`, cut, { origin: lab.url })).status, 404);
  assert.equal((await fetch(`${lab.url}/tour?to=1`)).status, 404);
  const page = await open(chromium, lab.page);
  assert.equal(await page.locator('a[href$="/break"], .tour').count(), 0);
  await page.context().close();
});

test('the tour has eight steps, by keyboard alone and without script, and can be left', async () => {
  for (const javaScriptEnabled of [true, false]) {
    const page = await open(chromium, base, { javaScriptEnabled });
    await page.click('.demo a:text-is("Take the tour")');
    for (let number = 1; number <= 8; number += 1) {
      await page.waitForSelector(`.tour:has-text("Step ${number} of 8")`);
      await everybody(page, 1480, javaScriptEnabled);
      await page.focus('.tour .meant');
      if (number < 8) await Promise.all([page.waitForNavigation(), page.keyboard.press('Enter')]);
    }
    assert.match(page.url(), /history$/);
    await page.click('.tour a:text-is("Back")');
    await page.waitForSelector('.tour:has-text("Step 7 of 8")');
    await page.goto(`${base}/table`);
    assert.match(await page.textContent('.tour'), /Step 7/, 'the tour goes on beside its pages');
    await page.click('.tour a:text-is("Leave the tour")');
    await page.waitForURL(base);
    assert.equal(await page.locator('.tour').count(), 0);
    await page.context().close();
  }
});

test('its own etcd is backed up with real objects, restored for trial, and loses a member', async () => {
  const page = await open(chromium, base);
  await live(page);
  await page.waitForSelector(`#sentence:has-text("etcd 3/3")`, { timeout: 60_000 });
  await page.click('.overview button:text-is("Back up etcd")');
  await page.waitForSelector('.backups tbody .h-ok:has-text("Test restore passed")', { timeout: 60_000 });
  await fetch(`${base}/break`, { method: 'POST', body: new URLSearchParams({ act: 'break', fault: 'roll-out', of: 'ims/cscf' }), headers: { origin: server.url } });
  // What rolls out is in etcd within a second; whichever backup is the first after that has it.
  for (let rows = 2; ; rows += 1) {
    assert.ok(rows < 8, 'no backup has what was rolled out');
    await page.click('button:text-is("Back up etcd")');
    await page.waitForFunction((wanted) => document.querySelectorAll('.backups tbody tr').length === wanted, rows);
    await page.click('.backups tbody th a');
    await Promise.all([page.waitForURL(/\/changes/), page.click('main a[href*="/changes"]')]);
    if (/replicasets/.test(await page.textContent('main'))) break;
    await page.goto(`${base}/backups`);
  }
  await page.goto(`${base}/break`);
  await live(page);
  await fault(page, 'Kill an etcd member', 'host2');
  await page.waitForSelector(`#sentence:has-text("etcd 2/3")`);
  await page.click('button:text-is("Mend")');
  await page.waitForSelector(`#sentence:has-text("etcd 3/3")`, { timeout: 60_000 });
  await page.context().close();
});

// The process of a member of the etcd in a folder; nothing while there is none.
function member(where, name) {
  return readdirSync('/proc').filter((id) => /^\d+$/.test(id)).find((id) => {
    try {
      const [program, ...rest] = readFileSync(`/proc/${id}/cmdline`, 'utf8').split('\0');
      return program.endsWith('/etcd') && rest.includes(name) && readlinkSync(`/proc/${id}/cwd`).startsWith(`${where}/`);
    } catch {
      return false; // It has ended meanwhile.
    }
  });
}

test('a member that ends by itself is started again', async () => {
  const ended = await until('no member host1', () => member(data, 'host1'));
  process.kill(Number(ended), 'SIGKILL');
  await until('the member stays away', () => ![undefined, ended].includes(member(data, 'host1')));
  const page = await open(chromium, base);
  await live(page);
  await page.waitForSelector('#sentence:has-text("etcd 3/3")', { timeout: 60_000 });
  await page.context().close();
});

test('without an etcd one line says what to install, and the rest works', async (t) => {
  const bare = folder();
  const other = await serve(bare, '/nowhere');
  t.after(() => other.stop());
  const page = await open(chromium, `${other.url}/c/demo/backups`);
  assert.match(await page.textContent('main'), /where etcd and etcdutl are in the PATH/);
  assert.match(other.log(), /make run installs them/);
  await page.goto(`${other.url}/c/demo/break`);
  assert.match(await page.textContent('.breaking'), /No etcd runs here/);
  await page.context().close();
});

test('a distribution\'s cluster can be broken, and has no tour, which names other hosts', async (t) => {
  const other = await start(['serve', '--demo=k3s', '--listen', '127.0.0.1:0', '--data', folder()]);
  t.after(() => other.stop());
  const page = await open(chromium, `${other.url}/c/k3s`);
  assert.equal(await page.locator('a:text-is("Take the tour")').count(), 0);
  assert.equal((await fetch(`${other.url}/tour?to=1`)).status, 404);
  await page.click('.demo a:text-is("Break it")');
  await fault(page, 'Stop a kubelet', 'agent1');
  assert.match(await page.textContent('.breaking'), /kubelet stopped on agent1/);
  await page.context().close();
});

test('its etcd ends with the server, also when that is killed, and leaves nothing', async (t) => {
  const [left, right] = [folder(), folder()];
  const running = (where) => spawnSync('pgrep', ['-f', '--', `${where}/`], { encoding: 'utf8' }).stdout.trim();
  const folders = (where) => readdirSync(join(where, 'demo-etcd'));
  for (const [where, signal] of [[left, 'SIGTERM'], [right, 'SIGKILL']]) {
    const it = await serve(where, `${tools}:${process.env.PATH}`);
    t.after(() => it.child.kill('SIGKILL'));
    assert.equal(folders(where).length, 1);
    assert.notEqual(running(where), '');
    it.child.kill(signal);
    await new Promise((done) => { it.child.ref(); it.child.once('exit', done); });
    await until(`an etcd or its folder is left in ${where}`, () => !running(where) && !folders(where).length);
  }
});
