// Beside the figure: actions, what needs attention, and a search that lists what it finds.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { AxeBuilder } from '@axe-core/playwright';
import { browser, live, open, stage } from './stage.mjs';

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
