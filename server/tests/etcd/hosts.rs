//! Hosts as kubespray leaves them, in folders: etcd by its unit and its environment, peers and clients with TLS, and
//! programs of the host that do what the real ones do to etcd. etcd and its tools are real.

use std::{
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::{Path, PathBuf},
    process::{Command, Output},
};

use binnacle::etcd::{Endpoint, Tls};

use super::{
    certificates::{Authority, tls},
    cluster::{Age, Folder, free_port, program},
};

/// Three hosts of etcd, `host1` to `host3`, which are masters too.
pub struct Hosts {
    pub folder: Folder,
    pub endpoints: Vec<Endpoint>,
    pub tls: Tls,
}

pub const NAMES: [&str; 3] = ["host1", "host2", "host3"];

/// systemctl for the one unit that a guide names, whose process is etcd in an environment of its own.
const SYSTEMCTL: &str = r#"#!/bin/bash
pid=$(cat "$HOST/run/etcd.pid" 2>/dev/null)
runs() { [ -n "$pid" ] && [ -r "/proc/$pid/stat" ] && ! grep -q ') Z ' "/proc/$pid/stat"; }
echo "systemctl $*" >>"$HOST/run/done"
case "$*" in
  'stop etcd')
    runs && kill "$pid"
    while runs; do sleep 0.05; done
    rm -f "$HOST/run/etcd.pid" ;;
  'start --no-block etcd')
    runs && exit 0
    mapfile -t env < <(grep -v '^#' "$HOST/etc/etcd.env")
    setsid env -i "${env[@]}" "$HOST/bin/etcd" >>"$HOST/run/etcd.log" 2>&1 </dev/null &
    echo $! >"$HOST/run/etcd.pid" ;;
  'show -p User etcd') echo "User=$(id -un)" ;;
  'restart kubelet') ;;
  *) echo "unknown: $*" >&2; exit 1 ;;
esac
"#;

/// etcd runs by its unit; what the kubelet runs is what has a manifest.
const PGREP: &str = r#"#!/bin/bash
case "$*" in
  '-x etcd')
    pid=$(cat "$HOST/run/etcd.pid" 2>/dev/null) || exit 1
    [ -r "/proc/$pid/stat" ] && ! grep -q ') Z ' "/proc/$pid/stat" && echo "$pid" ;;
  '-x kube-apiserver|kube-controller|kube-scheduler')
    cd "$HOST/etc/kubernetes/manifests" && ls | grep -E '^kube-(apiserver|controller|scheduler)' ;;
  *) exit 2 ;;
esac
"#;

const KUBECTL: &str = r#"#!/bin/bash
echo "kubectl $*" >>"$HOST/run/done"
[ -e "$HOST/etc/kubernetes/manifests/kube-apiserver.manifest" ] && echo ok
"#;

