//! Below a base path, behind proxies that take it off and such that do not.

mod served;

use std::fs::File;

use served::{Answer, Folder, Process, command, text, token};

const HOST: &str = "X-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: portal.example\r\n";

fn behind(folder: &Folder, more: &[&str]) -> Process {
    let fixed = ["--base-path", "/ops/binnacle", "--sign-in", "local", "--hosts", "portal.example"];
    Process::demo(folder, &[&fixed, more].concat())
}

fn html(server: &Process, path: &str, head: &str) -> Answer {
    server.ask("GET", path, &format!("Accept: text/html\r\n{head}"), "")
}

/// Every address in a page that is ours, as a browser would ask for it.
fn links(page: &str) -> Vec<&str> {
    let after = |name: &str| page.split(name).skip(1).filter_map(|rest| rest.split('"').next()).collect::<Vec<_>>();
    let all = [after("href=\""), after("action=\""), after("src=\"")].concat();
    all.into_iter().filter(|to| to.starts_with('/')).collect()
}

#[test]
fn all_that_a_page_leads_to_is_below_the_base() {
    let folder = Folder::new();
    let bearer = format!("Authorization: Bearer {}\r\n", token(&folder, "admin"));
    let server = behind(&folder, &["--embed-origins", "https://portal.example"]);
    assert!(server.url.ends_with("/ops/binnacle"), "{}", server.url);
    for page in [
        "/c/demo",
        "/c/demo/networking?sel=node/host1",
        "/c/demo/table",
        "/c/demo/drift",
        "/plans",
        "/tokens",
        "/audit",
    ] {
        let answer = html(&server, &format!("/ops/binnacle{page}"), &bearer);
        assert_eq!(answer.status, 200, "{page}: {answer:?}");
        let links = links(&answer.body);
        assert!(links.len() > 4, "{page}: {links:?}");
        assert_eq!(links.iter().find(|to| !to.starts_with("/ops/binnacle/")), None, "{page}");
        for file in links.iter().filter(|to| to.contains("/assets/")) {
            assert_eq!(server.get(file).status, 200, "{file}");
        }
    }
    let home = html(&server, "/ops/binnacle", &bearer);
    assert_eq!((home.status, home.header("location")), (307, Some("/ops/binnacle/c/demo")), "{home:?}");
    let document = server.get("/ops/binnacle/api/v1/openapi.json").body;
    assert!(document.contains(r#""servers":[{"url":"/ops/binnacle"}]"#));
    let wanted = r#"{"cluster":"demo","view":"architecture"}"#;
    let head = format!("{bearer}Content-Type: application/json\r\n");
    let made = server.ask("POST", "/ops/binnacle/api/v1/embed-links", &head, wanted);
    for (name, ending) in [("page", ""), ("picture", ".svg"), ("pixels", ".png")] {
        let whole = format!(r#""{name}":"{}/embed/demo/architecture{ending}?link="#, server.url);
        assert!(made.body.contains(&whole), "{made:?}");
    }
}

#[test]
fn outside_of_the_base_there_is_a_sentence_and_only_health_and_numbers_answer() {
    let folder = Folder::new();
    let server = behind(&folder, &[]);
    for path in ["/", "/c/demo", "/ops", "/ops/binnacles/c/demo", "/ops/binnacle%2fc", "/api/v1/health"] {
        let answer = server.get(path);
        assert_eq!(answer.status, 404, "{path}: {answer:?}");
        assert!(answer.body.contains("is served below /ops/binnacle/ alone"), "{path}: {answer:?}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    }
    assert!(server.get("/api/v1/health").head.contains("application/problem+json"));
    assert_eq!(server.get("/healthz").status, 200);
    assert_eq!(server.get("/ops/binnacle/healthz").status, 200);
    assert_eq!(server.get("/metrics").status, 401);
    for odd in ["/ops/binnacle//c/demo", "/ops/binnacle/../tokens", "/ops/binnacle/%2e%2e/tokens"] {
        assert_eq!(server.get(odd).status, 400, "{odd}");
    }
}

#[test]
fn a_trusted_proxy_may_take_the_base_off_and_says_which_host_was_asked_for() {
    let folder = Folder::new();
    let password = folder.file("password", "correct horse battery\n");
    let made = command(&["user", "add", "ann", "--role", "viewer", "--data", text(&folder.0)])
        .stdin(File::open(&password).expect("a file"))
        .status();
    assert!(made.is_ok_and(|status| status.success()));
    let server = behind(&folder, &["--trusted-proxies", "127.0.0.1"]);
    for prefix in ["/ops/binnacle", ""] {
        let sent = html(&server, &format!("{prefix}/c/demo?q=a"), HOST);
        assert_eq!(sent.status, 303, "{sent:?}");
        assert_eq!(sent.header("location"), Some("/ops/binnacle/sign-in?next=/c/demo%3fq%3da"));
        let page = html(&server, &format!("{prefix}/sign-in?next=/c/demo"), HOST);
        assert!(page.status == 200 && page.body.contains("action=\"/ops/binnacle/sign-in\""), "{page:?}");
        assert!(page.body.contains("value=\"/c/demo\""), "{page:?}");
    }
    let form = "name=ann&password=correct+horse+battery&next=%2Fc%2Fdemo%2Ftable";
    let head = format!("{HOST}Origin: https://portal.example\r\nContent-Type: application/x-www-form-urlencoded\r\n");
    let signed_in = server.ask("POST", "/sign-in", &head, form);
    assert_eq!((signed_in.status, signed_in.header("location")), (303, Some("/ops/binnacle/c/demo/table")));
    let cookie = signed_in.header("set-cookie").expect("a cookie");
    assert!(cookie.starts_with("__secure-binnacle=") && cookie.contains("; path=/ops/binnacle; httponly"), "{cookie}");
    let foreign = html(&server, "/c/demo", "X-Forwarded-Host: evil.example\r\n");
    assert_eq!(foreign.status, 421, "{foreign:?}");
}
