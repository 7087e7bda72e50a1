// A backup of a large etcd beside etcd's own tool, round by round; and the overview of very many.
// BINNACLE_BENCH_MB is the size of the database, 1024 when it is not said.
import { spawn, execFileSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { copyFileSync, linkSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

process.env.BINNACLE_TEST_BINARY ??= fileURLToPath(new URL('../../target/release/binnacle', import.meta.url));
const { binnacle, folder, stage } = await import('../browser/stage.mjs');

const tools = fileURLToPath(new URL('../../.tools/bin/', import.meta.url));
const MB = Number(process.env.BINNACLE_BENCH_MB ?? 1024);
const ROUNDS = 5;
const MANY = 10_000;
const pause = (ms) => new Promise((done) => { setTimeout(done, ms); });
const median = (all) => all.toSorted((a, b) => a - b)[Math.floor(all.length / 2)];
const spread = (all) => `${median(all).toFixed(2)} (${Math.min(...all).toFixed(2)} to ${Math.max(...all).toFixed(2)})`;

function freePort() {
  return new Promise((done) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });
}

// A member of its own, on loopback.
async function etcd(dir) {
  const url = `http://127.0.0.1:${await freePort()}`;
  const peer = `http://127.0.0.1:${await freePort()}`;
  const child = spawn(join(tools, 'etcd'), ['--data-dir', join(dir, 'etcd'), '--unsafe-no-fsync', '--log-level', 'error',
    '--quota-backend-bytes', String(8 * 2 ** 30), '--listen-client-urls', url, '--advertise-client-urls', url,
    '--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer, '--initial-cluster', `default=${peer}`], { stdio: 'ignore' });
  for (let tries = 0; ; tries += 1) {
    try {
      if ((await fetch(`${url}/health`)).ok) break;
    } catch { /* not yet */ }
    if (tries > 300) throw new Error('etcd does not start');
    await pause(100);
  }
  const ended = new Promise((done) => { child.once('exit', done); });
  return { url, stop: () => { child.kill(); return ended; } };
}

// Objects of ten kilobytes, as pods with much in them are, a hundred in a transaction.
async function fill(url, mb) {
  const base64 = (text) => Buffer.from(text).toString('base64');
  let seed = 1;
  const words = () => Array.from({ length: 1_250 }, () => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
    return seed.toString(36).padStart(7, '0').slice(0, 7);
  }).join(' ');
  for (let n = 0; n < mb; n += 1) {
    const value = words();
    const success = Array.from({ length: 100 }, (_, at) => (
      { requestPut: { key: base64(`/registry/pods/default/pod-${n}-${at}`), value: base64(`${at} ${n} ${value.slice(at)}`) } }));
    const answer = await fetch(`${url}/v3/kv/txn`, { method: 'POST', body: JSON.stringify({ success }) });
    if (!answer.ok) throw new Error(await answer.text());
    await answer.arrayBuffer();
  }
}

// Runs a program to its end: seconds, the most memory it had, what it said.
async function timed(program, args) {
  const began = Date.now();
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  let said = '';
  let most = 0;
  child.stdout.on('data', (text) => { said += text; });
  const look = setInterval(() => {
    try {
      most = Math.max(most, Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1] ?? 0));
    } catch { /* it has ended */ }
  }, 5);
  const code = await new Promise((done) => { child.once('close', done); });
  clearInterval(look);
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${code}`);
  return { began, seconds: (Date.now() - began) / 1_000, memory: most / 1_024, said };
}

async function beside(row, dir, url) {
  const file = join(dir, 'theirs.db');
  const ours = join(dir, 'ours');
  const seen = { theirs: [], second: [], fourth: [], whole: [], sealed: [], ratio: [], whole_ratio: [], memory: [] };
  let size = 0;
  for (let round = 0; round <= ROUNDS; round += 1) {
    const theirs = await timed(join(tools, 'etcdctl'), ['--endpoints', url, '--command-timeout', '120s', 'snapshot', 'save', file]);
    size = statSync(file).size;
    rmSync(file);
    const plain = await timed(binnacle, ['backup', '--endpoints', url, '--to', ours, '--json']);
    rmSync(ours, { recursive: true });
    const sealed = await timed(binnacle, ['backup', '--endpoints', url, '--to', ours, '--json', '--zstd']);
    rmSync(ours, { recursive: true });
    if (round === 0) continue; // The first fills caches.
    const after = (step) => (JSON.parse(plain.said).steps.find((proved) => proved.step === step).at - plain.began) / 1_000;
    seen.theirs.push(theirs.seconds);
    seen.second.push(after(2));
    seen.fourth.push(after(4));
    seen.whole.push(plain.seconds);
    seen.sealed.push(sealed.seconds);
    seen.ratio.push(after(2) / theirs.seconds);
    seen.whole_ratio.push(plain.seconds / theirs.seconds);
    seen.memory.push(plain.memory, sealed.memory);
  }
  const of = `etcd of ${(size / 2 ** 20).toFixed(0)} MB, ${ROUNDS} rounds`;
  row(`${of}: etcdctl snapshot save`, `${spread(seen.theirs)} s`);
  row(`${of}: binnacle backup to step 2`, `${spread(seen.second)} s, ${spread(seen.ratio)} times etcdctl's of the same round`, '≤ 1.2 times');
  row(`${of}: binnacle backup to step 4; to its end; to its end with --zstd`, `${spread(seen.fourth)} s; ${spread(seen.whole)} s, ${spread(seen.whole_ratio)} times; ${spread(seen.sealed)} s`);
  row(`${of}: the most memory that binnacle backup had`, `${Math.max(...seen.memory).toFixed(1)} MB`, '< 64 MB');
}

