//! Flags of the sign-in provider; each is a setting.

use clap::Args;

#[derive(Args)]
pub(super) struct ProviderArgs {
    /// The OpenID Connect provider's address.
    #[arg(long, value_name = "URL")]
    oidc_issuer: Option<String>,
    /// Our client id there.
    #[arg(long, value_name = "ID")]
    oidc_client: Option<String>,
    /// A file with our client secret there.
    #[arg(long, value_name = "FILE")]
    oidc_secret_file: Option<String>,
    /// Scopes to ask for; those that the provider offers without.
    #[arg(long, value_name = "SCOPES")]
    oidc_scopes: Option<String>,
    /// A PEM file with further authorities to trust for it.
    #[arg(long, value_name = "FILE")]
    oidc_ca: Option<String>,
    /// The claims that name a person's groups, as in groups or realm_access.roles.
    #[arg(long, value_name = "CLAIMS")]
    oidc_groups: Option<String>,
    /// Groups whose people are viewers; * for everybody.
    #[arg(long, value_name = "GROUPS")]
    oidc_viewers: Option<String>,
    /// Groups whose people are operators.
    #[arg(long, value_name = "GROUPS")]
    oidc_operators: Option<String>,
    /// Groups whose people are admins.
    #[arg(long, value_name = "GROUPS")]
    oidc_admins: Option<String>,
    /// Seconds after which a person's role must have been told again.
    #[arg(long, value_name = "SECONDS")]
    oidc_recheck: Option<String>,
    /// What signing out ends: provider, or here.
    #[arg(long, value_name = "WHERE")]
    oidc_sign_out: Option<String>,
}

impl ProviderArgs {
    pub(super) fn given(self) -> impl Iterator<Item = (&'static str, String)> {
        let pairs = [
            ("oidc_issuer", self.oidc_issuer),
            ("oidc_client", self.oidc_client),
            ("oidc_secret_file", self.oidc_secret_file),
            ("oidc_scopes", self.oidc_scopes),
            ("oidc_ca", self.oidc_ca),
            ("oidc_groups", self.oidc_groups),
            ("oidc_viewers", self.oidc_viewers),
            ("oidc_operators", self.oidc_operators),
            ("oidc_admins", self.oidc_admins),
            ("oidc_recheck", self.oidc_recheck),
            ("oidc_sign_out", self.oidc_sign_out),
        ];
        pairs.into_iter().filter_map(|(name, value)| Some((name, value?)))
    }
}
