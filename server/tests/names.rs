//! Contexts with any name: each page, link, stream, figure and answer of the API is found under it.

mod served;

use std::collections::BTreeSet;

use axum::http::Method;
use binnacle::access::{Row, table};
use served::{Folder, Process, command, text};

const LONG: usize = 253;

/// Names that clouds, people and other scripts give.
fn names() -> Vec<String> {
    let mut names: Vec<String> = [
        "arn:aws:eks:eu-west-1:123456789012:cluster/prod",
        "default/api-lab-example:6443/kube:admin",
        r"lab/host:6443/CORP\ann",
        "ann@lab",
        "gke_lab-1_europe-west1-b_prod",
        "with a space",
        "100%",
        "%2F",
        "why?",
        "a#b",
        "a&b=c",
        "a+b",
        "a;b,c",
        "...",
        "lab.example.",
        "/",
        "a//b",
        "Zürich-北京",
        "\"quoted\" <i>'s",
        "table",
    ]
    .map(str::to_owned)
    .into();
    names.push("n".repeat(LONG));
    names.push("n.".repeat(LONG / 2) + "n");
    names.push("/ü".repeat(LONG / 3));
    names
}

fn kubeconfig(server: &str, names: &[String]) -> String {
    let context = |name: &String| serde_json::json!({ "name": name, "context": { "cluster": "c", "user": "u" } });
    serde_json::json!({
        "apiVersion": "v1", "kind": "Config", "current-context": names[0],
        "clusters": [{ "name": "c", "cluster": { "server": server } }],
        "users": [{ "name": "u", "user": { "token": "t" } }],
        "contexts": names.iter().map(context).collect::<Vec<_>>(),
    })
    .to_string()
}

fn serve(folder: &Folder, simulated: &Process, names: &[String]) -> Process {
    let file = folder.file("kubeconfig", &kubeconfig(&simulated.url, names));
    let args = ["serve", "--listen", "127.0.0.1:0", "--data", text(&folder.0), "--kubeconfig", text(&file)];
    Process::start(&mut command(&args))
}

fn simulated() -> Process {
    Process::start(&mut command(&["simulate", "--listen", "127.0.0.1:0", "--life", "off"]))
}

