//! What is wrong with a kubeconfig, in words. Its content never shows: it may be a key.

use std::io;

use kube::{
    client::{AuthError, RustlsTlsError},
    config::{KubeconfigError, LoadDataError},
};

use super::trouble::first_line;

/// Why a file cannot be read as one, or a context of it not be used.
pub(super) fn words(error: &KubeconfigError) -> String {
    match error {
        KubeconfigError::ReadConfig(error, _) => unreadable(error),
        KubeconfigError::Parse(error) => {
            let place = error
                .location()
                .map(|at| format!(" at line {}, column {}", at.line(), at.column()))
                .unwrap_or_default();
            format!("is not a kubeconfig in YAML{place}")
        }
        KubeconfigError::LoadContext(name) => format!("has no context {name}"),
        KubeconfigError::LoadClusterOfContext(name) => format!("names a cluster {name} that it does not describe"),
        KubeconfigError::MissingClusterUrl => "its cluster has no server".into(),
        KubeconfigError::ParseClusterUrl(_) => "the server of its cluster is no address".into(),
        KubeconfigError::ParseProxyUrl(_) => "the proxy-url of its cluster is no address".into(),
        KubeconfigError::LoadCertificateAuthority(error) => data("certificate authority", error),
        KubeconfigError::LoadClientCertificate(error) => data("client certificate", error),
        KubeconfigError::LoadClientKey(error) => data("client key", error),
        KubeconfigError::ParseCertificates(_) => "its certificate authority is not PEM".into(),
        other => first_line(&other.to_string()),
    }
}

/// Why no client can be made of a context that reads well.
pub(super) fn no_client(error: &kube::Error, plugin: &str) -> String {
    match error {
        kube::Error::Auth(error) => no_credentials(error, plugin),
        kube::Error::InferKubeconfig(error) => words(error),
        kube::Error::RustlsTls(RustlsTlsError::NoValidNativeRootCA(_)) => {
            "it names no certificate authority, and this machine trusts none either".into()
        }
        kube::Error::RustlsTls(_) => {
            "its client certificate, its key or its authority is not PEM that TLS can use".into()
        }
        kube::Error::ProxyProtocolDisabled { .. } | kube::Error::ProxyProtocolUnsupported { .. } => {
            "its cluster is behind a proxy-url, but Binnacle connects directly only".into()
        }
        _ => "no client can be made of it".into(),
    }
}

/// Nothing of what a plugin printed is repeated: it may be a token.
fn no_credentials(error: &AuthError, plugin: &str) -> String {
    match error {
        AuthError::AuthExecStart(error) if error.kind() == io::ErrorKind::NotFound => {
            format!("its credential plugin {plugin} is not installed, or not on the PATH")
        }
        AuthError::AuthExecStart(error) => {
            format!("its credential plugin {plugin} cannot be started: {}", unreadable(error))
        }
        AuthError::AuthExecRun { out, .. } => {
            format!("its credential plugin {plugin} failed ({}): run it by hand to see why", out.status)
        }
        AuthError::AuthExecParse(_) | AuthError::ExecPluginFailed => {
            format!("its credential plugin {plugin} printed no credentials")
        }
        AuthError::MissingCommand => "its credential plugin has no command".into(),
        AuthError::ReadTokenFile(error, path) => {
            format!("its token file {} cannot be read: {}", path.display(), unreadable(error))
        }
        _ => "its credentials cannot be used".into(),
    }
}

fn data(what: &str, error: &LoadDataError) -> String {
    match error {
        LoadDataError::ReadFile(error, path) => {
            format!("its {what} {} cannot be read: {}", path.display(), unreadable(error))
        }
        LoadDataError::DecodeBase64(_) => format!("the data of its {what} is not base64"),
        LoadDataError::NoBase64DataOrFile => format!("its {what} lacks its other half"),
    }
}

/// Why a file cannot be read.
pub(super) fn unreadable(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file".into(),
        io::ErrorKind::PermissionDenied => "this user may not read it".into(),
        io::ErrorKind::IsADirectory => "it is a directory".into(),
        io::ErrorKind::InvalidData => "it is not text".into(),
        _ => first_line(&error.to_string()),
    }
}
