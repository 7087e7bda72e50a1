//! Links to figures in portals: what they open, what they do not, and how they end.

mod served;

use std::time::Duration;

use binnacle::access::{Needs, table};
use serde_json::{Value, json};
use served::{Answer, Folder, Process, token, until};

const PORTAL: &str = "http://portal.example:9000";

struct House {
    server: Process,
    token: String,
    _folder: Folder,
}

impl House {
    fn open() -> Self {
        let folder = Folder::new();
        let token = token(&folder, "viewer");
        let origins = format!("{PORTAL},https://other.example");
        let server = Process::demo(&folder, &["--sign-in", "tokens", "--embed-origins", &origins]);
        let house = Self { server, token, _folder: folder };
        until("the cluster", Duration::from_secs(30), || house.ask("GET", "/c/demo", "").status == 200);
        house
    }

    fn ask(&self, method: &str, path: &str, body: &str) -> Answer {
        let head = format!("Authorization: Bearer {}\r\nContent-Type: application/json\r\n", self.token);
        self.server.ask(method, path, &head, body)
    }

    fn link(&self, wanted: &Value) -> Value {
        let made = self.ask("POST", "/api/v1/embed-links", &wanted.to_string());
        assert_eq!(made.status, 201, "{made:?}");
        let mut made: Value = serde_json::from_str(&made.body).unwrap_or_else(|_| panic!("{made:?}"));
        for name in ["page", "picture", "pixels"] {
            let path = text(&made, name).strip_prefix(&self.server.url).expect("a whole address").to_owned();
            made[name] = json!(path);
        }
        made
    }
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_else(|| panic!("no {name}: {value}"))
}

#[test]
fn a_link_opens_its_figure_as_page_picture_stream_and_panel_and_nothing_else() {
    let house = House::open();
    let made = house.link(&json!({ "cluster": "demo", "view": "architecture" }));
    let (page, picture) = (text(&made, "page"), text(&made, "picture"));
    let link = page.split_once('?').expect("a query").1;
    let frame = house.server.get(page);
    assert_eq!(frame.status, 200, "{frame:?}");
    let policy = frame.header("content-security-policy").expect("a policy");
    assert!(policy.ends_with(&format!("frame-ancestors {PORTAL} https://other.example")), "{policy}");
    assert_eq!(frame.header("referrer-policy"), Some("no-referrer"));
    assert_eq!(frame.header("cache-control"), Some("no-store"));
    assert!(
        frame.body.contains("id=\"figure\"")
            && !frame.body.contains("class=\"tabs\"")
            && !frame.body.contains("<header><")
    );
    assert!(frame.body.contains(&format!("?{link}&amp;sel=")) || frame.body.contains(&format!("?{link}&sel=")));
    let svg = house.server.get(picture);
    assert!(svg.status == 200 && svg.header("content-type") == Some("image/svg+xml"), "{svg:?}");
    let png = house.server.get(text(&made, "pixels"));
    assert!(png.status == 200 && png.header("content-type") == Some("image/png"), "{}", png.status);
    let dark = house.server.get(&format!("{picture}&theme=dark"));
    assert!(dark.status == 200 && dark.body != svg.body, "its colours are chosen");
    let panel = house.server.get(&format!("/embed/demo/architecture/panel?{link}&sel=node/host1"));
    assert!(panel.status == 200 && panel.body.contains("host1"), "{panel:?}");
    let (_line, said) = house.server.stream(&format!("/embed/demo/architecture/stream?{link}"), house.server.connect());
    assert!(said.starts_with("HTTP/1.1 101"), "{said}");
    for other in [
        "/embed/demo/networking",
        "/embed/demo/networking.svg",
        "/embed/demo/networking.png",
        "/embed/else/architecture",
    ] {
        let answer = house.server.get(&format!("{other}?{link}"));
        assert!(
            answer.status == 403 && answer.body.contains("another cluster or another figure"),
            "{other}: {answer:?}"
        );
    }
    // On every other route of the table the link is nothing at all.
    for row in table().into_iter().filter(|row| matches!(row.needs, Needs::Role(_))) {
        let path = row.path.replace("{cluster}", "demo").replace("{id}", "1").replace(['{', '}'], "");
        let answer = house.server.ask(row.method.as_str(), &format!("{path}?{link}"), "", "");
        assert_eq!(answer.status, 401, "{} {path}: {answer:?}", row.method);
    }
    let secret = link.trim_start_matches("link=");
    assert!(!house.server.log().contains(&secret[secret.len() - 20..]), "the link is in the log");
}

