// Small clusters from seeds, as the API has them: between them they use every kind of owner and every rule of placing.
const ZONE = 'topology.kubernetes.io/zone';
const HOST = 'kubernetes.io/hostname';

// Numbers from a seed, the same on every machine (mulberry32).
export function dice(seed) {
  let state = (seed * 0x9e3779b1) >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  const upTo = (from, to) => from + Math.floor(next() * (to - from + 1));
  return { upTo, of100: (times) => next() * 100 < times, pick: (from) => from[upTo(0, from.length - 1)] };
}

function node(name, { zone, disk, dedicated, cpu, pods }) {
  const amounts = { cpu: `${cpu}m`, memory: '8Gi', pods: `${pods}`, 'ephemeral-storage': '20Gi' };
  return {
    apiVersion: 'v1', kind: 'Node',
    metadata: { name, labels: { [HOST]: name, disk, ...zone && { [ZONE]: zone } } },
    spec: dedicated ? { taints: [{ key: 'dedicated', value: 'yes', effect: 'NoSchedule' }] } : {},
    status: { allocatable: amounts, capacity: amounts },
  };
}

const labels = (app) => ({ app });
const selects = (app) => ({ matchLabels: labels(app) });

function template(app, { cpu, ...spec }) {
  const { port, ...more } = spec;
  const resources = { requests: { cpu: `${cpu}m`, memory: '64Mi' } };
  const container = { name: 'main', image: 'registry.local/main:1', resources, ...port && { ports: [{ containerPort: port, hostPort: port }] } };
  return { metadata: { labels: labels(app) }, spec: { terminationGracePeriodSeconds: 1, containers: [container], ...more } };
}

const deployment = (name, replicas, shape) => ({
  apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name },
  spec: { replicas, selector: selects(name), template: template(name, shape) },
});
const service = (name) => ({
  apiVersion: 'v1', kind: 'Service', metadata: { name }, spec: { selector: labels(name), ports: [{ port: 80 }] },
});
const budget = (name, most) => ({
  apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: { name }, spec: { selector: selects(name), maxUnavailable: most },
});
const apart = (app, topologyKey = HOST) => ({
  affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ labelSelector: selects(app), topologyKey }] } },
});
const near = (app, topologyKey) => ({
  affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ labelSelector: selects(app), topologyKey }] } },
});
const spread = (app, topologyKey, more = {}) => ({
  topologySpreadConstraints: [{ maxSkew: 1, topologyKey, whenUnsatisfiable: 'DoNotSchedule', labelSelector: selects(app), ...more }],
});
const bears = { tolerations: [{ key: 'dedicated', operator: 'Exists' }] };

// A cluster and what is asked of it. A roomy one is such that most hosts can be drained.
export function made(seed, { roomy = false } = {}) {
  const { upTo, of100, pick } = dice(seed);
  const count = upTo(5, 10);
  const spare = roomy ? 2 : 0;
  const zones = of100(60) ? ['a', 'b', 'c'].slice(0, upTo(2, 3)) : [];
  const cpu = pick([1_500, 2_000, 3_000]) * (roomy ? 2 : 1);
  const nodes = Array.from({ length: count }, (_, at) => node(`n${at + 1}`, {
    zone: zones[at % zones.length], disk: at % 3 === 0 ? 'hdd' : 'ssd', dedicated: at === count - 1 && of100(50),
    cpu, pods: of100(roomy ? 0 : 20) ? upTo(6, 8) : 30,
  }));
  const objects = [];
  const put = (name, replicas, shape, { alone = 30, guarded = 50 } = {}) => {
    objects.push(deployment(name, replicas, shape));
    if (!of100(alone)) objects.push(service(name));
    if (of100(guarded) && replicas > 1) objects.push(budget(name, pick([1, 1, 2])));
  };
  objects.push({
    apiVersion: 'apps/v1', kind: 'DaemonSet', metadata: { name: 'agent' },
    spec: { selector: selects('agent'), template: template('agent', { cpu: 50, tolerations: [{ operator: 'Exists' }] }) },
  });
  put('web', upTo(2, 5), { cpu: 100 });
  // One endpoint alone: its service is without one for a time.
  put('one', 1, { cpu: 100 }, { alone: 0 });
  if (of100(60)) put('apart', upTo(2, count - spare), { cpu: 100, ...apart('apart') });
  if (of100(50)) put('disk', upTo(2, 4), { cpu: 150, nodeSelector: { disk: pick(['ssd', 'hdd']) } });
  if (of100(50)) put('port', upTo(1, count - 1 - spare), { cpu: 50, port: 8_080 });
  if (of100(50)) put('spread', upTo(2, 6), { cpu: 100, ...spread('spread', zones.length > 0 ? ZONE : HOST) });
  if (of100(30)) put('even', upTo(2, 5), { cpu: 100, ...spread('even', HOST, { nodeTaintsPolicy: 'Honor' }) });
  if (of100(40)) put('tolerant', upTo(1, 3), { cpu: 200, ...bears });
  if (of100(30)) put('beside', upTo(1, 2), { cpu: 50, ...near('web', zones.length > 0 ? ZONE : HOST) });
  if (of100(40) && zones.length > 0) put('zoned', upTo(1, zones.length - (roomy ? 1 : 0)), { cpu: 100, ...apart('zoned', ZONE) });
  if (of100(60)) {
    objects.push(service('db'), {
      apiVersion: 'apps/v1', kind: 'StatefulSet', metadata: { name: 'db' },
      spec: { replicas: upTo(1, 3), serviceName: 'db', selector: selects('db'), template: template('db', { cpu: 100 }) },
    });
    if (of100(50)) objects.push(budget('db', 1));
  }
  // A drain refuses these.
  for (let at = 1; at <= (roomy ? 0 : upTo(0, 2)); at += 1) {
    const { metadata, spec } = template('bare', { cpu: 50 });
    objects.push({ apiVersion: 'v1', kind: 'Pod', metadata: { ...metadata, name: `bare-${at}` }, spec });
  }
  // Requests that fill the hosts, more or less.
  if (of100(70)) put('large', Math.max(1, Math.floor(count * pick(roomy ? [0.3, 0.5] : [0.5, 0.8, 1]))), { cpu: Math.floor(cpu * pick([0.35, 0.45, 0.55])) });
  const lost = new Set();
  for (const most = pick([1, 1, 1, 2, 3]); lost.size < most;) lost.add(`n${upTo(1, count)}`);
  return { seed, nodes, objects, lost: [...lost] };
}
