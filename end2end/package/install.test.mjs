// The chart on a real API server: Pod Security "restricted" admits its pod, and its role is enough and no more.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import test from "node:test";

const root = new URL("../..", import.meta.url).pathname;
const kubeconfig = process.env.BINNACLE_TEST_KUBECONFIG;
assert.ok(kubeconfig, "run it through end2end/with-control-plane");
const helm = (...args) => execFileSync(`${root}.tools/bin/helm`, [...args, "--kubeconfig", kubeconfig], { encoding: "utf8" });

// curl, because this machine needs no kubectl.
const text = readFileSync(kubeconfig, "utf8");
const part = (name) => text.match(new RegExp(`${name}: "?([^",}\\s]+)`))[1];
const api = (method, path, body) => {
  const headers = ["-H", "Content-Type: application/json", "-H", `Authorization: Bearer ${part("token")}`];
  const args = ["-sS", "-X", method, ...headers, "--cacert", part("certificate-authority"), `${part("server")}${path}`];
  return JSON.parse(execFileSync("curl", body ? [...args, "-d", JSON.stringify(body)] : args, { encoding: "utf8" }));
};

const eventually = async (what, ask) => {
  for (let tries = 0; tries < 300; tries += 1) {
    const answer = ask();
    if (answer) return answer;
    await new Promise((done) => setTimeout(done, 200));
  }
  throw new Error(`not within a minute: ${what}`);
};

test("the restricted Pod Security standard admits the installed pod", async () => {
  const labels = { "pod-security.kubernetes.io/enforce": "restricted" };
  api("POST", "/api/v1/namespaces", { metadata: { name: "binnacle-chart", labels } });
  helm("install", "lab", `${root}packaging/chart`, "--namespace", "binnacle-chart");
  const pod = await eventually("the pod", () => api("GET", "/api/v1/namespaces/binnacle-chart/pods").items[0]);
  assert.equal(pod.spec.serviceAccountName, "lab-binnacle");
});

test("the service account may watch pods and may not read Secrets", () => {
  const allowed = (verb, resource) =>
    api("POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews", {
      spec: { user: "system:serviceaccount:binnacle-chart:lab-binnacle", resourceAttributes: { verb, resource } },
    }).status.allowed;
  assert.equal(allowed("watch", "pods"), true);
  for (const [verb, resource] of [["get", "secrets"], ["list", "secrets"], ["create", "pods"], ["delete", "nodes"]]) {
    assert.equal(allowed(verb, resource), false, `${verb} ${resource}`);
  }
});

test("doctor finds every permission that it needs in the chart's role", () => {
  const path = "/api/v1/namespaces/binnacle-chart/serviceaccounts/lab-binnacle/token";
  const { token } = api("POST", path, { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: {} }).status;
  const folder = mkdtempSync(`${tmpdir()}/binnacle-doctor-`);
  const cluster = { server: part("server"), "certificate-authority": part("certificate-authority") };
  const config = {
    apiVersion: "v1", kind: "Config", "current-context": "lab",
    clusters: [{ name: "lab", cluster }], users: [{ name: "lab", user: { token } }],
    contexts: [{ name: "lab", context: { cluster: "lab", user: "lab" } }],
  };
  writeFileSync(`${folder}/config`, JSON.stringify(config));
  const args = ["doctor", "--json", "--data", `${folder}/data`, "--kubeconfig", `${folder}/config`];
  const { findings, wrong } = JSON.parse(execFileSync(`${root}target/debug/binnacle`, args, { encoding: "utf8" }));
  rmSync(folder, { recursive: true });
  assert.equal(wrong, 0);
  const permissions = findings.find((finding) => finding.about === "permissions");
  assert.deepEqual([permissions.is, permissions.seen], ["well", "nothing is missing"]);
});

test("removing the release leaves nothing but its volume's claim", async () => {
  helm("uninstall", "lab", "--namespace", "binnacle-chart", "--wait");
  const left = (path) => api("GET", path).items.filter((item) => item.metadata.name.startsWith("lab-binnacle"));
  assert.deepEqual(left("/apis/rbac.authorization.k8s.io/v1/clusterroles"), []);
  assert.deepEqual(left("/apis/apps/v1/namespaces/binnacle-chart/statefulsets"), []);
  assert.deepEqual(left("/api/v1/namespaces/binnacle-chart/services"), []);
});

test("kubectl applies the plain manifests, whose pods the restricted standard admits", async () => {
  const kubectl = (...args) => execFileSync(`${root}.tools/bin/kubectl`, ["--kubeconfig", kubeconfig, ...args], { encoding: "utf8" });
  for (const database of ["sqlite", "postgres"]) {
    const folder = `${root}packaging/manifests/${database}`;
    kubectl("apply", "-k", folder);
    const pod = await eventually("the pod", () => api("GET", "/api/v1/namespaces/binnacle/pods").items[0]);
    assert.equal(pod.spec.serviceAccountName, "binnacle");
    assert.match(kubectl("apply", "-k", folder, "--dry-run=server"), /statefulset|deployment/);
    kubectl("delete", "-k", folder, "--wait=false");
    await eventually("the end of the namespace's pods", () => (api("GET", "/api/v1/namespaces/binnacle/pods").items ?? []).length === 0);
    await eventually("the end of the namespace", () => api("GET", "/api/v1/namespaces/binnacle").code === 404);
  }
});
