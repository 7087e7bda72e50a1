// Plans on a page: chosen or pasted, with their figure, their findings and the lines that these are about.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { after, before, test } from 'node:test';
import { AxeBuilder } from '@axe-core/playwright';
import { browser, folder, live, open, start } from './stage.mjs';

const plan = (file) => readFileSync(fileURLToPath(new URL(`../../server/src/demo/plan/${file}`, import.meta.url)), 'utf8');
const dha = plan('dha.yml');
const network = plan('network.yml');
// The VIP lies in the pool that hosts are given addresses from; a host's name is a command; a password stands there.
const wrong = network.replace('ip: 10.1.0.222', 'ip: 10.1.0.60');
const evil = dha.replace('name: host5', 'name: $(reboot)').replace('FLAVOR', 'ipmiPass: open-sesame\nFLAVOR');

let chromium, server;
before(async () => {
  const data = folder();
  const plans = join(data, 'plans');
  mkdirSync(join(plans, 'pod1'), { recursive: true });
  for (const [name, text] of [['dha.yml', dha], ['pod1/network.yml', network], ['wrong.yml', wrong], ['evil.yml', evil]]) {
    writeFileSync(join(plans, name), text);
  }
  [chromium, server] = await Promise.all([
    browser(), start(['serve', '--demo', '--listen', '127.0.0.1:0', '--data', data, '--plans', plans]),
  ]);
});
after(async () => { await chromium?.close(); await server?.stop(); });

const heading = (page) => page.locator('h1').innerText();

test('a plan is chosen, and its figure and findings stand side by side', async () => {
  const page = await open(chromium, `${server.url}/plans`);
  await page.selectOption('select[name=dha]', 'dha.yml');
  await page.selectOption('select[name=network]', 'wrong.yml');
  await page.click('form.filters button');
  assert.equal(await heading(page), 'A Kubernetes plan of 5 hosts; 1 warning');
  const [figure, findings] = await Promise.all(['.sheet', '.panel'].map((part) => page.locator(part).boundingBox()));
  assert.ok(figure.x + figure.width <= findings.x && Math.abs(figure.y - findings.y) < 2, 'they do not stand side by side');
  assert.equal(await page.locator('[id="m:node/host5"].h-ghost').count(), 1);
  assert.equal(await page.locator('select[name=network]').inputValue(), 'wrong.yml');
});

test('a finding leads to its line, which is marked and says it', async () => {
  const page = await open(chromium, `${server.url}/plans?dha=dha.yml&network=wrong.yml`);
  await page.click('.findings a');
  const line = page.locator('li:target');
  assert.match(await line.innerText(), /internal_vip: \{ip: 10\.1\.0\.60.*\s+warning: internal_vip 10\.1\.0\.60 lies in ip_ranges of mgmt/);
  assert.ok(await line.evaluate((item) => item.classList.contains('marked') && item.classList.contains('h-warn')));
  const box = await line.boundingBox();
  assert.ok(box.y >= 0 && box.y < 1000, 'the line is not on the screen');
});

test('a pasted plan is checked, never started, and keeps its secret to itself', async () => {
  const page = await open(chromium, `${server.url}/plans`, { javaScriptEnabled: false });
  await page.fill('textarea[name=dha]', evil);
  await page.fill('textarea[name=network]', network);
  await page.click('form.paste button');
  assert.equal(await heading(page), 'A Kubernetes plan of 5 hosts; 2 errors, 1 note; it can be looked at, never started');
  assert.match(await page.locator('.findings').innerText(), /no plain word to a shell/);
  assert.doesNotMatch(await page.content(), /open-sesame/);
  assert.match(await page.locator('#dha-3').innerText(), /ipmiPass: •••/);
});

test('what is no plan is said, and nothing outside of the folder is read', async () => {
  const page = await open(chromium, `${server.url}/plans`);
  await page.fill('textarea[name=dha]', "a: 'open");
  await page.click('form.paste button');
  assert.match(await heading(page), /Not a readable plan; 1 error/);
  for (const name of ['../kubeconfig', '/etc/passwd', 'pod1/../../kubeconfig']) {
    const answer = await fetch(`${server.url}/plans?dha=${encodeURIComponent(name)}`);
    assert.equal(answer.status, 404, name);
  }
});

test('a VIP of the plan is followed from its network to the masters', async () => {
  const page = await open(chromium, `${server.url}/c/demo/networking`);
  await live(page);
  await page.locator('[id="m:net/mgmt"] > a').focus();
  await page.keyboard.press('Enter');
  await page.waitForSelector('[id="m:way/service/default/kubernetes"]');
  assert.equal(await page.locator('[id^="m:way/entry/VIP/10.1.0.222"]').count(), 1);
  for (const host of ['host1', 'host2', 'host3']) assert.equal(await page.locator(`[id="m:way/card/${host}/eth0"]`).count(), 1);
});

for (const colorScheme of ['light', 'dark']) {
  for (const width of [1480, 390]) {
    test(`axe finds nothing on a plan with findings, ${colorScheme}, ${width} wide`, async () => {
      const page = await open(chromium, `${server.url}/plans?dha=evil.yml&network=wrong.yml`, { colorScheme, viewport: { width, height: 900 } });
      const found = await new AxeBuilder({ page }).analyze();
      assert.deepEqual(found.violations.map((one) => `${one.id}: ${one.nodes[0].html}`), []);
      const over = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      assert.ok(over <= 0, `the page is ${over} px wider than the screen`);
    });
  }
}
