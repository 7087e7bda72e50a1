// The line between page and server: cut, mended, shared by many.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { browser, folder, live, mark, open, stage, start } from './stage.mjs';

let chromium, lab;
before(async () => { [chromium, lab] = await Promise.all([browser(), stage()]); });
after(async () => { await chromium?.close(); await lab?.stop(); });

test('a server that ends leaves a page that says since when, and comes back by itself', async () => {
  const own = await stage();
  const page = await open(chromium, own.page, { complains: true }); // of every try while nobody listens
  await live(page);
  const { host } = new URL(own.url);
  await own.server.stop();
  await page.waitForSelector('#pulse.stale');
  assert.match(await page.textContent('#pulse'), /Disconnected since \d\d:\d\d:\d\d/);
  await own.pod('meanwhile', 'host4');
  const again = await own.serve(host);
  await live(page);
  await page.waitForSelector(mark('pod/default/meanwhile'));
  await page.context().close();
  await again.stop();
  await own.api.stop();
});

test('an API server that ends is said to be out of reach, and what was known stays in sight', async () => {
  const own = await stage();
  const page = await open(chromium, own.page);
  await live(page);
  await own.api.stop();
  await page.waitForSelector('#notices :text("does not answer")');
  assert.ok(await page.$(mark('node/host1')));
  await page.context().close();
  await own.server.stop();
});

test('a kind that cannot be read is named with the reason, and the rest is live', async () => {
  const own = await stage();
  // Nobody has looked yet, so nothing has been listed.
  await own.call('PUT', '/simulator/faults', { fail_kinds: { leases: 500 } });
  const page = await open(chromium, own.page);
  await live(page);
  await page.waitForSelector('#notices :text("What leases would tell is unknown"):text("cannot answer now: 500")');
  assert.match(await page.textContent('#sentence'), /\d+ pods/);
  await own.call('PUT', '/simulator/faults', {});
  await page.waitForFunction(() => document.getElementById('notices').textContent === '', undefined, { timeout: 20_000 });
  await page.context().close();
  await own.stop();
});

test('a page of another site cannot read the stream', async () => {
  const other = createServer((_, answer) => answer.setHeader('content-type', 'text/html').end('<!DOCTYPE html>'));
  await new Promise((done) => other.listen(0, '127.0.0.1', done));
  const page = await open(chromium, `http://127.0.0.1:${other.address().port}/`, { complains: true });
  const outcome = await page.evaluate((address) => new Promise((done) => {
    const socket = new WebSocket(address);
    socket.onmessage = () => done('read');
    socket.onclose = () => done('refused');
  }), `${lab.page.replace('http', 'ws')}/stream`);
  assert.equal(outcome, 'refused');
  other.close();
});

test('a cluster that is not there is said so within two seconds, with what to do', async () => {
  const data = folder();
  const kubeconfig = join(data, 'kubeconfig');
  writeFileSync(kubeconfig, JSON.stringify({
    apiVersion: 'v1', kind: 'Config', 'current-context': 'away', users: [{ name: 'u', user: { token: 'hidden-token' } }],
    clusters: [{ name: 'c', cluster: { server: 'http://127.0.0.1:9' } }], contexts: [{ name: 'away', context: { cluster: 'c', user: 'u' } }],
  }));
  const server = await start(['serve', '--listen', '127.0.0.1:0', '--data', data, '--kubeconfig', kubeconfig]);
  const began = Date.now();
  const answer = await fetch(`${server.url}/c/away`);
  const text = await answer.text();
  assert.ok(Date.now() - began < 2_000, `${Date.now() - began} ms`);
  assert.equal(answer.status, 502);
  for (const word of ['away', '127.0.0.1:9', 'refused', 'keeps trying']) assert.ok(text.includes(word), word);
  assert.ok(!text.includes('hidden-token') && !server.log().includes('hidden-token'));
  await server.stop();
});
