//! One member is lost: it is taken out and added anew, empty, and takes all from the others.

use crate::{
    Act, At, Facts, Member, Step,
    hosts::{self, BEFORE, DATA, ENV, WORK, told},
    shell::word,
    tool,
};

pub(crate) fn steps(facts: &Facts, lost: &Member) -> Vec<Step> {
    let others: Vec<&Member> = facts.members.iter().filter(|member| *member != lost).collect();
    let stand_in = Member {
        host: crate::Host { name: None, address: Some("a host of another member".into()) },
        ..Member::default()
    };
    let living = others.iter().copied().find(|member| member.well == Some(true)).or(others.first().copied());
    let living = living.unwrap_or(&stand_in);
    let endpoints = hosts::endpoints(others.iter().copied());
    vec![
        prepare(facts, living, lost, &endpoints),
        remove(facts, living, lost, &endpoints),
        empty(lost),
        add(living, lost),
        join(lost),
        check(facts, living, lost),
    ]
}

fn prepare(facts: &Facts, living: &Member, lost: &Member, endpoints: &[String]) -> Step {
    let first = endpoints.first().map_or_else(|| "\"${ETCDCTL_ENDPOINTS%%,*}\"".to_owned(), |first| word(first));
    let save = Act {
        at: At::Host(living.on()),
        commands: format!(
            "{}etcdctl endpoint health &&\n\
             (umask 077 && ETCDCTL_ENDPOINTS={first} etcdctl snapshot save {WORK}/before.db)\n",
            told()
        ),
        check: "The other members are healthy, and the snapshot is saved.".into(),
    };
    Step {
        title: "Look, and save what is there".into(),
        why: format!(
            "Switch the lost host on first: a member that comes back by itself needs nothing of this. If the host was \
             installed anew, kubespray must have put its certificates and {ENV} there before."
        ),
        acts: vec![hosts::prepare(facts, living, endpoints), hosts::prepare(facts, lost, endpoints), save],
    }
}

fn remove(facts: &Facts, living: &Member, lost: &Member, endpoints: &[String]) -> Step {
    let id = match (&lost.id, &lost.name) {
        (Some(id), _) => word(id),
        (None, Some(name)) => {
            format!("\"$(etcdctl member list | grep -F {} | cut -d, -f1)\"", word(&format!(", {name}, ")))
        }
        (None, None) => "\"$(read -r -p 'the id of the lost member in the list above: ' id && echo \"$id\")\"".into(),
    };
    let quorum = facts.members.len().div_ceil(2) + 1;
    let why = if endpoints.is_empty() {
        "A new member must not be added while the lost one is still counted.".to_owned()
    } else {
        format!(
            "A new member must not be added while the lost one is still counted: {quorum} of {} would have to be there.",
            facts.members.len() + 1
        )
    };
    Step {
        title: "Take the lost member out".into(),
        why,
        acts: vec![Act {
            at: At::Host(living.on()),
            commands: format!("{}etcdctl member list &&\netcdctl member remove {id} &&\netcdctl member list\n", told()),
            check:
                "The lost member is in the first list and not in the second. Without a quorum this fails after some \
                    seconds: follow the guide for a lost quorum."
                    .into(),
        }],
    }
}

fn empty(lost: &Member) -> Step {
    let aside = Act {
        at: At::Host(lost.on()),
        commands: format!(
            "[ ! -e {BEFORE} ] &&\nif [ -e {DATA} ]; then mv {DATA} {BEFORE}; fi &&\n[ ! -e {DATA} ] && echo empty\n"
        ),
        check: format!(
            "The word empty. Where {DATA} is a mount of its own, move what is in it instead. If {BEFORE} is there from \
             before, move that away first."
        ),
    };
    Step {
        title: "Stop it and move its data away".into(),
        why: format!("A new member begins empty. The old data is kept in {BEFORE}."),
        acts: vec![hosts::stop(lost), aside],
    }
}

fn add(living: &Member, lost: &Member) -> Step {
    let given = |value: &Option<String>, what: &str| match value {
        Some(value) => word(value),
        None => format!("\"$(read -r -p '{what}: ' it && echo \"$it\")\""),
    };
    let commands = format!(
        "{}for n in $(seq 60); do etcdctl member add {} --peer-urls={} && break; sleep 1; done\n\
         etcdctl member list | grep unstarted\n",
        told(),
        given(&lost.name, "ETCD_NAME in /etc/etcd.env of the lost host"),
        given(&lost.peer, "ETCD_INITIAL_ADVERTISE_PEER_URLS there"),
    );
    Step {
        title: "Add it anew".into(),
        why: "From here on its vote counts: go on with the next step without waiting.".into(),
        acts: vec![Act {
            at: At::Host(living.on()),
            commands,
            check:
                "A line with the word unstarted. etcd says that the cluster is unhealthy until its members have been \
                    connected for some seconds; it is asked again."
                    .into(),
        }],
    }
}

fn join(lost: &Member) -> Step {
    let commands = format!(
        "{}cp -p {ENV} {WORK}/etcd.env.before &&\n\
         {{ grep -v -e '^ETCD_INITIAL_CLUSTER_STATE=' -e '^ETCD_INITIAL_CLUSTER=' {WORK}/etcd.env.before &&\n  \
         printf '%s\\n' ETCD_INITIAL_CLUSTER_STATE=existing \"ETCD_INITIAL_CLUSTER=$cluster\"; }} > {ENV} &&\n\
         user=$(systemctl show -p User etcd | cut -d= -f2) &&\n\
         install -d -m 700 -o \"${{user:-root}}\" {DATA} &&\n\
         systemctl start --no-block etcd\n",
        told()
    );
    Step {
        title: "Start it as a member of the cluster that is there".into(),
        why: "Told that the cluster exists, it asks the others instead of beginning one of its own.".into(),
        acts: vec![Act {
            at: At::Host(lost.on()),
            commands,
            check: format!("Nothing. {ENV} as it was is kept in {WORK}/etcd.env.before."),
        }],
    }
}

fn check(facts: &Facts, living: &Member, lost: &Member) -> Step {
    let all = hosts::endpoints(&facts.members);
    let hashes = tool::hashes(facts);
    let mut act = hosts::well(
        living,
        hashes,
        format!(
            "All endpoints are healthy, all members are started{}. If {} stays behind, see journalctl -u etcd on its host.",
            if hashes { ", and all hashes are the same" } else { "" },
            lost.called()
        ),
    );
    if !all.is_empty() {
        act.commands = act.commands.replacen("&&\n", &format!("&&\nETCDCTL_ENDPOINTS={}\n", word(&all.join(","))), 1);
    }
    let after = Act {
        at: At::Host(living.on()),
        commands: format!("rm -f {WORK}/before.db\n"),
        check: format!("Nothing. On {} remove {BEFORE} when a new backup is verified.", lost.on()),
    };
    Step {
        title: "Check".into(),
        why: "No revision went back: nothing needs to be restarted.".into(),
        acts: vec![act, after],
    }
}
