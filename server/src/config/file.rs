//! Reading settings, with the place of each so that a mistake can be found.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc, time::Duration};

use super::{
    BackupSettings, ClusterSettings, Demo, Deploying, Given, LogFormat, Settings, SignIn,
    addresses::{BASE_PATH, DATABASE, PUBLIC_URL, base_path, known_hosts, public_url},
    audit, deploying, effect, history,
    keys::{KEYS, nearest},
    provider,
    sections::{self, Said},
};
use crate::{
    access::{Lasting, Proxies},
    backup::{
        Regime,
        hosts::Host,
        rehearsing::When,
        retention::Rules,
        schedule::{Schedule, ScheduleError},
        seal::Recipients,
        zone,
    },
    embed::Origins,
    etcd::Through,
    store::Place,
};

/// Why settings cannot be used.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{file}: {what}. Name another with --config, or leave it out")]
    Unreadable {
        /// The file.
        file: String,
        /// What is wrong.
        what: String,
    },
    /// The file is not TOML.
    #[error("{file}, line {line}: {what}")]
    NotToml {
        /// The file.
        file: String,
        /// From 1.
        line: usize,
        /// What is wrong.
        what: String,
    },
    /// A key or variable that does not exist.
    #[error("{place}: there is no setting {name}; did you mean {nearest}?")]
    Unknown {
        /// Where it stands.
        place: String,
        /// As it was written.
        name: String,
        /// The one that is most like it.
        nearest: String,
    },
    /// A setting that stands in the file twice, by its old name and in its section.
    #[error("{place}: {name} is given already in {before}; leave one of them out")]
    Twice {
        /// Where it stands.
        place: String,
        /// The setting.
        name: String,
        /// Where it stood first.
        before: String,
    },
    /// A schedule that cannot be.
    #[error("{place}: {name}: {error}")]
    Schedule {
        /// Where it stands.
        place: String,
        /// The setting.
        name: &'static str,
        /// Which part is wrong.
        error: ScheduleError,
    },
    /// A value of another kind than expected.
    #[error("{place}: {name} is {value:?}, but must be {expected}")]
    Value {
        /// Where it stands.
        place: String,
        /// The setting.
        name: &'static str,
        /// As it was written.
        value: String,
        /// What it must be.
        expected: &'static str,
    },
}

/// Values with the place where each was given.
pub(super) type Values = BTreeMap<&'static str, (String, String)>;

pub(super) fn load(
    given: &Given,
    environment: impl Iterator<Item = (String, String)>,
) -> Result<Settings, ConfigError> {
    let (mut values, said) = values(given, environment)?;
    in_files(&mut values)?;
    let mut settings = settings(&values)?;
    for (name, section) in &said.clusters {
        settings.clusters.insert(name.clone(), ClusterSettings::named(section, &values)?);
    }
    settings.warnings = said.warnings;
    settings.warnings.extend(effect::without_effect(&settings, &values));
    Ok(settings)
}

/// Which settings were given, where, and as what; what may be a secret is not told.
pub(super) fn shown(
    given: &Given,
    environment: impl Iterator<Item = (String, String)>,
) -> Result<Vec<[String; 3]>, ConfigError> {
    let (values, said) = values(given, environment)?;
    let of_clusters = said.clusters.into_iter().flat_map(|(cluster, section)| {
        let line = move |(name, (value, place))| (format!("clusters.{cluster} {name}"), value, place);
        section.values.into_iter().map(line)
    });
    let of_clusters: Vec<[String; 3]> =
        of_clusters.map(|(name, value, place)| [name, transcript::redacted(&value), place]).collect();
    let given = values.into_iter().filter(|(_, (_, place))| place != "default");
    let told = |name: &str, value: &str| {
        let is_secret = IN_FILES.iter().any(|(secret, _)| *secret == name);
        if is_secret { "(not shown)".to_owned() } else { transcript::redacted(value) }
    };
    let given = given.map(|(name, (value, place))| [name.to_owned(), told(name, &value), place]);
    Ok(given.chain(of_clusters).collect())
}

