// The numbers for Prometheus, judged by its own tool.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { folder, start } from '../browser/stage.mjs';

const promtool = join(fileURLToPath(new URL('../../', import.meta.url)), '.tools/bin/promtool');
let lab;

before(async () => { lab = await start(['serve', '--demo', '--listen', '127.0.0.1:0', '--data', folder()]); });
after(async () => { await lab?.stop(); });

test('promtool finds nothing wrong with the numbers', async () => {
  // A page is looked at first, so that numbers with labels are there.
  assert.equal((await fetch(`${lab.url}/c/demo`)).status, 200);
  const answer = await fetch(`${lab.url}/metrics`, { headers: { accept: 'text/plain;version=0.0.4' } });
  assert.match(answer.headers.get('content-type'), /^text\/plain/);
  const numbers = await answer.text();
  for (const name of ['binnacle_build_info', 'process_cpu_seconds_total', 'process_resident_memory_bytes']) {
    assert.match(numbers, new RegExp(`^${name}`, 'm'));
  }
  const { status, stdout, stderr } = spawnSync(promtool, ['check', 'metrics'], { input: numbers, encoding: 'utf8' });
  assert.equal(status, 0, `${stdout}${stderr}`);
  assert.equal(`${stdout}${stderr}`, '');
});
