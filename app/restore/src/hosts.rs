//! What every host of etcd is told first: who it is, and how it reaches etcd. kubespray's paths.

use crate::{Act, At, Facts, Host, Member, shell::word};

/// The folder of a guide's files on each host, for root alone.
pub(crate) const WORK: &str = "/root/binnacle-restore";
/// What kubespray's etcd is started with.
pub(crate) const ENV: &str = "/etc/etcd.env";
const CERTS: &str = "/etc/ssl/etcd/ssl";
pub(crate) const DATA: &str = "/var/lib/etcd";
/// Where the old data goes.
pub(crate) const BEFORE: &str = "/var/lib/etcd.before-restore";
/// Where the restored data waits.
pub(crate) const AFTER: &str = "/var/lib/etcd.restored";

/// The first line of what is run on a host that was told who it is.
pub(crate) fn told() -> String {
    format!(". {WORK}/env &&\n")
}

/// Writes down who the host is, and compares it with what etcd is started with there.
pub(crate) fn prepare(facts: &Facts, member: &Member, endpoints: &[String]) -> Act {
    let read = |key: &str| format!("$(sed -n 's/^{key}=//p' {ENV})");
    let known = |value: &Option<String>, key: &str| value.as_deref().map_or_else(|| read(key), word);
    let host = member.host.name.as_deref();
    let file = |what: &str| match host {
        Some(host) => format!("{CERTS}/{}", word(&format!("admin-{host}{what}"))),
        None => format!("{CERTS}/admin-$(hostname){what}"),
    };
    // Without TLS there are no such files; what is unknown is as kubespray has it.
    let secured = endpoints.is_empty() || endpoints.iter().any(|url| url.starts_with("https:"));
    let [certs, shown] = if secured {
        let certs = format!(
            "export ETCDCTL_CACERT={CERTS}/ca.pem\nexport ETCDCTL_CERT={}\nexport ETCDCTL_KEY={}\n",
            file(".pem"),
            file("-key.pem")
        );
        [certs, "ls \"$ETCDCTL_CACERT\" \"$ETCDCTL_CERT\" \"$ETCDCTL_KEY\" &&\n".to_owned()]
    } else {
        [String::new(), String::new()]
    };
    let endpoints = if endpoints.is_empty() { read("ETCD_ADVERTISE_CLIENT_URLS") } else { word(&endpoints.join(",")) };
    let commands = format!(
        "install -d -m 700 {WORK} &&\n\
         cat > {WORK}/env <<'END' &&\n\
         export ETCDCTL_API=3\n\
         export ETCDCTL_ENDPOINTS={endpoints}\n\
         {certs}\
         name={}\n\
         peer={}\n\
         cluster={}\n\
         token={}\n\
         END\n\
         . {WORK}/env &&\n\
         {shown}\
         grep -xF \"ETCD_NAME=$name\" {ENV} &&\n\
         grep -xF \"ETCD_INITIAL_ADVERTISE_PEER_URLS=$peer\" {ENV} &&\n\
         grep -xF \"ETCD_DATA_DIR={DATA}\" {ENV} &&\n\
         grep '^ETCD_INITIAL_CLUSTER=' {ENV} &&\n\
         [ -n \"$token\" ] && echo \"cluster=$cluster token=$token\"\n",
        known(&member.name, "ETCD_NAME"),
        known(&member.peer, "ETCD_INITIAL_ADVERTISE_PEER_URLS"),
        initial(facts).map_or_else(|| read("ETCD_INITIAL_CLUSTER"), |initial| word(&initial)),
        read("ETCD_INITIAL_CLUSTER_TOKEN"),
    );
    let check = format!(
        "{}our lines of {ENV}, and a last line that names the same members as the one before it. If it \
         stops earlier, this host is not as it is known here: see what {ENV} says, and correct {WORK}/env by hand.",
        if secured { "The three files, f" } else { "F" }
    );
    Act { at: At::Host(member.on()), commands, check }
}

/// All members as etcd wants them; `None` when one of them is not known well enough.
pub(crate) fn initial(facts: &Facts) -> Option<String> {
    let pairs: Option<Vec<String>> = facts
        .members
        .iter()
        .map(|member| Some(format!("{}={}", member.name.as_ref()?, member.peer.as_ref()?)))
        .collect();
    pairs.map(|pairs| pairs.join(",")).filter(|pairs| !pairs.is_empty())
}

/// Where clients reach these members; nothing when it is unknown of one.
pub(crate) fn endpoints<'a>(members: impl IntoIterator<Item = &'a Member>) -> Vec<String> {
    let known: Option<Vec<String>> = members.into_iter().map(|member| member.client.clone()).collect();
    known.unwrap_or_default()
}

/// Members to write commands for: the known ones, or one that stands for each.
pub(crate) fn members(facts: &Facts) -> Vec<Member> {
    if facts.members.is_empty() {
        let host = Host { name: None, address: Some("every host of etcd".into()) };
        return vec![Member { host, ..Member::default() }];
    }
    facts.members.clone()
}

/// Hosts to write commands for: the known ones, or one that stands for each.
pub(crate) fn called(hosts: &[Host], all: &str) -> Vec<String> {
    if hosts.is_empty() {
        return vec![all.to_owned()];
    }
    hosts.iter().map(|host| host.called("a host without a known name").to_owned()).collect()
}

/// Ends etcd on a host, with the container that kubespray of that age runs it in.
pub(crate) fn stop(member: &Member) -> Act {
    let commands = told()
        + "systemctl stop etcd &&\n\
           if command -v docker >/dev/null && docker inspect \"$name\" >/dev/null 2>&1; then docker rm -f \"$name\"; fi &&\n\
           ! pgrep -x etcd && echo stopped\n";
    Act { at: At::Host(member.on()), commands, check: "The word stopped, and no number of a process before it.".into() }
}

/// Begins etcd and does not wait: it is there once most members are.
pub(crate) fn start(member: &Member) -> Act {
    Act {
        at: At::Host(member.on()),
        commands: "systemctl start --no-block etcd\n".into(),
        check: "Nothing. Go on with the next at once.".into(),
    }
}

/// Waits until all members are well, and shows what they hold.
pub(crate) fn well(member: &Member, hashes: bool, check: String) -> Act {
    let mut commands = told()
        + "for n in $(seq 60); do etcdctl endpoint health >/dev/null 2>&1 && break; sleep 1; done\n\
           etcdctl endpoint health &&\n\
           etcdctl member list &&\n\
           etcdctl endpoint status -w table";
    if hashes {
        commands += " &&\netcdctl endpoint hashkv";
    }
    commands += "\n";
    Act { at: At::Host(member.on()), commands, check }
}
