//! Every setting, once: its key in the file, its variable, its flag, its default, its meaning.

use std::fmt::Write;

/// A setting.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// The flag is the same with `-` for `_`, the variable is `BINNACLE_` and it; [`Key::path`] is where it stands in the file.
    pub name: &'static str,
    /// What holds when nothing is said.
    pub default: &'static str,
    /// What it means.
    pub meaning: &'static str,
}

/// All settings.
pub const KEYS: &[Key] = &[
    Key {
        name: "listen",
        default: "127.0.0.1:8080",
        meaning: "Address and port to listen on; port 0 takes a free one. Beyond loopback only with a sign-in.",
    },
    Key {
        name: "data",
        default: "binnacle-data",
        meaning: "Folder for what Binnacle keeps; made when it is not there.",
    },
    Key {
        name: "database",
        default: "",
        meaning: "Where users, tokens and the audit are kept: `sqlite:PATH` or `postgres://…`; without it `binnacle.db` in the data folder.",
    },
    Key {
        name: "database_file",
        default: "",
        meaning: "A file with that address instead: a password on a command line is seen by everybody on the machine.",
    },
    Key {
        name: "sign_in",
        default: "none",
        meaning: "`none`: sign-in is off, and anyone on this machine can view and operate; or some of `local` (users of `binnacle user add`), `oidc` (a provider), `tokens` (API tokens alone) with commas between.",
    },
    Key { name: "oidc_issuer", default: "", meaning: "The OpenID Connect provider's address, as it names itself." },
    Key { name: "oidc_client", default: "", meaning: "Our client id there." },
    Key { name: "oidc_secret_file", default: "", meaning: "A file with our client secret; public clients have none." },
    Key {
        name: "oidc_scopes",
        default: "",
        meaning: "Scopes to ask for, with spaces or commas between; without it `openid`, and `profile` and `groups` where the provider offers them. With `offline_access` many providers give a refresh token.",
    },
    Key {
        name: "oidc_ca",
        default: "",
        meaning: "A PEM file with further authorities to trust for the provider, besides the system's (or those that `SSL_CERT_FILE` and `SSL_CERT_DIR` name). `HTTPS_PROXY` and `NO_PROXY` hold for the provider.",
    },
    Key {
        name: "oidc_groups",
        default: "groups",
        meaning: "The claims that name a person's groups, with commas between; dots lead into objects, as in `realm_access.roles`. They are looked for in the ID token, then in userinfo, then in a signed access token.",
    },
    Key {
        name: "oidc_viewers",
        default: "",
        meaning: "Groups whose people are viewers, with commas between; `*` for everybody who signs in. A name with a comma in it stands in quotes, as in `\"cn=ops,dc=lab\",staff`, or as an item of a list in the file.",
    },
    Key { name: "oidc_operators", default: "", meaning: "Groups whose people are operators." },
    Key { name: "oidc_admins", default: "", meaning: "Groups whose people are admins." },
    Key {
        name: "oidc_recheck",
        default: "3600",
        meaning: "Seconds after which the provider must have told a person's role again, at least 60: by a refresh token, else by a page that goes by the provider without a question.",
    },
    Key {
        name: "oidc_sign_out",
        default: "provider",
        meaning: "What signing out ends: `provider` for the session there as well, where it offers that; `here` for this server's session alone.",
    },
    Key {
        name: "hosts",
        default: "",
        meaning: "Further host names that this server answers to, with commas between; others are refused.",
    },
    Key {
        name: "trusted_proxies",
        default: "",
        meaning: "Addresses and networks of proxies whose X-Forwarded-For, -Proto, -Host and -Port, or Forwarded, are believed, with commas between.",
    },
    Key {
        name: "base_path",
        default: "",
        meaning: "Path below which everything is served, as in `/binnacle`, when a proxy shares its host with others. The proxy may take it off the paths that it sends on, if it is in `trusted_proxies`.",
    },
    Key {
        name: "public_url",
        default: "",
        meaning: "The address by which people and portals reach this server, with scheme and base path, as in `https://lab.example/binnacle`. Links to embedded figures begin with it; without it they begin with the address that was asked for one. Its host is one that this server answers to.",
    },
    Key { name: "session_idle", default: "43200", meaning: "Seconds without a request after which a session ends." },
    Key { name: "session_length", default: "604800", meaning: "Seconds after which a session ends whatever happens." },
    Key {
        name: "tls_cert",
        default: "",
        meaning: "Certificates for TLS in PEM form, the server's own first; read again when the file changes.",
    },
    Key { name: "tls_key", default: "", meaning: "The private key of the first of them, in PEM form." },
    Key {
        name: "embed_origins",
        default: "",
        meaning: "Portals that may show figures in frames, with commas between, as in `https://portal.example`; none by default.",
    },
    Key {
        name: "audit",
        default: "",
        meaning: "Where audit entries also go as JSON lines: a file, or `-` for standard output.",
    },
    Key {
        name: "audit_days",
        default: "0",
        meaning: "Days after which entries of the audit are removed; 0 keeps them for ever. An anchor in the database and an entry say how many went, with their digest.",
    },
    Key {
        name: "audit_entries",
        default: "1000000",
        meaning: "Entries of the audit that are kept, at least 1000; of more, the oldest are removed. 0 keeps any number.",
    },
    Key {
        name: "rate",
        default: "1200",
        meaning: "Requests of the API a minute for each token, session or address, and refused ones of everything; who asks more often is told when to come back.",
    },
    Key {
        name: "connections_per_address",
        default: "256",
        meaning: "Connections at once from one address, or from one /64 of IPv6; 0 for any number. Trusted proxies may have any.",
    },
    Key {
        name: "kubeconfig",
        default: "",
        meaning: "Kubeconfig; without it KUBECONFIG, ~/.kube/config and the pod's service account are tried, as kubectl does.",
    },
    Key { name: "context", default: "", meaning: "Show this context alone." },
    Key {
        name: "namespaces",
        default: "",
        meaning: "The namespaces of the first context to look at, with commas between, at most 50; without it all of them, or those that a limited role may read. Whatever lies in others is unknown.",
    },
    Key {
        name: "dha",
        default: "",
        meaning: "The DHA file that the cluster was deployed from; belongs to the first context.",
    },
    Key { name: "network", default: "", meaning: "Its network.yml." },
    Key {
        name: "etcd_endpoints",
        default: "",
        meaning: "Where etcd of the first context may be asked, as in `https://10.1.0.50:2379`, with commas between; without it, and with `etcd_cacert`, where the plan's hosts of role etcd would listen.",
    },
    Key {
        name: "etcd_cacert",
        default: "",
        meaning: "Certificates of the authority that signs etcd's, in PEM form; these three files are read again for every connection.",
    },
    Key { name: "etcd_cert", default: "", meaning: "Our certificate for etcd, in PEM form." },
    Key { name: "etcd_key", default: "", meaning: "Its private key, in PEM form." },
    Key {
        name: "etcd_through",
        default: "",
        meaning: "A machine through which etcd is reached by OpenSSH, as in `root@10.1.0.2`, or `jump_host` for that one; `ssh_config` holds for it too. Without it etcd is reached directly.",
    },
    Key {
        name: "backup_hosts",
        default: "",
        meaning: "Hosts on which kubespray leaves backups of its own, as OpenSSH takes them, with commas between, as in `root@10.1.0.50,root@10.1.0.51`; with `:/FOLDER` behind one for another folder than `/var/backups`. They are reached through `etcd_through` when that is set, and what lies there is listed.",
    },
    Key {
        name: "backup_to",
        default: "",
        meaning: "Where backups of etcd are kept, with commas between: folders, and `s3://BUCKET/PREFIX?endpoint=URL&region=NAME&credentials=FILE&profile=NAME&ca=FILE` (keys to a bucket come from that file, by its profile, `AWS_PROFILE` or `default`, or from `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`); without it `backups` in the data folder.",
    },
    Key {
        name: "backup_recipients",
        default: "",
        meaning: "Public keys of age that backups are encrypted for, with commas between; without one they are not encrypted.",
    },
    Key {
        name: "backup_schedule",
        default: "",
        meaning: "When backups are taken, as a cron expression: `0 3 * * *` for three at night.",
    },
    Key {
        name: "backup_zone",
        default: "UTC",
        meaning: "The time zone of schedule and retention, as in `Europe/Berlin`.",
    },
    Key {
        name: "backup_keep",
        default: "",
        meaning: "Which backups stay, as in `newest=7,daily=14,weekly=8,monthly=12`; without it all of them.",
    },
    Key {
        name: "backup_age",
        default: "93600",
        meaning: "Seconds that the newest verified backup may be old before every page warns.",
    },
    Key {
        name: "backup_rehearse",
        default: "each",
        meaning: "When a backup is restored into a throwaway etcd on this machine to see that it does: `each` for after each backup, a cron expression in `backup_zone`, or `never`. Encrypted ones are rehearsed when they are taken, before their plain form goes.",
    },
    Key {
        name: "backup_programs",
        default: "",
        meaning: "Folder with `etcd` and `etcdutl` (or `etcdctl`) for that, or with folders of them by version, as in `3.5.12` or `3.5`; without it those in the PATH.",
    },
    Key {
        name: "backup_scratch",
        default: "",
        meaning: "Folder for rehearsals, on a disk with room for a database; without it `rehearsals` in the data folder.",
    },
    Key {
        name: "backup_reread",
        default: "30",
        meaning: "Days after which each stored copy is read again, whole, to see that no byte has changed; one at a time, for at most a tenth of the time. 0 for never.",
    },
    Key {
        name: "backup_with",
        default: "",
        meaning: "Files and folders of this machine that travel with each backup, with commas between, as certificates, `etcd.env` and `admin.conf`; only where `backup_recipients` are named, for whom they are encrypted.",
    },
    Key {
        name: "backup_key_file",
        default: "",
        meaning: "A file with what backups are signed with, made when it is not there; keep a copy of it elsewhere. Without it the key is in the database, and lost with it.",
    },
    Key {
        name: "backup_webhook",
        default: "",
        meaning: "An address that is told by POST when a grave warning about backups appears or ends; only where a secret signs it.",
    },
    Key {
        name: "backup_webhook_file",
        default: "",
        meaning: "A file with that address instead, for one with a token in it.",
    },
    Key {
        name: "backup_webhook_secret_file",
        default: "",
        meaning: "A file with what its body is signed with: HMAC-SHA256, in the header Binnacle-Signature.",
    },
    Key {
        name: "plans",
        default: "",
        meaning: "Folder with DHA files and network.yml files to choose from on the page of plans.",
    },
    Key {
        name: "compass",
        default: "",
        meaning: "Compass4nfv's folder on the jump host, with deploy.sh in it; without it nothing can be deployed.",
    },
    Key {
        name: "compass_release",
        default: "gambia",
        meaning: "The release of Compass that lies there, which plans are checked for: `euphrates`, `fraser` or `gambia`.",
    },
    Key {
        name: "jump_host",
        default: "",
        meaning: "The jump host as OpenSSH takes it, as in `root@10.1.0.2` or a name of its configuration; without it this machine.",
    },
    Key { name: "ssh_config", default: "", meaning: "Another configuration of OpenSSH than this user's." },
    Key {
        name: "compass_variables",
        default: "",
        meaning: "Further variables for deploy.sh, as in `LOCAL_PROXY=http://10.1.0.1:3128,VIRT_CPUS=4`; of those the pages offer these hold.",
    },
    Key {
        name: "compass_variables_file",
        default: "",
        meaning: "A file with them instead, one a line: for those with passwords in them.",
    },
    Key {
        name: "compass_work",
        default: "",
        meaning: "Compass's working folder, when it is not `work` below its own; `{run}` stands for a run's folder.",
    },
    Key {
        name: "compass_deck",
        default: "",
        meaning: "compass-deck's address and port on the jump host; without it port 5050 of the plan's management gateway.",
    },
    Key {
        name: "compass_reach",
        default: "",
        meaning: "A program on the jump host that looks and reaches into the tasks container, instead of docker.",
    },
    Key { name: "log_days", default: "90", meaning: "Days for which logs of deployments are kept." },
    Key {
        name: "log_size",
        default: "2048",
        meaning: "Megabytes that they take at most, packed; the oldest go first.",
    },
    Key {
        name: "webhook",
        default: "",
        meaning: "An address that is told by POST when a deployment ends; only where a secret signs it.",
    },
    Key { name: "webhook_file", default: "", meaning: "A file with that address instead, for one with a token in it." },
    Key {
        name: "webhook_secret_file",
        default: "",
        meaning: "A file with what the webhook's body is signed with: HMAC-SHA256, in the header Binnacle-Signature.",
    },
    Key {
        name: "on_finish",
        default: "",
        meaning: "A program that is run when a deployment ends; it gets the same on its standard input.",
    },
    Key {
        name: "demo",
        default: "if-none",
        meaning: "The built-in cluster: `always`, `if-none` (when no other is found), `never`, or a distribution's cluster in its place, as in `k3s`. The flag alone means `always`.",
    },
    Key { name: "idle", default: "600", meaning: "Seconds for which a cluster that nobody looks at is still watched." },
    Key {
        name: "history",
        default: "on",
        meaning: "`on`: every cluster is watched from the start, and what changes is kept, to be looked at later; `off`: nothing is kept.",
    },
    Key {
        name: "history_days",
        default: "30",
        meaning: "Days for which the history of clusters is kept; 0 for no bound.",
    },
    Key {
        name: "history_keep_around",
        default: "365",
        meaning: "Days for which moments around deployments, expansions, restores and incidents are kept, where these are more; 0 for no bound.",
    },
    Key {
        name: "history_size",
        default: "2048",
        meaning: "Megabytes that the history of all clusters takes at most; the oldest goes first, and what is kept around something last.",
    },
    Key {
        name: "incident_patience",
        default: "300",
        meaning: "Seconds until a broken workload, a pod without a host, or a service without an endpoint is an incident. A lost host is one at once. Incidents need `history`.",
    },
    Key {
        name: "incident_calm",
        default: "60",
        meaning: "Seconds without the fault until an incident has ended; they double with each relapse, at most five times.",
    },
    Key {
        name: "incident_certificate_days",
        default: "30",
        meaning: "Days before its end from which a certificate of the API server or of etcd is an incident; of a short one, its last third at most. 0 for never.",
    },
    Key {
        name: "incident_webhook",
        default: "",
        meaning: "An address that is told by POST when an incident begins or ends; only where a secret signs it.",
    },
    Key {
        name: "incident_webhook_file",
        default: "",
        meaning: "A file with that address instead, for one with a token in it.",
    },
    Key {
        name: "incident_webhook_secret_file",
        default: "",
        meaning: "A file with what its body is signed with: HMAC-SHA256, in the header Binnacle-Signature.",
    },
    Key {
        name: "alertmanager",
        default: "",
        meaning: "The address of an Alertmanager with API v2, as in `http://127.0.0.1:9093`, which gets incidents as alerts.",
    },
    Key {
        name: "alertmanager_file",
        default: "",
        meaning: "A file with that address instead, for one with a password in it.",
    },
    Key { name: "log_format", default: "text", meaning: "`text` for people, `json` for machines; on standard error." },
    Key {
        name: "log",
        default: "info",
        meaning: "What is logged: `error`, `warn`, `info`, `debug`, or by part, as in `binnacle=debug`.",
    },
];

impl Key {
    /// Its variable.
    pub fn variable(&self) -> String {
        format!("BINNACLE_{}", self.name.to_uppercase())
    }

    /// Its flag.
    pub fn flag(&self) -> String {
        format!("--{}", self.name.replace('_', "-"))
    }
}

/// The settings as a Markdown table.
pub fn table() -> String {
    let mut out =
        String::from("| key | in the file | variable | flag | default | meaning |\n|---|---|---|---|---|---|\n");
    for key in KEYS {
        let default = if key.default.is_empty() { "–".to_owned() } else { format!("`{}`", key.default) };
        let (place, variable, flag) = (key.place(), key.variable(), key.flag());
        let _ = writeln!(out, "| `{}` | `{place}` | `{variable}` | `{flag}` | {default} | {} |", key.name, key.meaning);
    }
    out
}

/// The known name that is nearest to a mistyped one.
pub(crate) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known.into_iter().max_by(|a, b| strsim::jaro_winkler(name, a).total_cmp(&strsim::jaro_winkler(name, b)))
}
