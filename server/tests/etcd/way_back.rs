//! Restore guides, followed to the letter: every command of the Markdown is run where it says, on hosts whose etcd was
//! destroyed, and all is there again.

use std::{fs, path::PathBuf, time::Duration};

use age::secrecy::ExposeSecret;
use binnacle::{
    backup::{
        companion::gather,
        manifest::{Companion, Compression, Manifest},
        restoring::{Known, Node, facts},
        seal::{Recipients, Sealing},
        take::{Bounds, Order, take_with},
    },
    etcd::{Agreement, Hashes, Members, look},
};
use restore::{Facts, Lost, guide, lost};

use super::{
    cluster::Age,
    hosts::{Hosts, NAMES},
};

/// What a quorum's guide adds to the revision, where etcd can.
const BUMP: i64 = 1_000_000_000;

async fn until_well(hosts: &Hosts) -> Members {
    for _ in 0..600 {
        match look(&hosts.endpoints, &hosts.tls, Hashes::Compare).await {
            Ok(members) if members.quorum().well == 3 => return members,
            _ => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
    panic!("it does not become well");
}

fn put(hosts: &Hosts, from: usize, to: usize) {
    for n in from..to {
        hosts.ctl(&format!("put /registry/pods/default/pod-{n} value-{n}"));
    }
}

/// All keys with their values.
fn kept(hosts: &Hosts) -> String {
    hosts.ctl("get '' --from-key")
}

/// A backup as Binnacle takes it, brought to where it is opened.
async fn backed_up(hosts: &Hosts, compression: Option<Compression>) -> Manifest {
    let mut recipients = Recipients::default();
    if compression.is_some() {
        let identity = age::x25519::Identity::generate();
        fs::write(hosts.desk().join("age-key.txt"), identity.to_string().expose_secret()).expect("written");
        recipients = Recipients::parse(&identity.to_public().to_string()).expect("a recipient");
    }
    let order = Order {
        endpoints: hosts.endpoints.clone(),
        tls: hosts.tls.clone(),
        from: None,
        folder: hosts.folder.0.join("backups"),
        cluster: "harbour".into(),
        by: "a test".into(),
        sealing: Sealing { compression, recipients },
        key: Vec::new(),
        bounds: Bounds::default(),
    };
    let travels = [hosts.root("host1").join("etc/etcd.env")];
    let with = compression.map(|_| gather(&travels, &order.sealing.recipients).expect("it travels with it"));
    let taken = take_with(&order, with, &|_| ()).await.expect("a backup");
    fs::copy(&taken.path, hosts.desk().join(&taken.manifest.stored.name)).expect("fetched");
    if let Some(Companion { stored, .. }) = &taken.manifest.companion {
        fs::copy(order.folder.join(&stored.name), hosts.desk().join(&stored.name)).expect("fetched");
    }
    taken.manifest
}

/// What Kubernetes would tell of the hosts. That one has the address of all members, each told by its port alone, is
/// no fault of theirs.
fn known(manifest: &Manifest, life: Option<&Members>) -> Facts {
    let node = |name: &str| Node { name: name.into(), addresses: Vec::new(), master: true };
    let nodes: Vec<Node> = NAMES.iter().map(|name| node(name)).collect();
    let mut facts = facts(manifest, &Known { life, nodes: &nodes, ..Known::default() }, manifest.began + 60_000);
    for (member, name) in facts.members.iter_mut().zip(NAMES) {
        member.host = restore::Host { name: Some(name.into()), address: None };
    }
    facts
}

/// Blocks of a guide with the place that stands above each, in their order.
fn blocks(markdown: &str) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    let (mut place, mut inside) = (String::new(), false);
    for line in markdown.lines() {
        match line {
            _ if line.starts_with("### On ") => place = line["### On ".len()..].trim_matches('`').to_owned(),
            "```sh" => {
                inside = true;
                found.push((place.clone(), String::new()));
            }
            "```" => inside = false,
            _ if inside => found.last_mut().expect("a block").1 += &format!("{line}\n"),
            _ => {}
        }
    }
    found
}

/// Does what the Markdown says; answers what was said, block by block.
fn follow(hosts: &Hosts, markdown: &str) -> Vec<String> {
    let mut said = Vec::new();
    for (place, commands) in blocks(markdown) {
        let places: Vec<&str> = match place.as_str() {
            "every host of etcd" | "every master" | "every node" => NAMES.to_vec(),
            "one master" => vec!["host1"],
            place => vec![place],
        };
        said.extend(places.into_iter().map(|place| hosts.must(place, &commands)));
    }
    said
}

fn agreed(members: &Members, revision: i64) {
    let told = |member: &binnacle::etcd::Member| member.standing.as_ref().expect("it answers").version.clone();
    let same = match &members.agreement {
        Agreement::NotServed => members.members.iter().all(|member| told(member).starts_with("3.2.")),
        agreement => matches!(agreement, Agreement::Same { members: 3, .. }),
    };
    assert!(same, "{:?}", members.agreement);
    for member in &members.members {
        assert_eq!(member.standing.as_ref().expect("it answers").revision, revision, "{}", member.name);
    }
}

/// What the members' HashKV is: it names the very history.
fn hash(hosts: &Hosts) -> Vec<serde_json::Value> {
    let told: serde_json::Value = serde_json::from_str(&hosts.ctl("endpoint hashkv -w json")).expect("JSON");
    let hashes: Vec<serde_json::Value> =
        told.as_array().expect("three").iter().map(|one| one["HashKV"]["hash"].clone()).collect();
    assert_eq!(hashes.len(), 3);
    hashes
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_destroyed_cluster_of_today_is_brought_back_by_the_guide_that_was_printed_before() {
    let hosts = Hosts::start(Age::New);
    until_well(&hosts).await;
    put(&hosts, 0, 20);
    let manifest = backed_up(&hosts, Some(Compression::Zstd)).await;
    let before = kept(&hosts);
    put(&hosts, 20, 25);
    let life = look(&hosts.endpoints, &hosts.tls, Hashes::Leave).await.expect("it answers");
    let guide = guide(&known(&manifest, Some(&life)), Lost::Quorum);
    assert!(guide.losses.iter().any(|loss| loss.starts_with("That is 5 revisions")), "{:?}", guide.losses);
    for host in NAMES {
        hosts.destroy(host);
    }
    let said = follow(&hosts, &guide.markdown());
    assert!(said[0].contains("step 4, revisions"), "{}", said[0]);
    assert!(said.iter().any(|said| said.contains("var/backups/etcd-2026-01-31_10:00:00/snapshot.db")), "{said:?}");
    assert!(said[1].ends_with("host1/etc/etcd.env\n") && said[1].contains("with/"), "{}", said[1]);
    let members = until_well(&hosts).await;
    agreed(&members, manifest.revision + BUMP);
    assert_eq!(kept(&hosts), before);
    assert_eq!(format!("{:x}", members.cluster), manifest.cluster_id);
    // Whoever goes on from a revision of before is told that it is gone, and does not wait for it.
    let old = life.revision().expect("a revision");
    let stale = hosts.run("host1", &hosts.with_etcdctl(&format!("get /registry/pods/default/pod-1 --rev {old}")));
    assert!(String::from_utf8_lossy(&stale.stderr).contains("compacted"), "{stale:?}");
    put(&hosts, 30, 31);
    for host in NAMES {
        let manifests = fs::read_dir(hosts.root(host).join("etc/kubernetes/manifests")).expect("a folder");
        assert_eq!(manifests.count(), 4, "the control plane of {host} is back");
        assert!(!hosts.done(host).contains("restart kubelet"), "with a bumped revision nothing is restarted");
        assert!(!hosts.root(host).join("root/binnacle-restore/snapshot.db").exists());
    }
}

/// Of 3.4 and before, which give revisions anew; what only later ones tell is not asked.
async fn brought_back_with_every_restart(age: Age) {
    let hosts = Hosts::start(age);
    until_well(&hosts).await;
    put(&hosts, 0, 20);
    let manifest = backed_up(&hosts, None).await;
    let hashed = (age != Age::Oldest).then(|| hash(&hosts));
    let before = kept(&hosts);
    put(&hosts, 20, 25);
    for host in NAMES {
        hosts.destroy(host);
    }
    assert!(look(&hosts.endpoints, &hosts.tls, Hashes::Leave).await.is_err());
    // Nobody says who the members are, so the hosts themselves are asked; only where SSH finds them was noted.
    let facts = Facts { masters: Vec::new(), nodes: Vec::new(), ..known(&manifest, None) };
    assert_eq!((facts.members.len(), lost(&facts)), (0, Lost::Quorum));
    let markdown = guide(&facts, Lost::Quorum).markdown();
    assert!(markdown.contains("The members of etcd are unknown"), "{markdown}");
    for host in NAMES {
        // The guide says: bring it there. That folder is made by its second step.
        let to: PathBuf = hosts.root(host).join("root/binnacle-restore");
        fs::create_dir_all(&to).expect("a folder");
        fs::copy(hosts.desk().join(&manifest.stored.name), to.join("snapshot.db")).expect("brought");
    }
    follow(&hosts, &markdown);
    let members = until_well(&hosts).await;
    agreed(&members, manifest.revision);
    assert_eq!(kept(&hosts), before);
    if let Some(hashed) = hashed {
        assert_eq!(hash(&hosts), hashed, "it is the very history");
    }
    for host in NAMES {
        assert!(hosts.done(host).contains("systemctl restart kubelet"), "{}", hosts.done(host));
    }
    assert!(hosts.done("host1").contains("-n kube-system delete pods --all"), "{}", hosts.done("host1"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_destroyed_cluster_of_3_4_of_which_nothing_is_known_is_brought_back_with_every_restart() {
    brought_back_with_every_restart(Age::Old).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_destroyed_cluster_of_the_etcd_that_compass_installs_is_brought_back_with_every_restart() {
    brought_back_with_every_restart(Age::Oldest).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_member_is_brought_back_by_its_guide_and_nothing_is_lost() {
    for age in Age::ALL {
        let hosts = Hosts::start(age);
        until_well(&hosts).await;
        put(&hosts, 0, 20);
        let manifest = backed_up(&hosts, None).await;
        put(&hosts, 20, 25);
        let before = kept(&hosts);
        hosts.destroy("host2");
        let life = look(&hosts.endpoints, &hosts.tls, Hashes::Leave).await.expect("two answer");
        let facts = known(&manifest, Some(&life));
        assert_eq!(lost(&facts), Lost::Member(1));
        let guide = guide(&facts, lost(&facts));
        assert_eq!(guide.warnings, Vec::<String>::new());
        follow(&hosts, &guide.markdown());
        let members = until_well(&hosts).await;
        agreed(&members, life.revision().expect("a revision"));
        assert_eq!(kept(&hosts), before);
        let again = members.members.iter().find(|member| member.name == "etcd2").expect("it is there");
        assert_ne!(Some(format!("{:x}", again.id)), facts.members[1].id, "it is a new member");
        // It starts by its unit as it did before.
        hosts.must("host2", "systemctl stop etcd && systemctl start --no-block etcd");
        until_well(&hosts).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_or_a_file_that_is_not_the_known_one_stops_the_guide_before_anything_is_changed() {
    let hosts = Hosts::start(Age::New);
    let life = until_well(&hosts).await;
    put(&hosts, 0, 3);
    let manifest = backed_up(&hosts, None).await;
    let mut facts = known(&manifest, Some(&life));
    facts.members.swap(0, 1);
    let host = facts.members[0].host.clone();
    facts.members[0].host = std::mem::replace(&mut facts.members[1].host, host);
    let markdown = guide(&facts, Lost::Quorum).markdown();
    let (place, commands) =
        blocks(&markdown).into_iter().find(|(_, block)| block.contains("<<'END'")).expect("a block");
    let output = hosts.run(&place, &commands);
    assert!(!output.status.success(), "{output:?}");

    let markdown = guide(&known(&manifest, Some(&life)), Lost::Quorum).markdown();
    for (place, commands) in blocks(&markdown).into_iter().filter(|(_, block)| block.contains("<<'END'")) {
        hosts.must(&place, &commands);
    }
    let mut bytes = fs::read(hosts.desk().join(&manifest.stored.name)).expect("the backup");
    bytes[10_000] ^= 1;
    fs::write(hosts.root("host1").join("root/binnacle-restore/snapshot.db"), bytes).expect("written");
    let (_, commands) = blocks(&markdown)
        .into_iter()
        .find(|(place, block)| place == "host1" && block.contains("head -c"))
        .expect("a block");
    assert!(!hosts.run("host1", &commands).status.success());
    assert_eq!(hosts.done("host1").lines().collect::<Vec<_>>(), ["systemctl start --no-block etcd"]);
    until_well(&hosts).await;
}
