//! Settings of deployments.

use std::{path::PathBuf, time::Duration};

use super::{ConfigError, file::Values};
use crate::{
    deploy::{Finish, JumpHost, Keep, Way},
    webhook::Webhook,
};

/// From where deployments are made, and what is kept of them.
#[derive(Clone, Debug)]
pub struct Deploying {
    /// The jump host.
    pub host: JumpHost,
    /// Who is told of an end.
    pub finish: Finish,
    /// How much of logs is kept.
    pub keep: Keep,
}

impl Deploying {
    /// None where no folder of Compass is named.
    pub(super) fn of(values: &Values) -> Result<Option<Self>, ConfigError> {
        let some = |name: &str| Some(values[name].0.clone()).filter(|text| !text.is_empty());
        let wrong = |name: &'static str, expected: &'static str| {
            let (value, place) = values[name].clone();
            ConfigError::Value { place, name, value, expected }
        };
        // Its values may be secrets, and so are never repeated.
        let hidden = |name: &'static str, expected: &'static str| {
            let (_, place) = values[name].clone();
            ConfigError::Value { place, name, value: "…".into(), expected }
        };
        let variables = variables(&values["compass_variables"].0).ok_or_else(|| {
            hidden("compass_variables", "NAME=VALUE pairs with commas between, names of A-Z a-z 0-9 _")
        })?;
        let release = release(values)?;
        let destination = values["jump_host"].0.clone();
        let way = Way::parse(&destination, some("ssh_config").map(PathBuf::from))
            .ok_or_else(|| wrong("jump_host", "a host as OpenSSH takes it, as in root@10.1.0.2"))?;
        let days: u64 = values["log_days"].0.parse().map_err(|_| wrong("log_days", "a number of days"))?;
        let size: u64 = values["log_size"].0.parse().map_err(|_| wrong("log_size", "a number of megabytes"))?;
        let told = webhook(values, "webhook", "webhook_secret_file")?;
        let Some(compass) = some("compass") else { return Ok(None) };
        if !compass.starts_with('/') {
            return Err(wrong("compass", "an absolute path"));
        }
        // Where it is another machine, its own home directory is where runs lie.
        let runs = match way {
            Way::Here => {
                let data = PathBuf::from(&values["data"].0);
                std::path::absolute(data).unwrap_or_default().join("runs").display().to_string()
            }
            Way::Ssh { .. } => ".binnacle/runs".into(),
        };
        Ok(Some(Self {
            host: JumpHost {
                way,
                compass: compass.trim_end_matches('/').to_owned(),
                runs,
                work: some("compass_work"),
                deck: some("compass_deck"),
                reach: some("compass_reach"),
                variables,
                release,
            },
            finish: Finish {
                secret: told.as_ref().map(|told| told.secret.clone()),
                webhook: told.map(|told| told.address),
                program: some("on_finish").map(PathBuf::from),
            },
            keep: Keep { age: Duration::from_secs(days.saturating_mul(86_400)), size: size.saturating_mul(1 << 20) },
        }))
    }
}

/// The release of Compass.
pub(super) fn release(values: &Values) -> Result<plan::Release, ConfigError> {
    let (value, place) = values["compass_release"].clone();
    let expected = "euphrates, fraser or gambia";
    value.parse().map_err(|_| ConfigError::Value { place, name: "compass_release", value, expected })
}

/// The address of a setting, with the secret in the file of another.
pub(super) fn webhook(
    values: &Values,
    name: &'static str,
    secret_file: &'static str,
) -> Result<Option<Webhook>, ConfigError> {
    let some = |name: &str| Some(values[name].0.clone()).filter(|text| !text.is_empty());
    let secret = some(secret_file).map(|file| secret(&file)).transpose().map_err(|error| {
        let (file, place) = values[secret_file].clone();
        ConfigError::Unreadable { file: format!("{place}: {file}"), what: error.to_string() }
    })?;
    let Some(address) = some(name) else { return Ok(None) };
    let Some(secret) = secret else {
        let (value, place) = values[secret_file].clone();
        let expected = "a file with a secret, as its webhook is given";
        return Err(ConfigError::Value { place, name: secret_file, value, expected });
    };
    if !address.starts_with("http://") && !address.starts_with("https://") {
        // It may have a secret in it, and is never repeated.
        let (place, expected) = (values[name].1.clone(), "an address that begins with http:// or https://");
        return Err(ConfigError::Value { place, name, value: "…".into(), expected });
    }
    Ok(Some(Webhook { address, secret }))
}

fn secret(file: &str) -> std::io::Result<String> {
    let text = std::fs::read_to_string(file)?;
    let text = text.trim().to_owned();
    if text.len() < 16 { Err(std::io::Error::other("a secret has at least 16 characters")) } else { Ok(text) }
}

fn variables(text: &str) -> Option<Vec<(String, String)>> {
    let named = |name: &str| {
        let first = name.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_');
        first && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    text.split(',')
        .filter(|pair| !pair.trim().is_empty())
        .map(|pair| {
            let (name, value) = pair.trim().split_once('=')?;
            (named(name) && !value.contains(['\n', '\0'])).then(|| (name.to_owned(), value.to_owned()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_have_names_that_a_shell_would_take() {
        assert_eq!(variables(""), Some(Vec::new()));
        assert_eq!(variables("A=1, b_2=x=y"), Some(vec![("A".into(), "1".into()), ("b_2".into(), "x=y".into())]));
        for odd in ["A", "1A=2", "A B=2", "A=1,=2", "A-B=1"] {
            assert_eq!(variables(odd), None, "{odd}");
        }
    }
}
