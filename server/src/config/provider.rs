//! Settings of the sign-in provider.

use std::{path::PathBuf, time::Duration};

use super::file::{ConfigError, Values};
use crate::access::{OidcSettings, Role, name_list};

/// Asking a provider more often would be a burden to it.
const SHORTEST: u64 = 60;

/// The provider's settings, which must be there when people sign in through one.
pub(super) fn of(values: &Values) -> Result<OidcSettings, ConfigError> {
    let text = |name: &'static str| values[name].0.trim().to_owned();
    let wrong = |name: &'static str, expected: &'static str| {
        let (value, place) = values[name].clone();
        ConfigError::Value { place, name, value, expected }
    };
    let needed = |name: &'static str, expected: &'static str| {
        Some(text(name)).filter(|text| !text.is_empty()).ok_or_else(|| wrong(name, expected))
    };
    let list = |name: &'static str| name_list(&values[name].0).map_err(|expected| wrong(name, expected));
    let claims = list("oidc_groups")?;
    if claims.is_empty() {
        return Err(wrong("oidc_groups", "the name of a claim, as in groups or realm_access.roles"));
    }
    let issuer = needed("oidc_issuer", "the provider's address, as sign_in has oidc")?;
    if !issuer.starts_with("https://") && !issuer.starts_with("http://") {
        return Err(wrong("oidc_issuer", "the provider's address, which begins with https://"));
    }
    let recheck = text("oidc_recheck").parse().ok().filter(|seconds| *seconds >= SHORTEST);
    let scopes = text("oidc_scopes");
    Ok(OidcSettings {
        issuer,
        client: needed("oidc_client", "our name at the provider, as sign_in has oidc")?,
        secret: secret(text("oidc_secret_file"))?,
        scopes: scopes.split([',', ' ']).filter(|scope| !scope.is_empty()).map(str::to_owned).collect(),
        ca: Some(text("oidc_ca")).filter(|path| !path.is_empty()).map(PathBuf::from),
        claims,
        groups: vec![
            (Role::Admin, list("oidc_admins")?),
            (Role::Operator, list("oidc_operators")?),
            (Role::Viewer, list("oidc_viewers")?),
        ],
        recheck: recheck
            .map(Duration::from_secs)
            .ok_or_else(|| wrong("oidc_recheck", "a number of seconds from 60 on"))?,
        sign_out_there: match text("oidc_sign_out").as_str() {
            "provider" => true,
            "here" => false,
            _ => return Err(wrong("oidc_sign_out", "provider or here")),
        },
    })
}

fn secret(file: String) -> Result<Option<String>, ConfigError> {
    if file.is_empty() {
        return Ok(None);
    }
    let unreadable = |file: String, what: String| ConfigError::Unreadable { file, what };
    let read = std::fs::read_to_string(&file).map_err(|error| unreadable(file.clone(), error.to_string()))?;
    let secret = read.trim().to_owned();
    if secret.is_empty() {
        let what = "it has no client secret in it; a public client needs no oidc_secret_file".into();
        return Err(unreadable(file, what));
    }
    Ok(Some(secret))
}
