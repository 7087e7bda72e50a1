//! The page that shows the API and lets it be tried: complete, and no way around what a role may.

mod served;

use std::time::Duration;

use binnacle::{access::table, rest::document};
use served::{Answer, Folder, Process, token, until};

struct House {
    server: Process,
    admin: String,
    viewer: String,
    _folder: Folder,
}

impl House {
    fn open(more: &[&str]) -> Self {
        let folder = Folder::new();
        let (admin, viewer) = (token(&folder, "admin"), token(&folder, "viewer"));
        let server = Process::demo(&folder, &[&["--sign-in", "tokens"], more].concat());
        let house = Self { server, admin, viewer, _folder: folder };
        until("the cluster", Duration::from_secs(30), || house.ask(&house.viewer, "/c/demo").status == 200);
        house
    }

    fn ask(&self, token: &str, path: &str) -> Answer {
        self.server.ask("GET", path, &format!("Accept: text/html, */*;q=0.8\r\nAuthorization: Bearer {token}\r\n"), "")
    }

    fn tries(&self, token: &str, query: &str) -> String {
        let answer = self.ask(token, &format!("/api?try={query}"));
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.body
    }
}

#[test]
fn every_operation_of_the_document_is_there_with_its_role_and_its_command() {
    let house = House::open(&[]);
    let page = house.ask(&house.viewer, "/api").body;
    let document = document();
    let paths = document["paths"].as_object().expect("paths");
    let mut all = 0;
    for (path, operations) in paths {
        for (method, operation) in operations.as_object().expect("operations") {
            all += 1;
            let id = operation["operationId"].as_str().expect("a name");
            assert!(page.contains(&format!("id=\"{id}\"")), "{id}");
            let address = format!("{}{path}&#39;", house.server.url).replace("&#39;", "'");
            assert!(page.contains(&address), "{method} {address}");
        }
    }
    assert!(all >= 18, "{all}");
    assert!(table().iter().any(|row| row.path == "/api"));
    assert!(page.contains("Authorization: Bearer $TOKEN") && !page.contains("bnc_"));
    assert_eq!(house.server.get("/api").status, 401);
}

#[test]
fn what_a_viewer_tries_is_answered_as_their_program_would_be() {
    let house = House::open(&[]);
    let pods = house
        .tries(&house.viewer, "get_clusters_cluster_pods&p.cluster=demo&p.namespace=kube-system&p.limit=2&p.node=");
    assert!(pods.contains("200 OK") && pods.contains("\"namespace\": \"kube-system\""), "{pods}");
    assert!(pods.contains("/api/v1/clusters/demo/pods?namespace=kube-system&amp;limit=2\""), "{pods}");
    let picture =
        house.tries(&house.viewer, "get_clusters_cluster_diagrams_file&p.cluster=demo&p.file=architecture.svg");
    assert!(picture.contains("src=\"/api/v1/clusters/demo/diagrams/architecture.svg\""), "{picture}");
    let changes = house.tries(&house.viewer, "get_clusters_cluster_changes&p.cluster=demo");
    assert!(changes.contains("event: whole") && changes.contains("Only the beginning is shown"), "{changes}");
    let lines = house.tries(&house.viewer, "get_clusters_cluster_changes&p.cluster=demo&accept=application/x-ndjson");
    assert!(
        lines.contains("content-type: application/x-ndjson") && lines.contains("-H 'Accept: application/x-ndjson'")
    );
    let audit = house.tries(&house.viewer, "get_audit");
    assert!(audit.contains("403 Forbidden") && audit.contains("You need the admin role for this"), "{audit}");
    assert!(house.tries(&house.admin, "get_audit").contains("200 OK"));
    let refused = house.ask(&house.admin, "/api/v1/audit?action=refused").body;
    assert!(refused.contains("/api/v1/audit"), "what was refused there is in the audit: {refused}");
}

#[test]
fn no_word_in_a_field_leads_anywhere_else_and_nothing_that_acts_is_tried() {
    let house = House::open(&[]);
    for odd in
        ["../../tokens", "..", ".", "", "\0", "demo/..", "a\\b", "\r\nX: y", "demo?x", "<script>alert(1)</script>"]
    {
        let page = house.tries(
            &house.admin,
            &format!(
                "get_clusters_cluster&p.cluster={}",
                form_urlencoded::byte_serialize(odd.as_bytes()).collect::<String>()
            ),
        );
        assert!(page.contains("404 Not Found") || page.contains("400 Bad Request"), "{odd}: {page}");
        assert!(!page.contains("<script>alert"), "{odd}");
    }
    let made = house.tries(&house.admin, "post_tokens&p.name=x");
    assert!(!made.contains("201") && !made.contains("role=\"status\""));
    let odd = house.tries(&house.viewer, "get_version&accept=%0d%0aX-Other:%20y");
    assert!(odd.contains("400 Bad Request"), "{odd}");
}

#[test]
fn trying_counts_as_asking() {
    let house = House::open(&["--rate", "3"]);
    let pages: Vec<String> = (0..5).map(|_| house.tries(&house.viewer, "get_version")).collect();
    assert!(pages[0].contains("200 OK") && pages[4].contains("429 Too Many Requests"), "{}", pages[4]);
}
