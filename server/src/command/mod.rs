//! The command line.

mod backup;
mod beside;
mod check;
mod data;
mod described;
mod diff;
mod doctor;
mod draw;
mod drift;
mod examine;
mod exit;
mod guide;
mod history;
mod keeping;
mod manual;
mod mcp;
mod provider;
mod rehearse;
mod serve;
mod simulate;
mod support;
mod sweeping;
mod take;
mod token;
mod transfer;
mod user;
mod verify;
mod what_if;

use clap::{Args, CommandFactory, Parser, Subcommand};

pub use exit::{EXIT_CODES, Exit};

use crate::config::{Demo, Given, Settings};

/// A live picture of the Kubernetes cluster that Compass4nfv made.
#[derive(Parser)]
#[command(name = "binnacle", version, after_help = EXIT_CODES, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve pages with the live figures of every cluster that a kubeconfig names.
    #[command(after_help = "Example:\n  binnacle serve --listen 127.0.0.1:8080 --data /var/lib/binnacle")]
    Serve(Box<ServeArgs>),
    /// Write a figure to a file, without a browser or a server.
    #[command(after_help = "Example:\n  binnacle draw architecture --kubeconfig ~/.kube/config -o cluster.svg")]
    Draw(draw::DrawArgs),
    /// Say what is wrong with a plan before Compass is told it.
    #[command(after_help = "Example:\n  binnacle check --dha k8-nosdn-nofeature-ha.yml --network network.yml")]
    Check(check::CheckArgs),
    /// Say where a cluster has left its plan.
    #[command(
        after_help = "Example:\n  binnacle drift --dha k8-nosdn-nofeature-ha.yml --network network.yml --kubeconfig ~/.kube/config"
    )]
    Drift(drift::DriftArgs),
    /// Say what the loss, the drain or the addition of hosts does to a cluster, without doing it.
    #[command(
        name = "what-if",
        after_help = "Example:\n  binnacle what-if --lose host5 --kubeconfig ~/.kube/config\n  binnacle what-if --drain host4 --demo --format json\n  binnacle what-if --drain-order --kubeconfig ~/.kube/config\n\nExit codes of this command: 0 nothing is noticed, or all hosts can be drained; 1 something is, or some cannot; 4 a missing fact decides."
    )]
    WhatIf(what_if::WhatIfArgs),
    /// Take a backup of etcd from its best member and prove it before it counts, or prove one that is there.
    #[command(
        after_help = "Example:\n  binnacle backup --endpoints https://10.1.0.50:2379,https://10.1.0.51:2379 \\\n    --cacert ca.pem --cert admin-host1.pem --key admin-host1-key.pem --to /var/backups/etcd --name harbour\n  binnacle backup verify /var/backups/etcd/harbour-….db"
    )]
    Backup(Box<backup::BackupArgs>),
    /// Serve a made-up cluster of any size as a Kubernetes API, for trials and tests; it takes any Host and Origin.
    #[command(
        after_help = "Example:\n  binnacle simulate --listen 127.0.0.1:8001 --nodes 1000 --pods 30000\n  kubectl --server http://127.0.0.1:8001 get nodes --watch\n\nFaults on demand, as JSON; an empty object clears them:\n  curl -X PUT http://127.0.0.1:8001/simulator/faults -d '{\"delay_ms\": 500, \"forbid\": [\"leases\"]}'"
    )]
    Simulate(simulate::SimulateArgs),
    /// Tell what is kept of clusters' past, write it into a file, read such a file, or forget a namespace.
    #[command(
        after_help = "Example:\n  binnacle history stat --data /var/lib/binnacle\n  binnacle history export lab -o lab.history --from 2026-11-29T02:00:00Z"
    )]
    History(history::HistoryArgs),
    /// Say what was different between two past moments of a cluster.
    #[command(
        after_help = "Example:\n  binnacle diff lab --t1 2026-11-29T02:50:00Z --t2 2026-11-29T03:10:00Z --data /var/lib/binnacle"
    )]
    Diff(history::DiffArgs),
    /// Add local users, list them, disable one, or end anybody's sessions.
    #[command(after_help = "Example:\n  binnacle user add ann --role admin --data /var/lib/binnacle")]
    User(user::UserArgs),
    /// Look at settings, clusters, permissions, etcd, database, disk, clocks, jump host and backups, and change nothing.
    #[command(
        after_help = "Example:\n  binnacle doctor --config binnacle.toml\n  binnacle doctor --oidc --config binnacle.toml\n  binnacle doctor --oidc --config binnacle.toml --claims claims.json"
    )]
    Doctor(doctor::DoctorArgs),
    /// Write what a maintainer needs to help into one file: version, settings and what doctor finds, without secrets.
    #[command(
        name = "support-bundle",
        after_help = "Example:\n  binnacle support-bundle --config /etc/binnacle/binnacle.toml\n  journalctl -u binnacle --since -1d | binnacle support-bundle --log - --yes"
    )]
    SupportBundle(support::SupportArgs),
    /// Tell an assistant of a cluster, or of a server's, by the Model Context Protocol on standard input and output.
    #[command(
        after_help = "Example:\n  binnacle mcp --demo\n  binnacle mcp --kubeconfig ~/.kube/config --context lab\n  binnacle mcp --server https://binnacle.example --token-file ~/.config/binnacle/token"
    )]
    Mcp(mcp::McpArgs),
    /// Write all that the database keeps into one file: users, tokens' hashes, audit, runs, backups, history. A server may run.
    #[command(
        after_help = "Example:\n  binnacle export -o binnacle.export --data /var/lib/binnacle\n  binnacle export -o - --config /etc/binnacle/binnacle.toml | ssh spare 'cat >binnacle.export'"
    )]
    Export(transfer::ExportArgs),
    /// Read such a file into an empty database of either kind, all or nothing. No server may use that database.
    #[command(
        after_help = "Example:\n  binnacle import binnacle.export --check\n  binnacle import binnacle.export --database-file /etc/binnacle/database"
    )]
    Import(transfer::ImportArgs),
    /// Make an API token for a program; it is printed this once.
    #[command(
        after_help = "Example:\n  binnacle token add pipeline --role operator --days 30 --data /var/lib/binnacle"
    )]
    Token(token::TokenArgs),
    /// Print every setting with its place in the file, variable, flag, default and meaning; or look at a file of settings.
    #[command(
        after_help = "Example:\n  binnacle settings --example > binnacle.toml\n  binnacle settings --check /etc/binnacle/binnacle.toml"
    )]
    Settings {
        /// Look at this file: what is wrong ends with exit code 2, and what has no effect is told.
        #[arg(long, value_name = "FILE")]
        check: Option<String>,
        /// Print a file with every setting in it, commented out.
        #[arg(long, conflicts_with = "check")]
        example: bool,
    },
    /// Print the licences of everything that is in this program.
    #[command(after_help = "Example:\n  binnacle licences | less")]
    Licences,
    /// Print the permissions that Binnacle needs in a cluster, as the rules of a ClusterRole.
    #[command(after_help = "Example:\n  binnacle rbac > rules.yaml")]
    Rbac {
        /// Those of one namespace, as the rules of a Role.
        #[arg(long)]
        namespaced: bool,
    },
    /// Write completions for a shell.
    #[command(after_help = "Example:\n  binnacle completions bash > /etc/bash_completion.d/binnacle")]
    Completions {
        /// Which shell.
        shell: clap_complete::Shell,
    },
    /// Write the manual pages into a folder.
    #[command(after_help = "Example:\n  binnacle man /usr/local/share/man/man1")]
    Man {
        /// Folder for the pages; made when it is not there.
        folder: std::path::PathBuf,
    },
}

