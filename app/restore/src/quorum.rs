//! All members go back to the backup.

use crate::{
    Act, At, Facts, Member, Step,
    hosts::{self, AFTER, BEFORE, DATA, WORK, told},
    opening::{self, SNAPSHOT},
    shell::word,
    tool::{self, BUMP, Tool},
};

const MANIFESTS: &str = "/etc/kubernetes/manifests";
const KUBECTL: &str = "kubectl --kubeconfig /etc/kubernetes/admin.conf";

pub(crate) fn steps(facts: &Facts) -> Vec<Step> {
    let mut steps = vec![
        opening::step(facts),
        prepare(facts),
        copy(facts),
        beside(facts),
        stop_masters(facts),
        stop(facts),
        swap(facts),
        start(facts),
    ];
    if facts.backup.no_space || facts.backup.corrupt {
        steps.push(disarm(facts));
    }
    steps.extend([check(facts), start_masters(facts)]);
    if Tool::of(facts).bumps() {
        steps.push(forget_bumped(facts));
    } else {
        steps.push(forget(facts));
    }
    steps.push(after(facts));
    steps
}

fn prepare(facts: &Facts) -> Step {
    let members = hosts::members(facts);
    let endpoints = hosts::endpoints(&facts.members);
    Step {
        title: "Set each member's identity".into(),
        why: "Nothing that runs is changed by this. It is held against what etcd is started with there.".into(),
        acts: members.iter().flat_map(|member| [hosts::prepare(facts, member, &endpoints), others(member)]).collect(),
    }
}

/// kubespray's own backups, which nobody else lists.
fn others(member: &Member) -> Act {
    Act {
        at: At::Host(member.on()),
        commands: "ls -l /var/backups/etcd-*/snapshot.db 2>/dev/null || echo none\n".into(),
        check: "What kubespray left when it last restarted etcd here, or the word none. One that is newer than this backup \
                would lose less: prove it with binnacle backup verify before you choose it."
            .into(),
    }
}

fn copy(facts: &Facts) -> Step {
    let reached = |host: &str| format!("scp {SNAPSHOT} {}:{WORK}/{SNAPSHOT}", word(&format!("root@{host}")));
    let lines: Vec<String> = facts.members.iter().filter_map(|member| member.host.reached()).map(reached).collect();
    let unknown = lines.len() < facts.members.len() || lines.is_empty();
    let mut acts = Vec::new();
    if !lines.is_empty() {
        let check = "Every copy ends with 100 %.";
        acts.push(Act { at: At::Desk, commands: lines.join(" &&\n") + "\n", check: check.into() });
    }
    let file = format!("{WORK}/{SNAPSHOT}");
    acts.extend(hosts::members(facts).iter().map(|member| Act {
        at: At::Host(member.on()),
        commands: format!("chmod 600 {file} &&\n{}\n", opening::same(&file, facts)),
        check: "The words: the same database.".into(),
    }));
    let mut why = "Every member is restored from the same file, or they never agree.".to_owned();
    if unknown {
        why += &format!(" Where SSH reaches a host is not known of all: bring it there as {file}.");
    }
    Step { title: "Bring the same file to every host".into(), why, acts }
}

fn beside(facts: &Facts) -> Step {
    let tool = Tool::of(facts);
    let flags = if tool.bumps() { format!(" \\\n  --bump-revision {BUMP} --mark-compacted") } else { String::new() };
    let commands = format!(
        "{}{} snapshot restore {WORK}/{SNAPSHOT} --name \"$name\" \\\n  \
         --initial-cluster \"$cluster\" --initial-cluster-token \"$token\" \\\n  \
         --initial-advertise-peer-urls \"$peer\" --data-dir {AFTER}{flags} &&\n\
         ls {AFTER}/member/snap/db\n",
        told(),
        tool.name()
    );
    let mut why =
        "Beside the old data: what runs goes on, and if this fails anywhere, nothing has happened yet.".to_owned();
    why += &match tool {
        _ if tool.bumps() => format!(
            " The revision is bumped by {BUMP} and what was is marked as compacted, so that nobody trusts a revision that \
             is given anew."
        ),
        Tool::Either => {
            " Which version runs is not known for certain, so flags that older tools lack are left out.".into()
        }
        _ => " This version cannot bump the revision, hence the restarts at the end.".into(),
    };
    if matches!(tool, Tool::Etcdutl { .. }) {
        why += " etcdutl comes with etcd; where it is missing, take that of the same version out of its release.";
    }
    let acts = hosts::members(facts).into_iter().map(|member| Act {
        at: At::Host(member.on()),
        commands: commands.clone(),
        check: format!(
            "The name of the database. If it says that {AFTER} is there already, an earlier attempt left it: move it away."
        ),
    });
    Step { title: "Restore beside what runs".into(), why, acts: acts.collect() }
}

