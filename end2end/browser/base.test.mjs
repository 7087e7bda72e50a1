// Below a base path, behind a proxy that has other things at its root.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createServer, request } from 'node:http';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';
import { binnacle, browser, folder, live, mark, open, stage } from './stage.mjs';

const BASE = '/binnacle', PASSWORD = 'correct horse battery';
let chromium, lab, token, proxies;

// What nginx would be; `strips`: it takes the base off what it sends on. What was asked of its root is kept.
async function proxy(strips) {
  const outside = [], portal = { page: '' };
  const onward = (asked) => {
    const { port } = new URL(lab.url);
    const path = strips ? asked.url.slice(BASE.length) || '/' : asked.url;
    const headers = { ...asked.headers, host: `127.0.0.1:${port}`, 'x-forwarded-host': asked.headers.host, 'x-forwarded-for': '192.0.2.7', 'x-forwarded-proto': 'http' };
    return { host: '127.0.0.1', port, path, method: asked.method, headers };
  };
  const server = createServer((asked, answer) => {
    if (asked.url === '/portal') {
      answer.setHeader('content-type', 'text/html').end(`<!DOCTYPE html><title>portal</title><link rel="icon" href="data:,">${portal.page}`);
      return;
    }
    if (!asked.url.startsWith(BASE)) {
      outside.push(asked.url);
      answer.writeHead(404).end('not Binnacle');
      return;
    }
    asked.pipe(request(onward(asked), (said) => {
      answer.writeHead(said.statusCode, said.rawHeaders);
      said.pipe(answer);
    }).on('error', () => answer.destroy()));
  });
  server.on('upgrade', (asked, browser) => {
    const { port, path, headers } = onward(asked);
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`).join('');
    const line = connect(port, '127.0.0.1', () => {
      line.write(`GET ${path} HTTP/1.1\r\n${lines}\r\n`);
      line.pipe(browser).pipe(line);
    });
    line.on('error', () => browser.destroy());
    browser.on('error', () => line.destroy());
  });
  await new Promise((done) => { server.listen(0, '127.0.0.1', done); });
  const origin = `http://portal.localhost:${server.address().port}`;
  return { strips, origin, url: origin + BASE, outside, portal, stop: () => { server.closeAllConnections(); server.close(); } };
}

before(async () => {
  const data = folder();
  execFileSync(binnacle, ['user', 'add', 'ann', '--role', 'admin', '--data', data], { input: `${PASSWORD}\n` });
  token = execFileSync(binnacle, ['token', 'add', 'portal', '--role', 'viewer', '--days', '1', '--data', data], { encoding: 'utf8' })
    .split(/\s+/).find((word) => word.startsWith('bnc_'));
  proxies = await Promise.all([proxy(false), proxy(true)]);
  [chromium, lab] = await Promise.all([browser(), stage({ data, more: ['--base-path', BASE, '--sign-in', 'local',
    '--trusted-proxies', '127.0.0.1', '--hosts', 'portal.localhost', '--embed-origins', proxies.map(({ origin }) => origin).join()] })]);
});
after(async () => {
  try { await chromium?.close(); } finally { proxies?.forEach((proxy) => proxy.stop()); await lab?.stop(); }
});

for (const [n, kind] of ['sends paths as they are', 'takes the base off'].entries()) {
  test(`behind a proxy that ${kind} people sign in, pages live, and sign out`, async () => {
    const { url, origin, outside } = proxies[n];
    const page = await open(chromium, `${url}/c/lab`);
    assert.equal(page.url(), `${url}/sign-in?next=/c/lab`);
    await page.fill('input[name=name]', 'ann');
    await page.fill('input[name=password]', PASSWORD);
    await page.click('main button[type=submit]');
    assert.equal(page.url(), `${url}/c/lab`);
    await live(page);
    const [cookie] = await page.context().cookies(url);
    assert.equal(cookie.path, BASE);
    assert.deepEqual(await page.context().cookies(origin), [], 'the root of the host gets no cookie of ours');
    const name = `through-${n}`;
    await lab.pod(name, 'host4');
    await page.waitForSelector(mark(`pod/default/${name}`), { state: 'attached', timeout: 30_000 });
    await page.click(`${mark('node/host4')} > a`, { position: { x: 20, y: 10 } });
    await page.waitForSelector('#panel h2:has-text("host4")');
    assert.equal(new URL(page.url()).pathname, `${BASE}/c/lab`);
    for (const tab of ['Networking', 'Drift', 'Table', 'Architecture']) {
      await page.click(`nav.tabs a:has-text("${tab}")`);
      if (['Networking', 'Architecture'].includes(tab)) await live(page);
    }
    const picture = await page.getAttribute('.files a', 'href');
    assert.equal(await page.evaluate(async (to) => (await fetch(to)).headers.get('content-type'), picture), 'image/svg+xml');
    for (const name of ['tokens', 'audit']) {
      await page.click('.visitor summary');
      await page.click(`.menu a[href$="/${name}"]`);
      assert.equal(page.url(), `${url}/${name}`);
    }
    await page.click('.visitor summary');
    await page.click('form[action$="/sign-out"] button');
    assert.equal(page.url(), `${url}/sign-in`);
    assert.deepEqual(await page.context().cookies(url), []);
    await lab.gone(name);
    assert.deepEqual(outside, [], 'nothing was asked for outside of the base');
    await page.context().close();
  });

  test(`behind a proxy that ${kind} a figure in a frame is live`, async () => {
    const { origin, outside, portal } = proxies[n];
    const answer = await fetch(`${lab.url}/api/v1/embed-links`, {
      method: 'POST', headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ cluster: 'lab', view: 'networking' }),
    });
    const made = await answer.json();
    const [path, picture] = [made.page, made.picture].map((address) => address.slice(new URL(address).origin.length));
    assert.ok(path.startsWith(`${BASE}/embed/lab/networking?link=`), path);
    portal.page = `<iframe src="${path}" width="800" height="500"></iframe><img src="${picture}" alt="the cluster">`;
    const page = await open(chromium, `${origin}/portal`);
    const [frame] = page.frames().filter((frame) => frame !== page.mainFrame());
    await live(frame);
    await page.waitForFunction(() => document.querySelector('img').naturalWidth > 300);
    assert.deepEqual(outside, []);
    await page.context().close();
  });
}