/// Flags of `serve`; each is a setting.
#[derive(Args)]
struct ServeArgs {
    /// Address and port to listen on; port 0 takes a free one [default: 127.0.0.1:8080].
    #[arg(long, value_name = "ADDR")]
    listen: Option<String>,
    /// Folder for what Binnacle keeps.
    #[arg(long, value_name = "DIR")]
    data: Option<String>,
    /// Where users, tokens and the audit are kept: sqlite:PATH or postgres://….
    #[arg(long, value_name = "URL")]
    database: Option<String>,
    /// A file with its address instead, which others cannot read from the list of processes.
    #[arg(long, value_name = "FILE")]
    database_file: Option<String>,
    /// none, or some of local, oidc, tokens with commas between.
    #[arg(long, value_name = "HOW")]
    sign_in: Option<String>,
    #[command(flatten)]
    oidc: provider::ProviderArgs,
    /// Further host names that this server answers to.
    #[arg(long, value_name = "NAMES")]
    hosts: Option<String>,
    /// Proxies whose forwarded headers are believed.
    #[arg(long, value_name = "NETS")]
    trusted_proxies: Option<String>,
    /// Path below which everything is served, as in /binnacle.
    #[arg(long, value_name = "PATH")]
    base_path: Option<String>,
    /// Seconds without a request after which a session ends.
    #[arg(long, value_name = "SECONDS")]
    session_idle: Option<String>,
    /// Seconds after which a session ends whatever happens.
    #[arg(long, value_name = "SECONDS")]
    session_length: Option<String>,
    /// Where people and portals reach this server.
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
    /// Certificates for TLS in PEM form, the server's own first.
    #[arg(long, value_name = "FILE")]
    tls_cert: Option<String>,
    /// The private key of the first of them.
    #[arg(long, value_name = "FILE")]
    tls_key: Option<String>,
    /// Portals that may show figures in frames.
    #[arg(long, value_name = "ORIGINS")]
    embed_origins: Option<String>,
    /// Where audit entries also go as JSON lines; - for standard output.
    #[arg(long, value_name = "FILE")]
    audit: Option<String>,
    /// Days after which entries of the audit are removed; 0 for never.
    #[arg(long, value_name = "DAYS")]
    audit_days: Option<String>,
    /// Entries of the audit that are kept; 0 for any number.
    #[arg(long, value_name = "NUMBER")]
    audit_entries: Option<String>,
    /// Requests of the API a minute for each who asks.
    #[arg(long, value_name = "NUMBER")]
    rate: Option<String>,
    /// Connections at once from one address; 0 for any number.
    #[arg(long, value_name = "NUMBER")]
    connections_per_address: Option<String>,
    /// Kubeconfig; else KUBECONFIG, ~/.kube/config, the pod's service account.
    #[arg(long, value_name = "FILE")]
    kubeconfig: Option<String>,
    /// Show this context alone.
    #[arg(long, value_name = "NAME")]
    context: Option<String>,
    /// Namespaces of the first context to look at, with commas between.
    #[arg(long, value_name = "NAMES")]
    namespaces: Option<String>,
    /// DHA file that the cluster was deployed from.
    #[arg(long, value_name = "FILE")]
    dha: Option<String>,
    /// Its network.yml.
    #[arg(long, value_name = "FILE")]
    network: Option<String>,
    /// Where etcd may be asked, with commas between.
    #[arg(long, value_name = "URLS")]
    etcd_endpoints: Option<String>,
    /// Certificates of the authority that signs etcd's.
    #[arg(long, value_name = "FILE")]
    etcd_cacert: Option<String>,
    /// Our certificate for etcd.
    #[arg(long, value_name = "FILE")]
    etcd_cert: Option<String>,
    /// Its private key.
    #[arg(long, value_name = "FILE")]
    etcd_key: Option<String>,
    /// A machine through which etcd is reached by OpenSSH; jump_host for that one.
    #[arg(long, value_name = "HOST")]
    etcd_through: Option<String>,
    /// Hosts on which kubespray leaves backups of its own, with commas between.
    #[arg(long, value_name = "HOSTS")]
    backup_hosts: Option<String>,
    /// Where backups of etcd are kept: folders, s3://BUCKET/PREFIX?…, with commas between.
    #[arg(long, value_name = "PLACES")]
    backup_to: Option<String>,
    /// Public keys of age that backups are encrypted for.
    #[arg(long, value_name = "KEYS")]
    backup_recipients: Option<String>,
    /// When backups are taken, as in '0 3 * * *'.
    #[arg(long, value_name = "CRON")]
    backup_schedule: Option<String>,
    /// The time zone of schedule and retention.
    #[arg(long, value_name = "ZONE")]
    backup_zone: Option<String>,
    /// Which backups stay, as in newest=7,daily=14.
    #[arg(long, value_name = "RULES")]
    backup_keep: Option<String>,
    /// How old the newest good backup may be before pages warn.
    #[arg(long, value_name = "SECONDS")]
    backup_age: Option<String>,
    /// When a test restore runs: each, never, or as in '0 4 * * 0'.
    #[arg(long, value_name = "WHEN")]
    backup_rehearse: Option<String>,
    /// Folder with etcd's programs for that, or with folders of them by version.
    #[arg(long, value_name = "DIR")]
    backup_programs: Option<String>,
    /// Folder where that is done.
    #[arg(long, value_name = "DIR")]
    backup_scratch: Option<String>,
    /// Days after which each stored copy is read again.
    #[arg(long, value_name = "DAYS")]
    backup_reread: Option<String>,
    /// Files and folders that travel with each backup, encrypted.
    #[arg(long, value_name = "FILES")]
    backup_with: Option<String>,
    /// A file with what backups are signed with.
    #[arg(long, value_name = "FILE")]
    backup_key_file: Option<String>,
    /// Folder with plans to choose from.
    #[arg(long, value_name = "DIR")]
    plans: Option<String>,
    /// Compass4nfv's folder on the jump host.
    #[arg(long, value_name = "DIR")]
    compass: Option<String>,
    /// The release of Compass: euphrates, fraser or gambia.
    #[arg(long, value_name = "NAME")]
    compass_release: Option<String>,
    /// The jump host as OpenSSH takes it; this machine without.
    #[arg(long, value_name = "HOST")]
    jump_host: Option<String>,
    /// Another configuration of OpenSSH.
    #[arg(long, value_name = "FILE")]
    ssh_config: Option<String>,
    /// Further variables for deploy.sh.
    #[arg(long, value_name = "NAME=VALUE,…")]
    compass_variables: Option<String>,
    /// A file with them instead, one a line.
    #[arg(long, value_name = "FILE")]
    compass_variables_file: Option<String>,
    /// Compass's working folder.
    #[arg(long, value_name = "DIR")]
    compass_work: Option<String>,
    /// compass-deck's address and port.
    #[arg(long, value_name = "ADDRESS")]
    compass_deck: Option<String>,
    /// Reaches into the tasks container instead of docker.
    #[arg(long, value_name = "PROGRAM")]
    compass_reach: Option<String>,
    /// For how long logs of deployments are kept.
    #[arg(long, value_name = "DAYS")]
    log_days: Option<String>,
    /// How much they take at most.
    #[arg(long, value_name = "MB")]
    log_size: Option<String>,
    /// An address that is told when a deployment ends.
    #[arg(long, value_name = "URL")]
    webhook: Option<String>,
    /// A file with its address instead.
    #[arg(long, value_name = "FILE")]
    webhook_file: Option<String>,
    /// What that is signed with.
    #[arg(long, value_name = "FILE")]
    webhook_secret_file: Option<String>,
    /// A program that is run when a deployment ends.
    #[arg(long, value_name = "PROGRAM")]
    on_finish: Option<String>,
    /// Show the built-in cluster: always, if-none, never; or a distribution's, as in k3s.
    #[arg(long, value_name = "WHEN", num_args = 0..=1, default_missing_value = "always")]
    demo: Option<String>,
    /// Keep what changes in clusters, to be looked at later: on or off [default: on].
    #[arg(long, value_name = "WHETHER")]
    history: Option<String>,
    /// Days for which it is kept [default: 30].
    #[arg(long, value_name = "DAYS")]
    history_days: Option<String>,
    /// Days for which moments around deployments, restores and incidents are kept [default: 365].
    #[arg(long, value_name = "DAYS")]
    history_keep_around: Option<String>,
    /// Megabytes that it takes at most [default: 2048].
    #[arg(long, value_name = "MEGABYTES")]
    history_size: Option<String>,
    /// Seconds for which a workload or a service must be broken before that is an incident.
    #[arg(long, value_name = "SECONDS")]
    incident_patience: Option<String>,
    /// Seconds for which it must be well before its incident has ended.
    #[arg(long, value_name = "SECONDS")]
    incident_calm: Option<String>,
    /// Days before its end from which a certificate is an incident [default: 30].
    #[arg(long, value_name = "DAYS")]
    incident_certificate_days: Option<String>,
    /// An address that is told when an incident begins or ends.
    #[arg(long, value_name = "URL")]
    incident_webhook: Option<String>,
    /// A file with its address instead.
    #[arg(long, value_name = "FILE")]
    incident_webhook_file: Option<String>,
    /// What that is signed with.
    #[arg(long, value_name = "FILE")]
    incident_webhook_secret_file: Option<String>,
    /// An Alertmanager that gets incidents as alerts.
    #[arg(long, value_name = "URL")]
    alertmanager: Option<String>,
    /// A file with its address instead.
    #[arg(long, value_name = "FILE")]
    alertmanager_file: Option<String>,
    /// Seconds for which a cluster that nobody looks at is still watched.
    #[arg(long, value_name = "SECONDS")]
    idle: Option<String>,
    /// text or json.
    #[arg(long, value_name = "FORMAT")]
    log_format: Option<String>,
    /// What is logged, as in info or binnacle=debug.
    #[arg(long, value_name = "FILTER")]
    log: Option<String>,
    /// A TOML file with settings.
    #[arg(long, value_name = "FILE")]
    config: Option<String>,
}

