//! etcd behind a real sshd.

use std::{path::Path, process::Command, sync::Arc};

use binnacle::etcd::{Endpoint, Hashes, Through, Tls, Why, look};

use super::{
    certificates::{Authority, tls},
    cluster::{Age, Cluster, Folder},
    house::names,
    sshd::Sshd,
};

/// Through a host of this configuration.
fn through(host: &str, sshd: &Sshd) -> Option<Arc<Through>> {
    Some(Arc::new(Through::parse(host, Some(sshd.config.clone())).expect("a host")))
}

async fn refused(endpoint: Endpoint, tls: &Tls) -> Why {
    let errors = look(&[endpoint], tls, Hashes::Leave).await.expect_err("nobody answers").0;
    errors[0].why.clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn members_are_reached_through_a_jump_host_and_through_two_and_their_names_are_checked() {
    let (cluster, folder) = (Cluster::with_tls(Age::New, 3).await, Folder::new());
    let sshd = Sshd::start(&folder.0);
    for host in ["jump", "far"] {
        // One is named; the others are where it says.
        let one = cluster.endpoints()[0].clone().reached(through(host, &sshd));
        let members = look(&[one], &cluster.tls, Hashes::Compare).await.expect("an answer");
        assert_eq!(members.quorum().well, 3, "{host}: {members:?}");
        let all: Vec<&Endpoint> = members.members.iter().filter_map(|member| member.endpoint.as_ref()).collect();
        assert!(all.len() == 3 && all.iter().all(|endpoint| endpoint.through().is_some()), "{all:?}");
    }
    // The name that was asked for is what is checked, whoever carries it.
    let (port, host) = (cluster.endpoints()[0].port(), through("jump", &sshd));
    let other = Endpoint::parse(&format!("https://127.0.0.2:{port}")).expect("an endpoint").reached(host.clone());
    let why = refused(other, &cluster.tls).await;
    assert!(matches!(why, Why::OtherName(_) | Why::Refused), "{why:?}");
    let by_name = Endpoint::parse(&format!("https://localhost:{port}")).expect("an endpoint").reached(host.clone());
    look(&[by_name], &cluster.tls, Hashes::Leave).await.expect("its certificate has this name too");
    Authority::new(&folder.0, "another");
    let stranger = tls(&folder.0, "another", None);
    let why = refused(cluster.endpoints()[0].clone().reached(host), &stranger).await;
    assert!(matches!(why, Why::UnknownAuthority(_)), "{why:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_with_the_way_is_said() {
    let (cluster, folder) = (Cluster::plain(Age::New, 1).await, Folder::new());
    let sshd = Sshd::start(&folder.0);
    let one = cluster.endpoints()[0].clone();
    let why = refused(one.clone().reached(through("stranger", &sshd)), &Tls::default()).await;
    assert!(matches!(&why, Why::Through { said, .. } if said.contains("Host key verification failed")), "{why:?}");
    let nobody = Endpoint::parse("http://127.0.0.1:9").expect("an endpoint").reached(through("jump", &sshd));
    assert_eq!(refused(nobody, &Tls::default()).await, Why::Refused);
    let lost = Arc::new(Through::parse("nowhere.invalid", Some("/dev/null".into())).expect("a host"));
    let why = refused(one.reached(Some(lost)), &Tls::default()).await;
    assert!(matches!(&why, Why::Through { said, .. } if said.contains("nowhere.invalid")), "{why:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_comes_through_a_jump_host_and_nothing_of_ssh_stays() {
    let (cluster, folder) = (Cluster::with_tls(Age::New, 1).await, Folder::new());
    cluster.fill(40, 100_000);
    let sshd = Sshd::start(&folder.0);
    let (to, endpoint) = (folder.0.join("to"), cluster.endpoints()[0].to_string());
    let file = |path: &Option<std::path::PathBuf>| path.as_deref().map(Path::display).expect("a file").to_string();
    let mut command = Command::new(env!("CARGO_BIN_EXE_binnacle"));
    command.args(["backup", "--endpoints", &endpoint, "--through", "jump", "--ssh-config"]).arg(&sshd.config);
    command.args(["--cacert", &file(&cluster.tls.cacert), "--cert", &file(&cluster.tls.cert)]);
    command.args(["--key", &file(&cluster.tls.key), "--to"]).arg(&to);
    let output = command.output().expect("it runs");
    let said = String::from_utf8_lossy(&[&output.stdout[..], &output.stderr].concat()).into_owned();
    assert!(output.status.success() && said.contains("40 keys") && said.contains("proved to step 4"), "{said}");
    assert_eq!(names(&to.join("etcd")).len(), 2);
    let config = sshd.config.display().to_string();
    let ours = std::fs::read_dir("/proc").expect("a list").flatten().filter(|process| {
        let line = std::fs::read(process.path().join("cmdline")).unwrap_or_default();
        String::from_utf8_lossy(&line).contains(&config)
    });
    assert_eq!(ours.count(), 0, "an ssh goes on");
}
