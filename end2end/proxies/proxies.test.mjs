// The proxies that docs/production.md has examples for, each run with its example as it is printed there: only the
// ports, the files of the certificate and where the proxy keeps its own files are others.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { binnacle, folder, start } from '../browser/stage.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));
const tools = join(root, '.tools');
const guide = readFileSync(join(root, 'docs/production.md'), 'utf8');
const PASSWORD = 'Correct-horse-9-battery';
const PATIENCE = 60_000;
const data = folder();
let lab, token, authority;

// The example of one proxy, as the guide prints it.
function printed(name) {
  const [, text] = new RegExp(`\n\`\`\`${name}\n(.*?)\n\`\`\``, 's').exec(guide) ?? [];
  assert.ok(text, `docs/production.md has no example for ${name}`);
  return text;
}

async function freePort() {
  const server = createServer();
  await new Promise((done) => { server.listen(0, '127.0.0.1', done); });
  const { port } = server.address();
  await new Promise((done) => { server.close(done); });
  return port;
}

// What stands around the example in a whole configuration, and how the proxy is started with it.
const PROXIES = {
  nginx: {
    whole: (text, port, own) => `daemon off;\nuser root;\npid ${own}/pid;\nerror_log stderr;\nevents {}\nhttp {\naccess_log off;\n${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
      .map((what) => `${what}_temp_path ${own}/${what};`).join('\n')}\n${text.replace('listen 443', `listen 127.0.0.1:${port}`)}\n}\n`,
    run: (file, own) => ['nginx', '-p', own, '-c', file],
  },
  haproxy: {
    whole: (text, port) => `${text.replace('bind :443', `bind 127.0.0.1:${port}`)}\n`,
    run: (file) => ['haproxy', '-db', '-f', file],
  },
  apache: {
    whole: (text, port, own) => `ServerRoot ${own}\nServerName lab.example\nPidFile ${own}/pid\nDefaultRuntimeDir ${own}\nErrorLog ${own}/log\nListen 127.0.0.1:${port}\nUser daemon\nGroup daemon\n${
      ['mpm_event', 'authz_core', 'socache_shmcb', 'ssl', 'headers', 'proxy', 'proxy_http']
        .map((name) => `LoadModule ${name}_module ${tools}/proxies/usr/lib/apache2/modules/mod_${name}.so`).join('\n')}\n${text.replace('*:443', `127.0.0.1:${port}`)}\n`,
    run: (file) => ['apache2', '-D', 'FOREGROUND', '-f', file],
  },
  caddy: {
    whole: (text, port) => `{\n  admin off\n  auto_https disable_redirects\n}\n${text.replace('lab.example {', `lab.example:${port} {`)}\n`,
    run: (file) => ['caddy', 'run', '--adapter', 'caddyfile', '--config', file],
  },
};

async function proxy(name) {
  const own = join(data, name);
  mkdirSync(own);
  const port = await freePort();
  const text = printed(name).replaceAll('127.0.0.1:8080', new URL(lab.url).host).replaceAll('/etc/ssl/', `${data}/`);
  const file = join(own, 'configuration');
  writeFileSync(file, PROXIES[name].whole(text, port, own));
  const [program, ...args] = PROXIES[name].run(file, own);
  const child = spawn(join(tools, 'bin', program), args, { stdio: ['ignore', 'pipe', 'pipe'], env: { PATH: process.env.PATH, HOME: own } });
  let log = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (more) => { log += more; });
  const ended = new Promise((done) => { child.once('exit', done); });
  const it = { port, origin: `https://lab.example:${port}`, stop: () => { child.kill('SIGTERM'); return ended; } };
  const until = Date.now() + PATIENCE;
  for (;;) {
    const answer = await ask(it, '/binnacle/readyz').catch(() => ({}));
    if (answer.status === 200) return it;
    if (child.exitCode !== null || Date.now() > until) {
      await it.stop();
      const kept = existsSync(join(own, 'log')) ? readFileSync(join(own, 'log'), 'utf8') : '';
      assert.fail(`${name} does not lead to the server: ${answer.status}\n${log}${kept}`);
    }
    await new Promise((done) => { setTimeout(done, 100); });
  }
}

// Asks as a browser would, by the public name.
function ask(to, path, { method = 'GET', headers = {}, body, until } = {}) {
  return new Promise((done, failed) => {
    const asking = request({
      host: '127.0.0.1', port: to.port, servername: 'lab.example', ca: authority, path, method, agent: false,
      headers: { host: `lab.example:${to.port}`, ...headers },
    }, (answer) => {
      let text = '';
      const tell = () => done({ status: answer.statusCode, headers: answer.headers, body: text });
      answer.on('data', (more) => { text += more; if (until?.test(text)) { tell(); asking.destroy(); } });
      answer.on('end', tell);
    });
    asking.setTimeout(PATIENCE, () => { asking.destroy(new Error(`no answer to ${path}`)); });
    asking.on('error', failed);
    asking.on('upgrade', (answer, socket, head) => {
      let said = head;
      const tell = () => { if (said.length > 2) { done({ status: answer.statusCode, frame: said }); socket.destroy(); } };
      socket.on('data', (more) => { said = Buffer.concat([said, more]); tell(); });
      socket.on('error', failed);
      tell();
    });
    asking.end(body);
  });
}

