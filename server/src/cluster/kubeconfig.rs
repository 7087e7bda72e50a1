//! What is wrong with a kubeconfig, in words. Its content never shows: it may be a key.

use std::{io, path::PathBuf};

use kube::config::{Kubeconfig, KubeconfigError, LoadDataError};

use super::{credential::in_one_line, trouble::first_line};

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

/// Refuses a file that kubectl refuses: one of another kind, or with two entries of one name. An empty
/// current-context becomes none, so that the next file of `KUBECONFIG` can name it.
pub(super) fn sound(file: &mut Kubeconfig) -> Result<(), String> {
    let text = |text: &Option<String>, otherwise: &str| match first_line(text.as_deref().unwrap_or_default()) {
        said if said.is_empty() => otherwise.to_owned(),
        said => said,
    };
    let (kind, version) = (text(&file.kind, "Config"), text(&file.api_version, "v1"));
    if (kind.as_str(), version.as_str()) != ("Config", "v1") {
        return Err(format!("is no kubeconfig: its kind is {kind} of {version}, and not Config of v1"));
    }
    twice("cluster", file.clusters.iter().map(|named| named.name.as_str()))?;
    twice("user", file.auth_infos.iter().map(|named| named.name.as_str()))?;
    twice("context", file.contexts.iter().map(|named| named.name.as_str()))?;
    file.current_context.take_if(|context| context.is_empty());
    Ok(())
}

fn twice<'a>(what: &str, names: impl Iterator<Item = &'a str>) -> Result<(), String> {
    let mut known = std::collections::BTreeSet::new();
    for name in names {
        if !known.insert(name) {
            let name = first_line(name);
            return Err(format!("has two entries for the {what} {name}: kubectl refuses the file; remove one of them"));
        }
    }
    Ok(())
}

/// Makes of a kubeconfig what kubectl reads in it, where our reader is stricter. Gives the `proxy-url` of the context.
pub(super) fn prepare(file: &mut Kubeconfig, context: &str) -> Result<Option<String>, String> {
    let Some(context) =
        file.contexts.iter().find(|named| named.name == context).and_then(|named| named.context.clone())
    else {
        return Ok(None);
    };
    let shows = file.auth_infos.iter().find(|named| Some(&named.name) == context.user.as_ref()).is_some_and(|named| {
        let user = named.auth_info.as_ref();
        user.is_some_and(|user| user.client_certificate.is_some() || user.client_certificate_data.is_some())
    });
    let cluster = file.clusters.iter_mut().find(|named| named.name == context.cluster);
    let Some(cluster) = cluster.and_then(|named| named.cluster.as_mut()) else { return Ok(None) };
    if let Some(data) = &mut cluster.certificate_authority_data {
        *data = in_one_line(data);
    }
    let secured = shows
        || cluster.insecure_skip_tls_verify == Some(true)
        || cluster.certificate_authority.is_some()
        || cluster.certificate_authority_data.is_some();
    if let Some(server) = cluster.server.as_mut().filter(|server| !server.contains("://")) {
        if server.trim_end_matches('/').contains('/') {
            return Err("the server of its cluster is neither a URL nor host:port".into());
        }
        *server = format!("{}://{server}", if secured { "https" } else { "http" });
    }
    if cluster.server.as_ref().is_some_and(|server| server.to_ascii_lowercase().starts_with("http://")) {
        // Without TLS nobody is verified, and kubectl does not look at the authority.
        (cluster.certificate_authority, cluster.certificate_authority_data) = (None, None);
    }
    // Named for our reader, so that it does not take one of the environment by rules of its own.
    let proxy = cluster.proxy_url.replace("http://unused.invalid".into());
    Ok(proxy.filter(|proxy| !proxy.is_empty()))
}

/// Files that a context's authority and credentials are in.
pub(super) fn named_files(file: &Kubeconfig, context: &str) -> Vec<PathBuf> {
    let Some(context) =
        file.contexts.iter().find(|named| named.name == context).and_then(|named| named.context.as_ref())
    else {
        return Vec::new();
    };
    let cluster = file.clusters.iter().find(|named| named.name == context.cluster);
    let user = file.auth_infos.iter().find(|named| Some(&named.name) == context.user.as_ref());
    let authority = cluster.and_then(|named| named.cluster.as_ref()?.certificate_authority.clone());
    let user = user.and_then(|named| named.auth_info.as_ref());
    let pair = user.map(|user| [user.client_certificate.clone(), user.client_key.clone(), user.token_file.clone()]);
    authority.into_iter().chain(pair.into_iter().flatten().flatten()).map(PathBuf::from).collect()
}
