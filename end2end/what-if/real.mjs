// A real control plane with kwok's nodes, on which hosts are lost and drained for real.
import assert from 'node:assert/strict';
import { execFile, spawn, spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync } from 'node:fs';
import https from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before } from 'node:test';
import { fileURLToPath } from 'node:url';
import { binnacle, until } from '../browser/stage.mjs';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const tools = here('../../.tools/bin/');
const collector = process.env.BINNACLE_TEST_COLLECTOR ?? join(tools, 'pod-collector');
const number = (name, usual) => Number(process.env[name] ?? usual);
// How many clusters, how often each, from which seed on, and how many side by side.
export const CLUSTERS = number('WHAT_IF_CLUSTERS', 2);
export const REPEATS = number('WHAT_IF_REPEATS', 2);
export const SEED = number('WHAT_IF_SEED', 1);
export const LANES = number('WHAT_IF_LANES', 2);
// Seconds of silence after which a host is given up: longer than a busy machine takes to renew a lease, which kwok does every second.
const GRACE = number('WHAT_IF_GRACE', 8);

const ran = (program, args, env = {}) => new Promise((done, failed) => {
  execFile(program, args, { env: { ...process.env, ...env }, maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
    if (error && typeof error.code !== 'number') failed(error);
    else done({ code: error?.code ?? 0, stdout, stderr });
  });
});

// The API server of a kubeconfig that `up` wrote. An answer of refusal is an answer: `code` tells.
class Api {
  constructor(kubeconfig) {
    const text = readFileSync(kubeconfig, 'utf8');
    this.server = /server: "(\S+?)"/.exec(text)[1];
    this.token = /token: ([0-9a-f]+)/.exec(text)[1];
    this.agent = new https.Agent({ keepAlive: true, maxSockets: 16, ca: readFileSync(/certificate-authority: ([^}\s]+)/.exec(text)[1]) });
    this.watchers = new https.Agent({ ca: this.agent.options.ca });
  }

  close() {
    this.agent.destroy();
    this.watchers.destroy();
  }

  request(method, path, body, type = 'application/json') {
    return new Promise((done, failed) => {
      const headers = { authorization: `Bearer ${this.token}`, 'content-type': type };
      const request = https.request(this.server + path, { method, agent: this.agent, headers }, (answer) => {
        const parts = [];
        answer.on('data', (part) => parts.push(part)).on('error', failed).on('end', () => {
          done({ code: answer.statusCode, body: JSON.parse(Buffer.concat(parts).toString() || '{}') });
        });
      });
      request.on('error', failed);
      request.end(body && JSON.stringify(body));
    });
  }

  async call(method, path, body, type) {
    const { code, body: told } = await this.request(method, path, body, type);
    if (code >= 300) throw new Error(`${method} ${path}: ${code} ${told.message}`);
    return told;
  }

  async list(path) { return (await this.call('GET', path)).items; }

  // Every change of a kind from now on, until it is stopped. One that was cut before does not last.
  async watch(path, changed) {
    const { items, metadata } = await this.call('GET', path);
    items.forEach((item) => changed('ADDED', item));
    const headers = { authorization: `Bearer ${this.token}` };
    const url = `${this.server}${path}?watch=true&resourceVersion=${metadata.resourceVersion}`;
    let lasts = true;
    const cut = () => { lasts = false; };
    const request = https.get(url, { agent: this.watchers, headers }, (answer) => {
      let rest = '';
      answer.on('data', (part) => {
        const lines = (rest + part).split('\n');
        rest = lines.pop();
        lines.map((line) => JSON.parse(line)).forEach(({ type, object }) => changed(type, object));
      }).on('error', cut).on('close', cut);
    });
    request.on('error', cut);
    return { lasts: () => lasts, stop: () => request.destroy() };
  }
}

// Ready endpoints of each service from now on, and the fewest that each had.
async function endpoints(api) {
  const slices = new Map();
  const fewest = new Map();
  const ready = () => {
    const counts = new Map();
    for (const { service, pods } of slices.values()) {
      counts.set(service, new Set([...counts.get(service) ?? [], ...pods]));
    }
    return new Map([...counts].map(([service, pods]) => [service, pods.size]));
  };
  const watch = await api.watch('/apis/discovery.k8s.io/v1/endpointslices', (type, slice) => {
    const name = slice.metadata.labels?.['kubernetes.io/service-name'];
    if (slice.metadata.namespace !== 'default' || !name || name === 'kubernetes') return;
    const pods = (slice.endpoints ?? []).filter(({ conditions }) => conditions.ready).map(({ targetRef }) => targetRef.name);
    if (type === 'DELETED') slices.delete(slice.metadata.name);
    else slices.set(slice.metadata.name, { service: name, pods });
    for (const [service, count] of ready()) fewest.set(service, Math.min(count, fewest.get(service) ?? count));
  });
  return { ready, fewest, watch };
}

