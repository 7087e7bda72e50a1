// The page of a cluster: still without script, alive with it.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { browser, live, mark, open, stage } from './stage.mjs';

let chromium, lab;
before(async () => { [chromium, lab] = await Promise.all([browser(), stage()]); });
after(async () => { await chromium?.close(); await lab?.stop(); });

test('without script the whole figure can be read and gone through', async () => {
  const page = await open(chromium, lab.page, { javaScriptEnabled: false });
  for (const host of ['host1', 'host5']) assert.ok(await page.$(mark(`node/${host}`)), host);
  assert.match(await page.textContent('#sentence'), /3 of 3 masters up/);
  await page.click(`${mark('chip/host1/etcd')} > a`);
  assert.match(await page.textContent('#panel'), /etcd on host1/);
  await page.click('nav.tabs a:text("Table")');
  assert.match(await page.textContent('main'), /kube-apiserver/);
});

test('the page comes alive without a word on the console', async () => {
  const page = await open(chromium, lab.page);
  await live(page);
  assert.deepEqual(page.complaints, []);
});

test('a pod that comes and goes does so in the page', async () => {
  const page = await open(chromium, lab.page);
  await live(page);
  await lab.pod('comes-and-goes', 'host4');
  await page.waitForSelector(`${mark('node/host4')} ${mark('pod/default/comes-and-goes')}`);
  await lab.gone('comes-and-goes');
  await page.waitForSelector(mark('pod/default/comes-and-goes'), { state: 'detached' });
  assert.deepEqual(page.complaints, []);
});

test('the page after many changes is the page that a reload would bring', async () => {
  const page = await open(chromium, lab.page);
  await live(page);
  for (let n = 0; n < 12; n += 1) {
    await lab.pod(`many-${n}`, n % 2 ? 'host4' : 'host5');
    if (n % 3 === 0) await lab.gone(`many-${n}`);
  }
  await lab.pod('last', 'host5');
  await page.waitForSelector('#sentence :text("not ready")');
  await page.waitForTimeout(500);
  const marks = () => page.evaluate(() => [...document.querySelectorAll('#marks g[id]')].map((g) => [g.id, g.getAttribute('class'), g.getAttribute('transform'), g.parentElement.id, g.firstElementChild.textContent]));
  const patched = await marks();
  await page.reload();
  assert.deepEqual(patched, await marks());
  for (let n = 0; n < 12; n += 1) if (n % 3) await lab.gone(`many-${n}`);
  await lab.gone('last');
});

test('choosing a mark opens its panel, the address says so, and the way back works', async () => {
  const page = await open(chromium, lab.page);
  await live(page);
  await page.click(`${mark('chip/host2/kube-controller-manager')} > a`);
  await page.waitForSelector('#panel :text("endpoints controller")');
  assert.match(page.url(), /sel=component\/host2\/kube-controller-manager/);
  assert.ok(await page.$(`${mark('chip/host2/kube-controller-manager')}.selected`));
  await page.goBack();
  await page.waitForSelector('#panel .hint');
  assert.doesNotMatch(page.url(), /sel=/);
});

test('a link brings the same view to somebody else', async () => {
  const page = await open(chromium, `${lab.page}?ns=kube-system&sel=node/host4#z=20,400,500`);
  await live(page);
  assert.equal(await page.inputValue('select[name=ns]'), 'kube-system');
  assert.match(await page.textContent('#panel h2'), /host4/);
  assert.match(await page.getAttribute('svg.figure.zoomed', 'viewBox'), /^20\.0 400\.0 500\.0 /);
  assert.ok(await page.$('.k-group.faded'));
});

test('the keyboard walks the figure, zooms, searches and closes', async () => {
  const page = await open(chromium, lab.page);
  await live(page);
  await page.focus(`${mark('node/host1')} > a`);
  await page.keyboard.press('ArrowRight');
  const focused = () => page.evaluate(() => document.activeElement.parentElement.id);
  assert.notEqual(await focused(), 'm:node/host1');
  await page.keyboard.press('Enter');
  await page.waitForSelector('#panel h2');
  await page.keyboard.press('+');
  await page.waitForSelector('svg.figure.zoomed');
  await page.keyboard.press('0');
  await page.waitForSelector('svg.figure:not(.zoomed)');
  await page.keyboard.press('Escape');
  await page.waitForSelector('#panel .hint');
  await page.keyboard.press('/');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'search');
});

test('what a cluster says stays text', async () => {
  const page = await open(chromium, lab.page);
  await live(page);
  await lab.pod('hostile', 'host4');
  const reason = '<img src=x onerror="document.title=1">\u202e';
  await lab.call('PATCH', '/api/v1/namespaces/default/pods/hostile/status', { status: { phase: 'Failed', reason } });
  await page.waitForSelector(`${mark('pod/default/hostile')}.h-bad`);
  await page.click(`${mark('pod/default/hostile')} > a`);
  await page.waitForSelector('#panel :text("<img src=x")');
  assert.equal(await page.$('#figure img, #panel img'), null);
  assert.notEqual(await page.title(), '1');
  await lab.gone('hostile');
});

test('every text fits its box in a real font', async () => {
  const page = await open(chromium, lab.page);
  const wide = await page.evaluate(() => [...document.querySelectorAll('#marks .own')].flatMap((own) => {
    const box = own.querySelector('rect');
    if (!box) return [];
    const [left, right] = [0, box.width.baseVal.value];
    return [...own.querySelectorAll('text')].filter((text) => {
      const at = text.getBBox();
      return at.x < left - 1 || at.x + at.width > right + 1;
    }).map((text) => text.textContent);
  }));
  assert.deepEqual(wide, []);
});

test('on a phone nothing is wider than the page', async () => {
  const page = await open(chromium, lab.page, { viewport: { width: 390, height: 844 } });
  await live(page);
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth));
  const master = await page.locator(`${mark('node/host1')} > a`).boundingBox();
  assert.ok(master.x >= 0 && master.x + master.width <= 390, `${master.x} + ${master.width}`);
});
