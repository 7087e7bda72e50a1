// From nothing to a backup that restored and a deployment that succeeded, by clicks alone. The server is started as
// `make run` starts it; `make test-others PARTS=first` runs this on the binary that `make build` makes.
import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { after, before, test } from 'node:test';
import { binnacle, browser, folder, live, open, start, until } from '../browser/stage.mjs';

const tools = fileURLToPath(new URL('../../.tools/bin', import.meta.url));
const data = folder();
let chromium, server;
before(async () => {
  assert.ok(existsSync(join(tools, 'etcd')), 'end2end/install etcd etcdutl');
  // No kubeconfig, and no flag but for where it listens and keeps its data.
  const serve = ['serve', '--listen', '127.0.0.1:0', '--data', data];
  [chromium, server] = await Promise.all([browser(), start(serve, { PATH: `${tools}:${process.env.PATH}` })]);
  console.log(`# ${binnacle}`);
});
after(async () => { await chromium?.close(); await server?.stop(); });

// Clicks a link or a button, and waits for the page that it leads to.
const go = (page, selector, url) => Promise.all([page.waitForURL(url), page.click(selector)]);

test('a stranger sees an incident of before, a backup that restores and a deployment that succeeds', { timeout: 600_000 }, async () => {
  assert.deepEqual(readdirSync(data).filter((name) => name.endsWith('.history')), []);
  const page = await open(chromium, `${server.url}/`);
  assert.equal(new URL(page.url()).pathname, '/c/demo', 'the one cluster is the first page');
  await live(page);
  await page.waitForSelector('#sentence:has-text("etcd 3/3")', { timeout: 60_000 });

  // The days before: an incident that was found, and that they were made up.
  await until('the history has no incident of before', async () => {
    await go(page, 'nav.tabs a:text-is("History")', /history/);
    // It is made in the background, after the first page was shown.
    if (await page.locator('nav.spans').count() === 0) return false;
    await go(page, 'nav.spans a:text-is("7 days")', /span=7d/);
    return /Host host4 is lost/.test(await page.textContent('main'));
  });
  assert.match(await page.textContent('.made-up'), /were made up for the demonstration/);
  await go(page, 'main table tr:has-text("host4 is lost") a[href*="/incidents/"]', /incidents\/./);
  assert.match(await page.textContent('main'), /Host host4 is lost.*were made up for the demonstration/s);
  await go(page, 'a.logo', /c\/demo$/);

  // A backup that is proved by restoring it.
  await live(page);
  await go(page, '.overview button:text-is("Back up etcd")', /backups/);
  await page.waitForSelector('.backups tbody .h-ok:has-text("Test restore passed")', { timeout: 120_000 });
  await page.click('.backups tbody th a');
  await page.waitForSelector('a[href$="/restore"]');
  assert.match(await page.textContent('main'), /Test restore passed/);
  await go(page, 'a[href$="/restore"]', /restore$/);
  assert.match(await page.textContent('main'), /etcdutl snapshot restore/);
  await go(page, 'a.logo', /c\/demo$/);

  // A deployment whose plan is chosen already.
  await go(page, '.overview a.button:text-is("Deploy")', /deployments\/new/);
  await go(page, '.at-once button', /deployments\/\d/);
  await page.waitForSelector('#run .badge:text-is("succeeded")', { timeout: 180_000 });
  assert.match(await page.textContent('#run'), /all 5 nodes are there and ready/);
  await go(page, 'a.logo', /c\/demo$/);
  await page.waitForSelector('#overview .badge:text-is("succeeded")', { timeout: 60_000 });
  await page.context().close();
});