class Disturbed extends Error {}

export const counted = { done: 0, disturbed: 0 };
// Does something with a lane's cluster, and again where more was lost than was asked: a failure then says nothing of what was told.
export async function repeated(lane, attempt) {
  for (;;) {
    const came = await attempt().then((value) => ({ value }), (error) => ({ error }));
    const disturbance = lane.disturbance();
    if (!disturbance) {
      if (came.error) throw came.error;
      counted.done += 1;
      return came.value;
    }
    counted.disturbed += 1;
    assert.ok(counted.disturbed < 20 + counted.done, `${disturbance}: this machine is too busy for hosts that are given up after some seconds (WHAT_IF_GRACE)`);
  }
}

export const isReady = ({ metadata, status }) => !metadata.deletionTimestamp
  && (status.conditions ?? []).some(({ type, status: truth }) => type === 'Ready' && truth === 'True');
// The owner by the name that what-if has for it.
export function owner({ metadata: { name, namespace, ownerReferences: [of] = [], labels = {} } }) {
  if (!of) return `${namespace}/${name}`;
  const hash = labels['pod-template-hash'];
  if (of.kind === 'ReplicaSet' && hash) return `Deployment ${namespace}/${of.name.slice(0, -hash.length - 1)}`;
  return `${of.kind} ${namespace}/${of.name}`;
}

const KINDS = [
  ['/apis/apps/v1', 'deployments'], ['/apis/apps/v1', 'statefulsets'], ['/apis/apps/v1', 'daemonsets'],
  ['/apis/apps/v1', 'replicasets'], ['/api/v1', 'services'], ['/apis/policy/v1', 'poddisruptionbudgets'],
];
const place = { Deployment: 'deployments', StatefulSet: 'statefulsets', DaemonSet: 'daemonsets', Pod: 'pods', Service: 'services', PodDisruptionBudget: 'poddisruptionbudgets' };
const group = (version) => (version.includes('/') ? `/apis/${version}` : `/api/${version}`);

// Ends of control planes that still run. They are ended also where a test is cut or another one did not start.
const running = new Set();
process.once('exit', () => running.forEach((end) => end()));
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(1));

// Control planes side by side for the tests of a file, each for one test at a time.
export function lanes() {
  const free = [];
  before(async () => {
    const begun = await Promise.allSettled(Array.from({ length: LANES }, control));
    for (const { reason, value } of begun) {
      if (reason) throw reason;
      free.push(value);
    }
  });
  after(() => running.forEach((end) => end()));
  return free;
}

// Starts it all. Grace and tolerations are a few seconds, and the collector of orphaned pods looks every second.
async function control() {
  for (const program of [collector, ...['etcd', 'kube-apiserver', 'kwok'].map((name) => join(tools, name))]) {
    assert.ok(existsSync(program), `${program} is not there: end2end/install etcd control-plane kwok collector`);
  }
  const dir = mkdtempSync(join(tmpdir(), 'binnacle-what-if-'));
  const { code, stderr } = await ran(here('../control-plane/up'), [dir], {
    KUBE_APISERVER_FLAGS: '--default-not-ready-toleration-seconds=1 --default-unreachable-toleration-seconds=1',
    // Alone it needs no lease, which it would lose on a busy machine, and end.
    KUBE_CONTROLLER_MANAGER_FLAGS: `--leader-elect=false --node-monitor-grace-period=${GRACE}s --node-monitor-period=1s --node-eviction-rate=10`,
  });
  assert.equal(code, 0, stderr);
  const kubeconfig = join(dir, 'admin.kubeconfig');
  const api = new Api(kubeconfig);
  const children = new Set();
  const end = () => {
    running.delete(end);
    api.close();
    children.forEach((child) => child.kill('SIGKILL'));
    spawnSync(here('../control-plane/down'), [dir]);
  };
  running.add(end);
  const begin = (name, program, ...args) => {
    const log = openSync(join(dir, `${name}.log`), 'a');
    const child = spawn(program, ['--kubeconfig', kubeconfig, ...args], { stdio: ['ignore', log, log] });
    closeSync(log);
    children.add(child);
    child.once('exit', () => children.delete(child));
    return child;
  };
  // One stands in for the kubelets of hosts that stay, and another for those that go: it is killed.
  const kubelets = (power) => begin(`kwok-${power}`, join(tools, 'kwok'),
    `--manage-nodes-with-annotation-selector=power=${power}`, '--node-lease-duration-seconds=4');
  kubelets('stays');
  begin('collector', collector);
  process.kill(Number(/^(\d+) kube-scheduler$/m.exec(readFileSync(join(dir, 'pids'), 'utf8'))[1]), 'SIGKILL');
  // One of our own instead, which can be ended and started: a new one first reads all there is.
  const scheduler = () => begin('scheduler', join(tools, 'kube-scheduler'),
    '--secure-port=0', '--leader-elect=false', '--kube-api-qps=500', '--kube-api-burst=1000');
  return { api, ...acts(api, kubeconfig, scheduler, kubelets) };
}

