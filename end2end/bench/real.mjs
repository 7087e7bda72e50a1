// A real control plane at size: kwok stands in for the kubelets of 1,000 nodes and tells that their 30,000 pods run.
import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import https from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

process.env.BINNACLE_TEST_BINARY ??= fileURLToPath(new URL('../../target/release/binnacle', import.meta.url));
const { browser, folder, live, open, start } = await import('../browser/stage.mjs');
const { changes, resident, said } = await import('./pages.mjs');

const NODES = Number(process.env.BINNACLE_BENCH_NODES ?? 1_000);
const PODS = Number(process.env.BINNACLE_BENCH_PODS ?? 30_000);
const STARTS = 5;
const WRITERS = 48;
const pause = (ms) => new Promise((done) => setTimeout(done, ms));
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const median = (times) => times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)];

// Processor time of a process so far, in seconds (the kernel counts in hundredths).
const spent = (pid) => {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
};

// A client of the API server in a kubeconfig that `up` wrote.
function client(file) {
  const text = readFileSync(file, 'utf8');
  const [, server] = /server: "(\S+?)"/.exec(text);
  const [, authority] = /certificate-authority: ([^}\s]+)/.exec(text);
  const [, token] = /token: ([0-9a-f]+)/.exec(text);
  const agent = new https.Agent({ keepAlive: true, maxSockets: WRITERS, ca: readFileSync(authority) });
  return (method, path, body) => new Promise((done, failed) => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const request = https.request(server + path, { method, agent, headers }, (answer) => {
      const parts = [];
      answer.on('data', (part) => parts.push(part));
      answer.on('error', failed);
      answer.on('end', () => {
        const all = Buffer.concat(parts);
        if (answer.statusCode < 300) done(all);
        else failed(new Error(`${method} ${path}: ${answer.statusCode} ${all.toString().slice(0, 500)}`));
      });
    });
    request.on('error', failed);
    request.end(body && JSON.stringify(body));
  });
}

async function many(count, work) {
  let next = 0;
  await Promise.all(Array.from({ length: WRITERS }, async () => {
    while (next < count) {
      const at = next;
      next += 1;
      await work(at);
    }
  }));
}

async function until(what, holds, seconds) {
  const end = performance.now() + seconds * 1_000;
  while (!await holds()) {
    if (performance.now() > end) throw new Error(`${what} never came`);
    await pause(500);
  }
}

const node = (at) => `host${String(at).padStart(4, '0')}`;

// Nodes and pods through the API; the scheduler is not asked.
async function fill(call) {
  await many(NODES, (at) => call('POST', '/api/v1/nodes', {
    metadata: { name: node(at), labels: at < 3 ? { 'node-role.kubernetes.io/control-plane': '' } : {} },
  }));
  await many(PODS, (at) => call('POST', '/api/v1/namespaces/default/pods', {
    metadata: { name: `web-${at % 300}-${at}`, labels: { app: `web-${at % 300}` } },
    spec: {
      nodeName: node(at % NODES), automountServiceAccountToken: false,
      containers: [{ name: 'main', image: 'registry.local/web:1.4', resources: { requests: { cpu: '1m' } } }],
    },
  }));
  const waits = '/api/v1/pods?fieldSelector=status.phase%3DPending&limit=1';
  await until('every pod running', async () => JSON.parse(await call('GET', waits)).items.length === 0, 900);
}

// A server that knows nothing yet: when it first shows nodes, and when every pod is known and every source live.
async function cold(kubeconfig) {
  const server = await start(['serve', '--listen', '127.0.0.1:0', '--data', folder(), '--kubeconfig', kubeconfig]);
  const api = `${server.url}/api/v1/clusters/admin`;
  const ask = async (path) => (await fetch(api + path)).json();
  const began = performance.now();
  let first = 0;
  for (;;) {
    if (performance.now() - began > 300_000) throw new Error(`no picture in 300 s: ${server.log()}`);
    first ||= (await ask('/nodes?limit=1')).total >= NODES ? performance.now() - began : 0;
    const pods = (await ask('/pods?limit=1')).total;
    const { sources = [] } = pods >= PODS ? await ask('') : {};
    if (sources.length > 0 && sources.every(({ state }) => ['live', 'not-served'].includes(state))) break;
    await pause(20);
  }
  return { server, first, complete: performance.now() - began, cpu: spent(server.child.pid) };
}

