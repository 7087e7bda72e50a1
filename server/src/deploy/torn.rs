//! Hosts whose virtual machines a deployment destroyed, and did not make again.

use transcript::{Outline, Phase};

use super::hosts::{Host, Seen, System};

/// The plan's hosts that are gone since the machines of an earlier deployment were destroyed: those that have not
/// answered since, and are not installing. None where nothing was destroyed.
pub(super) fn gone(outline: &Outline, hosts: &[String], seen: &Seen) -> Vec<String> {
    let Some(torn) = outline.phases.iter().find(|mark| mark.phase == Phase::Teardown) else { return Vec::new() };
    let booted = outline.phases.iter().any(|mark| matches!(mark.phase, Phase::Boot | Phase::Reset));
    let is_back = |host: &Host| {
        // What answered before has been destroyed since.
        let answers = host.answers == Some(true) && host.since.is_some_and(|since| since >= torn.heard);
        answers || booted && host.system.as_ref().is_some_and(|system| !system.failed())
    };
    let back = |name: &&String| seen.hosts.iter().any(|host| host.name == **name && is_back(host));
    hosts.iter().filter(|name| !back(name)).cloned().collect()
}

impl System {
    /// Whether it has failed to install.
    fn failed(&self) -> bool {
        self.state.as_deref() == Some("ERROR")
    }
}

#[cfg(test)]
mod tests {
    use transcript::Mark;

    use super::*;

    fn outline(phases: &[(Phase, i64)]) -> Outline {
        let mark = |(phase, heard): &(Phase, i64)| Mark { phase: *phase, line: 0, offset: 0, heard: *heard };
        Outline { phases: phases.iter().map(mark).collect(), ..Outline::default() }
    }

    fn host(name: &str, since: Option<i64>, system: Option<&str>) -> Host {
        let system = system.map(|state| System { state: Some(state.into()), ..System::default() });
        Host { name: name.into(), answers: Some(since.is_some()), since, system, address: None }
    }

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn hosts_that_were_destroyed_are_gone_until_they_answer_again() {
        let seen = Seen { silent: None, hosts: vec![host("a", Some(50), None), host("b", Some(120), None)] };
        let all = names(&["a", "b", "c"]);
        assert_eq!(gone(&outline(&[(Phase::Teardown, 100)]), &all, &seen), names(&["a", "c"]));
        assert!(gone(&outline(&[(Phase::Input, 100)]), &all, &seen).is_empty(), "nothing was destroyed");
    }

    #[test]
    fn a_host_that_installs_is_not_gone_once_it_was_started() {
        let hosts = vec![host("a", None, Some("INSTALLING")), host("b", None, Some("ERROR"))];
        let seen = Seen { silent: None, hosts };
        let all = names(&["a", "b"]);
        assert_eq!(gone(&outline(&[(Phase::Teardown, 100)]), &all, &seen), all);
        assert_eq!(gone(&outline(&[(Phase::Teardown, 100), (Phase::Boot, 200)]), &all, &seen), names(&["b"]));
    }
}
