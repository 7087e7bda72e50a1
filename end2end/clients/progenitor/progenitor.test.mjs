// The client in Rust that progenitor makes of the API's document, made ready as docs/api.md says, and used.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { folder } from '../../browser/stage.mjs';
import { demonstration, example, root } from '../lab.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const PATIENCE = 1_200_000;
const work = folder();
let server, token;

async function exec(program, args, env = {}) {
  const settings = { cwd: work, timeout: PATIENCE, maxBuffer: 64 << 20, env: { ...process.env, SERVER: server.url, TOKEN: token, ...env } };
  return promisify(execFile)(program, args, settings)
    .catch((error) => assert.fail(`${program} ${args.join(' ')}: ${error.message}\n${error.stdout}\n${error.stderr}`));
}

before(async () => {
  ({ server, token } = await demonstration(join(work, 'data')));
});
after(async () => { await server?.stop(); });

test('the Rust client compiles, lists every pod and brings a picture', async () => {
  const ready = example('Rust', 'sh', server.url);
  for (const name of ['Cargo.toml', 'Cargo.lock']) cpSync(join(here, name), join(work, name));
  mkdirSync(join(work, 'src'));
  cpSync(join(here, 'src/main.rs'), join(work, 'src/main.rs'));
  const [, release] = /@apiture\/openapi-down-convert@(\S+)/.exec(ready) ?? [];
  assert.equal(release, JSON.parse(readFileSync(join(root, 'end2end/package.json'), 'utf8')).devDependencies['@apiture/openapi-down-convert']);
  // The programs of the example that are installed here.
  const converts = join(root, 'end2end/node_modules/.bin/openapi-down-convert');
  const script = ready.replace(/npx \S+/, converts);
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
