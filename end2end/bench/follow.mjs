// A deployment that is followed: from a line written by deploy.sh to the page, what a long log costs, and many readers.
import { chmodSync, copyFileSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

process.env.BINNACLE_TEST_BINARY ??= fileURLToPath(new URL('../../target/release/binnacle', import.meta.url));
const { browser, folder, open, stage } = await import('../browser/stage.mjs');

const VIEWERS = 20;
const pause = (ms) => new Promise((done) => setTimeout(done, ms));
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const status = (pid, name) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;
// Processor time of the server's own, in milliseconds (the kernel counts in hundredths of a second), and bytes that it read.
const spent = (pid) => {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  const read = Number(/rchar: (\d+)/.exec(readFileSync(`/proc/${pid}/io`, 'utf8'))[1]);
  return { cpu: (Number(fields[11]) + Number(fields[12])) * 10, read };
};
const children = (pid) => readdirSync('/proc').filter((one) => /^\d+$/.test(one)).filter((one) => {
  try { return readFileSync(`/proc/${one}/stat`, 'utf8').split(') ')[1].split(' ')[1] === String(pid); } catch { return false; }
}).length;

// A server whose Compass writes what it is told to, and its deployment.
async function deploy(how) {
  const compass = join(folder(), 'compass');
  mkdirSync(compass);
  copyFileSync(here('deploy.py'), join(compass, 'deploy.sh'));
  chmodSync(join(compass, 'deploy.sh'), 0o755);
  writeFileSync(join(compass, 'how'), JSON.stringify(how));
  const lab = await stage({ more: ['--compass', compass] });
  const api = `${lab.url}/api/v1/clusters/lab/deployments`;
  const plan = (name) => readFileSync(here(`../deploy/plan/${name}`), 'utf8');
  const asked = { kind: 'deploy', confirm: 'lab', dha: plan('dha.yml'), network: plan('network.yml') };
  const begin = async () => {
    const answer = await fetch(api, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(asked) });
    if (!answer.ok) throw new Error(await answer.text());
    const { id } = await answer.json();
    return { id, page: `${lab.page}/deployments/${id}`, get: async () => (await fetch(`${api}/${id}`)).json() };
  };
  return { ...lab, pid: lab.server.child.pid, begin };
}

async function until(what, holds, seconds) {
  const end = performance.now() + seconds * 1_000;
  while (!await holds()) {
    if (performance.now() > end) throw new Error(`${what} never came`);
    await pause(100);
  }
}

function quantiles(times) {
  const sorted = times.toSorted((a, b) => a - b);
  return [0.5, 0.99].map((share) => sorted[Math.floor(sorted.length * share)].toFixed(1));
}

async function lines(row, chromium) {
  const lab = await deploy({ seconds: 40, a_second: 25 });
  const run = await lab.begin();
  const page = await open(chromium, run.page, { complains: true });
  await page.evaluate(() => {
    window.times = [];
    const known = new Set();
    new MutationObserver(() => {
      const now = performance.timeOrigin + performance.now();
      for (const line of document.querySelectorAll('#lines li[id^=L]')) {
        const said = / at ([\d.]+) ms/.exec(line.textContent);
        if (!said || known.has(line.id)) continue;
        known.add(line.id);
        window.times.push(now - Number(said[1]));
      }
    }).observe(document.getElementById('lines'), { childList: true });
  });
  await pause(2_000);
  // What was there before the page was is no measure of anything.
  await page.evaluate(() => { window.times = []; });
  await pause(30_000);
  const times = await page.evaluate(() => window.times);
  const [p50, p99] = quantiles(times);
  row(`a line written by deploy.sh → the page, ${times.length} lines at 25 a second`, `p50 ${p50} ms, p99 ${p99} ms`, 'p99 under 200 ms');
  await page.context().close();
  await lab.stop();
}

async function memory(row, chromium) {
  for (const megabytes of [100, 500, 2_000]) {
    const lab = await deploy({ megabytes, seconds: 1, a_second: 10 });
    const run = await lab.begin();
    const page = await open(chromium, run.page, { complains: true });
    const began = performance.now();
    await until(`a log of ${megabytes} MB`, async () => (await run.get()).log_size >= megabytes * 2 ** 20, 300);
    const took = (performance.now() - began) / 1_000;
    await until('its end', async () => (await run.get()).ended, 120);
    await fetch(`${run.page}/log.txt`).then(async (answer) => { for await (const part of answer.body) part.length; });
    const peak = `${status(lab.pid, 'VmHWM').toFixed(0)} MB at most, ${status(lab.pid, 'VmRSS').toFixed(0)} MB at the end`;
    row(`memory of the server, a log of ${megabytes} MB, followed, kept and downloaded`, `${peak}; ${took.toFixed(1)} s`, 'the same for all');
    await page.context().close();
    await lab.stop();
  }
}

// The plainest reader of a deployment's news.
function reader(url) {
  const { hostname, port, host, pathname } = new URL(url);
  return new Promise((ready, failed) => {
    const line = connect(Number(port), hostname);
    line.once('error', failed);
    line.once('connect', () => line.write(`GET ${pathname}/stream?lines=0 HTTP/1.1\r\nHost: ${host}\r\nUpgrade: websocket\r\n`
      + 'Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n'));
    line.once('data', (data) => (data.includes('101 ') ? ready(line) : failed(new Error(data.toString()))));
    line.on('data', (data) => { line.took = (line.took ?? 0) + data.length; });
  });
}

async function viewers(row) {
  const lab = await deploy({ seconds: 60, a_second: 100 });
  const run = await lab.begin();
  const costs = [];
  const all = [];
  for (const count of [0, 1, VIEWERS]) {
    while (all.length < count) all.push(await reader(run.page));
    await pause(1_500);
    const before = spent(lab.pid);
    await pause(10_000);
    const after = spent(lab.pid);
    costs.push({ cpu: (after.cpu - before.cpu) / 10, read: (after.read - before.read) / 10 / 1024, children: children(lab.pid) });
  }
  const told = ({ cpu, read, children: readers }) => `${cpu.toFixed(0)} ms of processor and ${read.toFixed(0)} kB read a second, ${readers} reader${readers === 1 ? '' : 's'} of the log`;
  row('a log of 100 lines a second, nobody looks', told(costs[0]));
  row('the same, 1 page looks', told(costs[1]));
  row(`the same, ${VIEWERS} pages look`, told(costs[2]), 'one reader; reads as for one page');
  all.forEach((line) => line.destroy());
  await lab.stop();
}

export async function follow(row) {
  const chromium = await browser();
  await lines(row, chromium);
  await viewers(row);
  await memory(row, chromium);
  chromium.complaints = [];
  await chromium.close();
}