/// Texts of the settings that may be secrets, to be sought wherever they could have got to.
pub(super) fn secrets(given: &Given, environment: impl Iterator<Item = (String, String)>) -> Vec<String> {
    let Ok((values, _)) = values(given, environment) else { return Vec::new() };
    let mut secrets: Vec<String> = IN_FILES.iter().map(|(name, _)| values[name].0.clone()).collect();
    let files = values.iter().filter(|(name, _)| name.ends_with("_file")).map(|(_, (file, _))| file);
    secrets.extend(files.filter(|file| !file.is_empty()).map(|file| {
        std::fs::read_to_string(file).unwrap_or_else(|error| match error.kind() {
            // An address or a password in the place of the file that should hold it is a secret, too.
            std::io::ErrorKind::NotFound | std::io::ErrorKind::InvalidFilename => file.clone(),
            _ => String::new(),
        })
    }));
    // Of a variable its value alone may be told somewhere.
    let (variables, file) = (&values["compass_variables"].0, &values["compass_variables_file"].0);
    let variables = format!("{variables},{}", std::fs::read_to_string(file).unwrap_or_default());
    let pairs = variables.split([',', '\n']).filter_map(|pair| pair.split_once('='));
    secrets.extend(pairs.map(|(_, value)| value.trim().to_owned()));
    secrets.retain(|secret| secret.trim().len() >= SHORTEST);
    secrets
}

/// A shorter text cannot be told from others that are no secret.
const SHORTEST: usize = 6;

/// The values as they were given, each with its place, and what else the file says.
fn values(given: &Given, environment: impl Iterator<Item = (String, String)>) -> Result<(Values, Said), ConfigError> {
    let variables: Vec<(String, String)> = environment.filter(|(name, _)| name.starts_with("BINNACLE_")).collect();
    let mut values: Values =
        KEYS.iter().map(|key| (key.name, (key.default.to_owned(), "default".to_owned()))).collect();
    let by_flag = given.iter().find(|(name, _)| *name == "config").map(|(_, path)| path.clone());
    let by_variable = || variables.iter().find(|(name, _)| name == "BINNACLE_CONFIG").map(|(_, path)| path.clone());
    let said = match by_flag.or_else(by_variable) {
        Some(path) => read_file(&path, &mut values)?,
        None => Said::default(),
    };
    for (variable, value) in &variables {
        // Tests and builds have variables of their own; a setting's name has no second underscore part of theirs.
        if variable == "BINNACLE_CONFIG" || variable.starts_with("BINNACLE_TEST_") || variable == "BINNACLE_CHROMIUM" {
            continue;
        }
        let name = variable["BINNACLE_".len()..].to_lowercase();
        let key = KEYS.iter().find(|key| key.name == name).ok_or_else(|| {
            let variables: Vec<String> = KEYS.iter().map(super::Key::variable).collect();
            ConfigError::Unknown {
                place: "the environment".into(),
                name: variable.clone(),
                nearest: nearest(variable, variables.iter().map(String::as_str)).unwrap_or_default().to_owned(),
            }
        })?;
        values.insert(key.name, (value.clone(), variable.clone()));
    }
    for (name, value) in given {
        if let Some(key) = KEYS.iter().find(|key| key.name == *name) {
            values.insert(key.name, (value.clone(), key.flag()));
        }
    }
    Ok((values, said))
}

/// Settings that may be a secret, or have one in them, with those that name a file for it instead.
const IN_FILES: [(&str, &str); 6] = [
    ("database", "database_file"),
    ("compass_variables", "compass_variables_file"),
    ("webhook", "webhook_file"),
    ("backup_webhook", "backup_webhook_file"),
    ("incident_webhook", "incident_webhook_file"),
    ("alertmanager", "alertmanager_file"),
];

