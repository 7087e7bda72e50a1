// A release sets its version everywhere, in a clone of its own, and refuses what would be wrong.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { after, before, test } from "node:test";

const root = new URL("../..", import.meta.url).pathname;
const clone = mkdtempSync(`${tmpdir()}/binnacle-release-`);
after(() => rmSync(clone, { recursive: true, force: true }));
const git = (...args) => execFileSync("git", ["-C", clone, "-c", "user.name=t", "-c", "user.email=t@t.example", ...args], { encoding: "utf8", stdio: "pipe" });
const release = (...args) => spawnSync(`${clone}/packaging/release`, args, { encoding: "utf8" });
const read = (name) => readFileSync(`${clone}/${name}`, "utf8");

before(() => {
  execFileSync("git", ["clone", "-q", "--shared", root, clone]);
  symlinkSync(`${root}.tools`, `${clone}/.tools`);
});

test("the chart has the workspace's version", () => {
  const version = read("Cargo.toml").match(/^version = "(.*)"/m)[1];
  const chart = readFileSync(`${root}packaging/chart/Chart.yaml`, "utf8");
  assert.ok(chart.includes(`\nversion: ${version}\n`) && chart.includes(`\nappVersion: ${version}\n`));
});

test("an odd, an old or a dirty release is refused with the reason", () => {
  assert.match(release("next").stderr, /no version of semantic versioning/);
  assert.match(release("0.0.1").stderr, /older than/);
  writeFileSync(`${clone}/CHANGELOG.md`, "# Changelog\n\n## Unreleased\n");
  assert.match(release("99.0.0").stderr, /has changes/);
  git("commit", "-qam", "empty");
  assert.match(release("99.0.0").stderr, /says nothing/);
  git("reset", "-q", "--hard", "HEAD~1");
});

test("a release sets workspace, lock file, chart, manifests and changelog", () => {
  const { status, stderr } = release("99.0.0", "--set-versions");
  assert.equal(status, 0, stderr);
  assert.match(read("Cargo.toml"), /^version = "99\.0\.0"$/m);
  assert.match(read("Cargo.lock"), /name = "binnacle"\nversion = "99\.0\.0"/);
  assert.match(read("packaging/chart/Chart.yaml"), /^version: 99\.0\.0\nappVersion: 99\.0\.0$/m);
  assert.match(read("packaging/manifests/sqlite/binnacle.yaml"), /image: "binnacle:99\.0\.0"/);
  assert.match(read("CHANGELOG.md"), /^## 99\.0\.0 – \d{4}-\d\d-\d\d$/m);
  assert.equal(spawnSync(`${clone}/packaging/render`, ["--check"]).status, 0);
});
