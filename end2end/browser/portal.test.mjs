// Figures in the frames of a portal on another origin, where third-party cookies do not work.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { binnacle, browser, folder, mark, open, stage } from './stage.mjs';

const FIGURES = ['architecture', 'networking'];
let chromium, lab, named, stranger, token;

// A page on an origin of its own; what it holds is said later.
async function portal() {
  let body = '';
  let policy;
  const server = createServer((_, answer) => (policy ? answer.setHeader('content-security-policy', policy) : answer)
    .setHeader('content-type', 'text/html').end(`<!DOCTYPE html><title>portal</title>
    <script>window.told = []; addEventListener('message', (event) => told.push({ origin: event.origin, ...event.data }));</script>${body}`));
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  const origin = `http://127.0.0.1:${server.address().port}`;
  return { origin, show: (html, allowed) => { body = html; policy = allowed; }, stop: () => server.close() };
}

async function link(wanted) {
  const answer = await fetch(`${lab.url}/api/v1/embed-links`, {
    method: 'POST', headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ cluster: 'lab', ...wanted }),
  });
  assert.equal(answer.status, 201);
  const made = await answer.json();
  // Another name than the portal's: to the browser they are two sites.
  for (const name of ['page', 'picture', 'pixels']) made[name] = made[name].replace(lab.url, lab.local);
  return made;
}

const frames = (links, more = '') => links.map(({ page }) => `<iframe src="${page}&theme=dark" width="420" height="320" ${more}></iframe>`).join('');
const inside = (page) => page.frames().filter((frame) => frame !== page.mainFrame());
// A frame that is out of sight draws nothing, so that looking at each drawing would wait for ever.
const shows = (frame, wanted) => frame.waitForFunction((one) => document.querySelector(one), wanted, { timeout: 60_000, polling: 250 });
const figures = (page) => Promise.all(inside(page).map((frame) => shows(frame, '#pulse.live')));

before(async () => {
  [named, stranger] = await Promise.all([portal(), portal()]);
  const data = folder();
  token = execFileSync(binnacle, ['token', 'add', 'portal', '--role', 'viewer', '--days', '1', '--data', data], { encoding: 'utf8' })
    .split(/\s+/).find((word) => word.startsWith('bnc_'));
  [chromium, lab] = await Promise.all([browser(),
    stage({ data, more: ['--sign-in', 'tokens', '--embed-origins', named.origin] })]);
  lab.local = lab.url.replace('127.0.0.1', 'localhost');
});
after(async () => { await chromium?.close(); named?.stop(); stranger?.stop(); await lab?.stop(); });

test('twelve frames of a portal on another site are all live and none can act', async () => {
  const links = await Promise.all(Array.from({ length: 12 }, (_, n) => link({ view: FIGURES[n % 2], origin: named.origin })));
  named.show(frames(links));
  const page = await open(chromium, named.origin);
  assert.equal(inside(page).length, 12);
  await figures(page);
  await lab.pod('in-a-portal', 'host5');
  const architectures = inside(page).filter((frame) => frame.url().includes('/architecture'));
  assert.equal(architectures.length, 6);
  await Promise.all(architectures.map((frame) => frame.waitForSelector(mark('pod/default/in-a-portal'), { state: 'attached', timeout: 30_000 })));
  // The networking figure draws no pods: a node that comes is news in every frame.
  await lab.call('POST', '/api/v1/nodes', { apiVersion: 'v1', kind: 'Node', metadata: { name: 'host9' }, spec: {} });
  await Promise.all(inside(page).map((frame) => frame.waitForSelector('[id*="host9"]', { state: 'attached', timeout: 30_000 })));
  const frame = architectures[0];
  assert.equal(await frame.evaluate(() => document.documentElement.dataset.theme), 'dark');
  assert.equal(await frame.evaluate(() => document.cookie), '');
  const secret = new URL(frame.url()).searchParams.get('link');
  const acts = [['POST', '/api/v1/embed-links'], ['DELETE', '/api/v1/embed-links/1'], ['POST', '/tokens'], ['POST', '/sign-out-everywhere'],
    ['GET', '/c/lab'], ['GET', '/c/lab/panel'], ['GET', '/tokens'], ['GET', '/audit'], ['GET', '/metrics'], ['POST', '/plans']];
  for (const [method, path] of acts) {
    const status = await frame.evaluate(async ([method, path, link]) => (await fetch(`${path}?link=${link}`, {
      method, redirect: 'manual', headers: { authorization: `Bearer ${link}` } })).status, [method, path, secret]);
    assert.equal(status, 401, `${method} ${path}`);
  }
  const other = await frame.evaluate(async (link) => (await fetch(`/embed/lab/networking?link=${link}`)).status, secret);
  assert.equal(other, 403);
  page.complaints.length = 0;
  chromium.complaints = chromium.complaints.filter((line) => !/40[13]/.test(line)); // what was refused above
  await lab.gone('in-a-portal');
  await lab.call('DELETE', '/api/v1/nodes/host9');
  await page.context().close();
});