impl ServeArgs {
    fn given(self) -> Given {
        let pairs = [
            ("listen", self.listen),
            ("data", self.data),
            ("database", self.database),
            ("database_file", self.database_file),
            ("sign_in", self.sign_in),
            ("hosts", self.hosts),
            ("trusted_proxies", self.trusted_proxies),
            ("base_path", self.base_path),
            ("session_idle", self.session_idle),
            ("session_length", self.session_length),
            ("public_url", self.public_url),
            ("tls_cert", self.tls_cert),
            ("tls_key", self.tls_key),
            ("embed_origins", self.embed_origins),
            ("audit", self.audit),
            ("audit_days", self.audit_days),
            ("audit_entries", self.audit_entries),
            ("rate", self.rate),
            ("connections_per_address", self.connections_per_address),
            ("kubeconfig", self.kubeconfig),
            ("context", self.context),
            ("namespaces", self.namespaces),
            ("dha", self.dha),
            ("network", self.network),
            ("etcd_endpoints", self.etcd_endpoints),
            ("etcd_cacert", self.etcd_cacert),
            ("etcd_cert", self.etcd_cert),
            ("etcd_key", self.etcd_key),
            ("etcd_through", self.etcd_through),
            ("backup_hosts", self.backup_hosts),
            ("backup_to", self.backup_to),
            ("backup_recipients", self.backup_recipients),
            ("backup_schedule", self.backup_schedule),
            ("backup_zone", self.backup_zone),
            ("backup_keep", self.backup_keep),
            ("backup_age", self.backup_age),
            ("backup_rehearse", self.backup_rehearse),
            ("backup_programs", self.backup_programs),
            ("backup_scratch", self.backup_scratch),
            ("backup_reread", self.backup_reread),
            ("backup_with", self.backup_with),
            ("backup_key_file", self.backup_key_file),
            ("plans", self.plans),
            ("compass", self.compass),
            ("compass_release", self.compass_release),
            ("jump_host", self.jump_host),
            ("ssh_config", self.ssh_config),
            ("compass_variables", self.compass_variables),
            ("compass_variables_file", self.compass_variables_file),
            ("compass_work", self.compass_work),
            ("compass_deck", self.compass_deck),
            ("compass_reach", self.compass_reach),
            ("log_days", self.log_days),
            ("log_size", self.log_size),
            ("webhook", self.webhook),
            ("webhook_file", self.webhook_file),
            ("webhook_secret_file", self.webhook_secret_file),
            ("on_finish", self.on_finish),
            ("demo", self.demo),
            ("history", self.history),
            ("history_days", self.history_days),
            ("history_keep_around", self.history_keep_around),
            ("history_size", self.history_size),
            ("incident_patience", self.incident_patience),
            ("incident_calm", self.incident_calm),
            ("incident_certificate_days", self.incident_certificate_days),
            ("incident_webhook", self.incident_webhook),
            ("incident_webhook_file", self.incident_webhook_file),
            ("incident_webhook_secret_file", self.incident_webhook_secret_file),
            ("alertmanager", self.alertmanager),
            ("alertmanager_file", self.alertmanager_file),
            ("idle", self.idle),
            ("log_format", self.log_format),
            ("log", self.log),
            ("config", self.config),
        ];
        let pairs = pairs.into_iter().filter_map(|(name, value)| Some((name, value?)));
        pairs.chain(self.oidc.given()).collect()
    }
}