async function measured(row, dir, call) {
  const kubeconfig = join(dir, 'admin.kubeconfig');
  const asked = [];
  let bytes = 0;
  for (let n = 0; n < 3; n += 1) {
    const began = performance.now();
    bytes = (await call('GET', '/api/v1/pods?resourceVersion=0')).length;
    asked.push(performance.now() - began);
  }
  row(`the API server alone: one list of ${PODS} pods`, `${median(asked).toFixed(0)} ms, ${(bytes / 1e6).toFixed(0)} MB`);
  const starts = [];
  for (let n = 0; n < STARTS; n += 1) {
    const one = await cold(kubeconfig);
    starts.push(one);
    if (n < STARTS - 1) await one.server.stop();
  }
  const told = (what) => `${(median(starts.map((one) => one[what])) / 1_000).toFixed(2)} s`;
  row(`cold server → nodes known, ${NODES} nodes and ${PODS} pods on a real control plane`, told('first'), 'report');
  row('cold server → everything known, there', told('complete'), 'under 4 s');
  row('processor for that', `${median(starts.map(({ cpu }) => cpu)).toFixed(1)} s`, 'report');
  const { server } = starts.at(-1);
  const chromium = await browser();
  try {
    await watched(row, call, server, chromium);
  } finally {
    chromium.complaints = [];
    await chromium.close();
    await server.stop();
  }
}

// A server that knows everything: leases that are renewed, and a page.
async function watched(row, call, server, chromium) {
  const { pid } = server.child;
  const before = spent(pid);
  await pause(30_000);
  row(`processor while ${NODES} leases are renewed, nobody looks`, `${((spent(pid) - before) / 0.3).toFixed(1)} % of a core`, 'under 4 %');
  row('server memory there', `${resident(pid).toFixed(0)} MB resident`, 'under 150 MB');
  const page = await open(chromium, `${server.url}/c/admin`);
  await live(page);
  const seen = spent(pid);
  await pause(30_000);
  row('the same while one page looks', `${((spent(pid) - seen) / 0.3).toFixed(1)} % of a core`, 'report');
  const lab = {
    pod: (name, where) => call('POST', '/api/v1/namespaces/default/pods', {
      metadata: { name }, spec: { nodeName: where, automountServiceAccountToken: false, containers: [{ name: 'c', image: 'none:1' }] },
    }),
    gone: (name) => call('DELETE', `/api/v1/namespaces/default/pods/${name}?gracePeriodSeconds=0`),
  };
  const times = await changes(page, lab, node(10));
  row('change → DOM, there, created', said(times.created), 'p99 under 120 ms');
  row('change → DOM, there, deleted', said(times.deleted), 'p99 under 120 ms');
}

export async function real(row) {
  const dir = mkdtempSync(join(tmpdir(), 'binnacle-real-'));
  const flags = '--max-requests-inflight=2000 --max-mutating-requests-inflight=1000';
  const run = promisify(execFile);
  await run(here('../control-plane/up'), [dir], { env: { ...process.env, KUBE_APISERVER_FLAGS: flags } });
  const kubelets = spawn(here('../../.tools/bin/kwok'), ['--kubeconfig', join(dir, 'admin.kubeconfig'), '--manage-all-nodes', '--node-lease-duration-seconds', '40'], { stdio: 'ignore' });
  try {
    const call = client(join(dir, 'admin.kubeconfig'));
    await fill(call);
    await measured(row, dir, call);
  } finally {
    kubelets.kill('SIGTERM');
    await run(here('../control-plane/down'), [dir]);
    rmSync(dir, { recursive: true, force: true });
  }
}
