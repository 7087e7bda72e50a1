// Beside the figure: actions, what needs attention, and a search that lists what it finds.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { AxeBuilder } from '@axe-core/playwright';
import { browser, folder, live, open, stage, start, until } from './stage.mjs';

let chromium, lab;
before(async () => { [chromium, lab] = await Promise.all([browser(), stage()]); });
after(async () => { await chromium?.close(); await lab?.stop(); });

async function everybody(page, width) {
  const { violations } = await new AxeBuilder({ page }).analyze();
  assert.deepEqual(violations.map((found) => `${found.id}: ${found.nodes[0].html} ${found.nodes[0].failureSummary}`), []);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(wide <= width, `${wide} px wide`);
}

const failing = { phase: 'Failed', reason: 'Evicted' };

test('what fails is listed beside the figure within seconds, and goes when it is mended', async () => {
  const page = await open(chromium, lab.page);
  await live(page);
  await lab.pod('lonely', 'host4');
  await lab.call('PATCH', '/api/v1/namespaces/default/pods/lonely/status', { status: failing });
  const line = '#overview .concerns a:has-text("Pod default/lonely")';
  await page.waitForSelector(line, { timeout: 30_000 });
  await page.click(line);
  await page.waitForSelector('#panel h2:has-text("lonely")');
  assert.equal(await page.isVisible('.overview'), false, 'what is selected takes the place');
  await page.keyboard.press('Escape');
  assert.equal(await page.isVisible('.overview'), true);
  await lab.gone('lonely');
  await page.waitForFunction(() => !document.querySelector('#overview')?.textContent.includes('default/lonely'), null, { timeout: 30_000 });
  await page.context().close();
});

test('a search lists its hits while one types, and the keyboard walks through them', async () => {
  const page = await open(chromium, lab.page);
  await live(page);
  await page.focus('#search');
  await page.keyboard.type('host4');
  await page.waitForSelector('#hits:not([hidden]) .count-line:has-text("node")');
  await page.keyboard.press('ArrowDown');
  assert.match(await page.evaluate(() => document.activeElement.textContent), /host4/);
  await everybody(page, 1480);
  await page.keyboard.press('Enter');
  await page.waitForSelector('#panel h2:has-text("host4")');
  await page.context().close();
});

test('without script a search lists its hits, and one hit opens', async () => {
  const page = await open(chromium, `${lab.page}?q=host`, { javaScriptEnabled: false });
  assert.match(await page.textContent('.found'), /matches · 5 nodes/);
  await page.goto(`${lab.page}?q=zzz`);
  assert.match(await page.textContent('.found'), /No matches for “zzz”/);
  await page.click('.found > a');
  assert.equal(await page.locator('.found').count(), 0);
  await page.goto(`${lab.page}?q=node/host4`);
  assert.match(page.url(), /sel=node\/host4/);
  assert.match(await page.textContent('#panel h2'), /host4/);
  await page.context().close();
});

// A second cluster, and one that says nothing at all.
async function several(t) {
  const silent = createServer(() => {});
  await new Promise((ready) => { silent.listen(0, '127.0.0.1', ready); });
  const api = await start(['simulate', '--listen', '127.0.0.1:0', '--life', 'off']);
  const data = folder();
  const kubeconfig = join(data, 'kubeconfig');
  const servers = { north: lab.api.url, south: api.url, silent: `http://127.0.0.1:${silent.address().port}` };
  const names = Object.keys(servers);
  writeFileSync(kubeconfig, JSON.stringify({
    apiVersion: 'v1', kind: 'Config', 'current-context': 'north', users: [{ name: 'u', user: {} }],
    clusters: names.map((name) => ({ name, cluster: { server: servers[name] } })),
    contexts: names.map((name) => ({ name, context: { cluster: name, user: 'u' } })),
  }));
  const server = await start(['serve', '--listen', '127.0.0.1:0', '--data', data, '--kubeconfig', kubeconfig]);
  t.after(async () => { await server.stop(); await api.stop(); silent.closeAllConnections(); silent.close(); });
  return server;
}