/// Does what the command line asks, and says how it went.
pub fn run() -> Exit {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return if error.use_stderr() { Exit::Usage } else { Exit::Fine };
        }
    };
    let ended = match cli.command {
        Command::Serve(args) => wait(serve::run(args.given())),
        Command::Draw(args) => wait(draw::run(args)),
        Command::Check(args) => check::run(&args),
        Command::Drift(args) => wait(drift::run(args)),
        Command::WhatIf(args) => wait(what_if::run(args)),
        Command::Backup(args) => wait(backup::run(*args)),
        Command::Simulate(args) => wait(simulate::run(args)),
        Command::History(args) => wait(history::run(args)),
        Command::Diff(args) => wait(history::diff(args)),
        Command::User(args) => wait(user::run(args)),
        Command::Doctor(args) => wait(doctor::run(args)),
        Command::SupportBundle(args) => wait(support::run(args)),
        Command::Mcp(args) => wait(mcp::run(args)),
        Command::Export(args) => wait(transfer::run_export(args)),
        Command::Import(args) => wait(transfer::run_import(args)),
        Command::Token(args) => wait(token::run(args)),
        Command::Settings { check: Some(file), .. } => checked(&file),
        Command::Settings { example: true, .. } => draw::write(None, &crate::config::example()),
        Command::Settings { .. } => draw::write(None, &crate::config::table()),
        Command::Licences => draw::write(None, include_str!("../../licences.txt")),
        Command::Rbac { namespaced } => draw::write(None, &crate::cluster::permissions::rules(namespaced)),
        Command::Completions { shell } => {
            // By way of a buffer, because the generator panics where a pipe ends.
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "binnacle", &mut script);
            draw::write(None, &String::from_utf8_lossy(&script))
        }
        Command::Man { folder } => manual::write(Cli::command(), &folder),
    };
    match ended {
        Ok(()) => Exit::Fine,
        Err((exit, why)) => {
            eprintln!("binnacle: {}", scene::readable(&why));
            exit
        }
    }
}

/// How a command failed: its exit code, and a text that says what to do.
type Failure = (Exit, String);

/// How long work has to end with its runtime.
const LAST: std::time::Duration = std::time::Duration::from_secs(2);

fn wait(work: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| (Exit::Failed, format!("cannot start: {error}")))?;
    let ended = runtime.block_on(work);
    // Programs that were started, such as plugins for credentials, end with the work that waits for them.
    runtime.shutdown_timeout(LAST);
    ended
}

/// Looks at a file of settings, and at the variables that hold beside it.
fn checked(file: &str) -> Result<(), Failure> {
    let usage = |error: &dyn std::fmt::Display| (Exit::Usage, error.to_string());
    let settings = Settings::load(&vec![("config", file.to_owned())]).map_err(|error| usage(&error))?;
    if !matches!(settings.demo, Demo::Always | Demo::Of(_)) {
        let found = described::found(&settings).map_err(|error| usage(&error))?;
        described::with_settings(&settings, found).map_err(|error| usage(&error))?;
    }
    let lines: String = settings.warnings.iter().map(|warning| format!("{}\n", scene::readable(warning))).collect();
    draw::write(None, &format!("{lines}{file} can be used.\n"))
}