/// Takes values from the files that are named for them: a command line and an environment can be read by others.
fn in_files(values: &mut Values) -> Result<(), ConfigError> {
    for (name, in_file) in IN_FILES {
        let (file, place) = values[in_file].clone();
        if file.is_empty() {
            continue;
        }
        if !values[name].0.is_empty() {
            let expected = "left out, as its value is given too";
            return Err(ConfigError::Value { place, name: in_file, value: file, expected });
        }
        let text = std::fs::read_to_string(&file)
            .map_err(|error| ConfigError::Unreadable { file: format!("{place}: {file}"), what: error.to_string() })?;
        // A variable a line is easier to read than commas.
        let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        values.insert(name, (lines.join(","), file));
    }
    Ok(())
}

fn read_file(path: &str, values: &mut Values) -> Result<Said, ConfigError> {
    let file = || path.to_owned();
    let text = std::fs::read_to_string(path).map_err(|error| ConfigError::Unreadable {
        file: file(),
        what: match error.kind() {
            std::io::ErrorKind::NotFound => "there is no such file".into(),
            std::io::ErrorKind::PermissionDenied => "this user may not read it".into(),
            _ => error.to_string(),
        },
    })?;
    let said = sections::Reading::of(path, &text)?;
    values.extend(said.values.clone());
    Ok(said)
}

/// The machine through which etcd is reached.
pub(super) fn through(values: &Values) -> Result<Option<Arc<Through>>, ConfigError> {
    let (text, place) = values["etcd_through"].clone();
    let destination = if text == "jump_host" { &values["jump_host"].0 } else { &text };
    if text.is_empty() {
        return Ok(None);
    }
    let config = Some(values["ssh_config"].0.clone()).filter(|path| !path.is_empty()).map(PathBuf::from);
    let expected = "a host as OpenSSH takes it, as in root@10.1.0.2, or jump_host where that one is named";
    let through = Through::parse(destination, config);
    let wrong = ConfigError::Value { place, name: "etcd_through", value: text, expected };
    through.map(|through| Some(Arc::new(through))).ok_or(wrong)
}

/// The hosts on which kubespray leaves backups.
pub(super) fn hosts(values: &Values) -> Result<Vec<Host>, ConfigError> {
    let through = through(values)?.map(|through| through.to_string());
    let config = Some(values["ssh_config"].0.clone()).filter(|path| !path.is_empty()).map(PathBuf::from);
    let (text, place) = &values["backup_hosts"];
    let named = text.split(',').map(str::trim).filter(|host| !host.is_empty());
    let host = |name: &str| {
        Host::parse(name, config.clone(), through.clone()).ok_or_else(|| ConfigError::Value {
            place: place.clone(),
            name: "backup_hosts",
            value: name.to_owned(),
            expected: "a host as OpenSSH takes it, as in root@10.1.0.50, with :/FOLDER behind it or not",
        })
    };
    named.map(host).collect()
}

fn no_schedule(values: &Values, name: &'static str, error: ScheduleError) -> ConfigError {
    ConfigError::Schedule { place: values[name].1.clone(), name, error }
}

/// When backups are taken, and which stay.
pub(super) fn regime(values: &Values) -> Result<Regime, ConfigError> {
    let text = |name: &str| values[name].0.clone();
    let wrong = |name: &'static str, expected: &'static str| {
        let (value, place) = values[name].clone();
        ConfigError::Value { place, name, value, expected }
    };
    let zone = zone::named(&text("backup_zone"));
    let zone = zone.ok_or_else(|| wrong("backup_zone", "a time zone, as in Europe/Berlin or UTC"))?;
    let schedule = Some(text("backup_schedule")).filter(|text| !text.is_empty());
    let schedule = schedule.map(|cron| Schedule::parse(&cron, &text("backup_zone"))).transpose();
    let counts =
        "counts of which one is at least 1, as in newest=7,daily=14,weekly=8,monthly=12; left out, all backups stay";
    let age = text("backup_age").parse().map(Duration::from_secs);
    Ok(Regime {
        schedule: schedule.map_err(|error| no_schedule(values, "backup_schedule", error))?,
        rules: Rules::parse(&text("backup_keep"), zone).ok_or_else(|| wrong("backup_keep", counts))?,
        allowed: age.map_err(|_| wrong("backup_age", "a number of seconds"))?,
    })
}

