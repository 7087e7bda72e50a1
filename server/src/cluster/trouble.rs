//! Why a cluster cannot be reached or read, in words that say what to do.

use std::error::Error as StdError;

/// What is wrong with a cluster as a whole. No variant ever holds a token or a key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// A kubeconfig, or a file that it names, cannot be used.
    #[error("{file}: {what}")]
    Kubeconfig {
        /// The file, or the files of KUBECONFIG.
        file: String,
        /// What is wrong with it.
        what: String,
    },
    /// Nobody answers.
    #[error("the API server of {cluster} at {address} does not answer: {what}")]
    Unreachable {
        /// The cluster's name here.
        cluster: String,
        /// Host and port.
        address: String,
        /// Refused, timed out, no such host.
        what: String,
    },
    /// Whoever answers shows a certificate that is not trusted.
    #[error("the certificate that {address} shows for {cluster} is not trusted: {what}")]
    Certificate {
        /// The cluster's name here.
        cluster: String,
        /// Host and port.
        address: String,
        /// Unknown issuer, another name, expired.
        what: String,
    },
    /// The server does not take the credentials.
    #[error("the API server of {cluster} does not accept the credentials of its context")]
    Credentials {
        /// The cluster's name here.
        cluster: String,
    },
    /// It answers with something that is no Kubernetes API.
    #[error("what answers at {address} for {cluster} is no Kubernetes API: {what}")]
    NotKubernetes {
        /// The cluster's name here.
        cluster: String,
        /// Host and port.
        address: String,
        /// What it said.
        what: String,
    },
    /// It answers, but not now.
    #[error("the API server of {cluster} at {address} cannot answer now: {what}")]
    Unwell {
        /// The cluster's name here.
        cluster: String,
        /// Host and port.
        address: String,
        /// Status and message.
        what: String,
    },
    /// No cluster has this name.
    #[error("there is no cluster named {0}")]
    NoSuchCluster(String),
}

impl Trouble {
    /// What to do about it.
    pub fn todo(&self) -> String {
        match self {
            Self::Kubeconfig { .. } => "Mend the file, or name another with --kubeconfig or KUBECONFIG.".into(),
            Self::Unreachable { address, .. } => {
                format!("Check that the API server runs and that this machine reaches {address}.")
            }
            Self::Certificate { .. } => {
                "Check certificate-authority-data and server in the kubeconfig; after a renewal, fetch the kubeconfig anew.".into()
            }
            Self::Credentials { cluster } => {
                format!("The token or certificate may have expired: fetch the kubeconfig of {cluster} anew.")
            }
            Self::NotKubernetes { .. } => "Check the server's address in the kubeconfig; a proxy may stand in between.".into(),
            Self::Unwell { .. } => "Look at the API server's own log and at its etcd.".into(),
            Self::NoSuchCluster(_) => "Choose one of the clusters on the first page.".into(),
        }
    }

    /// The same with the file that the cluster's address and credentials come from, when there is one.
    pub fn todo_in(&self, origin: &str) -> String {
        match self {
            Self::Unreachable { cluster, .. }
            | Self::Certificate { cluster, .. }
            | Self::Credentials { cluster }
            | Self::NotKubernetes { cluster, .. }
                if !origin.is_empty() =>
            {
                format!("{} Context {cluster} is in {origin}.", self.todo())
            }
            _ => self.todo(),
        }
    }

    /// Nobody has answered for a while.
    pub(crate) fn late(cluster: &str, address: &str) -> Self {
        Self::Unreachable { cluster: cluster.into(), address: address.into(), what: "no answer in time".into() }
    }

    /// Whether it is the cluster's as a whole, and not that of one kind which is served badly.
    pub(crate) const fn is_everywhere(&self) -> bool {
        !matches!(self, Self::NotKubernetes { .. } | Self::Unwell { .. })
    }

    /// What an error of the client means, for the cluster that was asked.
    pub(crate) fn of(error: &kube::Error, cluster: &str, address: &str) -> Self {
        let (cluster, address) = (cluster.to_owned(), address.to_owned());
        match error {
            kube::Error::Api(status) if status.code == 401 => Self::Credentials { cluster },
            kube::Error::Api(status) if status.code >= 500 || status.code == 429 => {
                Self::Unwell { cluster, address, what: format!("{} {}", status.code, first_line(&status.message)) }
            }
            kube::Error::SerdeError(error) if error.is_eof() => {
                Self::Unreachable { cluster, address, what: "the connection was cut".into() }
            }
            kube::Error::Api(status) => Self::NotKubernetes {
                cluster,
                address,
                what: format!("{} {}", status.code, first_line(&status.message)),
            },
            kube::Error::Auth(_) => Self::Credentials { cluster },
            kube::Error::SerdeError(_) | kube::Error::FromUtf8(_) => Self::NotKubernetes {
                cluster,
                address,
                what: "its answer is not the JSON that Kubernetes gives".into(),
            },
            other => {
                let chain = chain(other);
                match certificate(&chain) {
                    Some(what) => Self::Certificate { cluster, address, what: what.into() },
                    None => Self::Unreachable { cluster, address, what: unreachable(&chain) },
                }
            }
        }
    }
}

