// The waves in which what-if drains all hosts, done by real evictions on a real control plane with kwok's nodes: none is
// refused, and no service that had two endpoints is without one at any moment.
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { made } from './made.mjs';
import { CLUSTERS, LANES, REPEATS, SEED, counted, isReady, lanes, repeated } from './real.mjs';

const free = lanes();
const sum = { unready: 0, orders: 0, waves: 0, anew: 0, given: 0, hosts: 0, stuck: 0, evictions: 0, slow: 0 };
after(() => console.log(`# ${JSON.stringify({ ...sum, ...counted })}`));

const selected = ({ spec }, { metadata }) => Object.entries(spec.selector.matchLabels).every(([name, value]) => metadata.labels?.[name] === value);

// Evicts what `kubectl drain --ignore-daemonsets` evicts. Pods of budgets that are told to be slow go one after another.
async function drain(lane, wave, endpoints) {
  const { api } = lane;
  const cordon = (on) => Promise.all(wave.hosts.map((host) => api.call('PATCH', `/api/v1/nodes/${host}`, { spec: { unschedulable: on } }, 'application/merge-patch+json')));
  const budgets = () => api.list('/apis/policy/v1/namespaces/default/poddisruptionbudgets');
  const evict = async (pod) => {
    const { name, namespace } = pod.metadata;
    const { code, body } = await api.request('POST', `/api/v1/namespaces/${namespace}/pods/${name}/eviction`, {
      apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, namespace },
    });
    sum.evictions += 1;
    assert.ok(code < 300, `the eviction of ${name} is refused: ${code} ${JSON.stringify(body)}`);
  };
  await cordon(true);
  const all = (await lane.pods()).filter(({ metadata, spec }) => wave.hosts.includes(spec.nodeName) && metadata.ownerReferences?.[0].kind !== 'DaemonSet');
  const guards = await budgets();
  const slow = guards.filter(({ metadata }) => wave.slow.includes(`default/${metadata.name}`));
  const waits = (pod) => slow.find((budget) => selected(budget, pod));
  await Promise.all(all.filter((pod) => !waits(pod)).map(evict));
  for (const pod of all.filter(waits)) {
    sum.slow += 1;
    const { name } = waits(pod).metadata;
    await lane.comes(`${name} allows the next eviction`, async () => {
      const budget = (await budgets()).find(({ metadata }) => metadata.name === name);
      return budget.status.disruptionsAllowed > 0 && Object.keys(budget.status.disruptedPods ?? {}).length === 0;
    });
    await evict(pod);
  }
  const left = new Set(all.map(({ metadata }) => metadata.uid));
  await lane.comes('the evicted pods run elsewhere', async () => {
    const now = await lane.pods();
    const at = (pod) => wave.hosts.includes(pod.spec.nodeName) && pod.metadata.ownerReferences?.[0].kind !== 'DaemonSet';
    return now.every((pod) => !left.has(pod.metadata.uid) && !at(pod) && isReady(pod));
  });
  await cordon(false);
  // Budgets and endpoints follow a moment later.
  await lane.comes('budgets have counted', async () => (await budgets()).every(({ metadata, status }) => status.observedGeneration === metadata.generation
    && status.currentHealthy === status.expectedPods));
  await lane.comes('endpoints follow', async () => {
    const ready = (await lane.pods()).filter(isReady);
    return [...endpoints.ready()].every(([service, count]) => count === ready.filter(({ metadata }) => metadata.labels.app === service).length);
  });
}

// Whether hosts can be drained together as the cluster is by now; the budgets by which pods go one after another.
async function may(lane, hosts) {
  const { parts } = await lane.ask(...hosts.map((host) => `--drain=${host}`));
  const slow = parts.filter(({ kind, short }) => kind === 'budget' && short === 'slows the drain').map(({ name }) => name);
  const harms = ({ kind, name, verdict, count }) => (kind === 'service' ? count > 1 && !slow.includes(name) : verdict !== 'certain');
  return !parts.some(harms) && { hosts, slow };
}

// A wave rests on one placement of the pods of those before it, and the scheduler may choose another. So it is asked before
// each whether it still holds; where it does not, the order is asked anew.
async function next(lane, order, done) {
  const left = (waves) => waves.map(({ hosts }) => hosts.filter((host) => !done.has(host))).filter((hosts) => hosts.length > 0);
  const [told] = left(order.waves);
  if (!told) return undefined;
  const wave = await may(lane, told);
  if (wave) return wave;
  sum.anew += 1;
  for (const hosts of left((await lane.ask('--drain-order')).waves)) {
    const other = await may(lane, hosts);
    if (other) return other;
  }
  sum.given += 1;
  return undefined;
}

async function tried(lane, cluster) {
  await lane.make(cluster);
  // An order is told of a cluster that is well.
  if ((await lane.pods()).some((pod) => !isReady(pod))) {
    sum.unready += 1;
    return;
  }
  const order = await lane.ask('--drain-order');
  const endpoints = await lane.endpoints();
  sum.orders += 1;
  sum.stuck += order.stuck.length;
  const done = new Set();
  for (let wave = order.waves[0]; wave; wave = await next(lane, order, done)) {
    const twice = [...endpoints.ready()].filter(([, count]) => count > 1).map(([service]) => service);
    endpoints.fewest.clear();
    await drain(lane, wave, endpoints);
    sum.waves += 1;
    sum.hosts += wave.hosts.length;
    wave.hosts.forEach((host) => done.add(host));
    for (const service of twice) {
      assert.notEqual(endpoints.fewest.get(service), 0, `service ${service} had no endpoint in wave ${wave.hosts}: ${JSON.stringify(order)}`);
    }
  }
}

describe('drains', { concurrency: LANES }, () => {
  for (let seed = SEED; seed < SEED + CLUSTERS; seed += 1) {
    test(`the hosts of cluster ${seed} are drained in the waves that are told`, async () => {
      const lane = free.pop();
      try {
        for (let repeat = 0; repeat < REPEATS; repeat += 1) await repeated(lane, () => tried(lane, made(seed, { roomy: true })));
      } finally {
        free.push(lane);
      }
    });
  }
});

test('some hosts were drained at all', () => assert.ok(sum.waves > 0, JSON.stringify(sum)));