const hasEnded = ({ exitCode, signalCode }) => exitCode !== null || signalCode !== null;

function acts(api, kubeconfig, scheduler, kubelets) {
  let going;
  let scheduling = scheduler();
  // Whether the scheduler is ended on purpose.
  let paused = false;
  // Hosts that fell silent since the cluster was made, and those that were to.
  const silent = new Set();
  let gone = [];
  // Of this cluster; the first is that of its nodes.
  const watches = [];
  // Each cluster has hosts by names of its own, for what is cached of a host by its name outlives it for a while.
  let round = 0;
  const at = (name) => `${name}-${round}`;
  const base = (name) => name.replace(/-\d+$/, '');
  const pods = () => api.list('/api/v1/namespaces/default/pods');
  // As a new cluster, with the system's own things kept.
  const clear = async () => {
    for (const [path, kind] of KINDS) {
      const found = await api.list(`${path}/namespaces/default/${kind}`);
      await Promise.all(found.filter(({ metadata: { name } }) => name !== 'kubernetes')
        .map(({ metadata: { name } }) => api.request('DELETE', `${path}/namespaces/default/${kind}/${name}?propagationPolicy=Background`)));
    }
    const nodes = await api.list('/api/v1/nodes');
    await Promise.all(nodes.map(({ metadata: { name } }) => api.request('DELETE', `/api/v1/nodes/${name}`)));
    await until('everything is gone', async () => {
      const left = await pods();
      await Promise.all(left.map(({ metadata: { name } }) => api.request('DELETE', `/api/v1/namespaces/default/pods/${name}?gracePeriodSeconds=0`)));
      const sets = await api.list('/apis/apps/v1/namespaces/default/replicasets');
      const slices = await api.list('/apis/discovery.k8s.io/v1/namespaces/default/endpointslices');
      return left.length + sets.length === 0 && slices.every(({ metadata }) => metadata.name.startsWith('kubernetes'));
    });
  };
  // Why nothing that is seen says anything: on a machine that is too busy, a host that was to stay is not heard of.
  const disturbance = () => {
    const others = [...silent].filter((name) => !gone.includes(name));
    if (others.length > 0) return `${others.join(', ')} fell silent`;
    if (!paused && hasEnded(scheduling)) return 'the scheduler ended by itself';
    return watches.every(({ lasts }) => lasts()) ? undefined : 'a watch was cut';
  };
  const comes = (what, check, seconds) => until(what, () => {
    const why = disturbance();
    if (why) throw new Disturbed(why);
    return check();
  }, seconds);
  const post = (object) => api.call('POST', `${group(object.apiVersion)}/namespaces/default/${place[object.kind]}`, object);
  // Unmoved for so long: what still waits is told to be unschedulable, and all else is ready or never will be.
  const settled = async (still = 2_500) => {
    let [last, since, open] = ['', 0, []];
    const rests = async () => {
      const found = await pods();
      const isOpen = (pod) => {
        if (gone.includes(pod.spec.nodeName) || isReady(pod)) return false;
        const waits = (pod.status.conditions ?? []).some(({ type, reason }) => type === 'PodScheduled' && reason === 'Unschedulable');
        return pod.metadata.deletionTimestamp || pod.spec.nodeName || !waits;
      };
      open = found.filter(isOpen).map(({ metadata, spec, status }) => JSON.stringify([metadata.name, spec.nodeName, metadata.deletionTimestamp, status]));
      const now = found.map(({ metadata, spec }) => `${metadata.uid} ${spec.nodeName} ${metadata.deletionTimestamp}`).sort().join('\n');
      if (now !== last || open.length > 0) [last, since] = [now, Date.now()];
      return Date.now() - since > still && found;
    };
    return comes('the cluster comes to rest', rests, 120).catch((error) => {
      if (error instanceof Disturbed) throw error;
      throw new Error(`${error.message}: ${open.join('\n')}`);
    });
  };
  // Makes a cluster. With places, pods are bound where an earlier one of the same seed had them, before the scheduler goes on.
  const make = async ({ nodes, objects, lost = [] }, places) => {
    watches.splice(0).forEach(({ stop }) => stop());
    silent.clear();
    gone = [];
    if (hasEnded(scheduling)) scheduling = scheduler();
    await clear();
    round += 1;
    going ??= kubelets('goes');
    await Promise.all(nodes.map(({ metadata: { name, labels }, ...node }) => api.call('POST', '/api/v1/nodes', {
      ...node,
      metadata: {
        name: at(name), annotations: { power: lost.includes(name) ? 'goes' : 'stays' }, labels: { ...labels, 'kubernetes.io/hostname': at(name) },
      },
    })));
    await until('all nodes are ready', async () => {
      const found = await api.list('/api/v1/nodes');
      return found.every((node) => isReady(node) && !(node.spec.taints ?? []).some(({ key }) => key.startsWith('node.kubernetes.io/')));
    });
    watches.push(await api.watch('/api/v1/nodes', (type, node) => {
      if (type !== 'DELETED' && !isReady(node)) silent.add(node.metadata.name);
    }));
    // DaemonSets come first, as on a cluster that has been there for long.
    const daemons = objects.filter(({ kind }) => kind === 'DaemonSet');
    for (const object of daemons) await post(object);
    await comes('each has its agents', async () => {
      const found = await pods();
      return found.length === daemons.length * nodes.length && found.every(isReady);
    });
    // The scheduler must not place any meanwhile.
    if (places && !hasEnded(scheduling)) {
      paused = true;
      const ended = new Promise((done) => { scheduling.once('exit', done); });
      scheduling.kill('SIGKILL');
      await ended;
    }
    try {
      for (const object of objects.filter(({ kind }) => kind !== 'DaemonSet')) await post(object);
      if (places) await bind(places);
    } finally {
      if (places) [scheduling, paused] = [scheduler(), false];
    }
    return settled(1_000);
  };
  const bind = async (places) => {
    const left = structuredClone(places);
    // A StatefulSet makes the next one only once the one before is ready.
    await comes('all pods are made and bound', async () => {
      const found = (await pods()).filter(({ spec }) => !spec.nodeName);
      for (const pod of found.toSorted((a, b) => a.metadata.name.localeCompare(b.metadata.name, 'en', { numeric: true }))) {
        const node = left[owner(pod)]?.shift();
        if (!node) continue;
        await api.call('POST', `/api/v1/namespaces/default/pods/${pod.metadata.name}/binding`, {
          apiVersion: 'v1', kind: 'Binding', metadata: { name: pod.metadata.name }, target: { apiVersion: 'v1', kind: 'Node', name: at(node) },
        });
      }
      return Object.values(left).every((nodes) => nodes.length === 0);
    });
  };
  // The machines go off: nobody renews their leases any more, and nobody ends their pods.
  const lose = async (names) => {
    gone = names;
    going.kill('SIGKILL');
    going = undefined;
    await comes('they are told to be unreachable', async () => {
      const nodes = await api.list('/api/v1/nodes');
      return names.every((name) => !isReady(nodes.find(({ metadata }) => metadata.name === name)));
    });
  };
  const remove = async (names) => {
    gone = names;
    await Promise.all(names.map((name) => api.call('DELETE', `/api/v1/nodes/${name}`)));
    await comes('their pods are collected', async () => !(await pods()).some(({ spec }) => names.includes(spec.nodeName)));
  };
  const ask = async (...args) => {
    const { stdout, stderr } = await ran(binnacle, ['what-if', '--kubeconfig', kubeconfig, '--format', 'json', ...args]);
    try {
      return JSON.parse(stdout);
    } catch {
      throw new Error(`what-if ${args.join(' ')}: ${stderr}`);
    }
  };
  const watched = async () => {
    const found = await endpoints(api);
    watches.push(found.watch);
    return found;
  };
  return { at, base, pods, make, settled, comes, disturbance, lose, remove, ask, endpoints: watched };
}
