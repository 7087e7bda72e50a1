// The clients that openapi-generator makes of the API's document, compiled and used against a real server.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { folder } from '../../browser/stage.mjs';
import { demonstration } from '../lab.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const tools = join(here, '../../../.tools/openapi-generator');
const PATIENCE = 600_000;
const work = folder();
const document = join(work, 'openapi.json');
let server, token;

async function exec(program, args, cwd, env = {}) {
  const settings = { cwd, timeout: PATIENCE, maxBuffer: 64 << 20, env: { ...process.env, SERVER: server.url, TOKEN: token, ...env } };
  return promisify(execFile)(program, args, settings)
    .catch((error) => assert.fail(`${program} ${args.join(' ')}: ${error.message}\n${error.stdout}\n${error.stderr}`));
}

// A client for a language, without a word that something of the document was not understood.
async function generated(language, into, properties) {
  const args = ['-Xmx512m', '-jar', join(tools, 'generator.jar'), 'generate', '-g', language, '-i', document, '-o', into, `--additional-properties=${properties}`];
  const { stdout, stderr } = await exec('java', args, work);
  assert.doesNotMatch(stdout + stderr, /ERROR|Unused model|Unable to|not supported|Multiple/);
}

before(async () => {
  ({ server, token } = await demonstration(join(work, 'data'), { role: 'operator' }));
  writeFileSync(document, await (await fetch(`${server.url}/api/v1/openapi.json`)).text());
});
after(async () => { await server?.stop(); });

test('the Python client lists every pod and brings pictures', async () => {
  const path = join(work, 'python');
  await generated('python', path, 'packageName=binnacle_api');
  const { stdout } = await exec(join(tools, 'bin/python'), [join(here, 'use.py')], path, { PYTHONPATH: path });
  assert.match(stdout, /^kube-system\/\S+ (ok|done|starting|warn|bad)$/m);
});

test('the Go client compiles, lists pods and brings pictures', async () => {
  const path = join(work, 'go');
  mkdirSync(path);
  for (const name of ['go.mod', 'go.sum']) cpSync(join(here, name), join(path, name));
  cpSync(join(here, 'main.go.txt'), join(path, 'main.go'));
  await generated('go', join(path, 'client'), 'packageName=client,withGoMod=false');
  const { stdout } = await exec('go', ['run', '.'], path);
  assert.match(stdout, /^kube-system\/\S+ (ok|done|starting|warn|bad) \d{4}$/m);
});
