// A role that may read some namespaces only: hosts that pods name, counts of these namespaces, and one line for what is missing.
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { AxeBuilder } from '@axe-core/playwright';
import { browser, folder, live, mark, open, start, until } from './stage.mjs';

const SHOTS = process.env.BINNACLE_TEST_SHOTS;
let chromium, api, server;

before(async () => {
  const data = folder();
  [chromium, api] = await Promise.all([browser(), start(['simulate', '--listen', '127.0.0.1:0', '--life', 'off'])]);
  // The role is limited before anybody looks.
  const faults = JSON.stringify({ confine: ['ims', 'vepc'], forbid: ['namespaces'] });
  assert.ok((await fetch(`${api.url}/simulator/faults`, { method: 'PUT', body: faults })).ok);
  const kubeconfig = join(data, 'kubeconfig');
  writeFileSync(kubeconfig, JSON.stringify({
    apiVersion: 'v1', kind: 'Config', 'current-context': 'lab', users: [{ name: 'u', user: {} }],
    clusters: [{ name: 'c', cluster: { server: api.url } }], contexts: [{ name: 'lab', context: { cluster: 'c', user: 'u' } }],
  }));
  server = await start(['serve', '--listen', '127.0.0.1:0', '--data', data, '--kubeconfig', kubeconfig, '--namespaces', 'ims,vepc']);
});
after(async () => { try { await chromium?.close(); } finally { await server?.stop(); await api?.stop(); } });

for (const width of [1440, 390]) {
  test(`the seen namespaces are drawn and counted as such: ${width} pixels`, async () => {
    const page = await open(chromium, `${server.url}/c/lab`, { viewport: { width, height: 900 } });
    await live(page);
    await page.waitForSelector(mark('node/host4'), { state: 'attached', timeout: 60_000 });
    await until('the counts', async () => /pods of the namespaces ims and vepc/.test(await page.textContent('main')));
    const main = await page.textContent('main');
    assert.match(main, /Nodes are unknown \(\d named by pods\)/);
    assert.equal(main.split('Only the namespaces ims and vepc can be seen.').length, 2, 'it is said once');
    assert.match(main, /The role may not list nodes/);
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth) <= width);
    const { violations } = await new AxeBuilder({ page }).analyze();
    assert.deepEqual(violations.map((found) => `${found.id}: ${found.nodes[0].html}`), []);
    if (SHOTS) {
      mkdirSync(SHOTS, { recursive: true });
      await page.screenshot({ path: `${SHOTS}/namespaced-${width}.png`, fullPage: true });
    }
    await page.context().close();
  });
}

test('REST tells the limit and lists of what cannot be read', async () => {
  const ask = async (path) => {
    const answer = await fetch(`${server.url}/api/v1/clusters/lab${path}`);
    return [answer.status, await answer.json()];
  };
  const [, cluster] = await until('news', async () => {
    const told = await ask('');
    return told[1].pods > 0 && told;
  });
  assert.deepEqual(cluster.namespaces, ['ims', 'vepc']);
  assert.match(cluster.missing.join(' '), /Only the namespaces ims and vepc can be seen\. The role may not list nodes/);
  assert.equal((await ask('/nodes'))[0], 403);
  const [status, pods] = await ask('/pods');
  assert.equal(status, 200);
  assert.ok(pods.missing.includes('Only the namespaces ims and vepc can be seen.'));
  assert.ok(pods.items.every((pod) => ['ims', 'vepc'].includes(pod.namespace)));
});