test('height and selection are told to the portal, from the frame and to its origin alone', async () => {
  named.show(frames([await link({ view: 'architecture' })]));
  const page = await open(chromium, named.origin);
  await figures(page);
  await page.waitForFunction(() => told.some(({ source, type, height }) => source === 'binnacle' && type === 'height' && height > 100));
  const [frame] = inside(page);
  await frame.evaluate((id) => document.getElementById(id).querySelector('a').dispatchEvent(new MouseEvent('click', { bubbles: true, cancelable: true })), 'm:node/host1');
  await page.waitForFunction(() => told.some(({ type, selection }) => type === 'selection' && selection === 'node/host1'));
  await frame.waitForSelector('#panel h2');
  const origins = await page.evaluate(() => [...new Set(told.map(({ origin }) => origin))]);
  assert.deepEqual(origins, [lab.local]);
  await page.context().close();
});

test('a picture in a page of another site is drawn by the same link', async () => {
  const { picture, pixels } = await link({ view: 'architecture' });
  named.show([picture, pixels].map((address) => `<img src="${address}" alt="the cluster">`).join(''));
  const page = await open(chromium, named.origin);
  await page.waitForFunction(() => [...document.images].length === 2 && [...document.images].every((image) => image.naturalWidth > 300));
  await page.context().close();
});

test('a sandboxed frame that may run scripts and nothing else is live', async () => {
  named.show(frames([await link({ view: 'architecture' })], 'sandbox="allow-scripts"'));
  const page = await open(chromium, named.origin);
  await figures(page);
  const [frame] = inside(page);
  assert.equal(await frame.evaluate(() => window.origin), 'null');
  await lab.pod('in-a-sandbox', 'host5');
  await frame.waitForSelector(mark('pod/default/in-a-sandbox'), { state: 'attached', timeout: 60_000 });
  await lab.gone('in-a-sandbox');
  await page.context().close();
});

test('a sandboxed frame without scripts shows a figure that says it stands still', async () => {
  named.show(frames([await link({ view: 'architecture' })], 'sandbox'));
  const page = await open(chromium, named.origin, { complains: true });
  const [frame] = inside(page);
  await frame.waitForSelector('#figure', { state: 'attached', timeout: 60_000 });
  assert.match(await (await frame.$('#pulse')).innerText(), /^Snapshot/);
  await page.context().close();
});

test('thirty frames of a page with a policy of its own are live, printed, and live again when mounted anew', async () => {
  const links = await Promise.all(Array.from({ length: 30 }, (_, n) => link({ view: FIGURES[n % 2], origin: named.origin })));
  const policy = `default-src 'none'; script-src 'unsafe-inline'; frame-src ${lab.local}`;
  named.show(`<main>${frames(links)}</main>`, policy);
  const page = await open(chromium, named.origin);
  assert.equal(inside(page).length, 30);
  await figures(page);
  const printed = await page.pdf({ width: '1480px', height: '4000px', printBackground: true });
  assert.ok(printed.length > 50_000, `${printed.length} bytes`);
  await page.evaluate(() => { const main = document.querySelector('main'); window.html = main.innerHTML; main.replaceChildren(); });
  await page.waitForFunction(() => window.frames.length === 0);
  await page.evaluate(() => { document.querySelector('main').innerHTML = window.html; });
  await page.waitForFunction(() => window.frames.length === 30);
  await figures(page);
  await lab.pod('in-thirty', 'host5');
  const architectures = inside(page).filter((frame) => frame.url().includes('/architecture'));
  assert.equal(architectures.length, 15);
  await Promise.all(architectures.map((frame) => shows(frame, mark('pod/default/in-thirty'))));
  await lab.gone('in-thirty');
  await page.context().close();
});

test('a portal on an origin that is not named gets nothing', async () => {
  const links = await Promise.all(FIGURES.map((view) => link({ view })));
  stranger.show(frames(links));
  const page = await open(chromium, stranger.origin, { complains: true });
  await page.waitForFunction(() => true, null, { timeout: 5_000 });
  for (const frame of inside(page)) {
    assert.equal(await frame.$('#figure'), null);
    assert.match(frame.url(), /^chrome-error:/);
  }
  assert.ok(page.complaints.some((line) => /frame-ancestors/.test(line)), page.complaints.join('\n'));
  assert.deepEqual(await page.evaluate(() => told), []);
  await page.context().close();
});

test('a link that was revoked says so in its frame', async () => {
  const { id, page: path } = await link({ view: 'architecture' });
  const answer = await fetch(`${lab.url}/api/v1/embed-links/${id}`, { method: 'DELETE', headers: { authorization: `Bearer ${token}` } });
  assert.equal(answer.status, 204);
  named.show(frames([{ page: path }]));
  const page = await open(chromium, named.origin, { complains: true });
  const [frame] = inside(page);
  await frame.waitForSelector(':text("This link was revoked")');
  await page.context().close();
});