// Ten thousand of one backup, each with a name, an age and a signature of its own.
function multiply(dir, key) {
  const there = join(dir, 'lab');
  const first = readdirSync(there).find((name) => name.endsWith('.json'));
  const manifest = JSON.parse(readFileSync(join(there, first), 'utf8'));
  const object = join(there, manifest.stored.name);
  for (let n = 0; n < MANY; n += 1) {
    const ago = (n + 1) * 3_600_000;
    const id = `lab-old-${String(n).padStart(5, '0')}`;
    const name = `${id}.db`;
    const one = {
      ...manifest, id, began: manifest.began - ago, ended: manifest.ended - ago, stored: { ...manifest.stored, name }, signature: '',
    };
    one.signature = createHmac('sha256', key).update('binnacle backup manifest 1\n').update(JSON.stringify(one)).digest('hex');
    writeFileSync(join(there, `${id}.json`), `${JSON.stringify(one, null, 2)}\n`);
    try { linkSync(object, join(there, name)); } catch { copyFileSync(object, join(there, name)); }
  }
}

async function overview(row, dir) {
  const small = await etcd(dir);
  const data = join(dir, 'data');
  mkdirSync(data, { mode: 0o700 });
  const key = 'k'.repeat(40);
  const file = join(data, 'backup.key');
  writeFileSync(file, key, { mode: 0o600 });
  const kept = join(data, 'kept');
  execFileSync(binnacle, ['backup', '--endpoints', small.url, '--name', 'lab', '--to', kept, '--sign', file], { stdio: 'ignore' });
  multiply(kept, key);
  const lab = await stage({ data, more: ['--etcd-endpoints', small.url, '--backup-to', kept, '--backup-key-file', file] });
  const address = `${lab.url}/api/v1/clusters/lab/backups`;
  const ask = async (more = '') => {
    const began = performance.now();
    const answer = await fetch(address + more);
    const body = await answer.json();
    if (!answer.ok) throw new Error(`${address}: ${answer.status} ${JSON.stringify(body)}`);
    return { ms: performance.now() - began, body };
  };
  const since = performance.now();
  while ((await ask()).body.total < MANY + 1) {
    if (performance.now() - since > 300_000) throw new Error('the catalogue does not come');
    await pause(250);
  }
  const found = (performance.now() - since) / 1_000;
  for (const [more, what] of [['', 'the newest hundred'], ['?limit=1000', 'the newest thousand']]) {
    const times = [];
    for (let n = 0; n < 100; n += 1) times.push((await ask(more)).ms);
    times.sort((a, b) => a - b);
    row(`the overview of ${MANY + 1} backups over the API, ${what}`, `p50 ${times[50].toFixed(1)} ms, p99 ${times[98].toFixed(1)} ms`, more ? '' : '< 50 ms');
  }
  row(`making the catalogue of ${MANY + 1} backups from a folder`, `${found.toFixed(1)} s`);
  await lab.stop();
  await small.stop();
}

export async function backup(row) {
  const dir = folder();
  const large = await etcd(dir);
  await fill(large.url, MB);
  await beside(row, dir, large.url);
  await large.stop();
  rmSync(join(dir, 'etcd'), { recursive: true });
  await overview(row, dir);
}
