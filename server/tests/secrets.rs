//! No secret of any plan is in anything that Binnacle says: findings, figures, pages, answers, logs.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use scene::encoded;

/// Files in which everything that begins with `hush-` is a secret: as people write them, and as they get them wrong.
const FILES: [(&str, &str); 9] = [
    (
        "plain.yml",
        "TYPE: baremetal\nFLAVOR: cluster\nPOWER_TOOL: ipmitool\nipmiUser: admin\nipmiPass: hush-top\nipmiVer: '2.0'\nhosts:\n\
         \x20 - name: host1\n    mac: 'AA:BB:CC:00:00:01'\n    interfaces:\n      - eth1: 'AA:BB:CC:00:01:01'\n    ipmiIp: 172.16.0.11\n\
         \x20   ipmiPass: hush-one\n    power_pass: 'hush-two;$(id)'\n    roles: [kube_master, etcd, ha]\n",
    ),
    (
        "flow.yml",
        "TYPE: baremetal\nhosts: [{name: host1, ipmiPass: \"hush-\\\"flow\\\\\", power_pass: hush-b, mac: hush-b}]\nNOTE: hush-b\n",
    ),
    (
        "block.yml",
        "TYPE: baremetal\nipmiPass: |\n  hush-first\n  hush-second\nhosts:\n  - name: host1\n    roles: [kube_node]\nNOTE: hush-second\n",
    ),
    ("alias.yml", "TYPE: baremetal\nADMIN: &a hush-alias\nhosts:\n  - {name: host1, power_pass: *a, colour: *a}\n"),
    ("twice.yml", "TYPE: baremetal\nipmiPass: hush-x1\nipmiPass: hush-x2\nhosts: []\nhush-x2: 1\n"),
    ("odd.yml", "TYPE: baremetal\nipmiPass: [hush-list, {a: hush-map}]\nAPI_TOKEN: hush-token\nhosts: [hush-list]\n"),
    ("open.yml", "TYPE: baremetal\nhosts:\n  - {name: host1, ipmiPass: hush-open, roles: [\n"),
    ("quote.yml", "TYPE: baremetal\nipmiPass: 'hush-quote\nhosts: []\n"),
    (
        "network.yml",
        "sys_intf_mappings: []\nip_settings: []\nadmin_password: hush-net\ninternal_vip: {ip: 10.1.0.222, auth_pass: hush-vrrp}\nmtu: hush-vrrp\n",
    ),
];
const DHA: usize = FILES.len() - 1;

