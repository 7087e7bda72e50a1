// What `make package` made: installed, upgraded, run and removed as people do, each in a root of its own.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { appendFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

const root = new URL("../..", import.meta.url).pathname;
const made = process.env.PACKAGES ?? `${root}target/package`;
const folder = mkdtempSync(`${tmpdir()}/binnacle-packages-`);
after(() => rmSync(folder, { recursive: true, force: true }));

const run = (program, args, more = {}) => execFileSync(program, args, { encoding: "utf8", stdio: ["pipe", "pipe", "pipe"], ...more });
const named = (end) => join(made, readdirSync(made).find((name) => name.endsWith(end)) ?? assert.fail(`no file ${end} in ${made}`));
const sha256 = (path) => createHash("sha256").update(readFileSync(path)).digest("hex");
const files = (from) => run("find", [".", "!", "-type", "d"], { cwd: from }).split("\n").sort();

const archive = named("linux-x86_64.tar.gz");
const version = archive.match(/binnacle-(.*)-linux/)[1];
const unpacked = join(folder, `binnacle-${version}-linux-x86_64`);
const binary = join(unpacked, "binnacle");
before(() => run("tar", ["-C", folder, "-xzf", archive]));

test("the same commit gives the same bytes", () => {
  // Packing is what is tried, so a small program serves.
  const program = join(folder, "program");
  writeFileSync(program, '#!/bin/sh\ncase $1 in man) mkdir -p "$2"; echo .TH BINNACLE 1 >"$2/binnacle.1" ;; *) echo "$@" ;; esac\n', { mode: 0o755 });
  const layer = join(folder, "layer.tar");
  run("tar", ["-C", folder, "--mtime=@0", "-cf", layer, "program"]);
  const pack = (name) => {
    const out = join(folder, name);
    run(`${root}packaging/package`, ["x86_64", "aarch64"], { env: { ...process.env, OUT: out, BINARY_x86_64: program, BINARY_aarch64: program, TOOLS_amd64: layer, TOOLS_arm64: layer } });
    return readFileSync(join(out, "SHA256SUMS"), "utf8");
  };
  const once = pack("once");
  assert.ok(once.split("\n").length > 8);
  assert.equal(pack("twice"), once);
});

test("an archive is installed only with its checksum and signature, and leaves nothing", () => {
  const key = join(folder, "key.pem"), publicKey = join(folder, "public.pem"), beside = join(folder, "download"), prefix = join(folder, "prefix");
  cpSync(made, beside, { recursive: true });
  run("openssl", ["ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", key]);
  run("openssl", ["ec", "-in", key, "-pubout", "-out", publicKey]);
  run("sh", ["-c", `openssl dgst -sha256 -sign ${key} SHA256SUMS | base64 -w0 >SHA256SUMS.sig`], { cwd: beside });
  const name = archive.split("/").pop();
  const install = (...args) => spawnSync("sh", [join(beside, "install.sh"), ...args, "--prefix", prefix], { encoding: "utf8" });
  const installed = install(join(beside, name), "--key", publicKey);
  assert.equal(installed.status, 0, installed.stderr);
  assert.equal(run(join(prefix, "bin/binnacle"), ["--version"]), `binnacle ${run(binary, ["--version"]).split(" ")[1]}`);
  assert.ok(existsSync(join(prefix, "share/man/man1/binnacle-draw.1")));
  assert.equal(install("--uninstall").status, 0);
  assert.deepEqual(files(prefix), [""]);
  appendFileSync(join(beside, name), "x");
  assert.match(install(join(beside, name)).stderr, /the checksum of .* should be .*; nothing was installed/);
  appendFileSync(join(beside, "SHA256SUMS"), "\n");
  assert.match(install(join(beside, name), "--key", publicKey).stderr, /signature of SHA256SUMS is not of/);
  assert.deepEqual(files(prefix), [""]);
});

test("lintian finds nothing wrong with the Debian package", () => {
  const { stdout } = spawnSync("lintian", ["--tag-display-limit", "0", "--allow-root", "--fail-on", "error,warning", named("_amd64.deb")], { encoding: "utf8" });
  assert.equal(stdout, "");
});

