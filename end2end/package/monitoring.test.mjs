// Alerts and dashboard: each alert rises where it should, and both ask only for numbers that Binnacle tells.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import test from "node:test";

const root = new URL("../..", import.meta.url).pathname;
const files = `${root}packaging/chart/files`;
const promtool = (...args) => spawnSync(`${root}.tools/bin/promtool`, args, { cwd: files, encoding: "utf8" });

// The names under which the code registers numbers.
const told = new Set();
for (const name of ["metrics", "numbers", "process"]) {
  let prefix = "";
  const source = readFileSync(`${root}server/src/running/${name}.rs`, "utf8");
  for (const [, begins, registered, unit] of source.matchAll(/with_prefix\("(\w+)"\)|(?:register(?:_with_unit)?|gauge)\(\s*"(\w+)"(?:,[^;]*?Unit::(\w+))?/g)) {
    if (begins) prefix = begins;
    else told.add([prefix, registered, unit?.toLowerCase()].filter(Boolean).join("_"));
  }
}

test("promtool accepts the alerts and their cases", () => {
  const checked = promtool("check", "rules", "alerts.yaml");
  assert.equal(checked.status, 0, checked.stderr);
  const tested = promtool("test", "rules", "alerts.test.yaml");
  assert.equal(tested.status, 0, `${tested.stdout}${tested.stderr}`);
});

test("every alert has a case in which it rises", () => {
  const names = [...readFileSync(`${files}/alerts.yaml`, "utf8").matchAll(/- alert: (\w+)/g)].map((match) => match[1]);
  const cases = readFileSync(`${files}/alerts.test.yaml`, "utf8").split("- eval_time").filter((one) => one.includes("exp_labels"));
  assert.ok(names.length >= 5);
  for (const name of names) assert.ok(cases.some((one) => one.includes(`alertname: ${name}\n`)), name);
});

test("alerts and dashboard ask only for numbers that Binnacle tells", () => {
  const dashboard = JSON.parse(readFileSync(`${files}/dashboard.json`, "utf8"));
  const queries = dashboard.panels.flatMap((panel) => panel.targets ?? []).map((target) => target.expr);
  assert.ok(queries.length >= 5);
  const asked = [...queries, readFileSync(`${files}/alerts.yaml`, "utf8")].join("\n").match(/\bbinnacle_\w+/g);
  for (const name of new Set(asked)) {
    const whole = name.replace(/_(total|bucket|sum|count)$/, "");
    assert.ok(told.has(name) || told.has(whole), `${name} is not among ${[...told].join(", ")}`);
  }
});

test("the dashboard uses every number that Binnacle tells", () => {
  const dashboard = JSON.parse(readFileSync(`${files}/dashboard.json`, "utf8"));
  const queries = dashboard.panels.flatMap((panel) => panel.targets).map((target) => target.expr).join("\n");
  const used = new Set([...queries.matchAll(/\w+/g)].map(([name]) => name.replace(/_(total|bucket|sum|count)$/, "")));
  assert.ok(told.size >= 30, [...told].join(", "));
  assert.deepEqual([...told].filter((name) => !used.has(name)), []);
  const ids = dashboard.panels.map((panel) => panel.id);
  assert.equal(new Set(ids).size, ids.length);
});

test("every query of the dashboard is one that Prometheus reads", () => {
  const dashboard = JSON.parse(readFileSync(`${files}/dashboard.json`, "utf8"));
  const queries = dashboard.panels.flatMap((panel) => panel.targets ?? []).map((target) => target.expr.replaceAll("$__rate_interval", "5m").replace(/"\$\w+"/g, '".*"'));
  const rules = queries.map((expr, at) => ({ record: `panel:${at}`, expr }));
  const folder = mkdtempSync(`${tmpdir()}/binnacle-dashboard-`);
  writeFileSync(`${folder}/rules.yaml`, JSON.stringify({ groups: [{ name: "dashboard", rules }] }));
  const { status, stderr } = promtool("check", "rules", `${folder}/rules.yaml`);
  rmSync(folder, { recursive: true });
  assert.equal(status, 0, stderr);
});
