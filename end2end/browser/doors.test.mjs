// The pages of access and of the API: nothing for axe to find in light, dark and on a phone, no script needed, a keyboard enough.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, before, test } from 'node:test';
import { AxeBuilder } from '@axe-core/playwright';
import { binnacle, browser, folder, open, start } from './stage.mjs';

const PASSWORD = 'correct horse battery';
const PODS = 'get_clusters_cluster_pods';
const PAGES = ['/sign-in', '/tokens', '/audit', '/api', `/api?try=${PODS}&p.cluster=demo&p.limit=2#${PODS}`,
  '/api?try=get_clusters_cluster_diagrams_file&p.cluster=demo&p.file=architecture.svg', '/api?try=get_clusters_cluster&p.cluster=none'];
let chromium, server;

before(async () => {
  const data = folder();
  execFileSync(binnacle, ['user', 'add', 'ann', '--role', 'admin', '--data', data], { input: `${PASSWORD}\n` });
  for (const name of ['one', 'another']) execFileSync(binnacle, ['token', 'add', name, '--role', 'viewer', '--days', '1', '--data', data]);
  [chromium, server] = await Promise.all([browser(), start(['serve', '--demo', '--listen', '127.0.0.1:0', '--data', data, '--sign-in', 'local'])]);
});
after(async () => { try { await chromium?.close(); } finally { await server?.stop(); } });

async function signedIn(options) {
  const page = await open(chromium, `${server.url}/sign-in?next=/tokens`, options);
  await page.fill('input[name=name]', 'ann');
  await page.fill('input[name=password]', PASSWORD);
  await page.click('main button[type=submit]');
  assert.equal(page.url(), `${server.url}/tokens`);
  return page;
}

for (const colorScheme of ['light', 'dark']) {
  for (const width of [1400, 390]) {
    test(`axe finds nothing, and no page is wider than its window: ${colorScheme}, ${width} pixels`, async () => {
      const page = await signedIn({ colorScheme, viewport: { width, height: 844 } });
      for (const path of PAGES) {
        await page.goto(server.url + path);
        if (path === '/api') await page.evaluate(() => document.querySelectorAll('details.operation').forEach((one) => { one.open = true; }));
        const { violations } = await new AxeBuilder({ page }).analyze();
        assert.deepEqual(violations.map((found) => `${path} ${found.id}: ${found.nodes[0].html} ${found.nodes[0].failureSummary}`), []);
        assert.ok(await page.evaluate(() => document.documentElement.scrollWidth) <= width, `${path} is wider`);
      }
      await page.context().close();
    });
  }
}

test('without script the API is tried by keyboard alone', async () => {
  const page = await signedIn({ javaScriptEnabled: false });
  await page.goto(`${server.url}/api`);
  await page.locator(`#${PODS} summary`).focus();
  await page.keyboard.press('Enter');
  await page.locator(`#${PODS} select[name="p.cluster"]`).focus();
  await page.keyboard.press('Tab');
  await page.keyboard.type('kube-system');
  await page.keyboard.press('Enter');
  await page.waitForURL(/p\.namespace=kube-system.*#get_clusters_cluster_pods$/);
  assert.match(await page.textContent(`#${PODS} [role=status] .badge`), /200 OK/);
  assert.match(await page.textContent(`#${PODS} pre.answer`), /"namespace": "kube-system"/);
  assert.ok(!(await page.textContent(`#${PODS} pre.answer`)).includes('"namespace": "ims"'));
  assert.equal(await page.inputValue(`#${PODS} input[name="p.namespace"]`), 'kube-system');
  await page.click(`#${PODS} .address a`);
  assert.match(page.url(), /\/api\/v1\/clusters\/demo\/pods\?namespace=kube-system$/);
  await page.context().close();
});

test('a figure that was tried is seen, and what acts is shown as a command with no token in it', async () => {
  const page = await signedIn();
  await page.goto(server.url + PAGES[5]);
  await page.waitForFunction(() => document.querySelector('img.answer').naturalWidth > 300);
  const made = '#post_tokens';
  await page.click(`${made} summary`);
  assert.equal(await page.locator(`${made} form`).count(), 0);
  const command = await page.textContent(`${made} pre`);
  assert.match(command, /-X POST -H "Authorization: Bearer \$TOKEN"/);
  assert.ok(command.includes(`'${server.url}/api/v1/tokens'`) && !command.includes('bnc_'), command);
  await page.context().close();
});

test('light and dark are kept from page to page', async () => {
  const page = await signedIn();
  await page.click('.themes a:has-text("Dark")');
  const theme = () => page.evaluate(() => document.documentElement.dataset.theme);
  for (const link of ['API', 'Plans', 'Binnacle']) {
    await page.click(`.top > a:has-text("${link}")`);
    assert.equal(await theme(), 'dark', link);
  }
  await page.click('.visitor summary');
  await page.click('.menu a:has-text("Audit")');
  await page.click('main button[type=submit]');
  assert.equal(await theme(), 'dark', 'after a form');
  await page.context().close();
});
