// What tests of clients share: the demonstration, which answers tokens alone, and the examples of docs/api.md.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { binnacle, start, until } from '../browser/stage.mjs';

export const root = fileURLToPath(new URL('../../', import.meta.url));

// An example of the guide by its heading and language, asked of the server with this address.
export function example(heading, language, url) {
  const part = readFileSync(join(root, 'docs/api.md'), 'utf8').split(`\n### ${heading}\n`)[1]?.split(/\n##+ /)[0] ?? '';
  const [, text] = new RegExp(`\n\`\`\`${language}\n(.*?)\n\`\`\``, 's').exec(`\n${part}`) ?? [];
  assert.ok(text, `docs/api.md has no example in ${language} for ${heading}`);
  return text.replaceAll('http://127.0.0.1:8080', url);
}

// A token of the server that keeps its data there.
export function tokenOf(data, role = 'viewer') {
  return execFileSync(binnacle, ['token', 'add', 'pipeline', '--role', role, '--days', '1', '--data', data], { encoding: 'utf8' })
    .split(/\s+/).find((word) => word.startsWith('bnc_'));
}

// The demonstration once its cluster was read, and a token for it.
export async function demonstration(data, { role, env } = {}) {
  const token = tokenOf(data, role);
  const server = await start(['serve', '--demo', '--listen', '127.0.0.1:0', '--data', data, '--sign-in', 'tokens', '--rate', '100000'], env);
  await until('the cluster is never read', async () => {
    const answer = await fetch(`${server.url}/api/v1/clusters/demo`, { headers: { authorization: `Bearer ${token}` } });
    return (await answer.json()).nodes > 0;
  }, 240).catch(async (error) => {
    await server.stop();
    throw error;
  });
  return { server, token };
}
