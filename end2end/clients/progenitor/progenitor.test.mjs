// The client in Rust that progenitor makes of the API's document, made ready as docs/api.md says, and used.
import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { binnacle, folder, start } from '../../browser/stage.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const root = join(here, '../../..');
const PATIENCE = 1_200_000;
const work = folder();
let server, token;

async function exec(program, args, env = {}) {
  const settings = { cwd: work, timeout: PATIENCE, maxBuffer: 64 << 20, env: { ...process.env, SERVER: server.url, TOKEN: token, ...env } };
  return promisify(execFile)(program, args, settings)
    .catch((error) => assert.fail(`${program} ${args.join(' ')}: ${error.message}\n${error.stdout}\n${error.stderr}`));
}

before(async () => {
  const data = join(work, 'data');
  token = execFileSync(binnacle, ['token', 'add', 'pipeline', '--days', '1', '--data', data], { encoding: 'utf8' })
    .split(/\s+/).find((word) => word.startsWith('bnc_'));
  server = await start(['serve', '--demo', '--listen', '127.0.0.1:0', '--data', data, '--sign-in', 'tokens', '--rate', '100000']);
  const until = Date.now() + PATIENCE;
  for (;;) {
    const answer = await fetch(`${server.url}/api/v1/clusters/demo`, { headers: { authorization: `Bearer ${token}` } });
    if ((await answer.json()).nodes > 0) break;
    assert.ok(Date.now() < until, 'the cluster is never read');
    await new Promise((done) => { setTimeout(done, 100); });
  }
});
after(async () => { await server?.stop(); });

test('the Rust client compiles, lists every pod and brings a picture', async () => {
  const part = readFileSync(join(root, 'docs/api.md'), 'utf8').split('\n### Rust\n')[1]?.split(/\n##+ /)[0] ?? '';
  const [, example] = /\n```sh\n(.*?)\n```/s.exec(part) ?? [];
  assert.ok(example, 'docs/api.md has no example for Rust');
  for (const name of ['Cargo.toml', 'Cargo.lock']) cpSync(join(here, name), join(work, name));
  mkdirSync(join(work, 'src'));
  cpSync(join(here, 'src/main.rs'), join(work, 'src/main.rs'));
  writeFileSync(join(work, 'answer.json'), await (await fetch(`${server.url}/api/v1/openapi.json`)).text());
  const [, release] = /@apiture\/openapi-down-convert@(\S+)/.exec(example) ?? [];
  assert.equal(release, JSON.parse(readFileSync(join(root, 'end2end/package.json'), 'utf8')).devDependencies['@apiture/openapi-down-convert']);
  // The programs of the example that are installed here.
  const converts = join(root, 'end2end/node_modules/.bin/openapi-down-convert');
  const script = example.replaceAll('http://127.0.0.1:8080', server.url).replace(/npx \S+/, converts);
  await exec('bash', ['-ec', `set -o pipefail\n${script}`]);
  const [, channel] = /channel = "(.+)"/.exec(readFileSync(join(root, 'rust-toolchain.toml'), 'utf8'));
  const { stdout } = await exec('cargo', ['run', '--locked', '--quiet'], {
    CARGO_TARGET_DIR: join(root, 'target/progenitor'), RUSTUP_TOOLCHAIN: channel, RUSTFLAGS: '',
  });
  const lines = stdout.trim().split('\n');
  assert.ok(lines.length > 20, stdout);
  for (const line of lines) assert.match(line, /^\S+\/\S+ (ok|done|starting|warn|bad|unknown|stale|ghost) \d{4}$/);
  assert.equal(readFileSync(join(work, 'cluster.png')).subarray(1, 4).toString(), 'PNG');
});
