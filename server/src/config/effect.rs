//! Settings that were given and have no effect beside the others.

use super::{Demo, Settings, file::Values};

/// What to be warned of.
pub(super) fn without_effect(settings: &Settings, values: &Values) -> Vec<String> {
    let given = |name: &str| values.get(name).is_some_and(|(value, place)| place != "default" && !value.is_empty());
    let mut warnings = Vec::new();
    let mut idle = |beginnings: &[&str], why: &str| {
        let named = values.keys().filter(|name| beginnings.iter().any(|beginning| name.starts_with(beginning)));
        warnings.extend(
            named
                .filter(|name| given(name))
                .map(|name| format!("{}: {name} has no effect, because {why}", values[*name].1)),
        );
    };
    if matches!(settings.demo, Demo::Always | Demo::Of(_)) {
        idle(
            &["kubeconfig", "context", "namespaces", "dha", "network", "etcd_", "backup_hosts"],
            "the built-in cluster alone is shown (demo)",
        );
    }
    if !settings.sign_in.oidc {
        idle(&["oidc_"], "sign_in does not name oidc");
    }
    if settings.sign_in.is_none() {
        idle(&["session_"], "nobody signs in (sign_in)");
    }
    if settings.deploying.is_none() && !matches!(settings.demo, Demo::Always | Demo::IfNone) {
        idle(
            &["compass_variables", "compass_work", "compass_deck", "compass_reach", "on_finish", "webhook"],
            "compass is not named, and so nothing is deployed",
        );
    }
    if settings.history.is_none() {
        idle(&["history_", "incident_", "alertmanager"], "history is off");
    }
    if !given("dha") {
        idle(&["network"], "dha is not named");
    }
    if !given("jump_host") && settings.first.etcd_through.is_none() && settings.first.backup_hosts.is_empty() {
        idle(&["ssh_config"], "no host is reached by OpenSSH");
    }
    if matches!(settings.demo, Demo::Always | Demo::Of(_)) {
        let section = |(name, of): (&String, &super::ClusterSettings)| {
            format!("{}: [clusters.{name}] has no effect, because the built-in cluster alone is shown (demo)", of.place)
        };
        warnings.extend(settings.clusters.iter().map(section));
    }
    warnings
}

#[cfg(test)]
mod tests {
    use super::super::file::tests::in_file;

    #[test]
    fn a_setting_without_effect_is_warned_of() {
        for (text, told) in [
            (
                "[server]\ndemo = true\n[clusters.lab]\ndha = \"a\"\n",
                "line 3: [clusters.lab] has no effect, because the built-in cluster alone",
            ),
            ("[sign_in.oidc]\nissuer = \"https://id.example\"\n", "line 2: oidc_issuer has no effect, because sign_in"),
            ("[history]\nkeep = \"off\"\ndays = 3\n", "line 3: history_days has no effect, because history is off"),
            (
                "[server]\ndemo = \"never\"\n[deploy]\non_finish = \"/bin/true\"\n",
                "on_finish has no effect, because compass",
            ),
        ] {
            let warnings = in_file(text).unwrap().warnings;
            assert!(warnings.len() == 1 && warnings[0].contains(told), "{text}: {warnings:?}");
        }
    }

    #[test]
    fn settings_that_all_have_an_effect_are_not_warned_of() {
        let settings = in_file(
            "[history]\ndays = 3\n[incidents]\ncalm = 9\n[deploy]\ncompass = \"/opt/compass4nfv\"\non_finish = \"/bin/true\"\n",
        );
        assert_eq!(settings.unwrap().warnings, [""; 0]);
    }
}