/// To a host's folder instead of the host.
const SCP: &str = r#"#!/bin/bash
[ $# = 2 ] || exit 2
host=${2%%:*} path=${2#*:}
cp "$1" "$HOSTS/${host#root@}$path"
"#;

const SSH: &str = r#"#!/bin/bash
[ "$1" = -n ] && [ $# = 3 ] || exit 2
export HOST=$HOSTS/${2#root@}
PATH=$HOST/bin:/usr/bin:/bin exec bash -c "$3"
"#;

/// There is none, whatever this machine has.
const NOTHING: &str = "#!/bin/bash\nexit 1\n";

impl Hosts {
    /// With etcd of this age on each, started.
    pub fn start(age: Age) -> Self {
        let folder = Folder::new();
        let authority = Authority::new(&folder.0, "ca");
        let ours = authority.issue("client", &["client"], 2050);
        let ports: Vec<(u16, u16)> = NAMES.iter().map(|_| (free_port(), free_port())).collect();
        let peers: Vec<String> =
            (1..).zip(&ports).map(|(n, (_, peer))| format!("etcd{n}=https://127.0.0.1:{peer}")).collect();
        for (n, (host, (client, peer))) in (1..).zip(NAMES.iter().zip(&ports)) {
            let root = folder.0.join(host);
            for inside in ["bin", "run", "root", "etc/ssl/etcd/ssl", "etc/kubernetes/manifests", "var/lib"] {
                fs::create_dir_all(root.join(inside)).expect("a folder");
            }
            let certs = root.join("etc/ssl/etcd/ssl");
            for (file, names) in [(format!("admin-{host}"), vec![*host]), (format!("member-{host}"), vec!["127.0.0.1"])]
            {
                let pair = authority.issue(&file, &names, 2050);
                for path in [pair.cert, pair.key] {
                    fs::rename(&path, certs.join(path.file_name().expect("a name"))).expect("moved");
                }
            }
            fs::copy(folder.0.join("ca.pem"), certs.join("ca.pem")).expect("copied");
            for part in ["kube-apiserver", "kube-controller-manager", "kube-scheduler", "kube-proxy"] {
                fs::write(root.join(format!("etc/kubernetes/manifests/{part}.manifest")), part).expect("written");
            }
            let (lib, certs) = (root.join("var/lib"), certs.display());
            let env = format!(
                "# As kubespray writes it\n\
                 ETCD_DATA_DIR={lib}/etcd\n\
                 ETCD_ADVERTISE_CLIENT_URLS=https://127.0.0.1:{client}\n\
                 ETCD_INITIAL_ADVERTISE_PEER_URLS=https://127.0.0.1:{peer}\n\
                 ETCD_INITIAL_CLUSTER_STATE=new\n\
                 ETCD_INITIAL_CLUSTER_TOKEN=k8s_etcd\n\
                 ETCD_LISTEN_CLIENT_URLS=https://127.0.0.1:{client}\n\
                 ETCD_LISTEN_PEER_URLS=https://127.0.0.1:{peer}\n\
                 ETCD_NAME=etcd{n}\n\
                 ETCD_INITIAL_CLUSTER={peers}\n\
                 {log}\
                 ETCD_TRUSTED_CA_FILE={certs}/ca.pem\n\
                 ETCD_CERT_FILE={certs}/member-{host}.pem\n\
                 ETCD_KEY_FILE={certs}/member-{host}-key.pem\n\
                 ETCD_CLIENT_CERT_AUTH=true\n\
                 ETCD_PEER_TRUSTED_CA_FILE={certs}/ca.pem\n\
                 ETCD_PEER_CERT_FILE={certs}/member-{host}.pem\n\
                 ETCD_PEER_KEY_FILE={certs}/member-{host}-key.pem\n\
                 ETCD_PEER_CLIENT_CERT_AUTH=true\n",
                lib = lib.display(),
                peers = peers.join(","),
                log = if age == Age::Oldest { "" } else { "ETCD_LOG_LEVEL=warn\nETCD_LOGGER=zap\n" },
            );
            fs::write(root.join("etc/etcd.env"), env).expect("written");
            for (name, text) in [("systemctl", SYSTEMCTL), ("pgrep", PGREP), ("kubectl", KUBECTL)] {
                runnable(&root.join("bin").join(name), text);
            }
            for name in ["docker", "crictl"] {
                runnable(&root.join("bin").join(name), NOTHING);
            }
            runnable(&root.join("bin/hostname"), &format!("#!/bin/bash\necho {host}\n"));
            let tools: &[(&str, &str)] = match age {
                Age::New => &[("etcd", ""), ("etcdctl", "CTL"), ("etcdutl", "UTL")],
                Age::Old => &[("etcd", "_OLD"), ("etcdctl", "CTL_OLD")],
                Age::Oldest => &[("etcd", "_OLDEST"), ("etcdctl", "CTL_OLDEST")],
            };
            for (name, ending) in tools {
                symlink(program(&format!("BINNACLE_TEST_ETCD{ending}")), root.join("bin").join(name)).expect("a link");
            }
        }
        let desk = folder.0.join("desk");
        fs::create_dir_all(desk.join("bin")).expect("a folder");
        runnable(&desk.join("bin/scp"), SCP);
        runnable(&desk.join("bin/ssh"), SSH);
        for (name, from) in [
            ("age", program("BINNACLE_TEST_AGE")),
            ("zstd", program("BINNACLE_TEST_ZSTD")),
            ("binnacle", env!("CARGO_BIN_EXE_binnacle").into()),
        ] {
            symlink(from, desk.join("bin").join(name)).expect("a link");
        }
        let endpoint = |(client, _): &(u16, u16)| Endpoint::parse(&format!("https://127.0.0.1:{client}"));
        let endpoints = ports.iter().map(|port| endpoint(port).expect("an endpoint")).collect();
        let tls = tls(&folder.0, "ca", Some(&ours));
        let hosts = Self { folder, endpoints, tls };
        for host in NAMES {
            hosts.must(host, "systemctl start --no-block etcd");
        }
        hosts
    }

    pub fn root(&self, host: &str) -> PathBuf {
        self.folder.0.join(host)
    }

    /// Where the backup is opened.
    pub fn desk(&self) -> PathBuf {
        self.folder.0.join("desk")
    }

    /// Runs a block of a guide as it stands, but that a host's own folders are those of its folder.
    pub fn run(&self, place: &str, commands: &str) -> Output {
        let root = if place == "your machine" { self.desk() } else { self.root(place) };
        let mut script = commands.to_owned();
        if place != "your machine" {
            for path in ["/root/", "/etc/", "/var/lib/"] {
                script = script.replace(path, &format!("{}{path}", root.display()));
            }
        }
        let path = format!("{}/bin:/usr/bin:/bin", root.display());
        let mut bash = Command::new("/bin/bash");
        bash.args(["-c", &script]).env_clear().env("PATH", path).env("HOST", &root).env("HOSTS", &self.folder.0);
        bash.env("HOME", &root).current_dir(&root).output().expect("bash")
    }

    /// The same, which goes well; answers what it says.
    pub fn must(&self, place: &str, commands: &str) -> String {
        let output = self.run(place, commands);
        let (said, complained) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "on {place}:\n{commands}\n{said}\n{complained}{}", self.log(place));
        said.into_owned()
    }

    fn log(&self, host: &str) -> String {
        fs::read_to_string(self.root(host).join("run/etcd.log")).unwrap_or_default()
    }

    /// What was asked of a host's programs so far.
    pub fn done(&self, host: &str) -> String {
        fs::read_to_string(self.root(host).join("run/done")).unwrap_or_default()
    }

    /// As when a machine loses power and its disk.
    pub fn destroy(&self, host: &str) {
        let pid = fs::read_to_string(self.root(host).join("run/etcd.pid")).expect("it ran");
        assert!(Command::new("kill").args(["-KILL", pid.trim()]).status().expect("kill").success());
        while Path::new("/proc").join(pid.trim()).join("exe").exists() {
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        fs::remove_dir_all(self.root(host).join("var/lib/etcd")).expect("removed");
    }

    /// Runs etcdctl on all members.
    pub fn ctl(&self, args: &str) -> String {
        self.must("host1", &self.with_etcdctl(args))
    }

    /// As a host's shell would have it.
    pub fn with_etcdctl(&self, args: &str) -> String {
        let urls: Vec<String> = self.endpoints.iter().map(ToString::to_string).collect();
        let (urls, certs) = (urls.join(","), "/etc/ssl/etcd/ssl");
        format!(
            "ETCDCTL_API=3 etcdctl --endpoints {urls} --cacert {certs}/ca.pem --cert {certs}/admin-host1.pem \
             --key {certs}/admin-host1-key.pem {args}"
        )
    }
}

impl Drop for Hosts {
    fn drop(&mut self) {
        for host in NAMES {
            if let Ok(pid) = fs::read_to_string(self.root(host).join("run/etcd.pid")) {
                let _ = Command::new("kill").args(["-KILL", pid.trim()]).output();
            }
        }
    }
}

fn runnable(path: &Path, text: &str) {
    fs::write(path, text).expect("written");
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("runnable");
}