fn stop_masters(facts: &Facts) -> Step {
    let commands = format!(
        "install -d -m 700 {WORK}/manifests &&\n\
         for part in kube-apiserver kube-controller-manager kube-scheduler; do\n  \
         for file in {MANIFESTS}/$part.*; do [ ! -e \"$file\" ] || mv \"$file\" {WORK}/manifests/; done\n\
         done &&\n\
         ls {WORK}/manifests &&\n\
         for n in $(seq 60); do pgrep -x 'kube-apiserver|kube-controller|kube-scheduler' >/dev/null || break; sleep 1; done\n\
         ! pgrep -x 'kube-apiserver|kube-controller|kube-scheduler' && echo stopped\n"
    );
    let acts = hosts::called(&facts.masters, "every master").into_iter().map(|host| Act {
        at: At::Host(host),
        commands: commands.clone(),
        check: "The names of three manifests, and the word stopped.".into(),
    });
    Step {
        title: "Stop the control plane on every master".into(),
        why: "From here on the cluster is not managed; pods go on running. The kubelet ends what has no manifest."
            .into(),
        acts: acts.collect(),
    }
}

fn stop(facts: &Facts) -> Step {
    Step {
        title: "Stop etcd on every host".into(),
        why: "On every one: a member that goes on with the old data would spoil the new.".into(),
        acts: hosts::members(facts).iter().map(hosts::stop).collect(),
    }
}

fn swap(facts: &Facts) -> Step {
    let commands = format!(
        "[ -e {AFTER}/member ] && [ ! -e {BEFORE} ] &&\n\
         if [ -e {DATA} ]; then mv {DATA} {BEFORE}; fi &&\n\
         mv {AFTER} {DATA} &&\n\
         user=$(systemctl show -p User etcd | cut -d= -f2) &&\n\
         chown -R \"${{user:-root}}\" {DATA} && chmod 700 {DATA} &&\n\
         ls {DATA}/member/snap/db\n"
    );
    let acts = hosts::members(facts).into_iter().map(|member| Act {
        at: At::Host(member.on()),
        commands: commands.clone(),
        check: format!(
            "The name of the database. Where {DATA} is a mount of its own, move what is in it instead; where {BEFORE} is \
             there from an earlier restore, move that away first. To go back, swap the folders again."
        ),
    });
    let acts = acts.collect();
    Step {
        title: "Put the restored data in place".into(),
        why: format!("The old data is kept in {BEFORE}. Never delete it before all members are healthy."),
        acts,
    }
}

fn start(facts: &Facts) -> Step {
    Step {
        title: "Start etcd on every host".into(),
        why: "Start them one after the other without waiting: none is healthy before most of them have started.".into(),
        acts: hosts::members(facts).iter().map(hosts::start).collect(),
    }
}

fn check(facts: &Facts) -> Step {
    let backup = &facts.backup;
    let hashes = tool::hashes(facts);
    let revision = if Tool::of(facts).bumps() {
        format!("a revision of {} or little more", backup.revision.saturating_add(BUMP))
    } else {
        format!("revision {} or little more", backup.revision)
    };
    let mut seen =
        format!("Every endpoint is healthy, {} members are started, one of them leads", members_count(facts));
    seen += if hashes { ", and all hashes are the same." } else { "." };
    let members = hosts::members(facts);
    let first = &members[0];
    let keys = Act {
        at: At::Host(first.on()),
        commands: told() + "etcdctl get '' --from-key --keys-only | grep -c . &&\netcdctl get /registry/zzz -w json\n",
        check: format!("About {} keys, and {revision}.", backup.keys),
    };
    Step {
        title: "Check etcd before anything writes to it".into(),
        why: "If a member is missing, see journalctl -u etcd on its host.".into(),
        acts: vec![hosts::well(first, hashes, seen), keys],
    }
}

/// Makes room and disarms what the backup brought along: until then every write is refused.
fn disarm(facts: &Facts) -> Step {
    let members = hosts::members(facts);
    let first = &members[0];
    let ready = "for n in $(seq 60); do etcdctl endpoint health 2>&1 | grep -q 'is healthy' && break; sleep 1; done\n";
    let room = "rev=$(etcdctl endpoint status -w json | grep -o '\"revision\":[0-9]*' | head -n 1 | cut -d: -f2) &&\n\
                { etcdctl compact \"$rev\" || echo 'nothing to compact'; } &&\n\
                etcdctl defrag &&\n";
    let alarms =
        "etcdctl alarm list &&\netcdctl alarm disarm &&\netcdctl alarm list && echo 'no alarm is left above'\n";
    let commands = told() + ready + if facts.backup.no_space { room } else { "" } + alarms;
    let mut check =
        "The alarm twice, as listed and as disarmed, and nothing between that and the last line.".to_owned();
    if facts.backup.no_space {
        check += " If NOSPACE comes back, the keys fill the quota: raise ETCD_QUOTA_BACKEND_BYTES in /etc/etcd.env on every \
                  host of etcd, restart etcd there, and run this again.";
    }
    if facts.backup.corrupt {
        check += " Hold the hashes of the next step against each other before anything writes.";
    }
    Step {
        title: "Disarm the alarm that the backup brings along".into(),
        why: "The alarm is part of the data: with NOSPACE etcd refuses writes, with CORRUPT reads as well.".into(),
        acts: vec![Act { at: At::Host(first.on()), commands, check }],
    }
}

