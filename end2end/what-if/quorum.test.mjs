// What what-if says of etcd's quorum, held to real members that are killed: every subset of 1, 3 and 5 of them.
// `end2end/with-etcd` names the program.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { folder, stage, until } from '../browser/stage.mjs';

const { BINNACLE_TEST_ETCD: etcd } = process.env;
assert.ok(etcd, 'BINNACLE_TEST_ETCD names etcd: run this through end2end/with-etcd');
const children = new Set();
after(() => children.forEach((child) => child.kill('SIGKILL')));

// The system gives ports from 32768 on to connections, so these are below.
async function freePort() {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    const server = createServer();
    const free = await new Promise((done) => {
      server.once('error', () => done(false));
      server.listen(port, '127.0.0.1', () => server.close(() => done(true)));
    });
    if (free) return port;
  }
}

// A member by the name of its host: on one loopback there are no addresses to tell them apart.
class Member {
  constructor(name, client, peer) {
    Object.assign(this, { name, client, peer, url: `http://127.0.0.1:${client}` });
  }

  start(cluster, data) {
    const peer = `http://127.0.0.1:${this.peer}`;
    this.child = spawn(etcd, [
      '--name', this.name, '--data-dir', join(data, this.name), '--unsafe-no-fsync', '--log-level', 'error',
      '--listen-client-urls', this.url, '--advertise-client-urls', this.url, '--listen-peer-urls', peer,
      '--initial-advertise-peer-urls', peer, '--initial-cluster', cluster,
      '--heartbeat-interval', '50', '--election-timeout', '500',
    ], { env: {}, stdio: ['ignore', 'ignore', 'pipe'] });
    this.child.stderr.pipe(createWriteStream(join(data, `${this.name}.log`), { flags: 'a' }));
    children.add(this.child);
    this.ended = new Promise((done) => { this.child.once('exit', done); });
    this.ended.then(() => children.delete(this.child));
  }

  // As when its machine loses power.
  async kill() {
    this.child.kill('SIGKILL');
    await this.ended;
  }

  async ask(path, body, patience) {
    const answer = await fetch(this.url + path, { method: 'POST', body: JSON.stringify(body), signal: AbortSignal.timeout(patience) });
    const told = await answer.json();
    if (!answer.ok) throw new Error(`${this.name}: ${told.message ?? answer.status}`);
    return told;
  }

  // Whether it knows a leader; none where it does not answer.
  leader() {
    return this.ask('/v3/maintenance/status', {}, 2_000).then(({ leader = '0' }) => leader !== '0', () => undefined);
  }

  // A write and a linearizable read of it, which both need the quorum.
  async serves(patience) {
    // Each with a key of its own: an earlier one that was given up may still be written.
    const [key, value] = [`what-if ${Math.random()}`, this.name].map((text) => Buffer.from(text).toString('base64'));
    try {
      await this.ask('/v3/kv/put', { key, value }, patience);
      const { kvs: [found] = [] } = await this.ask('/v3/kv/range', { key }, patience);
      assert.equal(found?.value, value);
      return true;
    } catch (error) {
      if (error instanceof assert.AssertionError) throw error;
      return false;
    }
  }
}

// So many members, and Binnacle that asks them beside a simulated cluster of these hosts and two more.
async function lab(t, count) {
  const data = folder();
  const members = [];
  for (let at = 1; at <= count; at += 1) members.push(new Member(`host${at}`, await freePort(), await freePort()));
  const cluster = members.map(({ name, peer }) => `${name}=http://127.0.0.1:${peer}`).join(',');
  const begin = (some) => some.forEach((member) => member.start(cluster, data));
  const well = () => until(`all ${count} members are well`, async () => {
    const well = await Promise.all(members.map(async (member) => await member.leader() && member.serves(5_000)));
    return well.every(Boolean);
  });
  begin(members);
  await well();
  const endpoints = members.map(({ url }) => url).join(',');
  const house = await stage({ nodes: count + 2, pods: 20, more: ['--etcd-endpoints', endpoints] });
  t.after(async () => {
    await house.stop();
    await Promise.all(members.map((member) => member.kill()));
  });
  const ask = async (query) => {
    const answer = await fetch(`${house.url}/api/v1/clusters/lab/what-if?${query}`);
    return (await answer.json()).parts?.find(({ kind }) => kind === 'etcd');
  };
  const spare = `lose=host${count + 2}`;
  await until('Binnacle knows that all members are well', async () => {
    const part = await ask(spare);
    return part?.verdict === 'certain' && part.count === count;
  });
  return { members, begin, well, ask, spare };
}

// Whether a quorum is there, from those that are left: one serves, or each says that it has no leader and serves nobody.
async function quorum(left) {
  const some = async (patience) => (await Promise.all(left.map((member) => member.serves(patience)))).some(Boolean);
  const leaderless = async () => (await Promise.all(left.map((member) => member.leader()))).every((leader) => leader === false);
  return until('members serve, or know no leader', async () => {
    if (!await leaderless()) return await some(1_000) ? 'there' : undefined;
    // An election may have been under way: this is longer than several of them.
    if (await some(3_000)) return 'there';
    return await leaderless() ? 'gone' : undefined;
  });
}

describe('etcd', { concurrency: true }, () => {
  for (const count of [1, 3, 5]) {
    test(`every subset of ${count} members is lost as predicted`, async (t) => {
      const { members, begin, well, ask, spare } = await lab(t, count);
      const subsets = Array.from({ length: 2 ** count }, (_, bits) => members.filter((_, at) => (bits >> at) & 1));
      const predicted = [];
      for (const lost of subsets) {
        const part = await ask(lost.length > 0 ? lost.map(({ name }) => `lose=${name}`).join('&') : spare);
        assert.ok(['certain', 'impossible'].includes(part?.verdict), JSON.stringify(part));
        predicted.push(part.verdict === 'certain' ? 'there' : 'gone');
      }
      for (const [at, lost] of subsets.entries()) {
        await Promise.all(lost.map((member) => member.kill()));
        const found = await quorum(members.filter((member) => !lost.includes(member)));
        assert.equal(found, predicted[at], `lost: ${lost.map(({ name }) => name).join(', ') || 'none'}`);
        begin(lost);
        await well();
      }
      const gone = predicted.filter((verdict) => verdict === 'gone').length;
      t.diagnostic(`${subsets.length} subsets of ${count} members: all verdicts exact, ${gone} without quorum`);
    });
  }

  // It may be cut off from Binnacle alone, so that not even an answer of no is certain.
  test('a member that does not answer is not counted on', async (t) => {
    const { members: [first, second, third], ask } = await lab(t, 3);
    assert.equal((await ask('lose=host2')).verdict, 'certain');
    await first.kill();
    const part = await until('the loss of one more is no longer certain', async () => {
      const told = await ask('lose=host2');
      return told.verdict !== 'certain' && told;
    });
    assert.deepEqual([part.verdict, part.why], ['unknown', 'no source tells whether host1 works']);
    assert.equal(await quorum([second, third]), 'there');
    await second.kill();
    assert.equal(await quorum([third]), 'gone');
  });
});
