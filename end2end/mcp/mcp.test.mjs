// The protocol's reference client beside a real server: over the standard streams of `binnacle mcp`, and over HTTP.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { binnacle, folder } from '../browser/stage.mjs';
import { demonstration } from '../clients/lab.mjs';

const work = folder();
let lab, token, tokenFile;

before(async () => {
  ({ server: lab, token } = await demonstration(join(work, 'data')));
  tokenFile = join(work, 'token');
  writeFileSync(tokenFile, `${token}\n`);
});
after(async () => { await lab?.stop(); });

// A client that fails its test on anything on standard output that is no protocol.
async function connected(transport) {
  const client = new Client({ name: 'test', version: '1' });
  client.onerror = (error) => { client.failed = error; };
  await client.connect(transport);
  return client;
}

const stdio = (args) => connected(new StdioClientTransport({
  command: binnacle, args: ['mcp', ...args], env: { PATH: process.env.PATH, HOME: work, TMPDIR: work }, stderr: 'inherit',
}));

const http = () => connected(new StreamableHTTPClientTransport(new URL(`${lab.url}/mcp`), {
  requestInit: { headers: { authorization: `Bearer ${token}` } },
}));

async function told(client, name, args = {}) {
  const { content: [{ type, text }], isError } = await client.callTool({ name, arguments: args });
  assert.equal(type, 'text');
  assert.ok(!isError, `${name} ${JSON.stringify(args)}: ${text}`);
  return text;
}

async function refused(client, name, args = {}) {
  const { content: [{ text }], isError } = await client.callTool({ name, arguments: args });
  assert.equal(isError, true, `${name} ${JSON.stringify(args)}: ${text}`);
  return text;
}

const read = async (client, name, args) => JSON.parse(await told(client, name, args));

async function walk(client) {
  assert.equal(client.getServerVersion().name, 'binnacle');
  assert.match(client.getInstructions(), /stale/);
  const { tools } = await client.listTools();
  for (const tool of tools) {
    assert.ok(tool.description && tool.title, tool.name);
    assert.equal(tool.annotations.readOnlyHint, true, tool.name);
    assert.equal(tool.inputSchema.type, 'object', tool.name);
  }
  const { items: [{ name: cluster }] } = await read(client, 'clusters');
  assert.match((await read(client, 'state', { cluster })).sentence, /masters/);
  const nodes = await read(client, 'inventory', { kind: 'nodes' });
  assert.equal(nodes.items.length, 5);
  assert.match(await told(client, 'figure'), /^flowchart/m);
  const services = await read(client, 'inventory', { kind: 'services' });
  const way = await read(client, 'follow', { of: `service/${services.items[0].namespace}/${services.items[0].name}` });
  assert.ok(way.items.some((hop) => hop.kind === 'service'));
  assert.equal((await read(client, 'drift')).planned, true);
  const lost = await read(client, 'what_if', { lose: ['host1', 'host2'] });
  assert.equal(lost.survives, false);
  assert.match(await refused(client, 'state', { cluster: 'nowhere' }), /are there/);
  assert.match(await refused(client, 'inventory', { kind: 'secrets' }), /none of/);
  assert.match(await refused(client, 'what_if', { lose: 'x'.repeat(20_000) }), /ask about less/);
  await assert.rejects(client.callTool({ name: 'delete_node', arguments: {} }), /there is no tool delete_node/);
  assert.equal(client.failed, undefined, 'something was no protocol');
  return tools.map((tool) => tool.name);
}

test('over standard streams the built-in cluster is told of without a server', async () => {
  const client = await stdio(['--demo']);
  const names = await walk(client);
  assert.ok(!names.includes('backups'), 'without a server no backups are known');
  await client.close();
});

test('over standard streams a server is asked with a token', async () => {
  const client = await stdio(['--server', lab.url, '--token-file', tokenFile]);
  const names = await walk(client);
  assert.ok(names.includes('backups') && names.includes('runs'));
  await client.close();
});

test('over HTTP the server itself answers', async () => {
  const client = await http();
  await walk(client);
  assert.ok(Array.isArray((await read(client, 'backups')).items));
  await client.close();
});

test('over HTTP the past is told of, and two moments are compared', async () => {
  const client = await http();
  const { items } = await read(client, 'incidents');
  assert.ok(Array.isArray(items));
  const now = Date.now();
  const moments = { t1: new Date(now - 3_600_000).toISOString(), t2: new Date(now).toISOString() };
  const { content: [{ text }], isError } = await client.callTool({ name: 'difference', arguments: moments });
  // Where the day before was not made up yet, what is known is named.
  if (isError) assert.match(text, /known|recorded/);
  else assert.ok(Array.isArray(JSON.parse(text).items), text);
  await client.close();
});

test('many clients at once get each their own answer', async () => {
  const clients = await Promise.all(Array.from({ length: 4 }, http));
  const answers = await Promise.all(clients.flatMap((client) => ['host1', 'host2', 'host3', 'host4', 'host5'].map(async (host) => {
    const { items } = await read(client, 'inventory', { kind: 'nodes', node: host });
    return [host, items.map((node) => node.name)];
  })));
  for (const [host, names] of answers) assert.deepEqual(names, [host]);
  await Promise.all(clients.map((client) => client.close()));
});

test('without a token the reference client is refused', async () => {
  await assert.rejects(connected(new StreamableHTTPClientTransport(new URL(`${lab.url}/mcp`))), /401|Sign in|Unauthorized/);
});
