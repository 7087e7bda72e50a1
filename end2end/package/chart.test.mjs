// The chart: linted strictly, each value has its place in the schema and changes the output, a wrong one is refused.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import test from "node:test";

const root = new URL("../..", import.meta.url).pathname;
const chart = `${root}packaging/chart`;
const helm = `${root}.tools/bin/helm`;
const schema = JSON.parse(readFileSync(`${chart}/values.schema.json`, "utf8"));

const render = (values) => {
  const args = ["template", "lab", chart, "--namespace", "monitoring", "--kube-version", "1.34.0", "--values", "-"];
  return spawnSync(helm, args, { input: JSON.stringify(values), encoding: "utf8" });
};

const rendered = (values) => {
  const { status, stdout, stderr } = render(values);
  assert.equal(status, 0, stderr);
  return stdout;
};

// Paths of the schema that hold no further names.
const leaves = (part, path = []) =>
  part.properties ? Object.entries(part.properties).flatMap(([name, inner]) => leaves(inner, [...path, name])) : [path.join(".")];

const nested = (path, value) => path.split(".").reduceRight((inner, name) => ({ [name]: inner }), value);

const merge = (a, b) => {
  const both = { ...a };
  for (const [name, value] of Object.entries(b)) {
    const inner = both[name];
    both[name] = inner && typeof inner === "object" && !Array.isArray(inner) ? merge(inner, value) : value;
  }
  return both;
};

// A value for each path that must change the output, and what else must be set for it to matter.
const other = {
  replicas: [2, { database: { existingSecret: "postgres" } }],
  "image.repository": ["registry.example/binnacle"],
  "image.tag": ["9.9.9"],
  "image.digest": [`sha256:${"0".repeat(64)}`],
  "image.pullPolicy": ["Always"],
  "image.pullSecrets": [["registry"]],
  nameOverride: ["chart"],
  fullnameOverride: ["whole"],
  settings: [{ log: "debug" }],
  hosts: [["further.example"]],
  "database.existingSecret": ["postgres"],
  "database.key": ["url", { database: { existingSecret: "postgres" } }],
  "oidc.existingSecret": ["provider"],
  "oidc.key": ["secret", { oidc: { existingSecret: "provider" } }],
  "etcd.existingSecret": ["etcd"],
  "kubeconfig.existingSecret": ["clusters"],
  "kubeconfig.key": ["config", { kubeconfig: { existingSecret: "clusters" } }],
  "persistence.enabled": [false],
  "persistence.size": ["20Gi"],
  "persistence.storageClass": ["fast"],
  "persistence.accessModes": [["ReadWriteMany"]],
  "service.type": ["NodePort"],
  "service.port": [8080],
  "service.annotations": [{ a: "b" }],
  "ingress.enabled": [true],
  "ingress.className": ["nginx", { ingress: { enabled: true } }],
  "ingress.annotations": [{ a: "b" }, { ingress: { enabled: true } }],
  "ingress.host": ["other.example", { ingress: { enabled: true } }],
  "ingress.tlsSecret": ["certificate", { ingress: { enabled: true } }],
  "httpRoute.enabled": [true],
  "httpRoute.parentRefs": [[{ name: "gateway" }], { httpRoute: { enabled: true } }],
  "httpRoute.hostnames": [["route.example"], { httpRoute: { enabled: true } }],
  namespaces: [["ims"]],
  "rbac.create": [false],
  "serviceAccount.create": [false],
  "serviceAccount.name": ["reader"],
  "serviceAccount.annotations": [{ a: "b" }],
  "networkPolicy.enabled": [true],
  "networkPolicy.from": [[{ podSelector: {} }], { networkPolicy: { enabled: true } }],
  "podDisruptionBudget.enabled": [true],
  "podDisruptionBudget.maxUnavailable": ["50%", { podDisruptionBudget: { enabled: true } }],
  "serviceMonitor.enabled": [true],
  "serviceMonitor.interval": ["1m", { serviceMonitor: { enabled: true } }],
  "serviceMonitor.tokenSecret": ["token", { serviceMonitor: { enabled: true } }],
  "serviceMonitor.tokenKey": ["bearer", { serviceMonitor: { enabled: true, tokenSecret: "token" } }],
  "serviceMonitor.labels": [{ release: "prometheus" }, { serviceMonitor: { enabled: true } }],
  "prometheusRule.enabled": [true],
  "prometheusRule.labels": [{ release: "prometheus" }, { prometheusRule: { enabled: true } }],
  "dashboard.enabled": [true],
  "dashboard.labels": [{ folder: "clusters" }, { dashboard: { enabled: true } }],
  "resources.requests": [{ cpu: "1" }],
  "resources.limits": [{ memory: "2Gi" }],
  "resources.claims": [[{ name: "device" }]],
  env: [[{ name: "TZ", value: "UTC" }]],
  volumes: [[{ name: "more", emptyDir: {} }]],
  volumeMounts: [[{ name: "tmp", mountPath: "/more" }]],
  podAnnotations: [{ a: "b" }],
  podLabels: [{ team: "noc" }],
  nodeSelector: [{ disk: "ssd" }],
  tolerations: [[{ operator: "Exists" }]],
  affinity: [{ nodeAffinity: {} }],
  topologySpreadConstraints: [[{ maxSkew: 1, topologyKey: "zone", whenUnsatisfiable: "DoNotSchedule" }]],
  priorityClassName: ["high"],
};

