// From a graph to places, at the sizes at which the field is measured: ours beside elkjs at its
// cheapest, rust-sugiyama without transposition, and Graphviz' dot, each in a process of its own.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const bench = fileURLToPath(new URL('../../target/release/bench', import.meta.url));
const elk = fileURLToPath(new URL('./elk.mjs', import.meta.url));
const LIMIT = 120_000;

// Runs a program with some input; null when it takes too long or dies, undefined when it is not there.
function run(command, args, input) {
  return new Promise((done) => {
    const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'ignore'] });
    const timer = setTimeout(() => child.kill('SIGKILL'), LIMIT);
    const parts = [];
    child.stdout.on('data', (part) => parts.push(part));
    child.stdin.on('error', () => {});
    child.on('error', () => done(undefined));
    child.on('close', (code) => { clearTimeout(timer); done(code === 0 ? Buffer.concat(parts).toString() : null); });
    child.stdin.end(input ?? '');
  });
}

async function crossings(segments) {
  if (!segments || segments.length > 20_000) return null;
  return Number(await run(bench, ['crossings'], JSON.stringify(segments)));
}

async function dot(graph) {
  const text = `digraph{node[shape=box,width=1,height=.2,label=""];${graph.edges.map(([a, b]) => `${a}->${b}`).join(';')}}`;
  const began = performance.now();
  const plain = await run('dot', ['-Tplain'], text);
  if (typeof plain !== 'string') return plain;
  const ms = performance.now() - began;
  const places = new Map();
  for (const line of plain.split('\n')) {
    const [what, name, x, y] = line.split(' ');
    if (what === 'node') places.set(Number(name), [Number(x), Number(y)]);
  }
  return { ms, segments: graph.edges.map(([a, b]) => [...places.get(a), ...places.get(b)]) };
}

const said = (ms) => (ms < 10 ? `${ms.toFixed(2)} ms` : ms < 1_000 ? `${ms.toFixed(0)} ms` : `${(ms / 1_000).toFixed(1)} s`);
const json = (text) => (typeof text === 'string' ? JSON.parse(text) : text);

export async function ways(row) {
  const { whole, endpoint, planned, ...times } = json(await run(bench, ['follow', '1000', '30000', '3000']));
  const size = '1,000 nodes, 30,000 pods, 3,000 services';
  row(`networking figure whole, ${size}`, `${whole.toFixed(1)} ms; beside a plan ${planned.whole.toFixed(1)} ms`, 'under 100 ms');
  row(`drift, ${size}`, `${planned.drift.toFixed(2)} ms`, 'report');
  const parts = [endpoint.p50, endpoint.p99, endpoint.worst].map((ms) => ms.toFixed(3));
  row(`networking figure, one endpoint changes, ${size}`, `p50 ${parts[0]} ms, p99 ${parts[1]} ms, worst ${parts[2]} ms`, 'under 1 ms');
  for (const [what, { p50, p99, worst }] of Object.entries(times)) {
    const all = [p50, p99, worst].map((ms) => ms.toFixed(3));
    row(`follow ${what === 'address' ? 'an' : 'a'} ${what}, ${size}`, `p50 ${all[0]} ms, p99 ${all[1]} ms, worst ${all[2]} ms`, 'under 5 ms');
  }
}

// Walks over the graph of everything: by hand as they were, and petgraph's, in time and in memory beside what is held.
export async function walks(row) {
  const { things, relations, ...all } = json(await run(bench, ['walks', '50001']));
  for (const [what, { ms, kib }] of Object.entries(all)) {
    const reach = what.endsWith('first') ? 'no more than a tenth above by hand' : 'report';
    row(`${what}, ${things} things, ${relations} relations`, `${ms.toFixed(2)} ms, ${kib ?? 'unknown'} KiB`, reach);
  }
}

// A folder of real plans can be named; the built-in cluster's plan is always there.
export async function plans(row) {
  const folder = process.env.BINNACLE_TEST_PLANS ?? fileURLToPath(new URL('../../server/src/demo/plan', import.meta.url));
  const { files, ms } = json(await run(bench, ['plans', folder]));
  row(`${files} files of plans read and checked in one go`, `${(ms / files).toFixed(3)} ms a file, ${ms.toFixed(1)} ms in all`, 'report');
}

export const SIZES = [63, 502, 2_001, 10_001, 50_001];

// Ours at every size, because growth is from one to the next; peers at those that are asked for.
export async function layouts(row, sizes = SIZES) {
  const reach = { 10_001: 'under 50 ms', 50_001: 'under 300 ms, no faster than n log n' };
  let before;
  for (const size of SIZES) {
    const ours = json(await run(bench, ['figures', String(size)]));
    const graphText = await run(bench, ['graph', String(size)]);
    const total = ours.graph + ours.everything;
    const growth = before ? `; ${(total / before.total).toFixed(1)} × the time for ${(size / before.size).toFixed(1)} × the things` : '';
    before = { total, size };
    if (!sizes.includes(size)) continue;
    const cross = await crossings(ours.segments);
    row(`${size} things: facts → graph → Scene, everything drawn (containment as boxes, the rest as lines)`, `${said(total)} (${said(ours.everything)} from the graph)${growth}; ${cross ?? 'uncounted'} crossings`, reach[size]);
    row(`${size}: facts → Scene of a page (${ours.marks} marks)`, said(ours.folded));
    row(`${size}: one pod changes → Patch`, said(ours.change), 'follows the change');
    const peers = {
      'elkjs, cheapest': json(await run('node', [elk], graphText)),
      'rust-sugiyama, no transpose': json(await run(bench, ['sugiyama', String(size)])),
      dot: await dot(JSON.parse(graphText)),
    };
    for (const [name, peer] of Object.entries(peers)) {
      const crossed = peer && (await crossings(peer.segments));
      const none = peer === undefined ? 'not installed here' : `no answer within ${LIMIT / 1_000} s`;
      row(`${size}: ${name}`, peer ? `${said(peer.ms)}, ${(peer.ms / total).toFixed(0)} × ours; ${crossed ?? 'uncounted'} crossings` : none, 'peer');
    }
  }
}

export async function log(row) {
  const { redacted, read } = json(await run(bench, ['log']));
  row('a deployment\'s log, secrets taken out', `${redacted.toFixed(0)} MB/s`, 'over 50 MB/s');
  row('a deployment\'s log, read for phases, tasks and results', `${read.toFixed(0)} MB/s`, 'over 50 MB/s');
}
