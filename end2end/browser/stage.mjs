// Servers and a browser for the tests: each test file starts what it needs and ends exactly that.
import assert from 'node:assert/strict';
import { spawn, execFileSync } from 'node:child_process';
import { mkdtempSync, writeFileSync, existsSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const root = fileURLToPath(new URL('../../', import.meta.url));
export const binnacle = process.env.BINNACLE_TEST_BINARY ?? join(root, 'target/debug/binnacle');

function browserPath() {
  const named = process.env.BINNACLE_CHROMIUM;
  if (named) return named;
  for (const name of ['chromium', 'google-chrome']) {
    try {
      return execFileSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim();
    } catch { /* the next one */ }
  }
  throw new Error('no Chromium: install it, or name one in BINNACLE_CHROMIUM');
}

// What was started ends with the tests, however these end.
const running = new Set();
process.on('exit', () => { for (const child of running) child.kill('SIGKILL'); });

// A test that fails before it stops its server must not keep the file from ending.
function loose(child, held) {
  for (const part of [child, child.stdout, child.stderr]) if (held) part.ref(); else part.unref();
}

// Starts the binary and waits for the line that says where it listens.
export function start(args, env = {}) {
  const child = spawn(binnacle, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { PATH: process.env.PATH, ...env } });
  running.add(child);
  child.once('exit', () => running.delete(child));
  let log = '';
  child.stderr.on('data', (text) => { log += text; });
  const ended = new Promise((done) => { child.once('exit', done); });
  let said = '';
  const server = { child, stop: () => { loose(child, true); child.kill('SIGTERM'); return ended; }, log: () => log, out: () => said };
  return new Promise((ready, failed) => {
    let out = '';
    child.stdout.on('data', (text) => {
      out += text;
      said += text;
      const url = /Listening on (https?:\S+)/.exec(out)?.[1];
      if (!url) return;
      loose(child, false);
      ready(Object.assign(server, { url }));
    });
    child.once('exit', (code) => failed(new Error(`${args.join(' ')} ended with ${code}: ${log}`)));
  });
}

export function folder() {
  const path = mkdtempSync(join(tmpdir(), 'binnacle-'));
  process.on('exit', () => { if (existsSync(path)) rmSync(path, { recursive: true }); });
  return path;
}

// A simulated cluster at rest and Binnacle watching it: what happens, the test does.
export async function stage({ nodes, pods, listen = '127.0.0.1:0', data = folder(), more = [] } = {}) {
  const size = nodes ? ['--nodes', String(nodes), '--pods', String(pods)] : [];
  const api = await start(['simulate', '--listen', '127.0.0.1:0', '--life', 'off', ...size]);
  const kubeconfig = join(data, 'kubeconfig');
  writeFileSync(kubeconfig, JSON.stringify({
    apiVersion: 'v1', kind: 'Config', 'current-context': 'lab', users: [{ name: 'u', user: {} }],
    clusters: [{ name: 'c', cluster: { server: api.url } }], contexts: [{ name: 'lab', context: { cluster: 'c', user: 'u' } }],
  }));
  const serve = (address) => start(['serve', '--listen', address, '--data', data, '--kubeconfig', kubeconfig, ...more]);
  const server = await serve(listen);
  const call = async (method, path, body) => {
    const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
    const answer = await fetch(api.url + path, { method, headers: { 'content-type': type }, body: body && JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  };
  const pod = (name, node) => call('POST', '/api/v1/namespaces/default/pods', {
    apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec: { nodeName: node, containers: [{ name: 'c', image: 'none:1' }] },
  });
  const gone = (name) => call('DELETE', `/api/v1/namespaces/default/pods/${name}?gracePeriodSeconds=0`);
  return {
    api, server, call, pod, gone, serve, url: server.url, page: `${server.url}/c/lab`,
    stop: async () => { await server.stop(); await api.stop(); },
  };
}

// A browser whose end fails the tests if a page of it complained.
export async function browser() {
  const it = await chromium.launch({
    executablePath: browserPath(),
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync'],
  });
  const close = it.close.bind(it);
  it.complaints = [];
  it.close = async () => { await close(); assert.deepEqual(it.complaints, []); };
  return it;
}

// A page that notes every word on its console and every error: a good page has none. Where one is meant to complain
// (`complains`), its test looks at them itself.
export async function open(where, url, { complains, ...options } = {}) {
  const context = await where.newContext({ viewport: { width: 1480, height: 1000 }, ...options });
  const page = await context.newPage();
  page.complaints = [];
  const note = (text) => {
    page.complaints.push(text);
    if (!complains) where.complaints.push(`${page.url()}: ${text}`);
  };
  // How soon a preloaded file is used says how busy this machine is, and nothing of the page.
  const slow = (text) => text.includes('was preloaded using link preload but not used within a few seconds');
  page.on('console', (line) => { if (['error', 'warning'].includes(line.type()) && !slow(line.text())) note(line.text()); });
  page.on('pageerror', (error) => note(error.message));
  await page.goto(url);
  return page;
}

// Looks until `check` finds something. A busy machine has long; what never comes fails instead of being waited for.
export async function until(what, check, seconds = 60) {
  for (const end = Date.now() + seconds * 1_000; ;) {
    const found = await check();
    if (found) return found;
    assert.ok(Date.now() < end, `after ${seconds} s: ${what}`);
    await new Promise((wait) => { setTimeout(wait, 100); });
  }
}

export const live = (page) => page.waitForSelector('#pulse.live', { timeout: 15_000 });
export const mark = (id) => `[id="m:${id}"]`;
