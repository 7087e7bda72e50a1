// What a reader waits for and what it costs: changes to the DOM, first pictures, memory, weight.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

process.env.BINNACLE_TEST_BINARY ??= fileURLToPath(new URL('../../target/release/binnacle', import.meta.url));
const { browser, live, open, stage } = await import('../browser/stage.mjs');

const CHANGES = 200;
const quantile = (times, q) => times.toSorted((a, b) => a - b)[Math.min(times.length - 1, Math.floor(times.length * q))];
export const said = (times) => `p50 ${quantile(times, 0.5).toFixed(1)} ms, p99 ${quantile(times, 0.99).toFixed(1)} ms`;
export const resident = (pid) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;

// From before the write is sent to the first change of the figure's DOM.
export async function changes(page, lab, node) {
  await page.evaluate(() => {
    window.seen = [];
    const note = () => window.seen.push(performance.timeOrigin + performance.now());
    const observer = new MutationObserver(note);
    observer.observe(document.getElementById('marks'), { childList: true, subtree: true, attributes: true, characterData: true });
    observer.observe(document.getElementById('sentence'), { childList: true, subtree: true });
  });
  const times = { created: [], deleted: [] };
  const once = async (kind, write) => {
    await page.evaluate(() => { window.seen = []; });
    const began = performance.timeOrigin + performance.now();
    await write();
    const at = await page.waitForFunction(() => window.seen[0], undefined, { polling: 5, timeout: 10_000 });
    times[kind].push((await at.jsonValue()) - began);
    // Readers do not change clusters in step: another phase of the frame each time.
    await new Promise((done) => setTimeout(done, 20 + (times.created.length * 7) % 33));
  };
  for (let n = 0; n < CHANGES / 2; n += 1) {
    await once('created', () => lab.pod(`bench-${n}`, node));
    await once('deleted', () => lab.gone(`bench-${n}`));
  }
  return times;
}

async function heap(page) {
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable');
  const { metrics } = await session.send('Performance.getMetrics');
  const script = metrics.find(({ name }) => name === 'JSHeapUsedSize').value;
  const wasm = await page.evaluate(async () => {
    const source = document.querySelector('link[rel=modulepreload]').href;
    const module = await import(source);
    return (await module.default()).memory.buffer.byteLength;
  });
  return { script: script / 2 ** 20, wasm: wasm / 2 ** 20 };
}

async function first(chromium, url) {
  const context = await chromium.newContext({ viewport: { width: 1480, height: 1000 } });
  const page = await context.newPage();
  const session = await context.newCDPSession(page);
  await session.send('Network.enable');
  let bytes = 0;
  session.on('Network.loadingFinished', ({ encodedDataLength }) => { bytes += encodedDataLength; });
  await page.goto(url);
  await live(page);
  const paint = await page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? NaN);
  await context.close();
  return { paint, bytes };
}

// Several pages in turns, so that what else the machine does meets all of them.
async function firsts(chromium, ...urls) {
  const all = urls.map(() => []);
  for (let n = 0; n < 15; n += 1) for (const [at, url] of urls.entries()) all[at].push(await first(chromium, url));
  return all.map((one) => ({ paint: quantile(one.map(({ paint }) => paint), 0.5), bytes: quantile(one.map(({ bytes }) => bytes), 0.5) }));
}

async function rate(url, seconds) {
  const until = performance.now() + seconds * 1_000;
  let count = 0;
  const reader = async () => {
    while (performance.now() < until) {
      await (await fetch(url, { headers: { 'accept-encoding': 'identity' } })).arrayBuffer();
      count += 1;
    }
  };
  await Promise.all(Array.from({ length: 8 }, reader));
  return count / seconds;
}

export async function pages(row) {
  const chromium = await browser();
  const small = await stage();
  let page = await open(chromium, small.page);
  await live(page);
  const times = await changes(page, small, 'host4');
  row('change → DOM, 3+2 hosts, created', said(times.created), 'p50 under 25 ms, p99 under 75 ms');
  row('change → DOM, 3+2 hosts, deleted', said(times.deleted), 'p50 under 25 ms, p99 under 75 ms');
  await page.context().close();
  row('server memory, 3+2 hosts', `${resident(small.server.child.pid).toFixed(0)} MB resident`);
  // The server alone on one core; whoever asks is on the others.
  execFileSync('taskset', ['-a', '-c', '-p', '0', String(small.server.child.pid)]);
  row('whole pages a second on one core, 3+2 hosts', (await rate(small.page, 4)).toFixed(0), 'report');
  await small.stop();

  const large = await stage({ nodes: 1_000, pods: 30_000 });
  page = await open(chromium, large.page);
  await live(page);
  await page.waitForSelector('#sentence :text("30")', { timeout: 60_000 });
  const many = await changes(page, large, await page.evaluate(() => document.querySelector('#marks .k-tile').id.replace('m:node/', '')));
  row('change → DOM, 1,000 nodes and 30,000 pods, created', said(many.created), 'p99 under 120 ms');
  row('change → DOM, 1,000 nodes and 30,000 pods, deleted', said(many.deleted), 'p99 under 120 ms');
  const used = await heap(page);
  row('browser heap there', `${used.script.toFixed(1)} MB of script, ${used.wasm.toFixed(1)} MB of wasm memory`, 'under 40 MB');
  row('server memory there', `${resident(large.server.child.pid).toFixed(0)} MB resident`, 'under 150 MB');
  await page.context().close();
  const [few, full] = await Promise.all([stage({ nodes: 5, pods: 100 }), stage({ nodes: 5, pods: 30_000 })]);
  const [at100, at30000, wide] = await firsts(chromium, few.page, full.page, large.page);
  const told = ({ paint, bytes }) => `first paint ${paint.toFixed(0)} ms (${(paint / at100.paint).toFixed(2)} ×), ${(bytes / 1_000).toFixed(0)} kB in all`;
  row('page → complete diagram, cold, 3+2 hosts and 100 pods', told(at100), 'under 400 kB');
  row('page → complete diagram, cold, 3+2 hosts and 30,000 pods', told(at30000), 'the same time');
  row('page → complete diagram, cold, 1,000 nodes and 30,000 pods', told(wide), 'report');
  for (const one of [few, full, large]) await one.stop();
  await chromium.close();
}
