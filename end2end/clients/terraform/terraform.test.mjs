// OpenTofu runs the Terraform example of docs/api.md against a real server. Its provider is the one in
// BINNACLE_TEST_HTTP_PROVIDER, a folder with hashicorp/http built of its sources; a stand-in without it.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { folder, start } from '../../browser/stage.mjs';
import { demonstration, example, root, tokenOf } from '../lab.mjs';

const tools = join(root, '.tools/bin');
const PATIENCE = 300_000;
const work = folder();
let server, token, provider;

// Applies the example of an address in a folder of its own; no registry is asked, for the provider is named.
async function applied(name, url, sent = token) {
  const cwd = join(work, name);
  mkdirSync(cwd);
  writeFileSync(join(cwd, 'main.tf'), example('Terraform', 'hcl', url));
  writeFileSync(join(cwd, 'tofurc'), `provider_installation {\n  dev_overrides {\n    "hashicorp/http" = ${JSON.stringify(provider)}\n  }\n}\n`);
  const env = { PATH: process.env.PATH, HOME: cwd, TF_CLI_CONFIG_FILE: join(cwd, 'tofurc'), CHECKPOINT_DISABLE: '1', TF_IN_AUTOMATION: '1', TF_VAR_token: sent };
  const tofu = (...args) => promisify(execFile)(join(tools, 'tofu'), args, { cwd, env, timeout: PATIENCE })
    .then((ended) => ({ ...ended, status: 0 }), (error) => ({ stdout: error.stdout, stderr: error.stderr, status: error.code }));
  const ended = await tofu('apply', '-auto-approve', '-no-color', '-input=false');
  // Lines are broken for a terminal and have a frame.
  const said = `${ended.stdout}${ended.stderr}`.replace(/[\s│]+/g, ' ');
  return { status: ended.status, said, outputs: async () => JSON.parse((await tofu('output', '-json')).stdout) };
}

async function cluster() {
  const answer = await fetch(`${server.url}/api/v1/clusters/demo`, { headers: { authorization: `Bearer ${token}` } });
  return answer.json();
}

before(async () => {
  provider = process.env.BINNACLE_TEST_HTTP_PROVIDER;
  if (!provider) {
    provider = folder();
    symlinkSync(join(tools, 'terraform-provider-http'), join(provider, 'terraform-provider-http'));
  }
  ({ server, token } = await demonstration(join(work, 'data')));
});
after(async () => { await server?.stop(); });

test('the example applies and its output is the number of nodes', async () => {
  const { status, said, outputs } = await applied('well', server.url);
  assert.equal(status, 0, said);
  assert.equal((await outputs()).nodes.value, (await cluster()).nodes);
  assert.ok(!said.includes(token), 'the token is shown');
});

test('a wrong token ends the example with its own words', async () => {
  const { status, said } = await applied('refused', server.url, 'bnc_none');
  assert.equal(status, 1, said);
  assert.match(said, /postcondition failed/);
  assert.match(said, /Binnacle cannot read the cluster: This token is not known, has expired or was revoked/);
});

test('a cluster that is never reached ends the example with an error', async () => {
  const kubeconfig = join(work, 'kubeconfig');
  writeFileSync(kubeconfig, JSON.stringify({
    apiVersion: 'v1', kind: 'Config', 'current-context': 'demo', users: [{ name: 'u', user: {} }],
    clusters: [{ name: 'c', cluster: { server: 'http://127.0.0.1:9' } }], contexts: [{ name: 'demo', context: { cluster: 'c', user: 'u' } }],
  }));
  const kept = join(work, 'dark-data');
  const known = tokenOf(kept);
  const dark = await start(['serve', '--demo=never', '--kubeconfig', kubeconfig, '--listen', '127.0.0.1:0', '--data', kept, '--sign-in', 'tokens']);
  try {
    const { status, said } = await applied('dark', dark.url, known);
    assert.equal(status, 1, said);
    // The answer is a 502, and the provider judges these before the example does.
    assert.match(said, /giving up after 1 attempt/);
  } finally {
    await dark.stop();
  }
});
