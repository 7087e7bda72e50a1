// Objects of any kind, events and logs: read without script, live with it, and no secret among them.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { AxeBuilder } from '@axe-core/playwright';
import { browser, live, open, stage } from './stage.mjs';

let chromium, lab;
before(async () => {
  [chromium, lab] = await Promise.all([browser(), stage()]);
  await lab.call('POST', '/api/v1/namespaces/default/pods', {
    apiVersion: 'v1', kind: 'Pod', metadata: { name: 'two' },
    spec: {
      nodeName: 'host4', initContainers: [{ name: 'setup', image: 'none:1' }],
      containers: [{ name: 'web', image: 'none:1', args: ['--token=abc123def'], env: [{ name: 'DB_PASSWORD', value: 'hunter2' }, { name: 'COLOUR', value: 'blue' }] }, { name: 'proxy', image: 'none:1' }],
    },
  });
  // Nobody runs it here: it is said to run.
  await lab.call('PATCH', '/api/v1/namespaces/default/pods/two/status', { status: { phase: 'Running' } });
  await lab.call('POST', '/api/v1/namespaces/default/events', {
    apiVersion: 'v1', kind: 'Event', metadata: { name: 'two.1' }, type: 'Warning', reason: 'BackOff', message: 'restarting failed container', count: 7,
    involvedObject: { apiVersion: 'v1', kind: 'Pod', namespace: 'default', name: 'two' }, lastTimestamp: '2026-01-01T00:00:00Z',
  });
});
after(async () => { await chromium?.close(); await lab?.stop(); });

const manifest = '/objects/core/pods/manifest?ns=default&name=two';
const log = '/pods/default/two/log';

test('without script an object is found by its kind and read, without its secrets', async () => {
  const page = await open(chromium, `${lab.page}/objects?q=pod`, { javaScriptEnabled: false });
  await page.click('main table a:text-is("Pod")');
  await page.fill('main input[name=q]', 'two');
  await page.click('main form button');
  await page.click('main table a:text-is("two")');
  const yaml = await page.textContent('#yaml');
  assert.match(yaml, /name: COLOUR\n\s+value: blue/);
  assert.ok(!yaml.includes('hunter2') && !yaml.includes('abc123def'), yaml);
  assert.match(await page.textContent('main'), /2 values that look secret are hidden/);
  assert.equal(await page.isVisible('button[data-copy]'), false);
});

test('the panel leads to the manifest, the events and the log', async () => {
  const page = await open(chromium, `${lab.page}?sel=pod/default/two`);
  await live(page);
  await page.click('#panel .pages a:text-is("Events")');
  assert.match(await page.textContent('main table'), /BackOff.*Pod default\/two.*restarting failed container.*7/s);
  await page.click('main table a');
  await page.waitForSelector('#yaml');
  assert.deepEqual(page.complaints, []);
});

test('a manifest is copied by a button', async () => {
  const page = await open(chromium, lab.page + manifest, { permissions: ['clipboard-read', 'clipboard-write'] });
  await page.click('button[data-copy]');
  await page.waitForSelector('button[data-copy]:text-is("Copied")');
  assert.match(await page.evaluate(() => navigator.clipboard.readText()), /kind: Pod/);
});

test('events are narrowed down by filters', async () => {
  const page = await open(chromium, `${lab.page}/events?type=Normal`, { javaScriptEnabled: false });
  assert.ok(!(await page.textContent('main')).includes('restarting failed container'));
  await page.selectOption('select[name=type]', 'Warning');
  await page.fill('main input[name=q]', 'RESTARTING');
  await page.click('main form button');
  assert.match(await page.textContent('main table'), /restarting failed container/);
});

test('the log of a container is chosen, searched and downloaded without script', async () => {
  const page = await open(chromium, lab.page + log, { javaScriptEnabled: false });
  await page.selectOption('select[name=container]', 'proxy');
  await page.fill('main input[name=q]', 'HEALTHY');
  await page.check('input[name=timestamps]');
  await page.click('main form button');
  const lines = await page.locator('#lines li').allTextContents();
  assert.ok(lines.length > 5 && lines.every((line) => /^\d{4}-.*proxy: healthy/.test(line)), lines[0]);
  const file = await fetch(new URL(await page.getAttribute('main form a', 'href'), lab.url));
  assert.match(file.headers.get('content-disposition'), /filename="two\.proxy\.log"/);
  assert.match(await file.text(), /proxy: session/);
});

test('a log that is open grows, and stops at the end that is read', async () => {
  const page = await open(chromium, lab.page + log);
  await page.waitForSelector('#tail-state.live');
  const before = await page.locator('#lines li').count();
  await page.waitForFunction((count) => document.querySelectorAll('#lines li').length > count + 1, before);
  const bottom = () => page.$eval('#lines', (list) => list.scrollHeight - list.clientHeight - list.scrollTop);
  assert.ok(await bottom() < 2);
  await page.$eval('#lines', (list) => { list.scrollTop = 0; });
  await page.waitForSelector('#following:not(:checked)');
  const there = await page.locator('#lines li').count();
  await page.waitForFunction((count) => document.querySelectorAll('#lines li').length > count, there);
  assert.equal(await page.$eval('#lines', (list) => list.scrollTop), 0);
  assert.deepEqual(page.complaints, []);
});

test('keys lead from page to page, and a list tells them', async () => {
  const page = await open(chromium, `${lab.page}/objects`);
  // The keys are there when the page's script is.
  await page.waitForFunction(() => { document.dispatchEvent(new KeyboardEvent('keydown', { key: '?', bubbles: true })); return document.querySelector('#keys').open; });
  assert.match(await page.textContent('#keys'), /Networking/);
  await page.keyboard.press('Escape');
  await page.keyboard.press('g');
  await page.keyboard.press('n');
  await page.waitForURL(/\/networking$/);
  await live(page);
  await page.keyboard.press('g');
  await page.keyboard.press('b');
  await page.waitForURL(/\/backups$/);
});

for (const colorScheme of ['light', 'dark']) {
  for (const width of [1440, 390]) {
    test(`axe finds nothing, and no page is wider than its window: ${colorScheme}, ${width} pixels`, async () => {
      for (const path of ['/objects', '/objects/core/pods', manifest, '/events', log, `${log}?q=nothing-has-this`]) {
        const page = await open(chromium, lab.page + path, { colorScheme, viewport: { width, height: 900 } });
        const { violations } = await new AxeBuilder({ page }).analyze();
        assert.deepEqual(violations.map((found) => `${path} ${found.id}: ${found.nodes[0].html} ${found.nodes[0].failureSummary}`), []);
        const wider = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
        assert.ok(wider <= 0, `${path} is ${wider} px wider than its window`);
        await page.context().close();
      }
    });
  }
}