test("helm lints the chart strictly", () => {
  execFileSync(helm, ["lint", "--strict", "--kube-version", "1.34.0", chart], { stdio: "pipe" });
});

test("every value of the schema is tried, and no other", () => {
  assert.deepEqual(Object.keys(other).sort(), leaves(schema).filter((path) => path !== "global").sort());
});

test("every value changes the output", () => {
  for (const [path, { 0: value, 1: beside = {} }] of Object.entries(other)) {
    assert.notEqual(rendered(merge(beside, nested(path, value))), rendered(beside), `${path} changes nothing`);
  }
});

test("a mistyped name or value is refused with its path", () => {
  const wrong = [
    [{ replica: 2 }, /replica/],
    [{ persistence: { siez: "1Gi" } }, /siez/],
    [{ persistence: { size: "a lot" } }, /size/],
    [{ service: { type: "External" } }, /type/],
    [{ image: { digest: "sha256:short" } }, /digest/],
    [{ replicas: 0 }, /replicas/],
    [{ namespaces: ["Shop"] }, /namespaces/],
    [{ settings: { sign_inn: "local" } }, /sign_inn/],
    [{ settings: { rate: { a: 1 } } }, /rate/],
    [{ settings: { clusters: { lab: { etcd: { endpoint: "a" } } } } }, /endpoint/],
    [{ persistence: { size: "3Gi" }, settings: { log_size: 4096 } }, /persistence.size: 3Gi is less than 7168 MB/],
  ];
  for (const [values, path] of wrong) {
    const { status, stderr } = render(values);
    assert.notEqual(status, 0, JSON.stringify(values));
    assert.match(stderr, path);
  }
});

test("README, schema and manifests are those that the chart gives", () => {
  const { status, stderr } = spawnSync(`${root}packaging/render`, ["--check"], { encoding: "utf8" });
  assert.equal(status, 0, stderr);
});

// The rows of the table "Combinations" in the chart's README.
const combinations = {
  "one server, SQLite on a volume": [{}, /kind: StatefulSet/],
  "several servers": [{ replicas: 3, database: { existingSecret: "postgres" } }, /kind: Deployment/],
  "people of a sign-in provider": [
    { settings: { sign_in: "oidc", oidc_issuer: "https://id.example", oidc_client: "binnacle" }, oidc: { existingSecret: "provider" } },
    /BINNACLE_OIDC_SECRET_FILE/,
  ],
  "a name from outside": [
    { ingress: { enabled: true, tlsSecret: "certificate" }, httpRoute: { enabled: true, parentRefs: [{ name: "gateway" }], hostnames: ["b.example"] } },
    /kind: HTTPRoute/,
  ],
  "numbers, alerts and a dashboard": [
    { serviceMonitor: { enabled: true }, prometheusRule: { enabled: true }, dashboard: { enabled: true } },
    /kind: PrometheusRule/,
  ],
  "other clusters than this one": [{ kubeconfig: { existingSecret: "clusters" }, rbac: { create: false } }, /automountServiceAccountToken: false/],
  "some namespaces instead of the whole cluster": [{ namespaces: ["ims", "vepc"] }, /kind: RoleBinding/],
  "etcd's members asked, and backed up": [
    { etcd: { existingSecret: "etcd" }, settings: { etcd_endpoints: ["https://10.1.0.50:2379"], backup_schedule: "0 3 * * *" } },
    /clusters\.in-cluster\.etcd\.key/,
  ],
};

test("every combination of the README is rendered and linted", () => {
  const readme = readFileSync(`${chart}/README.md`, "utf8").split("## Combinations")[1].split("## Values")[0];
  const rows = [...readme.matchAll(/^\| ([^|]+) \| [^|]+ \|$/gm)].map((row) => row[1]).filter((name) => name !== "wanted");
  assert.deepEqual(rows, Object.keys(combinations));
  for (const [name, [values, holds]] of Object.entries(combinations)) {
    assert.match(rendered(values), holds, name);
    const args = ["lint", "--strict", "--kube-version", "1.34.0", chart, "--values", "-"];
    const { status, stdout } = spawnSync(helm, args, { input: JSON.stringify(values), encoding: "utf8" });
    assert.equal(status, 0, `${name}: ${stdout}`);
  }
});

test("the role reads, and never reads Secrets", () => {
  const role = rendered({}).split("---").find((part) => part.includes("kind: ClusterRole\n"));
  const verbs = [...role.matchAll(/verbs: \[(.*)\]/g)].flatMap((match) => match[1].split(", "));
  assert.deepEqual([...new Set(verbs)].sort(), ["get", "list", "watch"]);
  assert.doesNotMatch(role.replace(/nonResourceURLs: .*/, ""), /secrets|\*/);
});

test("with namespaces nothing of the whole cluster is asked for", () => {
  const output = rendered({ namespaces: ["ims", "vepc"] });
  assert.doesNotMatch(output, /ClusterRole|nonResourceURLs/);
  const roles = output.split("---").filter((part) => part.includes("kind: Role\n"));
  assert.deepEqual(roles.map((role) => /namespace: (.*)/.exec(role)[1]), ["ims", "vepc"]);
  for (const role of roles) assert.doesNotMatch(role, /nodes|secrets|persistentvolumes\b/);
});

test("the chart's own suite passes", () => {
  const output = execFileSync(`${root}.tools/bin/helm-unittest`, [chart], { encoding: "utf8" });
  assert.match(output, /Tests:\s+\d+ passed/);
});