fn members_count(facts: &Facts) -> String {
    if facts.members.is_empty() { "all".into() } else { facts.members.len().to_string() }
}

fn start_masters(facts: &Facts) -> Step {
    let commands = format!(
        "mv {WORK}/manifests/* {MANIFESTS}/ &&\n\
         for n in $(seq 120); do {KUBECTL} get --raw /healthz >/dev/null 2>&1 && break; sleep 1; done\n\
         {KUBECTL} get --raw /healthz && {KUBECTL} get nodes\n"
    );
    let acts = hosts::called(&facts.masters, "every master").into_iter().map(|host| Act {
        at: At::Host(host),
        commands: commands.clone(),
        check: "The word ok, and every node of the backup.".into(),
    });
    Step {
        title: "Start the control plane on every master".into(),
        why: "API server, controller-manager and scheduler start anew and remember nothing.".into(),
        acts: acts.collect(),
    }
}

/// Restarts everything that may remember a revision from before.
fn forget(facts: &Facts) -> Step {
    let node = "systemctl restart kubelet; \
                if command -v docker >/dev/null; then docker ps -q --filter name=k8s_kube-proxy | xargs -r docker restart; \
                elif command -v crictl >/dev/null; then crictl ps -q --name kube-proxy | xargs -r crictl stop; fi";
    let reached: Vec<&str> = facts.nodes.iter().filter_map(|host| host.reached()).collect();
    let mut acts = Vec::new();
    if reached.is_empty() || reached.len() < facts.nodes.len() {
        let check = "No error.".into();
        acts.push(Act { at: At::Host("every node".into()), commands: format!("{node}\n"), check });
    } else {
        let lines = reached.iter().map(|host| format!("  {}", word(&format!("root@{host}"))));
        let commands = format!(
            "for host in \\\n{}\ndo\n  ssh -n \"$host\" {} && echo \"done: $host\" || echo \"FAILED: $host\"\ndone\n",
            lines.collect::<Vec<_>>().join(" \\\n"),
            word(node)
        );
        acts.push(Act { at: At::Desk, commands, check: "The word done for each, and FAILED for none.".into() });
    }
    acts.push(Act {
        at: At::Host(hosts::called(&facts.masters, "one master").swap_remove(0)),
        commands: format!(
            "{KUBECTL} -n kube-system delete pods --all --wait=false &&\n\
             {KUBECTL} get deployments,daemonsets --all-namespaces\n"
        ),
        check:
            "The network's pods (calico, flannel), the DNS and the proxies come back. Of what else is listed, restart \
                every operator and controller of your own the same way."
                .into(),
    });
    Step {
        title: "Restart whatever remembers".into(),
        why:
            "Kubelets, proxies, the network and operators have seen revisions that do not exist any more, and wait for \
              later ones."
                .into(),
        acts,
    }
}

/// With the revision bumped, nothing need be restarted: watches end as compacted and begin anew.
fn forget_bumped(facts: &Facts) -> Step {
    let master = hosts::called(&facts.masters, "one master").swap_remove(0);
    let commands =
        format!("{KUBECTL} get nodes &&\n{KUBECTL} get pods --all-namespaces --field-selector=status.phase!=Running\n");
    Step {
        title: "See that nobody remembers".into(),
        why:
            "With the revision bumped, whoever watches is told that what it knew was compacted, and reads all anew: no \
              restart of kubelets, network or operators is needed."
                .into(),
        acts: vec![Act {
            at: At::Host(master),
            commands,
            check:
                "After a minute all nodes are Ready, and what is not running is what was not running before. A kubelet \
                    or an operator that stays behind is restarted: systemctl restart kubelet, or delete its pod."
                    .into(),
        }],
    }
}

fn after(facts: &Facts) -> Step {
    let members = hosts::members(facts);
    let acts = members.iter().map(|member| Act {
        at: At::Host(member.on()),
        commands: format!("rm -f {WORK}/{SNAPSHOT} {WORK}/env && {{ ls -d {BEFORE} 2>/dev/null || echo 'no old data'; }}\n"),
        check: format!(
            "The name of the old data, if there was any. Remove {BEFORE} when a backup that was taken after this is verified."
        ),
    });
    Step {
        title: "Afterwards".into(),
        why: "Take a new backup from the cluster's page. The snapshot on the hosts and on your machine holds every Secret: \
              remove it, and the private key beside it."
            .into(),
        acts: acts.collect(),
    }
}