#[test]
fn links_begin_with_the_public_address_or_with_the_one_that_was_asked() {
    let house = House::open();
    let made = house.ask("POST", "/api/v1/embed-links", r#"{"cluster":"demo","view":"networking"}"#).body;
    let made: Value = serde_json::from_str(&made).unwrap_or_else(|_| panic!("{made}"));
    assert!(text(&made, "page").starts_with(&format!("{}/embed/demo/networking?link=", house.server.url)), "{made}");
    assert!(text(&made, "hint").contains("public_url"), "it says how far the address is known: {made}");
    let folder = Folder::new();
    let token = token(&folder, "viewer");
    let more = ["--sign-in", "tokens", "--embed-origins", PORTAL, "--public-url", "https://lab.example/ops/"];
    let server = Process::demo(&folder, &[&more[..], &["--base-path", "/ops"]].concat());
    let head = format!("Authorization: Bearer {token}\r\nContent-Type: application/json\r\n");
    let made = server.ask("POST", "/ops/api/v1/embed-links", &head, r#"{"cluster":"demo","view":"architecture"}"#);
    let made: Value = serde_json::from_str(&made.body).unwrap_or_else(|_| panic!("{made:?}"));
    for (name, ending) in [("page", ""), ("picture", ".svg"), ("pixels", ".png")] {
        let whole = format!("https://lab.example/ops/embed/demo/architecture{ending}?link=");
        assert!(text(&made, name).starts_with(&whole), "{made}");
    }
    assert_eq!(made["hint"], Value::Null);
    let page = text(&made, "page").strip_prefix("https://lab.example").expect("it").to_owned();
    assert_eq!(server.ask("GET", &page, "", "").status, 200);
}

#[test]
fn without_a_link_or_with_a_bad_one_a_page_says_why() {
    let house = House::open();
    let none = house.server.get("/embed/demo/architecture");
    assert!(none.status == 401 && none.body.contains("needs a link"), "{none:?}");
    let made = house.link(&json!({ "cluster": "demo", "view": "networking", "ttl": 10 }));
    let page = text(&made, "page");
    assert_eq!(house.server.get(page).status, 200);
    let forged = house.server.get(&format!("{page}A"));
    assert!(forged.status == 403 && forged.body.contains("was not made here"), "{forged:?}");
    let revoked = house.link(&json!({ "cluster": "demo", "view": "networking", "origin": PORTAL }));
    let only = house.server.get(text(&revoked, "page"));
    assert!(
        only.header("content-security-policy")
            .is_some_and(|policy| policy.ends_with(&format!("frame-ancestors {PORTAL}")))
    );
    assert!(only.body.contains(PORTAL), "it tells its one portal");
    let path = format!("/api/v1/embed-links/{}", text(&revoked, "id"));
    assert_eq!(house.ask("DELETE", &path, "").status, 204);
    assert_eq!(house.ask("DELETE", &path, "").status, 204);
    let gone = house.server.get(text(&revoked, "page"));
    assert!(gone.status == 410 && gone.body.contains("was revoked"), "{gone:?}");
    until("it expires", Duration::from_secs(15), || house.server.get(page).status == 410);
    assert!(house.server.get(page).body.contains("has expired"));
    let listed = house.ask("GET", "/api/v1/embed-links", "").body;
    let listed: Value = serde_json::from_str(&listed).unwrap_or_else(|_| panic!("{listed}"));
    assert_eq!(listed["items"].as_array().map(Vec::len), Some(2), "{listed}");
    assert!(!listed.to_string().contains("link="), "a listed link is not given away");
}

#[test]
fn a_link_that_cannot_be_is_refused_with_the_reason() {
    let house = House::open();
    for (wanted, why) in [
        (json!({ "cluster": "none", "view": "architecture" }), "no such cluster"),
        (json!({ "cluster": "demo", "view": "table" }), "`table` is none of `architecture`, `networking`"),
        (json!({ "cluster": "demo", "view": "architecture", "ttl": 1_000_000 }), "ttl must be between"),
        (json!({ "cluster": "demo", "view": "architecture", "origin": "https://evil.example" }), "embed_origins"),
        (json!({ "cluster": "demo", "view": "architecture", "role": "admin" }), "`role` is not known"),
        (json!({ "view": "architecture" }), "`cluster` is missing"),
    ] {
        let answer = house.ask("POST", "/api/v1/embed-links", &wanted.to_string());
        assert!(answer.status == 422 && answer.body.contains(why), "{wanted}: {answer:?}");
        assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    }
    assert_eq!(house.ask("POST", "/api/v1/embed-links", "{").status, 400);
    assert_eq!(house.ask("DELETE", "/api/v1/embed-links/0000", "").status, 404);
}

#[test]
fn a_link_tells_only_of_what_its_figure_shows() {
    let house = House::open();
    let made = house.link(&json!({ "cluster": "demo", "view": "networking" }));
    let link = text(&made, "page").split_once('?').expect("a query").1.to_owned();
    let pods = house.ask("GET", "/api/v1/clusters/demo/pods?limit=100", "").body;
    let pods: Value = serde_json::from_str(&pods).unwrap_or_else(|_| panic!("{pods}"));
    let of = |pod: &Value| format!("pod/{}/{}", text(pod, "namespace"), text(pod, "name"));
    let pods: Vec<String> = pods["items"].as_array().expect("a list").iter().map(of).collect();
    let page = house.server.get(text(&made, "page")).body;
    let panel = |selection: &str| house.server.get(&format!("/embed/demo/networking/panel?{link}&sel={selection}"));
    let (shown, hidden): (Vec<_>, Vec<_>) = pods.iter().partition(|pod| page.contains(&format!("sel={pod}")));
    assert!(!hidden.is_empty(), "the figure shows every pod: {pods:?}");
    for pod in &hidden {
        assert_eq!(panel(pod).status, 404, "{pod}");
        assert_eq!(
            house.server.get(&format!("/embed/demo/networking?{link}&sel={pod}")).status,
            200,
            "its page stands"
        );
    }
    let nodes = ["node/host1", "node/host2"].into_iter().filter(|node| page.contains(&format!("sel={node}")));
    let open: Vec<u16> = nodes.chain(shown.iter().map(|pod| pod.as_str())).map(|one| panel(one).status).collect();
    assert!(open.contains(&200), "what is shown is told: {open:?}");
    let follows = house.server.get(&format!("/embed/demo/networking?{link}&follow=service/default/kubernetes"));
    assert_eq!(follows.status, 403, "where one thing leads is another figure");
}
