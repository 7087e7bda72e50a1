//! Local users: changed on the command line and on a page, kept out by nobody's guesses, and gone with all that is theirs.

mod served;

use std::{io::Write, process::Stdio};

use served::{Answer, Folder, Process, command, text};

const ANN: &str = "tide-7-anvil-kettle";
const BOB: &str = "moss-4-lantern-grove";
const FORM: &str = "Content-Type: application/x-www-form-urlencoded\r\n";

/// Runs a command on a folder's database, with a line on its standard input.
fn run(folder: &Folder, args: &[&str], line: &str) -> (bool, String) {
    let args = [args, &["--data", text(&folder.0)]].concat();
    let mut child =
        command(&args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it runs");
    writeln!(child.stdin.take().expect("its input"), "{line}").expect("read");
    let ended = child.wait_with_output().expect("it ends");
    let said = String::from_utf8_lossy(&ended.stdout).into_owned() + &String::from_utf8_lossy(&ended.stderr);
    (ended.status.success(), said)
}

fn done(folder: &Folder, args: &[&str], line: &str) -> String {
    let (well, said) = run(folder, args, line);
    assert!(well, "{args:?}: {said}");
    said
}

/// A server of local users behind a proxy on this machine, so that a test can come from any address.
fn serve(folder: &Folder) -> Process {
    Process::demo(folder, &["--sign-in", "local", "--trusted-proxies", "127.0.0.1"])
}

/// Posts a form from an address, as a browser of our own page does.
fn post(server: &Process, path: &str, from: &str, cookie: &str, form: &str) -> Answer {
    let origin = format!("http://{}", server.address);
    let head = format!("{FORM}Origin: {origin}\r\nX-Forwarded-For: {from}\r\nCookie: {cookie}\r\n");
    server.ask("POST", path, &head, form)
}

fn sign_in(server: &Process, from: &str, name: &str, password: &str) -> Result<String, u16> {
    let answer = post(server, "/sign-in", from, "", &format!("name={name}&password={password}"));
    let cookie = answer.header("set-cookie").and_then(|cookie| cookie.split(';').next()).map(str::to_owned);
    cookie.ok_or(answer.status)
}

fn see(server: &Process, path: &str, cookie: &str) -> Answer {
    server.ask("GET", path, &format!("X-Forwarded-For: 198.51.100.1\r\nCookie: {cookie}\r\n"), "")
}

/// What the audit says was done, oldest first.
fn audit(server: &Process, token: &str) -> Vec<String> {
    let lines = server.ask("GET", "/audit.jsonl", &format!("Authorization: Bearer {token}\r\n"), "").body;
    let lines = lines.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let word = |line: &serde_json::Value, name: &str| line[name].as_str().unwrap_or_default().to_owned();
    let mut told: Vec<String> = lines
        .map(|line| format!("{} {} {}", word(&line, "who"), word(&line, "action"), word(&line, "target")))
        .collect();
    told.reverse();
    told
}

#[test]
fn the_command_line_changes_people_and_each_change_is_in_the_audit() {
    let folder = Folder::new();
    done(&folder, &["user", "add", "ann", "--role", "admin"], ANN);
    done(&folder, &["user", "add", "bob"], BOB);
    let (well, said) = run(&folder, &["user", "add", "eve"], "123456789012");
    assert!(!well && said.contains("harder to guess"), "{said}");
    let server = serve(&folder);
    let ann = sign_in(&server, "198.51.100.1", "ann", ANN).expect("signed in");
    let bob = sign_in(&server, "198.51.100.1", "bob", BOB).expect("signed in");
    assert!(done(&folder, &["user", "sessions", "bob"], "").contains("local bob"));
    assert!(!done(&folder, &["user", "sessions", "bob"], "").contains("local ann"));
    done(&folder, &["user", "role", "bob", "operator"], "");
    assert_eq!(see(&server, "/c/demo", &bob).status, 200);
    let said = done(&folder, &["user", "password", "bob"], "quartz-9-meadow-fern");
    assert!(said.contains("1 sessions ended"), "{said}");
    assert_eq!(see(&server, "/c/demo", &bob).status, 401, "another password ends what was open");
    let bob = sign_in(&server, "198.51.100.1", "bob", "quartz-9-meadow-fern").expect("signed in");
    let said = done(&folder, &["user", "disable", "bob"], "");
    assert!(said.contains("1 sessions ended"), "{said}");
    assert_eq!(see(&server, "/c/demo", &bob).status, 401);
    done(&folder, &["user", "enable", "bob"], "");
    assert!(done(&folder, &["user", "list"], "").contains("bob: operator\n"));
    assert!(!run(&folder, &["user", "role", "zoe", "admin"], "").0, "there is no zoe");
    let token = done(&folder, &["token", "add", "test", "--role", "admin"], "");
    let told = audit(&server, token.trim());
    for change in ["add ann", "add bob", "role bob", "password bob", "disable bob", "enable bob"] {
        assert!(told.contains(&format!("the command line user.{change}")), "{change}: {told:?}");
    }
    assert_eq!(see(&server, "/users", &ann).status, 200);
}

#[test]
fn an_admin_changes_people_on_a_page_and_never_removes_the_last_admin() {
    let folder = Folder::new();
    done(&folder, &["user", "add", "ann", "--role", "admin"], ANN);
    let server = serve(&folder);
    let ann = sign_in(&server, "198.51.100.1", "ann", ANN).expect("signed in");
    let change = |path: &str, form: &str| post(&server, path, "198.51.100.1", &ann, form);
    let added = change("/users", &format!("name=bob&password={BOB}&role=viewer"));
    assert!(added.status == 200 && added.body.contains(app::texts::USER_ADDED), "{added:?}");
    let common = change("/users", "name=eve&password=passwordpassword&role=viewer");
    assert!(common.status == 422 && common.body.contains("harder to guess"), "{common:?}");
    let bob = sign_in(&server, "198.51.100.1", "bob", BOB).expect("signed in");
    assert_eq!(see(&server, "/users", &bob).status, 403, "a viewer sees nobody");
    for (path, form) in [("/users/ann/role", "role=viewer"), ("/users/ann/disable", "")] {
        let last = change(path, form);
        assert!(last.status == 422 && last.body.contains("only admin"), "{path}: {last:?}");
    }
    assert_eq!(change("/users/bob/role", "role=admin").status, 200);
    assert_eq!(see(&server, "/users", &bob).status, 200, "it holds at once");
    assert_eq!(change("/users/bob/password", "password=quartz-9-meadow-fern").status, 200);
    assert_eq!(see(&server, "/users", &bob).status, 401);
    assert_eq!(change("/users/bob/disable", "").status, 200);
    assert_eq!(sign_in(&server, "198.51.100.1", "bob", "quartz-9-meadow-fern"), Err(401));
    assert_eq!(change("/users/bob/enable", "").status, 200);
    assert!(sign_in(&server, "198.51.100.1", "bob", "quartz-9-meadow-fern").is_ok());
    assert_eq!(change("/users/zoe/enable", "").status, 404);
    let token = done(&folder, &["token", "add", "test", "--role", "admin"], "");
    let told = audit(&server, token.trim());
    for change in ["add bob", "role bob", "password bob", "disable bob", "enable bob"] {
        assert!(told.contains(&format!("ann user.{change}")), "{change}: {told:?}");
    }
}

#[test]
fn guesses_from_elsewhere_do_not_keep_the_owner_out() {
    let folder = Folder::new();
    done(&folder, &["user", "add", "ann", "--role", "admin"], ANN);
    let server = serve(&folder);
    assert!(sign_in(&server, "198.51.100.1", "ann", ANN).is_ok(), "from where she works");
    let guesses: Vec<_> = (0..9).map(|_| sign_in(&server, "203.0.113.9", "ann", "wrong-horse-battery")).collect();
    assert_eq!(guesses.last(), Some(&Err(429)), "{guesses:?}");
    assert_eq!(sign_in(&server, "203.0.113.10", "ann", ANN), Err(429), "guesses from many addresses count together");
    assert!(sign_in(&server, "198.51.100.1", "ann", ANN).is_ok(), "the owner comes in");
    for _ in 0..4 {
        let _ = sign_in(&server, "198.51.100.1", "ann", "wrong-horse-battery");
    }
    assert_eq!(sign_in(&server, "198.51.100.1", "ann", ANN), Err(429), "a known address is no way around");
}

#[test]
fn tokens_and_links_end_with_the_rights_of_their_maker() {
    let folder = Folder::new();
    done(&folder, &["user", "add", "ann", "--role", "admin"], ANN);
    let server = Process::demo(
        &folder,
        &["--sign-in", "local", "--trusted-proxies", "127.0.0.1", "--embed-origins", "http://portal.example"],
    );
    served::until("the cluster", std::time::Duration::from_secs(60), || {
        sign_in(&server, "198.51.100.1", "ann", ANN).is_ok_and(|cookie| see(&server, "/c/demo", &cookie).status == 200)
    });
    let ann = sign_in(&server, "198.51.100.1", "ann", ANN).expect("signed in");
    let made = post(&server, "/tokens", "198.51.100.1", &ann, "name=pipeline&role=operator&days=3");
    let token = made.body.split("bnc_").nth(1).and_then(|rest| rest.split('<').next()).expect("a token").to_owned();
    let bearer = format!("Authorization: Bearer bnc_{token}\r\n");
    let asked = |path: &str| server.ask("GET", path, &bearer, "").status;
    assert_eq!(asked("/api/v1/clusters"), 200);
    let wanted = "{\"cluster\": \"demo\", \"view\": \"architecture\"}";
    let head = format!("{bearer}Content-Type: application/json\r\n");
    let link = server.ask("POST", "/api/v1/embed-links", &head, wanted);
    let link: serde_json::Value = serde_json::from_str(&link.body).unwrap_or_else(|_| panic!("{link:?}"));
    let page = link["page"].as_str().expect("a page").to_owned();
    assert_eq!(server.get(&page).status, 200);
    done(&folder, &["user", "role", "ann", "viewer"], "");
    let ordered = server.ask("POST", "/api/v1/clusters/demo/backups", &head, "{}");
    assert_eq!(ordered.status, 403, "an operator's token of a viewer is a viewer's: {ordered:?}");
    assert_eq!(asked("/api/v1/clusters"), 200);
    done(&folder, &["user", "disable", "ann"], "");
    assert_eq!(asked("/api/v1/clusters"), 401);
    assert_eq!(server.get(&page).status, 410);
    done(&folder, &["user", "enable", "ann"], "");
    assert_eq!(server.get(&page).status, 200, "they come back with their maker");
    let id = token.split('_').next().expect("an id");
    done(&folder, &["token", "revoke", id], "");
    assert_eq!(server.get(&page).status, 410, "a link of a token ends with it");
}