test('a search finds a name in all clusters, and waits for none that is silent', async (t) => {
  const all = await several(t);
  const found = async (text) => (await fetch(`${all.url}/find?typed=${text}`)).text();
  await until('both clusters are searched', async () => /2 matches · 2 nodes/.test(await found('node/host4')));
  const began = Date.now();
  assert.match(await found('node/host4'), /nothing is known of them yet: silent\./);
  assert.ok(Date.now() - began < 60_000);
  for (const [colorScheme, width] of [['light', 1480], ['dark', 1480], ['dark', 390]]) {
    const page = await open(chromium, `${all.url}/`, { colorScheme, viewport: { width, height: 900 } });
    await page.waitForFunction(() => document.querySelector('leptos-island') && document.readyState === 'complete');
    await until('the key does not reach the field', async () => {
      await page.keyboard.press('/');
      return page.evaluate(() => document.activeElement?.id === 'search');
    });
    await page.keyboard.type('node/host4');
    await page.waitForSelector('#hits:not([hidden]) .count-line:has-text("2 matches · 2 nodes")');
    assert.deepEqual(await page.locator('#hits li span').allTextContents(), ['north', 'south']);
    await everybody(page, width);
    if (process.env.BINNACLE_SHOTS) await page.screenshot({ path: join(process.env.BINNACLE_SHOTS, `search-${colorScheme}-${width}.png`) });
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    await Promise.all([page.waitForURL(/c\/south\?sel=node\/host4/), page.keyboard.press('Enter')]);
    await page.waitForSelector('#panel h2:has-text("host4")');
    await page.context().close();
  }
  const page = await open(chromium, `${all.url}/`, { javaScriptEnabled: false });
  await page.fill('#search', 'host4');
  await Promise.all([page.waitForURL(/q=host4/), page.keyboard.press('Enter')]);
  assert.match(await page.textContent('.found'), /matches · .*2 nodes/);
  assert.match(await page.textContent('.found'), /north.*south/s);
  await page.fill('#search', 'zzz');
  await Promise.all([page.waitForURL(/q=zzz/), page.keyboard.press('Enter')]);
  assert.match(await page.textContent('.found'), /No matches for “zzz”/);
  await page.fill('#search', 'sout');
  await Promise.all([page.waitForURL(/c\/south$/), page.keyboard.press('Enter')]);
  await page.context().close();
});

test('each cluster has a card that is renewed, and a silent one says so', async (t) => {
  const all = await several(t);
  const card = (name) => `#clusters > li:has(strong:text-is("${name}"))`;
  const heard = async () => (await fetch(`${all.url}/cards`)).text();
  await until('both clusters are heard', async () => (await heard()).split('aria-label="5 hosts: 5 healthy"').length === 3);
  for (const [colorScheme, width] of [['light', 1480], ['dark', 1024], ['dark', 390]]) {
    const page = await open(chromium, `${all.url}/`, { colorScheme, viewport: { width, height: 900 } });
    assert.match(await page.textContent(`${card('north')} .said`), /3 of 3 masters up/);
    assert.doesNotMatch(await page.textContent(card('silent')), /masters|hosts/);
    await everybody(page, width);
    if (process.env.BINNACLE_SHOTS) await page.screenshot({ path: join(process.env.BINNACLE_SHOTS, `cards-${colorScheme}-${width}.png`) });
    await page.context().close();
  }
  const page = await open(chromium, `${all.url}/`);
  await page.focus(`${card('north')} > a`);
  const concerns = async (page, name) => Number(/(\d+) things? needs? attention/.exec(await page.textContent(card(name)))?.[1] ?? 0);
  // Nobody renews the leases of this cluster, so that more and more needs attention: the card is held to the API.
  const isRenewed = async (listed) => {
    const { attention } = await (await fetch(`${all.url}/api/v1/clusters/north`)).json();
    const isListed = attention.items.some(({ what }) => what === 'Pod default/on-card');
    return isListed === listed && (await concerns(page, 'north')) === attention.total;
  };
  await lab.pod('on-card', 'host4');
  await lab.call('PATCH', '/api/v1/namespaces/default/pods/on-card/status', { status: failing });
  await until('the card is not renewed', () => isRenewed(true));
  assert.equal(await page.evaluate(() => document.activeElement?.textContent), 'north', 'the keyboard stays where it was');
  await lab.gone('on-card');
  await until('the card is not renewed', () => isRenewed(false));
  await Promise.all([page.waitForURL(/c\/north$/), page.keyboard.press('Enter')]);
  await page.context().close();
});

test('a theme is remembered and no link carries it', async () => {
  const page = await open(chromium, lab.page, { javaScriptEnabled: false });
  await page.click('.themes a:text-is("Dark")');
  assert.equal(page.url(), lab.page);
  await page.click('nav.tabs a:text-is("Table")');
  assert.ok(!page.url().includes('theme'), page.url());
  assert.equal(await page.getAttribute('html', 'data-theme'), 'dark');
  await page.click('.themes a:text-is("System")');
  assert.equal(await page.getAttribute('html', 'data-theme'), null);
  await page.context().close();
});

test('on a narrow screen what is selected is a sheet in sight', async () => {
  for (const width of [1024, 390]) {
    const page = await open(chromium, `${lab.page}?sel=node/host4`, { viewport: { width, height: 844 } });
    const box = await page.locator('#panel').boundingBox();
    assert.ok(box.y < 844 && box.y + box.height <= 845, `${width} px: ${JSON.stringify(box)}`);
    await everybody(page, width);
    await page.context().close();
  }
});
