//! Restore guides and differences as the server gives them, of backups that it took itself.

use std::{fs, time::Duration};

use super::{
    cluster::{Age, Cluster},
    served::{Answer, Folder, Process, command, kubeconfig, text, token, until},
};

/// A server beside this etcd, whose Kubernetes answers nothing.
fn serve(folder: &Folder, cluster: &Cluster, more: &[&str]) -> Process {
    let config = kubeconfig(folder, "http://127.0.0.1:9");
    let urls: Vec<String> = cluster.endpoints().iter().map(ToString::to_string).collect();
    let file = |file: &Option<std::path::PathBuf>| file.as_ref().expect("a file").display().to_string();
    let tls = &cluster.tls;
    let args: Vec<String> = [
        ("serve", String::new()),
        ("--kubeconfig", text(&config).into()),
        ("--listen", "127.0.0.1:0".into()),
        ("--data", text(&folder.0).into()),
        ("--etcd-endpoints", urls.join(",")),
        ("--etcd-cacert", file(&tls.cacert)),
        ("--etcd-cert", file(&tls.cert)),
        ("--etcd-key", file(&tls.key)),
    ]
    .into_iter()
    .flat_map(|(name, value)| [name.to_owned(), value])
    .filter(|word| !word.is_empty())
    .collect();
    let words: Vec<&str> = args.iter().map(String::as_str).chain(more.iter().copied()).collect();
    Process::start(&mut command(&words))
}

/// Takes a backup over the API; its id.
fn taken(server: &Process, token: &str) -> String {
    let head = format!("Authorization: Bearer {token}\r\n");
    let list = || -> serde_json::Value {
        let answer = server.ask("GET", "/api/v1/clusters/lab/backups", &head, "");
        serde_json::from_str(&answer.body).unwrap_or_else(|error| panic!("{error}: {answer:?}"))
    };
    let before = list()["total"].as_i64().expect("a number");
    let begun = server.ask("POST", "/api/v1/clusters/lab/backups", &head, "");
    assert_eq!(begun.status, 202, "{begun:?}");
    until("a backup", Duration::from_secs(60), || {
        let now = list();
        assert_ne!(now["course"]["stage"], "failed", "{now:#}");
        now["course"]["stage"] == "done" && now["total"] == before + 1
    });
    list()["items"][0]["id"].as_str().expect("an id").to_owned()
}

fn get(server: &Process, token: &str, path: &str) -> Answer {
    let answer = server.ask("GET", path, &format!("Authorization: Bearer {token}\r\n"), "");
    assert!(answer.status != 0, "no answer to {path}");
    answer
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guide_is_a_page_and_markdown_and_knows_what_etcd_tells_now() {
    let mut cluster = Cluster::with_tls(Age::New, 3).await;
    cluster.fill(3, 10);
    let folder = Folder::new();
    let (viewer, operator) = (token(&folder, "viewer"), token(&folder, "operator"));
    let server = serve(&folder, &cluster, &["--sign-in", "tokens"]);
    let id = taken(&server, &operator);
    cluster.fill(5, 10);
    let path = format!("/c/lab/backups/{id}/restore");
    let page = get(&server, &viewer, &path);
    assert_eq!(page.status, 200, "{page:?}");
    for words in [
        "That is 5 revisions",
        "--bump-revision",
        "The member etcd2",
        "etcd has its quorum now",
        "restore.md?lost=quorum",
    ] {
        assert!(page.body.contains(words), "{words}: {}", page.body);
    }
    let markdown = get(&server, &viewer, &format!("{path}.md?lost=quorum"));
    assert!(markdown.head.contains("text/markdown") && markdown.body.starts_with("# lab: the quorum"), "{markdown:?}");
    let over = get(&server, &viewer, &format!("/api/v1/clusters/lab/backups/{id}/restore?lost=quorum"));
    assert_eq!(over.body.lines().nth(3), markdown.body.lines().nth(3), "the API gives the same");
    let (ours, theirs) = (cluster.members[1].endpoint.to_string(), format!("{path}.md"));
    cluster.members[1].kill();
    // It may have led: then the others choose first.
    let mut lost = get(&server, &viewer, &theirs);
    for _ in 0..40 {
        if lost.body.starts_with("# lab: the member etcd2") {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        lost = get(&server, &viewer, &theirs);
    }
    assert!(lost.body.starts_with("# lab: the member etcd2"), "{}", lost.body);
    assert!(lost.body.contains("etcdctl member add etcd2") && lost.body.contains(&ours), "{}", lost.body);
    for member in [0, 2] {
        cluster.members[member].kill();
    }
    let dark = get(&server, &viewer, &theirs);
    assert!(dark.body.contains("etcd does not answer") && dark.body.contains("every host of etcd"), "{}", dark.body);
    for (path, status) in [("/c/lab/backups/none/restore", 404), ("/c/other/backups/none/restore.md", 404)] {
        assert_eq!(get(&server, &viewer, path).status, status, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_changed_between_stored_backups_is_told_to_operators_by_name_unless_they_are_encrypted() {
    let cluster = Cluster::with_tls(Age::New, 1).await;
    cluster.ctl(&["put", "/registry/secrets/default/password"], b"hunter2-before");
    let folder = Folder::new();
    let (viewer, operator) = (token(&folder, "viewer"), token(&folder, "operator"));
    let server = serve(&folder, &cluster, &["--sign-in", "tokens"]);
    let first = taken(&server, &operator);
    let none = get(&server, &operator, &format!("/c/lab/backups/{first}/changes"));
    assert!(none.body.contains("There is no older backup"), "{}", none.body);
    cluster.ctl(&["put", "/registry/secrets/default/password"], b"hunter2-after");
    cluster.ctl(&["put", "/registry/example.org/widgets/blue/w1"], b"one");
    let second = taken(&server, &operator);
    let path = format!("/c/lab/backups/{second}/changes");
    assert_eq!(get(&server, &viewer, &path).status, 403);
    for path in [path.clone(), format!("{path}?since={first}")] {
        let page = get(&server, &operator, &path);
        assert_eq!(page.status, 200, "{page:?}");
        for words in ["1 added, 0 removed, 1 changed, 0 the same", "example.org/widgets", ">w1<", ">password<"] {
            assert!(page.body.contains(words), "{words}: {}", page.body);
        }
        assert!(!page.body.contains("hunter2"));
    }
    let over = format!("/api/v1/clusters/lab/backups/{second}/changes?since={first}");
    assert_eq!(get(&server, &viewer, &over).status, 403);
    let told = get(&server, &operator, &over);
    let told: serde_json::Value = serde_json::from_str(&told.body).unwrap_or_else(|error| panic!("{error}: {told:?}"));
    assert_eq!(
        (&told["added"], &told["groups"][0]["resource"]),
        (&1.into(), &"example.org/widgets".into()),
        "{told:#}"
    );
    assert!(!told.to_string().contains("hunter2"));
    let left: Vec<_> = fs::read_dir(folder.0.join("backups-waiting")).expect("a folder").collect();
    assert!(left.is_empty(), "{left:?}");
    drop(server);
    let key = age::x25519::Identity::generate().to_public().to_string();
    let server = serve(&folder, &cluster, &["--sign-in", "tokens", "--backup-recipients", &key]);
    let third = taken(&server, &operator);
    let page = get(&server, &operator, &format!("/c/lab/backups/{third}/changes"));
    assert!(
        page.body.contains("the private key is not here") && page.body.contains("binnacle backup diff"),
        "{}",
        page.body
    );
}
