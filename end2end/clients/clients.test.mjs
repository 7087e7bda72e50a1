// Clients that generators make of the API's document, used against a real server; and the examples of docs/api.md.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { folder } from '../browser/stage.mjs';
import { demonstration, example as told, root } from './lab.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const tools = join(root, '.tools');
const run = promisify(execFile);
const PATIENCE = 240_000;
const work = folder();
let lab, token;

const example = (heading, language) => told(heading, language, lab.url);

function place(name) {
  const path = join(work, name);
  mkdirSync(path);
  return path;
}

const exec = (program, args, cwd, env = {}) => run(program, args, {
  cwd, timeout: PATIENCE, maxBuffer: 64 << 20,
  env: { ...process.env, PATH: `${tools}/openapi/bin:${tools}/bin:${process.env.PATH}`, TOKEN: token, ...env },
}).catch((error) => assert.fail(`${program} ${args.join(' ')}: ${error.message}\n${error.stdout}\n${error.stderr}`));

async function saved(path) {
  const file = join(path, 'openapi.json');
  writeFileSync(file, await (await fetch(`${lab.url}/api/v1/openapi.json`)).text());
  return file;
}

before(async () => {
  // The way to ansible-playbook, by which the demonstration cluster is deployed for trial.
  const env = { PATH: `${tools}/bin:${process.env.PATH}`, HOME: work };
  ({ server: lab, token } = await demonstration(join(work, 'data'), { role: 'operator', env }));
});
after(async () => { await lab?.stop(); });

test('the Python client of the guide lists every pod and brings a picture', async () => {
  const path = place('python');
  writeFileSync(join(path, 'client.yaml'), example('Python', 'yaml'));
  const [generate] = example('Python', 'sh').split('\n').filter((line) => line.startsWith('openapi-python-client '));
  const { stdout, stderr } = await exec('bash', ['-ec', generate], path);
  assert.doesNotMatch(stdout + stderr, /Warning|Unable|Could not/);
  writeFileSync(join(path, 'example.py'), example('Python', 'python'));
  const listed = await exec('python', ['example.py'], path, { PYTHONPATH: join(path, 'binnacle-client') });
  const lines = listed.stdout.trim().split('\n');
  assert.ok(lines.length > 20, listed.stdout);
  assert.match(lines[0], /^\S+ \S+ (ok|done|starting|warn|bad|unknown|stale|ghost) \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00$/);
  assert.equal(readFileSync(join(path, 'cluster.png')).subarray(1, 4).toString(), 'PNG');
  await exec('python', [join(here, 'use.py')], path, { PYTHONPATH: join(path, 'binnacle-client'), SERVER: lab.url });
});

test('types for TypeScript hold in a program that uses them', async () => {
  const path = place('typescript');
  await exec('node', [join(root, 'end2end/node_modules/openapi-typescript/bin/cli.js'), await saved(path), '-o', join(path, 'binnacle.ts')], path);
  cpSync(join(here, 'use.ts'), join(path, 'use.ts'));
  const flags = ['--noEmit', '--strict', '--target', 'es2022', '--module', 'nodenext', '--moduleResolution', 'nodenext'];
  await exec('node', [join(root, 'end2end/node_modules/typescript/bin/tsc'), ...flags, join(path, 'use.ts')], path);
});

for (const [generator, args] of [
  ['ogen', (file, path) => ['--config', join(here, 'go/ogen.yml'), '--target', join(path, 'client'), '--package', 'client', '--clean', file]],
  ['oapi-codegen', (file, path) => ['-generate', 'types,client', '-package', 'client', '-o', join(path, 'client/client.go'), file]],
]) {
  test(`the client that ${generator} makes compiles and lists pods`, async () => {
    const path = place(generator);
    mkdirSync(join(path, 'client'));
    for (const name of ['go.mod', 'go.sum']) cpSync(join(here, 'go', name), join(path, name));
    await exec(generator, args(await saved(path), path), path);
    cpSync(join(here, `go/${generator}.go.txt`), join(path, 'main.go'));
    const { stdout } = await exec('go', ['run', '-mod=mod', '.'], path, { SERVER: lab.url });
    assert.match(stdout, /^kube-system\/\S+ (ok|done|starting|warn|bad)$/m);
  });
}

test('the shell example tells broken pods by its exit status', async () => {
  const path = place('shell');
  const shown = (ended) => ({ status: ended.code ?? 0, stdout: ended.stdout });
  const script = (env) => run('bash', ['-c', example('Shell', 'sh')], { cwd: path, timeout: PATIENCE, env: { ...process.env, ...env } }).then(shown, shown);
  // In the demonstration cluster a pod may break at any moment.
  const { status, stdout } = await script({ TOKEN: token });
  if (status === 0) assert.equal(stdout, '');
  else assert.match(stdout, /^(\S+\/\S+: .+\n)+$/);
  const unknown = await script({ TOKEN: 'none' });
  assert.notEqual(unknown.status, 0, 'without an answer nobody knows');
  assert.equal(unknown.stdout, '');
});

test('the playbook checks a plan, deploys it and sees its end', async () => {
  const path = place('ansible');
  // Asking more often changes nothing but how long this test takes.
  writeFileSync(join(path, 'deploy.yml'), example('Ansible', 'yaml').replace('delay: 10', 'delay: 1'));
  const { stdout } = await exec('ansible-playbook', ['deploy.yml', '-e', `folder=${join(root, 'end2end/deploy/plan')}`, '-e', 'key=1'], path,
    { ANSIBLE_NOCOLOR: '1', ANSIBLE_LOCALHOST_WARNING: 'False', HOME: work });
  assert.match(stdout, /failed=0/);
});

test('the job for GitLab saves drift and picture and passes', async () => {
  const path = place('gitlab');
  const job = example('GitLab CI', 'yaml');
  const script = job.split('\n  script:\n')[1].split('\n  artifacts:')[0].split('\n').map((line) => line.replace(/^ {4}- /, ''));
  assert.equal(script.length, 3);
  await exec('bash', ['-ec', script.join('\n')], path, { BINNACLE: lab.url });
  assert.match(readFileSync(join(path, 'cluster.svg'), 'utf8'), /<svg /);
});

test('what the Terraform example reads is there', async () => {
  // Its address and its fields; terraform/terraform.test.mjs runs it.
  const text = example('Terraform', 'hcl');
  const [, url] = /url\s+= "([^"]+)"/.exec(text);
  const answer = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
  assert.equal(answer.status, 200);
  const body = await answer.json();
  // What it reads of a refusal is in each of these.
  const refused = await (await fetch(url, { headers: { authorization: 'Bearer none' } })).json();
  for (const [, field] of text.matchAll(/response_body\)\.(\w+)/g)) assert.ok(field in body || field in refused, field);
  assert.ok(body.nodes > 0);
  assert.equal(body.trouble, null);
});