/// A folder with the files, gone with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("binnacle-secrets-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).expect("a folder");
        for (file, text) in FILES {
            fs::write(path.join(file), text).expect("written");
        }
        Self(path)
    }

    fn path(&self, file: &str) -> String {
        self.0.join(file).display().to_string()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn quiet(said: &str, by: &str) {
    let at = said.find("hush-");
    let around = at.map(|at| {
        &said[said.floor_char_boundary(at.saturating_sub(120))..said.ceil_char_boundary((at + 20).min(said.len()))]
    });
    assert!(around.is_none(), "{by} says {around:?}");
}

#[test]
fn no_command_says_a_secret() {
    let folder = Folder::new("commands");
    let network = folder.path("network.yml");
    for (file, _) in &FILES[..DHA] {
        let dha = folder.path(file);
        for args in [
            vec!["check", "--dha", &dha],
            vec!["check", "--dha", &dha, "--network", &network, "--format", "json"],
            vec!["check", "--dha", &dha, "--expands", &folder.path("plain.yml")],
            vec!["check", "--network", &dha],
            vec!["draw", "networking", "--dha", &dha, "--network", &network],
            vec!["draw", "networking", "--dha", &dha, "--format", "json"],
            vec!["draw", "architecture", "--dha", &dha],
            vec!["draw", "architecture", "--demo", "--dha", &dha],
            vec!["drift", "--demo", "--dha", &dha, "--network", &network],
            vec!["drift", "--demo", "--dha", &dha, "--format", "json"],
        ] {
            let output = Command::new(env!("CARGO_BIN_EXE_binnacle")).args(&args).output().expect("it runs");
            assert!(!(output.stdout.is_empty() && output.stderr.is_empty()), "{args:?}");
            quiet(&String::from_utf8_lossy(&output.stdout), &format!("{args:?}"));
            quiet(&String::from_utf8_lossy(&output.stderr), &format!("{args:?}"));
        }
    }
}

/// A server that is ended with the test.
struct Server {
    child: Child,
    address: String,
}

impl Server {
    fn start(folder: &Folder) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_binnacle"))
            .args(["serve", "--demo", "--listen", "127.0.0.1:0", "--log", "trace", "--plans"])
            .arg(&folder.0)
            .args([
                "--data",
                &folder.path("data"),
                "--dha",
                &folder.path("plain.yml"),
                "--network",
                &folder.path("network.yml"),
            ])
            .stdout(Stdio::piped())
            .stderr(fs::File::create(folder.0.join("log")).expect("a log"))
            .spawn()
            .expect("it starts");
        let lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let address =
            lines.map_while(Result::ok).find_map(|line| line.split_once("http://").map(|(_, at)| at.to_owned()));
        let Some(address) = address else { panic!("{}", fs::read_to_string(folder.0.join("log")).expect("a log")) };
        Self { child, address }
    }

    fn ask(&self, request: &str, body: &str) -> String {
        let mut line = TcpStream::connect(&self.address).expect("it listens");
        let (host, length) = (&self.address, body.len());
        let head = format!("{request} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Length: {length}\r\n");
        write!(line, "{head}Content-Type: application/x-www-form-urlencoded\r\n\r\n{body}").expect("asked");
        let mut answer = Vec::new();
        line.read_to_end(&mut answer).expect("an answer");
        String::from_utf8_lossy(&answer).into_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn no_page_no_answer_and_no_log_says_a_secret() {
    let folder = Folder::new("pages");
    let server = Server::start(&folder);
    for (file, text) in FILES {
        let kind = if file == "network.yml" { "network" } else { "dha" };
        let chosen = server.ask(&format!("GET /plans?{kind}={file}"), "");
        assert!(
            chosen.starts_with("HTTP/1.1 200") && chosen.contains("id=\"dha-1\"") | chosen.contains("id=\"network-1\""),
            "{file}: {chosen}"
        );
        quiet(&chosen, file);
        let pasted = server.ask("POST /plans", &format!("{kind}={}", encoded(text)));
        assert!(pasted.starts_with("HTTP/1.1 200"), "{file}: {pasted}");
        quiet(&pasted, &format!("{file}, pasted,"));
    }
    for path in [
        "/plans",
        "/c/demo",
        "/c/demo/networking",
        "/c/demo/networking?sel=node/host1",
        "/c/demo/networking.svg",
        "/c/demo/networking.json",
        "/c/demo/architecture.svg",
        "/c/demo/drift",
        "/c/demo/drift.json",
        "/c/demo/table",
    ] {
        let answer = server.ask(&format!("GET {path}"), "");
        assert!(answer.starts_with("HTTP/1.1 200"), "{path}: {answer}");
        quiet(&answer, path);
    }
    drop(server);
    let log = fs::read_to_string(folder.0.join("log")).expect("a log");
    assert!(log.lines().count() > 10, "nothing was logged: {log}");
    quiet(&log, "the log");
}

#[test]
fn no_secret_of_compass_samples_is_shown() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/compass4nfv");
    let Ok(found) = samples(&folder) else {
        eprintln!("not tried: there are no samples at {}", folder.display());
        return;
    };
    for path in found {
        let text = fs::read_to_string(&path).expect("text");
        let secrets: Vec<&str> = text
            .lines()
            .filter_map(|line| line.split_once("ipmiPass:").map(|(_, secret)| secret.trim().trim_matches(['\'', '"'])))
            .filter(|secret| !secret.is_empty())
            .collect();
        let checked = plan::Checked::new(Some(text.as_bytes()), None);
        let said = format!("{checked:?} {:?}", plan::masked(&checked.plan, text.as_bytes()));
        for secret in secrets {
            assert!(!said.contains(secret), "{secret} of {}", path.display());
        }
    }
}

fn samples(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(samples(&path)?);
        } else if path.extension().is_some_and(|end| end == "yml") {
            found.push(path);
        }
    }
    Ok(found)
}
