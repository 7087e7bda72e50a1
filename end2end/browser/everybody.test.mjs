// Pages for everybody: axe finds nothing, in either theme.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { AxeBuilder } from '@axe-core/playwright';
import { browser, live, open, stage } from './stage.mjs';

let chromium, lab;
before(async () => { [chromium, lab] = await Promise.all([browser(), stage()]); });
after(async () => { await chromium?.close(); await lab?.stop(); });

for (const colorScheme of ['light', 'dark']) {
  for (const [name, path] of [['the figure', '?sel=node/host1'], ['one node', '?at=node/host4'], ['the table', '/table'], ['the networking figure', '/networking'], ['the way of a service', '/networking?follow=default/kubernetes'], ['drift', '/drift'], ['a page that is not there', '/none']]) {
    test(`${name}, ${colorScheme}`, async () => {
      const page = await open(chromium, lab.page + path, { colorScheme, complains: path === '/none' });
      if (path.startsWith('?')) await live(page);
      const { violations } = await new AxeBuilder({ page }).analyze();
      assert.deepEqual(violations.map((found) => `${found.id}: ${found.nodes[0].html} ${found.nodes[0].failureSummary}`), []);
    });
  }
}

test('a pasted plan', async () => {
  const page = await open(chromium, new URL('/plans', lab.page).href);
  await page.fill('textarea[name=dha]', 'TYPE: virtual\nFLAVOR: cluster\nhosts:\n  - name: host1\n    ipmiPass: hunter2pass\n    roles: [kube_master, etcd, ha, kube_nodes]\n');
  await page.click('form.paste button');
  assert.match(await page.textContent('h1'), /Kubernetes plan of 1 host; \d+ error/);
  assert.ok(await page.locator('.source .marked').count() > 0);
  assert.ok(!(await page.content()).includes('hunter2'));
  const { violations } = await new AxeBuilder({ page }).analyze();
  assert.deepEqual(violations.map((found) => `${found.id}: ${found.nodes[0].html} ${found.nodes[0].failureSummary}`), []);
});