fn backups(values: &Values) -> Result<BackupSettings, ConfigError> {
    let text = |name: &str| values[name].0.clone();
    let some = |name: &str| Some(text(name)).filter(|text| !text.is_empty());
    let wrong = |name: &'static str, value: String, expected: &'static str| {
        let place = values[name].1.clone();
        ConfigError::Value { place, name, value, expected }
    };
    // What looks like a private key is not repeated.
    let recipients = Recipients::parse(&text("backup_recipients"));
    let recipients =
        recipients.map_err(|_| wrong("backup_recipients", "…".into(), "public keys of age, which begin with age1"))?;
    let days: u64 =
        text("backup_reread").parse().map_err(|_| wrong("backup_reread", text("backup_reread"), "a number of days"))?;
    let with: Vec<PathBuf> =
        text("backup_with").split(',').map(str::trim).filter(|path| !path.is_empty()).map(PathBuf::from).collect();
    if !with.is_empty() && recipients.is_empty() {
        let expected = "left out, as backup_recipients names nobody to encrypt them for";
        return Err(wrong("backup_with", text("backup_with"), expected));
    }
    let rehearse = match text("backup_rehearse").as_str() {
        "each" => When::Each,
        "never" => When::Never,
        // A word is none of ours; more of them are a schedule.
        word if !word.contains([' ', '@']) => {
            let expected = "each, never, or minute, hour, day, month and weekday, as in 0 4 * * 0";
            return Err(wrong("backup_rehearse", word.to_owned(), expected));
        }
        cron => When::At(
            Schedule::parse(cron, &text("backup_zone"))
                .map(Box::new)
                .map_err(|error| no_schedule(values, "backup_rehearse", error))?,
        ),
    };
    Ok(BackupSettings {
        to: text("backup_to"),
        recipients,
        regime: regime(values)?,
        key_file: some("backup_key_file").map(PathBuf::from),
        webhook: deploying::webhook(values, "backup_webhook", "backup_webhook_secret_file")?,
        rehearse,
        programs: some("backup_programs").map(PathBuf::from),
        scratch: some("backup_scratch").map(PathBuf::from),
        reread: Some(Duration::from_secs(days.saturating_mul(86_400))).filter(|every| !every.is_zero()),
        with,
    })
}