function openssl(...args) { execFileSync('openssl', args, { cwd: data, stdio: 'pipe' }); }

before(async () => {
  openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', 'lab.key', '-out', 'lab.pem', '-days', '2',
    '-subj', '/CN=lab.example', '-addext', 'subjectAltName=DNS:lab.example');
  authority = readFileSync(join(data, 'lab.pem'));
  writeFileSync(join(data, 'lab.both.pem'), authority + readFileSync(join(data, 'lab.key'), 'utf8'));
  const mine = join(data, 'binnacle');
  execFileSync(binnacle, ['user', 'add', 'ann', '--role', 'operator', '--data', mine], { input: `${PASSWORD}\n` });
  token = execFileSync(binnacle, ['token', 'add', 'pipeline', '--role', 'viewer', '--days', '1', '--data', mine], { encoding: 'utf8' })
    .split(/\s+/).find((word) => word.startsWith('bnc_'));
  const settings = join(data, 'settings.toml');
  writeFileSync(settings, printed('toml(?=\n\\[server\\]\nbase_path)'));
  lab = await start(['serve', '--demo', '--config', settings, '--listen', '127.0.0.1:0', '--data', mine, '--sign-in', 'local,tokens']);
});
after(async () => { await lab?.stop(); });

for (const name of Object.keys(PROXIES)) {
  test(`${name} with its example leads to pages, API, WebSocket and event stream`, async () => {
    const front = await proxy(name);
    try {
      const { origin } = front;
      const asked = await ask(front, '/binnacle/c/demo', { headers: { accept: 'text/html' } });
      assert.equal(asked.status, 303);
      assert.match(asked.headers.location, /^\/binnacle\/sign-in\?next=/);
      const form = { method: 'POST', body: `name=ann&password=${PASSWORD}&next=/c/demo`, headers: { 'content-type': 'application/x-www-form-urlencoded' } };
      const stranger = await ask(front, '/binnacle/sign-in', { ...form, headers: { ...form.headers, origin: 'https://evil.example' } });
      assert.equal(stranger.status, 403);
      const signed = await ask(front, '/binnacle/sign-in', { ...form, headers: { ...form.headers, origin } });
      assert.equal(signed.status, 303, signed.body);
      const [cookie] = signed.headers['set-cookie'];
      assert.match(cookie, /; Secure/);
      const headers = { cookie: cookie.split(';')[0] };
      const page = await ask(front, '/binnacle/c/demo', { headers });
      assert.equal(page.status, 200);
      assert.match(page.body, /<svg /);
      assert.match(page.headers['strict-transport-security'], /max-age/);
      // A cluster of any name has its pages: that there is none is told by Binnacle, not by the proxy.
      const odd = await ask(front, '/binnacle/c/arn:aws:eks:eu-west-1:1:cluster%2Fnone', { headers });
      assert.match(odd.body, /cluster\/none/);
      const api = await ask(front, '/binnacle/api/v1/clusters', { headers: { authorization: `Bearer ${token}` } });
      assert.deepEqual(JSON.parse(api.body).items.map((one) => one.name), ['demo']);
      const key = randomBytes(16).toString('base64');
      const upgrade = { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13', 'sec-websocket-key': key, origin };
      const stream = await ask(front, '/binnacle/c/demo/stream', { headers: { ...headers, ...upgrade } });
      assert.equal(stream.status, 101);
      assert.equal(stream.frame[0] & 0x70, 0, 'a frame without extensions');
      const other = await ask(front, '/binnacle/c/demo/stream', { headers: { ...headers, ...upgrade, origin: 'https://evil.example' } });
      assert.equal(other.status, 403);
      // The first event comes at once, and a second one while the answer is still open: nothing is held back.
      const changes = await ask(front, '/binnacle/api/v1/clusters/demo/changes', {
        headers: { authorization: `Bearer ${token}`, accept: 'text/event-stream' }, until: /\n\n[^]*\n\n/,
      });
      assert.equal(changes.status, 200);
      assert.match(changes.headers['content-type'], /^text\/event-stream/);
      // A link for a portal begins with the address that the proxy was asked by.
      const link = await ask(front, '/binnacle/api/v1/embed-links', {
        method: 'POST', body: '{"cluster":"demo","view":"architecture"}',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      });
      assert.equal(new URL(JSON.parse(link.body).page).origin, origin);
    } finally {
      await front.stop();
    }
  });
}
