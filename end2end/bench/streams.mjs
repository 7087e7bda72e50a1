// A thousand readers of one view at once: from a write to each of them having it, and what each costs the server.
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';

process.env.BINNACLE_TEST_BINARY ??= fileURLToPath(new URL('../../target/release/binnacle', import.meta.url));
const { stage } = await import('../browser/stage.mjs');

const READERS = 1_000;
const CHANGES = 30;
const pause = (ms) => new Promise((done) => setTimeout(done, ms));
const resident = (pid) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]);

// The plainest reader, so that what is measured is the server: it looks for a name in what comes.
function reader(url, wanted) {
  const { hostname, port, host } = new URL(url);
  return new Promise((ready, failed) => {
    const line = connect(Number(port), hostname);
    line.once('error', failed);
    line.once('connect', () => line.write(`GET /c/lab/stream?epoch=1&number=1 HTTP/1.1\r\nHost: ${host}\r\nUpgrade: websocket\r\n`
      + 'Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n'));
    line.once('data', (data) => (data.includes('101 ') ? ready(line) : failed(new Error(data.toString()))));
    let last = '';
    line.on('data', (data) => {
      if (!wanted.name || wanted.name === last || !data.includes(wanted.name)) return;
      last = wanted.name;
      wanted.seen();
    });
  });
}

export async function streams(row) {
  // All of them come from one address.
  const lab = await stage({ more: ['--connections-per-address', '0'] });
  await fetch(lab.page);
  const before = await (async () => { await pause(2_000); return resident(lab.server.child.pid); })();
  const wanted = { name: '', seen: () => {} };
  const lines = [];
  for (let n = 0; n < READERS; n += 50) {
    lines.push(...await Promise.all(Array.from({ length: 50 }, () => reader(lab.url, wanted))));
  }
  await pause(3_000);
  const each = (resident(lab.server.child.pid) - before) / READERS;
  const times = [];
  for (let n = 0; n < CHANGES; n += 1) {
    const began = performance.now();
    const all = new Promise((done) => {
      let left = READERS;
      wanted.name = `streams-${n}x`;
      wanted.seen = () => {
        times.push(performance.now() - began);
        left -= 1;
        if (left === 0) done();
      };
    });
    await lab.pod(`streams-${n}x`, 'host4');
    await Promise.race([all, pause(10_000).then(() => { throw new Error('not every reader was told in 10 s'); })]);
    wanted.name = '';
    await lab.gone(`streams-${n}x`);
    await pause(150);
  }
  times.sort((a, b) => a - b);
  const at = (share) => times[Math.floor(times.length * share)].toFixed(1);
  row(`a change to each of ${READERS} open streams, 3+2 hosts`, `p50 ${at(0.5)} ms, p99 ${at(0.99)} ms`, 'p99 < 250 ms');
  row('memory of the server for each open stream', `${each.toFixed(1)} kB`, '< 100 kB');
  lines.forEach((line) => line.destroy());
  await lab.stop();
}
