// A server that trusts a provider, for the tests with providers that others make.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { binnacle, folder, start } from '../browser/stage.mjs';

export const CLIENT = 'binnacle';
export const SECRET = 's3cr&t/+:% of the tests';

export async function freePort() {
  const server = createServer();
  await new Promise((listening) => { server.listen(0, '127.0.0.1', listening); });
  const { port } = server.address();
  await new Promise((closed) => { server.close(closed); });
  return port;
}

// Until something is so; a program that starts may take its time.
export async function until(what, met) {
  const end = Date.now() + 300_000;
  for (;;) {
    if (await met().catch(() => false)) return;
    assert.ok(Date.now() < end, `${what} within five minutes`);
    await new Promise((done) => { setTimeout(done, 200); });
  }
}

const flags = (settings) => Object.entries(settings).flatMap(([name, value]) => [`--${name.replaceAll('_', '-')}`, value]);

// A server with such settings of sign-in.
export async function house(issuer, settings, port = 0) {
  const data = folder();
  const secret = join(data, 'secret');
  writeFileSync(secret, `${SECRET}\n`, { mode: 0o600 });
  const all = { oidc_issuer: issuer, oidc_client: CLIENT, oidc_secret_file: secret, ...settings };
  const server = await start(['serve', '--demo', '--listen', `127.0.0.1:${port}`, '--data', data, '--sign-in', 'oidc', ...flags(all)]);
  return server;
}

// What `binnacle doctor --oidc` says of a provider.
export async function examined(issuer, settings) {
  const data = folder();
  const secret = join(data, 'secret');
  writeFileSync(secret, `${SECRET}\n`, { mode: 0o600 });
  const all = { oidc_issuer: issuer, oidc_client: CLIENT, oidc_secret_file: secret, ...settings };
  const { stdout } = await promisify(execFile)(binnacle, ['doctor', '--oidc', ...flags(all)]);
  return stdout;
}