/// An error and all its causes in one text.
fn chain(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text += ": ";
        text += &error.to_string();
        cause = error.source();
    }
    text
}

fn certificate(chain: &str) -> Option<&'static str> {
    if !chain.contains("certificate") && !chain.contains("InvalidCertificate") {
        return None;
    }
    Some(match () {
        () if chain.contains("UnknownIssuer") => "it is signed by an authority that the kubeconfig does not name",
        () if chain.contains("NotValidForName") || chain.contains("not valid for name") => {
            "it is made out to another name"
        }
        () if chain.contains("Expired") || chain.contains("expired") => "it has expired",
        () if chain.contains("NotValidYet") => "it is not valid yet: compare the clocks",
        () => "it cannot be verified",
    })
}

fn unreachable(chain: &str) -> String {
    let lower = chain.to_lowercase();
    let proxied = lower.contains("tunnel error") || lower.contains("socks error");
    match () {
        () if proxied && lower.contains("authoriz") => "the proxy that leads to it wants a name and a password".into(),
        () if proxied && lower.contains("failed to create underlying connection") => {
            let why = cause(&lower).map(|why| format!(": {why}")).unwrap_or_default();
            format!("the proxy that leads to it does not answer{why}")
        }
        () if proxied => "the proxy that leads to it does not connect to it".into(),
        () => cause(&lower).map_or_else(|| first_line(chain), str::to_owned),
    }
}

/// Why a connection failed, where that is known.
fn cause(lower: &str) -> Option<&'static str> {
    Some(match () {
        () if lower.contains("refused") => "connection refused",
        () if lower.contains("dns") || lower.contains("lookup") => "its name cannot be resolved",
        () if lower.contains("timed out") || lower.contains("deadline") || lower.contains("elapsed") => {
            "no answer in time"
        }
        () if lower.contains("unreachable") || lower.contains("no route") => "no route to it",
        () if lower.contains("reset") || lower.contains("closed") || lower.contains("eof") => "the connection was cut",
        () => return None,
    })
}

/// The beginning of a foreign text, safe to show.
pub(crate) fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().chars().filter(|c| !c.is_control()).take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_connection_is_told_from_a_foreign_certificate() {
        assert_eq!(certificate("tcp connect error: Connection refused (os error 111)"), None);
        assert_eq!(unreachable("tcp connect error: Connection refused (os error 111)"), "connection refused");
        assert!(certificate("invalid peer certificate: UnknownIssuer").is_some_and(|what| what.contains("authority")));
    }

    #[test]
    fn every_cause_is_said_in_words() {
        for (chain, words) in [
            ("invalid peer certificate: certificate expired: verification time 1 (UNIX)", "it has expired"),
            ("invalid peer certificate: Expired", "it has expired"),
            (
                "invalid peer certificate: certificate not valid for name \"a\"; certificate is only valid for b",
                "it is made out to another name",
            ),
            ("invalid peer certificate: NotValidYet", "it is not valid yet: compare the clocks"),
            ("invalid peer certificate: BadSignature", "it cannot be verified"),
        ] {
            assert_eq!(certificate(chain), Some(words), "{chain}");
        }
        for (chain, words) in [
            ("client error (Connect): dns error: failed to lookup address information", "its name cannot be resolved"),
            ("client error (Connect): deadline has elapsed", "no answer in time"),
            ("client error (Connect): Network is unreachable (os error 101)", "no route to it"),
            ("client error (Connect): No route to host (os error 113)", "no route to it"),
            ("connection closed before message completed", "the connection was cut"),
            ("tunnel error: unsuccessful", "the proxy that leads to it does not connect to it"),
            ("tunnel error: proxy authorization required", "the proxy that leads to it wants a name and a password"),
            (
                "SOCKS error: failed to create underlying connection: Connection refused (os error 111)",
                "the proxy that leads to it does not answer: connection refused",
            ),
        ] {
            assert_eq!(certificate(chain), None, "{chain}");
            assert_eq!(unreachable(chain), words, "{chain}");
        }
    }

    #[test]
    fn a_status_says_whether_the_server_is_ill_or_none() {
        let of = |code: u16| {
            let status = kube::core::Status { code, message: "so\nand more".into(), ..kube::core::Status::default() };
            Trouble::of(&kube::Error::Api(Box::new(status)), "lab", "10.1.0.222:6443")
        };
        assert_eq!(of(401), Trouble::Credentials { cluster: "lab".into() });
        for code in [429, 500, 503, 504] {
            let words = format!("the API server of lab at 10.1.0.222:6443 cannot answer now: {code} so");
            assert_eq!(of(code).to_string(), words);
        }
        assert!(matches!(of(404), Trouble::NotKubernetes { .. }));
    }
}