const debian = (name) => {
  const into = join(folder, name);
  mkdirSync(into);
  run("tar", ["-C", into, "-xf", `${root}.tools/debian.tar`, "--exclude=./dev/*"]);
  const chroot = (...args) => spawnSync("chroot", [into, ...args], { encoding: "utf8", env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", DEBIAN_FRONTEND: "noninteractive" } });
  run("mknod", ["-m", "666", join(into, "dev/null"), "c", "1", "3"]);
  run("mknod", ["-m", "666", join(into, "dev/urandom"), "c", "1", "9"]);
  const must = (...args) => {
    const { status, stdout, stderr } = chroot(...args);
    assert.equal(status, 0, `${args.join(" ")}: ${stdout}${stderr}`);
    return `${stdout}${stderr}`;
  };
  return { into, must };
};

// The next version, of the same binary: what upgrades is the package.
const next = () => {
  const out = join(folder, "next");
  if (!existsSync(out)) run(`${root}packaging/package`, ["x86_64"], { env: { ...process.env, OUT: out, BINARY_x86_64: binary, VERSION: "9.9.9", ONLY: "packages" } });
  return (end) => join(out, readdirSync(out).find((name) => name.endsWith(end)));
};

test("a Debian package keeps users and settings when upgraded, and is purged whole", () => {
  const { into, must } = debian("deb");
  const before = files(into);
  cpSync(named("_amd64.deb"), join(into, "old.deb"));
  cpSync(next()("_amd64.deb"), join(into, "new.deb"));
  must("dpkg", "-i", "/old.deb");
  const as = (...args) => must("setpriv", "--reuid=binnacle", "--regid=binnacle", "--clear-groups", "binnacle", ...args);
  assert.match(must("stat", "-c", "%U %a", "/var/lib/binnacle"), /^binnacle 700$/m);
  assert.match(must("stat", "-c", "%G %a", "/etc/binnacle/binnacle.toml"), /^binnacle 640$/m);
  assert.match(as("token", "add", "pipeline", "--data", "/var/lib/binnacle"), /bnc_/);
  appendFileSync(join(into, "etc/binnacle/binnacle.toml"), "rate = 100\n");
  must("dpkg", "-i", "/new.deb");
  assert.match(must("dpkg-query", "-W", "-f", "${Version}", "binnacle"), /9\.9\.9/);
  assert.match(as("token", "list", "--data", "/var/lib/binnacle"), /pipeline/);
  assert.match(readFileSync(join(into, "etc/binnacle/binnacle.toml"), "utf8"), /rate = 100/);
  mkdirSync(join(into, "var/lib/binnacle/backups"));
  writeFileSync(join(into, "var/lib/binnacle/backups/harbour.db"), "");
  assert.match(must("dpkg", "--purge", "binnacle"), /backups of etcd in \/var\/lib\/binnacle\/backups were kept/);
  for (const name of ["old.deb", "new.deb"]) rmSync(join(into, name));
  const known = /^\.\/(var\/(lib\/dpkg|log|cache|lib\/systemd)|etc\/(passwd|group|shadow|gshadow|subuid|subgid)-?$)/;
  const left = files(into).filter((name) => !before.includes(name) && !known.test(name));
  assert.deepEqual(left, ["./var/lib/binnacle/backups/harbour.db"]);
});

test("an RPM package keeps users and settings when upgraded, and names what it leaves", () => {
  const { into, must } = debian("rpm");
  const rpm = (...args) => {
    const { status, stdout, stderr } = spawnSync("rpm", ["--root", into, "--dbpath", "/var/lib/rpm", ...args], { encoding: "utf8" });
    assert.equal(status, 0, `${stdout}${stderr}`);
    return `${stdout}${stderr}`;
  };
  rpm("-i", "--nodeps", named(".x86_64.rpm"));
  const as = (...args) => must("setpriv", "--reuid=binnacle", "--regid=binnacle", "--clear-groups", "binnacle", ...args);
  assert.match(as("token", "add", "pipeline", "--data", "/var/lib/binnacle"), /bnc_/);
  appendFileSync(join(into, "etc/binnacle/binnacle.toml"), "rate = 100\n");
  rpm("-U", "--nodeps", next()(".x86_64.rpm"));
  assert.match(rpm("-q", "binnacle"), /9\.9\.9/);
  assert.match(as("token", "list", "--data", "/var/lib/binnacle"), /pipeline/);
  assert.match(readFileSync(join(into, "etc/binnacle/binnacle.toml"), "utf8"), /rate = 100/);
  assert.match(rpm("-e", "--nodeps", "binnacle"), /the data in \/var\/lib\/binnacle was kept/);
  assert.ok(!existsSync(join(into, "usr/bin/binnacle")) && !existsSync(join(into, "usr/lib/systemd/system/binnacle.service")));
});

// An image as a registry would have it: every blob by its digest, its layers one above the other.
const image = (end) => {
  const layout = mkdtempSync(join(folder, "layout-")), files = mkdtempSync(join(folder, "rootfs-"));
  run("chmod", ["755", files]);
  run("tar", ["-C", layout, "-xf", named(end)]);
  const blob = ({ digest, size }) => {
    const path = join(layout, "blobs", digest.replace(":", "/"));
    assert.equal(`sha256:${sha256(path)}`, digest);
    assert.equal(statSync(path).size, size);
    return path;
  };
  const json = (descriptor) => JSON.parse(readFileSync(blob(descriptor)));
  const index = json(JSON.parse(readFileSync(join(layout, "index.json"))).manifests[0]);
  const manifest = json(index.manifests.find((one) => one.platform.architecture === "amd64"));
  for (const layer of manifest.layers) run("tar", ["-C", files, "-xzf", blob(layer), "--no-same-owner"]);
  return { files, config: json(manifest.config).config };
};
const plain = `-${version}.oci.tar`, withTools = `-${version}-tools.oci.tar`;

// How a program is begun in an image: without privileges, on a read-only root, with the folder of data alone to write to.
const inside = ({ files: rootfs, config }, ...args) => {
  const data = mkdtempSync(join(folder, "image-data-"));
  if (process.getuid() === 0) run("chown", ["65532:65532", data]);
  // From outside of the folder, which only its owner may enter.
  run("chmod", ["755", folder]);
  for (const name of ["proc", "dev"]) mkdirSync(join(rootfs, name), { recursive: true });
  const bounds = ["--unshare-user", "--unshare-pid", "--uid", "65532", "--gid", "65532", "--ro-bind", rootfs, "/", "--bind", data, "/var/lib/binnacle", "--tmpfs", "/tmp", "--proc", "/proc", "--dev", "/dev", "--die-with-parent", "--clearenv"];
  const env = config.Env.flatMap((one) => ["--setenv", ...one.split("=")]);
  return ["setpriv", ["--reuid=65532", "--regid=65532", "--clear-groups", "bwrap", ...bounds, ...env, ...args]];
};

test("the image holds one program and the authorities, and no user is root", () => {
  const { files: rootfs, config } = image(plain);
  assert.deepEqual(files(rootfs), ["", "./etc/ssl/certs/ca-certificates.crt", "./usr/bin/binnacle"]);
  assert.equal(config.User, "65532:65532");
  assert.equal(config.Labels["org.opencontainers.image.licenses"], "Apache-2.0");
  assert.ok(statSync(named(plain)).size < 2 * 45e6);
  assert.match(readFileSync(join(rootfs, "etc/ssl/certs/ca-certificates.crt"), "utf8"), /BEGIN CERTIFICATE/);
});

test("the image with tools has them, their licences, and no setuid program", () => {
  const told = image(withTools);
  const { files: rootfs } = told;
  const answers = {
    "ssh -V 2>&1": /^OpenSSH_/,
    "ssh -G jump": /^user binnacle$/m,
    "etcd --version": /^etcd Version: 3\./,
    "etcdutl version": /^etcdutl version: 3\./,
    // What the keeper on a host asks for.
    "python3 -c 'import errno, fcntl, json, os, pty, re, shutil, signal, subprocess, sys, time; from multiprocessing.dummy import Pool; print(\"fine\")'": /^fine$/m,
  };
  for (const [command, answer] of Object.entries(answers)) assert.match(run(...inside(told, "/bin/sh", "-c", command)), answer, command);
  assert.equal(run("find", [rootfs, "-perm", "/6000"]), "");
  assert.equal(run("find", [rootfs, "-xtype", "l"]), "", "no link leads nowhere");
  const licences = readdirSync(join(rootfs, "usr/share/doc")).filter((name) => existsSync(join(rootfs, "usr/share/doc", name, "copyright")));
  assert.ok(["openssh-client", "python3.11-minimal", "libc6"].every((name) => licences.includes(name)), `${licences}`);
});

const freePort = () =>
  new Promise((done) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });

// Serves the demonstration in an image until `look` has looked at it.
const served = async (end, context, look) => {
  assert.match(run("file", ["-L", binary]), /static/, "the image has no library for this binary");
  const told = image(end), port = await freePort();
  const begun = Date.now();
  const server = spawn(...inside(told, ...told.config.Entrypoint, "serve", "--demo", "--listen", `127.0.0.1:${port}`, "--data", "/var/lib/binnacle"), { stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  server.stdout.on("data", (text) => (said += text));
  server.stderr.on("data", (text) => (said += text));
  const ended = new Promise((done) => server.on("exit", done));
  const until = async (what, seconds, found) => {
    for (const from = Date.now(); ; await new Promise((done) => setTimeout(done, 100))) {
      const answer = await found();
      if (answer) return answer;
      assert.ok(Date.now() - from < seconds * 1000 && server.exitCode === null, `${what}: ${said}`);
    }
  };
  const ask = (path, more) => fetch(`http://127.0.0.1:${port}${path}`, more).catch(() => undefined);
  try {
    await until("not ready", 60, async () => (await ask("/readyz"))?.ok);
    const page = await (await ask("/c/demo")).text();
    assert.match(page, /<svg/);
    context.diagnostic(`the first picture came ${Date.now() - begun} ms after the start`);
    await look?.(ask, until);
  } finally {
    server.kill("SIGTERM");
    await ended;
  }
};

test("the image serves the demonstration without privileges on a read-only root", (context) => served(plain, context));

test("the image with tools proves a backup by restoring it", (context) =>
  served(withTools, context, async (ask, until) => {
    const path = "/api/v1/clusters/demo/backups";
    const begin = (path) => ask(path, { method: "POST", headers: { "Content-Type": "application/json", "Idempotency-Key": path } });
    await until("no backup begins", 60, async () => (await begin(path))?.status === 202);
    const backup = await until("the backup does not end", 60, async () => {
      const { course, items } = await (await ask(path)).json();
      assert.notEqual(course?.stage, "failed", course?.detail);
      return course?.detail && items.find((one) => one.id === course.detail);
    });
    assert.equal((await begin(`${path}/${backup.id}/rehearsals`)).status, 202);
    const { rehearsal } = await until("the rehearsal does not end", 120, async () => {
      const answer = await (await ask(`${path}/${backup.id}`)).json();
      return answer.rehearsal && answer;
    });
    assert.equal(rehearsal.failure ?? null, null);
    assert.equal(rehearsal.keys, backup.keys);
  }));

test("the plugin's manifest names each archive by its checksum, and kubectl runs it", () => {
  const manifest = readFileSync(named(".krew.yaml"), "utf8");
  const entries = [...manifest.matchAll(/uri: \S+\/(\S+)\n\s+sha256: (\w+)\n\s+files:\n\s+- \{from: (\S+), to: \.\}/g)];
  assert.ok(entries.length >= 1);
  for (const [, name, sum, inside] of entries) {
    assert.equal(sha256(join(made, name)), sum);
    assert.match(run("tar", ["-tzf", join(made, name)]), new RegExp(`^${inside}$`, "m"));
  }
  const path = join(folder, "plugins");
  mkdirSync(path);
  run("ln", ["-s", binary, join(path, "kubectl-binnacle")]);
  const kubectl = existsSync(`${root}.tools/bin/kubectl`) ? `${root}.tools/bin/kubectl` : "kubectl";
  const env = { PATH: `${path}:${process.env.PATH}`, HOME: folder };
  assert.match(run(kubectl, ["binnacle", "--help"], { env }), /Usage:/);
  assert.ok(run(kubectl, ["binnacle", "draw", "architecture", "--demo"], { env }).includes("<svg"));
});

test("the program prints the licence of every crate in the list", () => {
  // Crates of the registry have a checksum; the others are Binnacle's own.
  const { components } = JSON.parse(readFileSync(named(".cdx.json"), "utf8"));
  const listed = components.filter((one) => one.hashes).map((one) => `${one.name} ${one.version}`);
  const notices = new Set(run(binary, ["licences"]).split("\n\n")[1].split("\n").map((line) => line.split(":")[0]));
  assert.ok(listed.length > 300, `${listed.length}`);
  assert.deepEqual(listed.filter((name) => !notices.has(name)), []);
});

test("the unit of packages can be loaded and keeps its hardening", () => {
  const unit = join(folder, "binnacle.service");
  const packaged = run(`${root}packaging/linux/unit`, [], { input: readFileSync(`${root}packaging/linux/binnacle.service`) });
  assert.match(packaged, /^ExecStart=\/usr\/bin\/binnacle serve/m);
  writeFileSync(unit, packaged.replace("/usr/bin/binnacle", binary));
  run("systemd-analyze", ["verify", "--man=no", unit]);
  run("systemd-analyze", ["security", "--offline=true", "--threshold=15", unit]);
});