fn settings(values: &Values) -> Result<Settings, ConfigError> {
    let text = |name: &str| values[name].0.clone();
    let some = |name: &str| Some(text(name)).filter(|text| !text.is_empty());
    let wrong = |name: &'static str, expected: &'static str| {
        let (value, place) = values[name].clone();
        ConfigError::Value { place, name, value, expected }
    };
    let seconds = |name: &'static str| {
        text(name).parse().map(Duration::from_secs).map_err(|_| wrong(name, "a number of seconds"))
    };
    // A database's address may hold a password, and so is never repeated.
    let hidden = |name: &'static str, expected: &'static str| {
        let (_, place) = values[name].clone();
        ConfigError::Value { place, name, value: "…".into(), expected }
    };
    let ways = "none, or some of local, oidc and tokens with commas between";
    let sign_in = SignIn::parse(&text("sign_in")).ok_or_else(|| wrong("sign_in", ways))?;
    Ok(Settings {
        listen: text("listen").parse().map_err(|_| wrong("listen", "an address and a port, as in 127.0.0.1:8080"))?,
        data: PathBuf::from(text("data")),
        database: some("database")
            .map(|text| Place::parse(&text).ok_or_else(|| hidden("database", DATABASE)))
            .transpose()?,
        sign_in,
        oidc: sign_in.oidc.then(|| provider::of(values)).transpose()?,
        hosts: known_hosts(&text("hosts"), &text("public_url")),
        trusted_proxies: Proxies::parse(&text("trusted_proxies")).ok_or_else(|| {
            wrong("trusted_proxies", "addresses and networks with commas between, as in 10.0.0.0/8,::1")
        })?,
        base_path: base_path(&text("base_path")).ok_or_else(|| wrong("base_path", BASE_PATH))?,
        public_url: some("public_url")
            .map(|url| public_url(&url, &text("base_path")).ok_or_else(|| wrong("public_url", PUBLIC_URL)))
            .transpose()?,
        sessions: Lasting { idle: seconds("session_idle")?, whole: seconds("session_length")? },
        tls: match (some("tls_cert"), some("tls_key")) {
            (Some(certificate), Some(key)) => Some((PathBuf::from(certificate), PathBuf::from(key))),
            (None, None) => None,
            (Some(_), None) => return Err(wrong("tls_key", "the file of the certificate's key, as tls_cert is given")),
            (None, Some(_)) => return Err(wrong("tls_cert", "the file of the key's certificate, as tls_key is given")),
        },
        embed_origins: Origins::parse(&text("embed_origins")).ok_or_else(|| {
            wrong("embed_origins", "origins with commas between, as in https://portal.example,http://127.0.0.1:9000")
        })?,
        audit: some("audit").map(PathBuf::from),
        audit_kept: audit::kept(values)?,
        rate: text("rate").parse().map_err(|_| wrong("rate", "a number of requests a minute, at least 1"))?,
        connections_per_address: text("connections_per_address")
            .parse()
            .map_err(|_| wrong("connections_per_address", "a number of connections, 0 for any"))?,
        kubeconfig: some("kubeconfig").map(PathBuf::from),
        context: some("context"),
        first: ClusterSettings::first(values)?,
        clusters: BTreeMap::new(),
        backups: backups(values)?,
        plans: some("plans").map(PathBuf::from),
        compass_release: deploying::release(values)?,
        deploying: Deploying::of(values)?,
        demo: match text("demo").as_str() {
            "always" | "true" => Demo::Always,
            "if-none" => Demo::IfNone,
            "never" | "false" => Demo::Never,
            name => match simulator::Distribution::named(name) {
                Some(distribution) => Demo::Of(distribution),
                None => return Err(wrong("demo", "always, if-none, never or a distribution, as in k3s")),
            },
        },
        idle: seconds("idle")?,
        history: history::bounds(values)?,
        incidents: history::incidents(values)?,
        log_format: match text("log_format").as_str() {
            "text" => LogFormat::Text,
            "json" => LogFormat::Json,
            _ => return Err(wrong("log_format", "text or json")),
        },
        log: text("log"),
        warnings: Vec::new(),
    })
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    fn variables(pairs: &[(&str, &str)]) -> impl Iterator<Item = (String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect::<Vec<_>>().into_iter()
    }

    pub(in crate::config) fn in_file(text: &str) -> Result<Settings, ConfigError> {
        let path = std::env::temp_dir().join(format!(
            "binnacle-{}-{:x}.toml",
            std::process::id(),
            text.len() * 31 + text.bytes().map(usize::from).sum::<usize>()
        ));
        std::fs::write(&path, text).unwrap();
        let loaded = load(&vec![("config", path.display().to_string())], variables(&[]));
        std::fs::remove_file(&path).unwrap();
        loaded
    }

    #[test]
    fn a_flag_beats_a_variable_and_a_variable_beats_the_default() {
        let given = vec![("listen", "127.0.0.1:1".to_owned())];
        let settings = load(&given, variables(&[("BINNACLE_LISTEN", "127.0.0.1:2"), ("BINNACLE_IDLE", "7")])).unwrap();
        assert_eq!((settings.listen.port(), settings.idle.as_secs()), (1, 7));
    }

    #[test]
    fn an_unknown_key_names_the_nearest_and_its_line() {
        let error = in_file("idle = 3\n\nlisten_on = \"127.0.0.1:1\"\n").unwrap_err().to_string();
        assert!(error.contains("line 3: there is no setting listen_on; did you mean server.listen?"), "{error}");
    }

    #[test]
    fn an_unknown_variable_names_the_nearest() {
        let error = load(&Vec::new(), variables(&[("BINNACLE_LISTN", "x")])).unwrap_err().to_string();
        assert!(error.contains("did you mean BINNACLE_LISTEN?"), "{error}");
    }

    #[test]
    fn a_wrong_value_says_where_it_stands_and_what_it_must_be() {
        let error = in_file("idle = \"soon\"\n").unwrap_err().to_string();
        assert!(error.contains("line 1: idle is \"soon\", but must be a number of seconds"), "{error}");
    }

    #[test]
    fn a_base_path_is_one_that_leaves_no_doubt() {
        for good in ["", "/binnacle", "/a/b-c_d.e~f/1"] {
            assert_eq!(base_path(good).as_deref(), Some(good));
        }
        let odd =
            ["/", "binnacle", "/a/", "//a", "/a//b", "/a/../b", "/.", "/a b", "/ä", "/a%20b", "/a?b", "/a#b", "/{a}"];
        for bad in odd.into_iter().chain(["/api", "/c/lab", "https://a/b"]) {
            assert_eq!(base_path(bad), None, "{bad}");
        }
        let given = vec![("base_path", "/binnacle/".to_owned())];
        let error = load(&given, variables(&[])).unwrap_err().to_string();
        assert!(
            error.contains("--base-path: base_path is \"/binnacle/\", but must be a path as in /binnacle"),
            "{error}"
        );
    }

    #[test]
    fn groups_can_be_a_list_in_the_file_whose_names_have_commas() {
        let provider = "sign_in = [\"oidc\", \"tokens\"]\noidc_issuer = \"https://id.example\"\noidc_client = \"us\"\n";
        let with = |more: &str| in_file(&format!("{provider}{more}"));
        let settings = with("oidc_operators = [\"cn=ops,ou=groups,dc=lab\", \"staff, night\"]\n").unwrap();
        let oidc = settings.oidc.unwrap();
        assert_eq!(oidc.groups[1].1, ["cn=ops,ou=groups,dc=lab", "staff, night"]);
        assert!(settings.sign_in.tokens);
        let error = with("hosts = [\"a,b\"]\n").unwrap_err().to_string();
        assert!(error.contains("line 4: hosts is \"array\", but must be a text, a number, or a list"), "{error}");
        let error = with("oidc_admins = 'a,\"b'\n").unwrap_err().to_string();
        assert!(error.contains("oidc_admins") && error.contains("quotes are closed"), "{error}");
    }

    #[test]
    fn what_is_said_of_the_provider_is_read_or_refused_with_a_reason() {
        let given = |more: &[(&'static str, &str)]| {
            let base = [("sign_in", "oidc"), ("oidc_issuer", " https://id.example "), ("oidc_client", "us")];
            let all = base.iter().chain(more).map(|(name, value)| (*name, (*value).to_owned())).collect();
            load(&all, variables(&[])).map(|settings| settings.oidc.unwrap())
        };
        let oidc =
            given(&[("oidc_scopes", "openid, email groups"), ("oidc_groups", "groups,realm_access.roles")]).unwrap();
        assert_eq!(oidc.issuer, "https://id.example");
        assert_eq!(
            (oidc.scopes.join("+"), oidc.claims.join("+")),
            ("openid+email+groups".into(), "groups+realm_access.roles".into())
        );
        assert!(oidc.sign_out_there && oidc.recheck.as_secs() == 3_600);
        assert!(!given(&[("oidc_sign_out", "here")]).unwrap().sign_out_there);
        for (name, value, wanted) in [
            ("oidc_sign_out", "both", "provider or here"),
            ("oidc_recheck", "5", "from 60"),
            ("oidc_recheck", "soon", "from 60"),
            ("oidc_groups", " ", "claim"),
            ("oidc_issuer", "id.example", "https://"),
        ] {
            let error = given(&[(name, value)]).unwrap_err().to_string();
            assert!(error.contains(name) && error.contains(wanted), "{error}");
        }
    }

    #[test]
    fn a_broken_file_names_its_line() {
        assert!(matches!(in_file("idle = 3\nlisten = = 4\n"), Err(ConfigError::NotToml { line: 2, .. })));
    }
}