/// A segment as an independent hand would encode it: each byte but letters and digits.
fn segment(name: &str) -> String {
    name.bytes()
        .map(|b| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") })
        .collect()
}

fn links(page: &str) -> BTreeSet<String> {
    let after = |name: &str| page.split(name).skip(1).filter_map(|rest| rest.split('"').next()).collect::<Vec<_>>();
    let all = [after("href=\""), after("action=\""), after("src=\"")].concat();
    all.into_iter().filter(|to| to.starts_with("/c/")).map(|to| to.replace("&amp;", "&")).collect()
}

#[test]
fn every_page_and_link_of_a_cluster_with_any_name_is_found() {
    let (folder, simulated, names) = (Folder::new(), simulated(), names());
    let server = serve(&folder, &simulated, &names);
    let first = server.ask("GET", "/", "Accept: text/html\r\n", "");
    assert_eq!(first.status, 200, "{first:?}");
    let listed = links(&first.body);
    assert_eq!(listed.len(), names.len(), "{listed:?}");
    for name in &names {
        let at = format!("/c/{}", segment(name));
        for end in ["", "/table", "/drift", "/networking", "/deployments", "/backups", "/backups/retention"] {
            let page = server.ask("GET", &format!("{at}{end}"), "Accept: text/html\r\n", "");
            assert_eq!(page.status, 200, "{name}{end}: {page:?}");
        }
        for end in [
            "/architecture.svg",
            "/architecture.json",
            "/networking.svg",
            "/networking.json",
            "/drift.json",
            "/panel?sel=node/host1",
            "/backups/part",
        ] {
            assert_eq!(server.get(&format!("{at}{end}")).status, 200, "{name}{end}");
        }
        let api = format!("/api/v1/clusters/{}", segment(name));
        for end in ["", "/nodes", "/components", "/pods", "/services", "/endpoints", "/diagrams/architecture.svg"] {
            assert_eq!(server.get(&format!("{api}{end}")).status, 200, "{name}{end}");
        }
        let embedded = format!("/embed/{}/architecture", segment(name));
        for end in ["", ".svg", "/panel?sel=node/host1"] {
            assert_eq!(server.get(&format!("{embedded}{end}")).status, 200, "{name}{end}");
        }
        for stream in [format!("{at}/stream"), format!("{embedded}/stream"), format!("{at}/backups/stream")] {
            let (_line, said) = server.stream(&stream, server.connect());
            let begun = said.starts_with("HTTP/1.1 101") || said.starts_with("HTTP/1.1 200");
            assert!(begun, "{stream}: {said}");
        }
    }
    for to in listed {
        let page = server.ask("GET", &to, "Accept: text/html\r\n", "");
        assert_eq!(page.status, 200, "{to}: {page:?}");
        for further in links(&page.body) {
            let to = further.split('#').next().unwrap_or_default();
            let answer = server.ask("GET", to, "Accept: text/html\r\n", "");
            assert!(matches!(answer.status, 200 | 307), "{further}: {answer:?}");
        }
    }
}

#[test]
fn the_first_page_leads_to_the_only_cluster_whatever_its_name() {
    let simulated = simulated();
    for name in names() {
        let folder = Folder::new();
        let server = serve(&folder, &simulated, std::slice::from_ref(&name));
        let home = server.ask("GET", "/", "Accept: text/html\r\n", "");
        let to = home.header("location").unwrap_or_default().to_owned();
        assert_eq!(home.status, 307, "{name}: {home:?}");
        // The client of this test has heads in small letters.
        let here = format!("/c/{}", segment(&name));
        assert!(leads(&to, &here), "{name}: {to}");
        assert_eq!(server.ask("GET", &here, "Accept: text/html\r\n", "").status, 200, "{name}");
        let table = server.ask("GET", &format!("{here}?show=table"), "Accept: text/html\r\n", "");
        assert_eq!(table.status, 307, "{name}: {table:?}");
        let to = table.header("location").unwrap_or_default().to_owned();
        assert!(leads(&to, &format!("{here}/table")), "{name}: {to}");
    }
}

/// Whether two addresses have the same segments, but for the size of letters.
fn leads(to: &str, wanted: &str) -> bool {
    let read = |path: &str| path.split('/').map(|part| unescaped(part).to_lowercase()).collect::<Vec<_>>();
    read(to) == read(wanted)
}

fn unescaped(part: &str) -> String {
    let pair = format!("p={}", part.replace('+', "%2B"));
    form_urlencoded::parse(pair.as_bytes()).next().map(|(_, value)| value.into_owned()).unwrap_or_default()
}

#[test]
fn names_that_no_address_can_hold_are_told() {
    let (folder, simulated) = (Folder::new(), simulated());
    let names = ["lab", ".", "..", "a/../../b", r"a\.\b", "a\nb"].map(str::to_owned);
    let server = serve(&folder, &simulated, &names);
    let first = server.ask("GET", "/", "Accept: text/html\r\n", "");
    let pages: BTreeSet<String> =
        links(&first.body).iter().filter_map(|link| Some(link.split('#').next()?.to_owned())).collect();
    assert_eq!(pages, BTreeSet::from(["/c/lab".to_owned()]));
    assert_eq!(first.body.matches("No address can hold this name. Rename the context").count(), 5, "{first:?}");
    for (path, status) in [("/c/.", 400), ("/c/%2E%2E", 400), ("/c/a%2F..%2Fb", 400), ("/api/v1/clusters/%2E", 404)] {
        let answer = server.get(path);
        assert_eq!(answer.status, status, "{path}: {answer:?}");
        assert!(answer.body.contains("an empty part, . or .. in its path"), "{path}: {answer:?}");
    }
}

/// A path of the table with its places filled: an encoded cluster, an odd id.
fn filled(row: &Row, cluster: &str) -> String {
    let file = if row.path.contains("/api/") { "networking.json" } else { "x" };
    let path = row.path.replace("{cluster}", &segment(cluster));
    let path = path.replace("{group}", "core").replace("{plural}", "pods").replace("{namespace}", "ims");
    let path = path.replace("{pod}", "none").replace("{name}", "none");
    path.replace("{file}", file).replace("{id}", &segment("a/b: 100%"))
}

/// The status of an answer. The body is not read: a stream has no end.
fn status(server: &Process, row: &Row, path: &str) -> u16 {
    use std::io::{Read as _, Write as _};
    let mut line = server.connect();
    let length = if row.method == Method::POST { "Content-Length: 0\r\n" } else { "" };
    let (method, host) = (&row.method, server.address);
    write!(line, "{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{length}\r\n").expect("sent");
    let mut said = [0; 12];
    line.read_exact(&mut said).unwrap_or_else(|error| panic!("{method} {path}: {error}"));
    String::from_utf8_lossy(&said[9..]).parse().unwrap_or_else(|_| panic!("{method} {path}: {said:?}"))
}

#[test]
fn every_route_answers_for_any_name_as_for_a_plain_one() {
    let (folder, simulated) = (Folder::new(), simulated());
    let mut all = names();
    all.insert(0, "plain".into());
    let file = folder.file("kubeconfig", &kubeconfig(&simulated.url, &all));
    let args = ["serve", "--listen", "127.0.0.1:0", "--data", text(&folder.0), "--kubeconfig", text(&file)];
    let server = Process::start(&mut command(&[&args[..], &["--rate", "1000000"]].concat()));
    let rows = table().into_iter().filter(|row| row.path.contains("{cluster}"));
    for row in rows.collect::<Vec<_>>() {
        let plain = status(&server, &row, &filled(&row, "plain"));
        assert!(plain < 500 || plain == 503, "{} {}: {plain}", row.method, row.path);
        // Pixels take a processor long in a test's build: a few names do.
        let some = if row.path.ends_with(".png") { 4 } else { all.len() };
        for name in &all[1..some] {
            let path = filled(&row, name);
            assert_eq!(status(&server, &row, &path), plain, "{} {} for {name}", row.method, row.path);
        }
    }
}

#[test]
fn what_is_sought_chosen_and_filtered_may_have_any_name() {
    let (folder, simulated) = (Folder::new(), simulated());
    let server = serve(&folder, &simulated, &["lab".to_owned()]);
    for name in names() {
        let value = segment(&name);
        for path in [
            format!("/c/lab?at=node/{value}"),
            format!("/c/lab?at=group/{value}"),
            format!("/c/lab?ns={value}&owner={value}&state={value}&q={value}"),
            format!("/c/lab/table?ns={value}&q={value}"),
            format!("/c/lab/networking?at=node/{value}&sel=service/{value}/{value}"),
            format!("/c/lab/architecture.svg?at=node/{value}&ns={value}"),
            format!("/api/v1/clusters/lab/pods?namespace={value}&node={value}&owner={value}&search={value}"),
            format!("/api/v1/clusters/lab/diagrams/architecture.svg?ns={value}&at=node/{value}"),
        ] {
            let answer = server.ask("GET", &path, "Accept: */*\r\n", "");
            assert!(matches!(answer.status, 200 | 307 | 400 | 404 | 422), "{path}: {answer:?}");
            for to in links(&answer.body).iter().filter(|_| answer.status == 200) {
                let further = server.ask("GET", to.split('#').next().unwrap_or_default(), "Accept: */*\r\n", "");
                assert!(matches!(further.status, 200 | 307), "{path} → {to}: {further:?}");
            }
        }
    }
}
