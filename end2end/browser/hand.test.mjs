// What hands do with the figure, and what stays as it was while the cluster changes.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { browser, live, mark, open, stage, until } from './stage.mjs';

let chromium, lab;
before(async () => { [chromium, lab] = await Promise.all([browser(), stage()]); });
after(async () => { await chromium?.close(); await lab?.stop(); });

const stops = (page) => page.locator('#figure a.own[tabindex="0"]').count();
const viewBox = async (page) => (await page.getAttribute('svg.figure', 'viewBox')).split(' ').map(Number);

test('a link into the figure keeps the filters and the theme', async () => {
  const page = await open(chromium, `${lab.page}?ns=kube-system&theme=dark&sel=node/host4`);
  await live(page);
  await page.click('#panel a[href*="at="]');
  const to = new URL(page.url());
  assert.deepEqual([...to.searchParams], [['ns', 'kube-system'], ['theme', 'dark'], ['at', 'node/host4']]);
  await page.goto(`${lab.page}?show=table&ns=kube-system&theme=dark`);
  assert.equal(page.url(), `${lab.page}/table?ns=kube-system&theme=dark`);
});

test('the table is narrowed down as the figure is', async () => {
  const page = await open(chromium, `${lab.page}/table?theme=light`, { javaScriptEnabled: false });
  await page.selectOption('select[name=ns]', 'kube-system');
  await page.click('#filters button');
  assert.match(page.url(), /ns=kube-system.*theme=light/);
  const spaces = await page.locator('section[aria-labelledby=t-pods] tbody td:nth-child(3)').allTextContents();
  assert.deepEqual([...new Set(spaces)], ['kube-system']);
});

test('an owner beyond those that a page suggests is named by hand', async () => {
  const large = await stage({ nodes: 5, pods: 12_000 });
  try {
    const { items } = await large.call('GET', '/apis/apps/v1/deployments');
    const page = await open(chromium, `${large.page}/table?theme=light`, { javaScriptEnabled: false });
    await until('no field for an owner', async () => {
      if (await page.locator('#filters input[name=owner]').count()) return true;
      await page.reload();
      return false;
    });
    const suggested = await page.$$eval('datalist option', (options) => options.map(({ value }) => value));
    assert.ok(suggested.length > 0 && suggested.length <= 60, `${suggested.length} owners in the page`);
    const { name } = items.map(({ metadata }) => metadata).find((one) => !suggested.includes(`Deployment/${one.name}`));
    const owners = async () => [...new Set(await page.locator('section[aria-labelledby=t-pods] tbody td:nth-child(5)').allTextContents())];
    for (const typed of [`Deployment/${name}`, name]) {
      await page.fill('#filters input[name=owner]', typed);
      await page.press('#filters input[name=owner]', 'Enter');
      await page.waitForURL((url) => url.searchParams.get('owner') === typed);
      assert.deepEqual(await owners(), [`Deployment ${name}`]);
      assert.equal(await page.inputValue('#filters input[name=owner]'), typed);
    }
    const figure = await open(chromium, large.page);
    await live(figure);
    await figure.fill('#filters input[name=owner]', name);
    await figure.press('#filters input[name=owner]', 'Enter');
    await figure.waitForURL((url) => url.searchParams.get('owner') === name);
    assert.ok(await figure.locator('#marks .faded').count() > 0);
    await figure.context().close();
  } finally {
    await large.stop();
  }
});

test('there is one stop for the Tab key, whatever comes and goes', async () => {
  const page = await open(chromium, lab.page);
  await live(page);
  await lab.pod('stop', 'host4');
  await page.waitForSelector(mark('pod/default/stop'));
  assert.equal(await stops(page), 1);
  assert.equal(await page.getAttribute(`${mark('pod/default/stop')} > a`, 'tabindex'), '-1');
  await page.focus(`${mark('pod/default/stop')} > a`);
  await lab.gone('stop');
  await page.waitForSelector(mark('pod/default/stop'), { state: 'detached' });
  assert.equal(await stops(page), 1);
});

test('what is chosen stays outlined when it is drawn anew', async () => {
  const page = await open(chromium, lab.page);
  await live(page);
  await lab.pod('chosen', 'host4');
  await page.click(`${mark('pod/default/chosen')} > a`);
  await page.waitForSelector(`${mark('pod/default/chosen')}.selected`);
  await lab.gone('chosen');
  await page.waitForSelector(mark('pod/default/chosen'), { state: 'detached' });
  await lab.pod('chosen', 'host5');
  await page.waitForSelector(`${mark('node/host5')} ${mark('pod/default/chosen')}.selected`);
  await lab.gone('chosen');
});

test('Escape with nothing chosen leaves no step in the history', async () => {
  const page = await open(chromium, lab.page);
  await live(page);
  const steps = await page.evaluate(() => history.length);
  await page.keyboard.press('Escape');
  await page.keyboard.press('Escape');
  assert.equal(await page.evaluate(() => history.length), steps);
});

