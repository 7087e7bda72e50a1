// The Ansible role: tried without a change first, then run twice; the second run changes nothing.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { after, test } from "node:test";

const root = new URL("../..", import.meta.url).pathname;
const folder = mkdtempSync(`${tmpdir()}/binnacle-role-`);
after(() => rmSync(folder, { recursive: true }));

// An archive as a release has it, whose program is a script: the role copies and never runs it.
const packed = `${folder}/binnacle-9.9.9-linux-x86_64`;
mkdirSync(packed);
writeFileSync(`${packed}/binnacle`, "#!/bin/sh\necho binnacle 9.9.9\n", { mode: 0o755 });
execFileSync("cp", [`${root}packaging/linux/binnacle.service`, packed]);
execFileSync("tar", ["-C", folder, "-czf", `${packed}.tar.gz`, "binnacle-9.9.9-linux-x86_64"]);
const checksum = execFileSync("sha256sum", [`${packed}.tar.gz`], { encoding: "utf8" }).slice(0, 64);
writeFileSync(`${folder}/kubeconfig`, "apiVersion: v1\nkind: Config\n");

const user = execFileSync("id", ["-un"], { encoding: "utf8" }).trim();
const variables = {
  ansible_become: false,
  ansible_python_interpreter: `${root}.tools/ansible/bin/python`,
  binnacle_archive: `${packed}.tar.gz`,
  binnacle_checksum: checksum,
  binnacle_kubeconfig: `${folder}/kubeconfig`,
  binnacle_user: user,
  binnacle_service: false,
  binnacle_prefix: `${folder}/prefix`,
  binnacle_config: `${folder}/etc`,
  binnacle_data: `${folder}/data`,
  binnacle_units: folder,
  binnacle_nginx: `${folder}/nginx.conf`,
};
const play = (more = {}, ...flags) => {
  const inventory = `${folder}/hosts.ini`;
  writeFileSync(inventory, "[jump_host]\nhere ansible_connection=local\n");
  writeFileSync(`${folder}/variables.json`, JSON.stringify({ ...variables, ...more }));
  const args = ["-i", inventory, "-e", `@${folder}/variables.json`, ...flags, `${root}packaging/ansible/jump-host.yml`];
  return spawnSync(`${root}.tools/bin/ansible-playbook`, args, { encoding: "utf8", env: { ...process.env, ANSIBLE_NOCOLOR: "1", ANSIBLE_LOCALHOST_WARNING: "0", LC_ALL: "C.UTF-8" } });
};
const recap = ({ stdout, stderr }) => {
  const found = stdout.match(/here\s+: ok=\d+\s+changed=(\d+)\s+unreachable=(\d+)\s+failed=(\d+)/);
  assert.ok(found, `${stdout}${stderr}`);
  return { changed: Number(found[1]), failed: Number(found[2]) + Number(found[3]), told: `${stdout}${stderr}` };
};

test("ansible reads the playbook", () => {
  const { status, stdout, stderr } = play({}, "--syntax-check");
  assert.equal(status, 0, `${stdout}${stderr}`);
});

test("check mode says what would change and changes nothing", () => {
  const { changed, failed, told } = recap(play({}, "--check"));
  assert.equal(failed, 0, told);
  assert.ok(changed >= 5, told);
  assert.throws(() => statSync(`${folder}/prefix`));
});

test("a run installs program, settings, unit and nginx's part", () => {
  const { failed, told } = recap(play());
  assert.equal(failed, 0, told);
  assert.match(execFileSync(`${folder}/prefix/bin/binnacle`, { encoding: "utf8" }), /9\.9\.9/);
  const settings = readFileSync(`${folder}/etc/binnacle.toml`, "utf8");
  assert.match(settings, /^server\.base_path = "\/binnacle"$/m);
  assert.match(settings, new RegExp(`^server\\.kubeconfig = "${folder}/etc/kubeconfig"$`, "m"));
  assert.equal(statSync(`${folder}/etc/kubeconfig`).mode & 0o777, 0o640);
  assert.equal(statSync(`${folder}/data`).mode & 0o777, 0o700);
  const unit = readFileSync(`${folder}/binnacle.service`, "utf8");
  assert.match(unit, new RegExp(`^ExecStart=${folder}/prefix/bin/binnacle serve --config ${folder}/etc/binnacle.toml --data ${folder}/data$`, "m"));
  assert.match(unit, new RegExp(`^User=${user}$`, "m"));
  assert.match(readFileSync(`${folder}/nginx.conf`, "utf8"), /proxy_pass http:\/\/127\.0\.0\.1:8080;/);
});

test("a second run changes nothing", () => {
  const { changed, failed, told } = recap(play());
  assert.deepEqual({ changed, failed }, { changed: 0, failed: 0 }, told);
});

test("an archive with another checksum is refused before anything is changed", () => {
  const { failed, told } = recap(play({ binnacle_checksum: "0".repeat(64), binnacle_prefix: `${folder}/other` }));
  assert.equal(failed, 1, told);
  assert.match(told, /has another SHA-256/);
  assert.throws(() => statSync(`${folder}/other`));
});
