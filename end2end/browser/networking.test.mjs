// The networking figure in a browser: it lives as the other one does, and a way can be followed.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { browser, live, open, stage } from './stage.mjs';

let chromium, lab;
before(async () => { [chromium, lab] = await Promise.all([browser(), stage()]); });
after(async () => { await chromium?.close(); await lab?.stop(); });

test('it is whole before any script and goes on without complaint', async () => {
  const page = await open(chromium, `${lab.page}/networking`);
  await live(page);
  assert.equal(await page.locator('[id="m:card/host1/0"]').count(), 1);
  assert.deepEqual(page.complaints ?? [], []);
});

test('a service that loses its endpoints stands out at once', async () => {
  const page = await open(chromium, `${lab.page}/networking`);
  await live(page);
  const slices = await (await fetch(`${lab.api.url}/apis/discovery.k8s.io/v1/namespaces/kube-system/endpointslices`)).json();
  const slice = slices.items.find((one) => one.metadata.labels['kubernetes.io/service-name'] === 'kube-dns');
  await page.waitForSelector('[id="m:service/kube-system/kube-dns"].h-ok');
  const conditions = slice.endpoints.map((one) => ({ ...one, conditions: { ...one.conditions, ready: false } }));
  await lab.call('PATCH', `/apis/discovery.k8s.io/v1/namespaces/kube-system/endpointslices/${slice.metadata.name}`, { endpoints: conditions });
  await page.waitForSelector('[id="m:service/kube-system/kube-dns"].h-bad', { timeout: 5000 });
});

test('a way is followed from the form, and leads back', async () => {
  const page = await open(chromium, `${lab.page}/networking`);
  await live(page);
  await page.fill('input[name=follow]', 'default/kubernetes');
  await page.press('input[name=follow]', 'Enter');
  await page.waitForSelector('[id="m:way/service/default/kubernetes"]');
  await page.click('a.whole');
  await page.waitForSelector('[id="m:node/host1"]');
  assert.match(page.url(), /\/networking/);
});