test('the panel of what is chosen follows the cluster', async () => {
  const page = await open(chromium, `${lab.page}?theme=light`);
  await live(page);
  await lab.pod('followed', 'host4');
  await page.click(`${mark('pod/default/followed')} > a`);
  await page.waitForSelector('#panel h2:text("followed")');
  await lab.call('PATCH', '/api/v1/namespaces/default/pods/followed/status', { status: { phase: 'Failed', reason: 'Evicted' } });
  await page.waitForSelector('#panel :text("Evicted")');
  await lab.gone('followed');
  await page.waitForSelector('#panel .hint :text("followed"), #panel .hint:text("followed")');
});

test('back and forward bring back what was chosen and the part that was seen', async () => {
  const page = await open(chromium, lab.page);
  await live(page);
  const whole = await viewBox(page);
  await page.click(`${mark('node/host4')} > a`);
  await page.waitForSelector('#panel h2:text("host4")');
  await page.keyboard.press('+');
  await page.waitForSelector('svg.figure.zoomed');
  const part = await viewBox(page);
  await page.goBack();
  await page.waitForSelector('svg.figure:not(.zoomed)');
  assert.deepEqual(await viewBox(page), whole);
  await page.waitForSelector('#panel .hint');
  await page.goForward();
  await page.waitForSelector('svg.figure.zoomed');
  await page.waitForSelector('#panel h2:text("host4")');
  const again = await viewBox(page);
  for (const [n, value] of part.entries()) assert.ok(Math.abs(again[n] - value) < 1, `${again} for ${part}`);
});

test('a part that no figure has does no harm', async () => {
  for (const part of ['NaN,0,500', '0,inf,500', '1e300,1e300,200', '-9,-9,-9', '1,2', 'a,b,c', '0,0,1e999']) {
    const page = await open(chromium, `${lab.page}#z=${part}`);
    await live(page);
    const [x, y, w, h] = await viewBox(page);
    assert.ok([x, y, w, h].every(Number.isFinite) && w > 0 && x >= -4 && y >= -4, `${part}: ${x} ${y} ${w} ${h}`);
    await page.keyboard.press('+');
    await page.waitForSelector('svg.figure.zoomed');
    await page.context().close();
  }
});

test('a drag moves what is seen and opens nothing, a click that trembles opens', async () => {
  const page = await open(chromium, lab.page);
  await live(page);
  const at = await page.locator(`${mark('chip/host2/etcd')} > a`).boundingBox();
  const [x, y] = [at.x + at.width / 2, at.y + at.height / 2];
  await page.mouse.move(x, y);
  await page.mouse.down();
  await page.mouse.move(x + 2, y + 1);
  await page.mouse.up();
  await page.waitForSelector('#panel :text("etcd on host2")');
  await page.keyboard.press('Escape');
  await page.keyboard.press('+');
  await page.waitForSelector('svg.figure.zoomed');
  const before = await viewBox(page);
  await page.mouse.move(x, y);
  await page.mouse.down();
  for (let n = 1; n <= 20; n += 1) await page.mouse.move(x - 4 * n, y - n);
  await page.mouse.up();
  const after = await viewBox(page);
  assert.ok(after[0] > before[0] + 20, `${before} ${after}`);
  assert.ok(await page.$('#panel .hint'));
});

for (const [where, viewport] of [['tablet', { width: 1024, height: 768 }], ['phone', { width: 390, height: 844 }]]) {
  test(`two fingers zoom the figure on a ${where}, one scrolls the page`, async () => {
    const page = await open(chromium, lab.page, { viewport, hasTouch: true, isMobile: true });
    await live(page);
    const hand = await page.context().newCDPSession(page);
    const touch = (type, ...points) => hand.send('Input.dispatchTouchEvent', { type, touchPoints: points.map(([x, y], id) => ({ x, y, id })) });
    const box = await page.locator('#figure').boundingBox();
    const [x, y] = [box.x + box.width / 2, Math.min(box.y + box.height / 2, viewport.height - 120)];
    await touch('touchStart', [x, y]);
    for (let n = 1; n <= 10; n += 1) await touch('touchMove', [x, y - 15 * n]);
    await touch('touchEnd');
    await page.waitForFunction(() => window.scrollY > 50);
    assert.equal(await page.$('svg.figure.zoomed'), null);
    await page.evaluate(() => window.scrollTo(0, 0));
    const wide = (await viewBox(page))[2];
    await touch('touchStart', [x - 20, y], [x + 20, y]);
    for (let n = 1; n <= 10; n += 1) await touch('touchMove', [x - 20 - 8 * n, y], [x + 20 + 8 * n, y]);
    await touch('touchEnd');
    await page.waitForSelector('svg.figure.zoomed');
    assert.ok((await viewBox(page))[2] < wide / 1.5, `${await viewBox(page)} of ${wide}`);
    assert.equal(await page.evaluate(() => window.visualViewport.scale), 1);
  });
}
