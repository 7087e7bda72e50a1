//! The command line, by running the binary.

use std::{
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

fn binnacle(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_binnacle"));
    command.args(args).env_clear().env("HOME", "/nonexistent").stdin(Stdio::null());
    command
}

fn run(args: &[&str]) -> Output {
    binnacle(args).output().expect("it runs")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout)
}

fn temporary(name: &str, text: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("binnacle-{}-{name}", std::process::id()));
    std::fs::write(&path, text).expect("written");
    path
}

/// A process that is ended with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn every_command_explains_itself_with_an_example() {
    for command in
        ["serve", "draw", "check", "drift", "simulate", "user", "token", "settings", "licences", "completions"]
    {
        let output = run(&[command, "--help"]);
        assert!(output.status.success() && said(&output).contains("Example:"), "{command}: {}", said(&output));
    }
    assert!(said(&run(&["--help"])).contains("Exit codes:"));
    assert!(said(&run(&["--version"])).starts_with("binnacle "));
}

#[test]
fn completions_are_written_for_every_shell() {
    for shell in ["bash", "zsh", "fish"] {
        let output = run(&["completions", shell]);
        assert!(output.status.success() && said(&output).contains("simulate"), "{shell}");
    }
}

#[test]
fn an_unknown_key_names_the_nearest_and_the_line() {
    let file = temporary("typo.toml", "data = \"x\"\nlissten = \"127.0.0.1:0\"\n");
    let output = run(&["serve", "--config", file.to_str().expect("text")]);
    std::fs::remove_file(&file).expect("removed");
    assert_eq!(output.status.code(), Some(2));
    assert!(
        said(&output).contains("line 2: there is no setting lissten; did you mean server.listen?"),
        "{}",
        said(&output)
    );
}

#[test]
fn listening_beyond_loopback_is_refused_with_the_reason() {
    let output = run(&["serve", "--demo", "--listen", "0.0.0.0:0"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("nobody signs in"), "{}", said(&output));
}

#[test]
fn a_port_that_is_taken_is_said_so() {
    let holder = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = holder.local_addr().expect("an address").to_string();
    let data = std::env::temp_dir().join(format!("binnacle-{}-data", std::process::id()));
    let output = run(&["serve", "--demo", "--listen", &address, "--data", data.to_str().expect("text")]);
    let _ = std::fs::remove_dir_all(&data);
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("is taken by another program"), "{}", said(&output));
}

#[test]
fn a_kubeconfig_that_is_none_names_file_and_line_and_shows_nothing_of_it() {
    let file = temporary("broken.yaml", "apiVersion: v1\nkind: Config\nusers: [ {token: hidden-token\n");
    let output = run(&["draw", "architecture", "--kubeconfig", file.to_str().expect("text")]);
    std::fs::remove_file(&file).expect("removed");
    assert_eq!(output.status.code(), Some(2));
    let said = said(&output);
    assert!(said.contains(file.to_str().expect("text")) && said.contains("is not a kubeconfig in YAML"), "{said}");
    assert!(!said.contains("hidden-token"), "{said}");
}

#[test]
fn a_cluster_out_of_reach_is_named_with_its_address_within_two_seconds() {
    let config = "apiVersion: v1\nkind: Config\ncurrent-context: away\nclusters: [{name: c, cluster: {server: 'https://127.0.0.1:9'}}]\nusers: [{name: u, user: {token: hidden-token}}]\ncontexts: [{name: away, context: {cluster: c, user: u}}]\n";
    let file = temporary("away.yaml", config);
    let began = Instant::now();
    let output = run(&["draw", "architecture", "--kubeconfig", file.to_str().expect("text")]);
    std::fs::remove_file(&file).expect("removed");
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    assert_eq!(output.status.code(), Some(3));
    let said = said(&output);
    let path = file.display().to_string();
    for word in ["away", "127.0.0.1:9", "connection refused", "Check that", &path] {
        assert!(said.contains(word), "{word}: {said}");
    }
    assert!(!said.contains("hidden-token"), "{said}");
}

#[test]
fn whoever_reads_may_stop_when_they_have_seen_enough() {
    for args in [&["completions", "bash"][..], &["settings"], &["draw", "architecture", "--demo"]] {
        let mut child = binnacle(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it runs");
        drop(child.stdout.take());
        let output = child.wait_with_output().expect("an end");
        assert!(output.status.success() && output.stderr.is_empty(), "{args:?}: {}", said(&output));
    }
}

#[test]
fn a_figure_is_written_without_a_server() {
    let svg = run(&["draw", "architecture", "--demo"]);
    assert!(svg.status.success(), "{}", said(&svg));
    let text = said(&svg);
    assert!(text.starts_with("<?xml") && text.contains("node/host5") && !text.contains("var(--"), "{}", &text[..200]);
    let json = run(&["draw", "architecture", "--demo", "--format", "json", "--at", "node/host4"]);
    assert!(said(&json).contains("\"title\": \"Node host4: demo\""));
}

#[test]
fn the_old_kubernetes_that_compass_installs_is_drawn_from_what_it_has() {
    let mut child = binnacle(&["simulate", "--listen", "127.0.0.1:0", "--profile", "1.11", "--life", "off"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("it runs");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("its output")).read_line(&mut line).expect("a line");
    let _running = Running(child);
    let url = line.trim().strip_prefix("Listening on ").expect("an address").to_owned();
    let config = format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: old\nclusters: [{{name: c, cluster: {{server: '{url}'}}}}]\nusers: [{{name: u, user: {{}}}}]\ncontexts: [{{name: old, context: {{cluster: c, user: u}}}}]\n"
    );
    let file = temporary("old.yaml", &config);
    let output = run(&["draw", "architecture", "--format", "json", "--kubeconfig", file.to_str().expect("text")]);
    std::fs::remove_file(&file).expect("removed");
    let scene: scene::Scene = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", said(&output)));
    let mark = |id: &str| scene.marks.iter().find(|mark| mark.id.as_str() == id).unwrap_or_else(|| panic!("no {id}"));
    // Heartbeats stand in for leases, annotations for leaders, Endpoints for slices; etcd is no pod.
    assert_eq!(mark("chip/host1/kubelet").health, Some(scene::Health::Ok));
    assert_eq!(mark("chip/host1/kube-apiserver").health, Some(scene::Health::Ok));
    let leads = |host: &str| mark(&format!("chip/{host}/kube-scheduler")).title.contains("the leader");
    assert_eq!(["host1", "host2", "host3"].into_iter().filter(|host| leads(host)).count(), 1);
    assert!(scene.description.contains("etcd answers the API server"), "{}", scene.description);
    assert!(mark("node/host1").title.starts_with("Master"));
}

#[test]
fn the_documentation_lists_every_setting() {
    let document =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/settings.md")).expect("docs/settings.md");
    let table = said(&run(&["settings"]));
    assert!(document.contains(&table), "put this table into docs/settings.md:\n{table}");
}

#[test]
fn the_readme_shows_what_the_demonstration_draws() {
    let picture = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/architecture.svg");
    let drawn = said(&run(&["draw", "architecture", "--demo"]));
    let shown = std::fs::read_to_string(picture).unwrap_or_default();
    assert!(drawn == shown, "make it anew: binnacle draw architecture --demo -o docs/architecture.svg");
}

#[test]
fn the_chart_grants_what_binnacle_asks_for() {
    let chart = concat!(env!("CARGO_MANIFEST_DIR"), "/../packaging/chart/files/rules.yaml");
    let rules = std::fs::read_to_string(chart).expect("the chart's rules");
    assert_eq!(said(&run(&["rbac"])), rules, "write the output of `binnacle rbac` into {chart}");
    let chart = concat!(env!("CARGO_MANIFEST_DIR"), "/../packaging/chart/files/rules-namespaced.yaml");
    let rules = std::fs::read_to_string(chart).expect("the chart's rules of a namespace");
    let printed = said(&run(&["rbac", "--namespaced"]));
    assert_eq!(printed, rules, "write the output of `binnacle rbac --namespaced` into {chart}");
}

#[test]
fn every_command_has_a_manual_page_that_names_its_flags() {
    let folder = std::env::temp_dir().join(format!("binnacle-{}-man", std::process::id()));
    let written = run(&["man", folder.to_str().expect("text")]);
    assert!(written.status.success(), "{}", said(&written));
    let page =
        |name: &str| std::fs::read_to_string(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert!(page("binnacle.1").contains("binnacle\\-serve(1)"));
    assert!(page("binnacle-serve.1").contains("\\-\\-listen"));
    let help = said(&run(&["--help"]));
    let listed = help.split("Commands:\n").nth(1).and_then(|rest| rest.split("\n\n").next()).expect("commands");
    let named =
        listed.lines().filter(|line| !line.starts_with("   ")).filter_map(|line| line.split_whitespace().next());
    let commands: Vec<&str> = named.filter(|command| *command != "help").collect();
    assert!(commands.contains(&"draw") && commands.contains(&"man"), "{commands:?}");
    for command in commands {
        assert!(page(&format!("binnacle-{command}.1")).contains(".SH SYNOPSIS"), "{command}");
    }
    let _ = std::fs::remove_dir_all(&folder);
}

/// An API server of 1 January 2026 that lets anybody do anything but with leases; its address.
fn api_without_leases() -> String {
    use std::io::{BufRead, BufReader, Read, Write};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    let answer = |stream: std::net::TcpStream| -> std::io::Result<()> {
        let mut reader = BufReader::new(&stream);
        let (mut first, mut length) = (String::new(), 0);
        reader.read_line(&mut first)?;
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line)? <= 2 {
                break;
            }
            let line = line.to_ascii_lowercase();
            length = line.strip_prefix("content-length:").and_then(|value| value.trim().parse().ok()).unwrap_or(length);
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        let allowed = !String::from_utf8_lossy(&body).contains("leases");
        let told = match first.starts_with("GET /version") {
            true => r#"{"major":"1","minor":"34","gitVersion":"v1.34.4","gitCommit":"","gitTreeState":"","buildDate":"","goVersion":"","compiler":"","platform":""}"#.to_owned(),
            false => format!(r#"{{"kind":"SelfSubjectAccessReview","status":{{"allowed":{allowed}}}}}"#),
        };
        let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nDate: Thu, 01 Jan 2026 00:00:00 GMT\r\nConnection: close";
        write!(&stream, "{head}\r\nContent-Length: {}\r\n\r\n{told}", told.len())
    };
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || answer(stream));
        }
    });
    address
}

#[test]
fn doctor_names_missing_permissions_and_a_clock_that_is_off() {
    let folder = std::env::temp_dir().join(format!("binnacle-{}-doctor-permissions", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let kubeconfig = folder.join("config");
    let text = format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: lab\nclusters: [{{name: lab, cluster: {{server: 'http://{}'}}}}]\n\
         users: [{{name: me, user: {{}}}}]\ncontexts: [{{name: lab, context: {{cluster: lab, user: me}}}}]\n",
        api_without_leases()
    );
    std::fs::write(&kubeconfig, text).expect("written");
    let data = folder.join("data");
    let args = ["doctor", "--data", data.to_str().expect("text"), "--kubeconfig", kubeconfig.to_str().expect("text")];
    let told = run(&args);
    let text = said(&told);
    assert!(told.status.success(), "what is doubtful is not wrong: {text}");
    assert!(text.contains("the account may not get leases.coordination.k8s.io, list leases.coordination.k8s.io, watch leases.coordination.k8s.io\n"), "{text}");
    assert!(text.contains("well      cluster lab              it answers as v1.34.4"), "{text}");
    assert!(text.contains("doubtful  clock lab                this machine is "), "{text}");
    let _ = std::fs::remove_dir_all(&folder);
}

#[test]
fn doctor_says_which_cluster_is_away_and_what_to_do() {
    let folder = std::env::temp_dir().join(format!("binnacle-{}-doctor", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let kubeconfig = folder.join("config");
    let text = "apiVersion: v1\nkind: Config\ncurrent-context: lab\nclusters: [{name: lab, cluster: {server: 'http://127.0.0.1:9'}}]\n\
                users: [{name: me, user: {}}]\ncontexts: [{name: lab, context: {cluster: lab, user: me}}]\n";
    std::fs::write(&kubeconfig, text).expect("written");
    let data = folder.join("data");
    let args = ["--data", data.to_str().expect("text"), "--kubeconfig", kubeconfig.to_str().expect("text")];
    let told = run(&[["doctor", "--json"].as_slice(), &args].concat());
    assert_eq!(told.status.code(), Some(1), "{}", said(&told));
    let told: serde_json::Value = serde_json::from_slice(&told.stdout).expect("JSON");
    assert_eq!(told["wrong"], 1, "{told}");
    let findings = told["findings"].as_array().expect("findings");
    let ill = findings.iter().find(|finding| finding["is"] == "ill").expect("one that is wrong");
    assert_eq!((&ill["about"], &ill["of"]), (&"cluster".into(), &"lab".into()));
    assert!(ill["todo"].as_str().is_some_and(|todo| todo.contains("Context lab is in")), "{ill}");
    assert!(!data.exists(), "doctor made the data folder");
    let text = said(&run(&[["doctor"].as_slice(), &args].concat()));
    assert!(text.contains("wrong     cluster lab") && text.contains("well      database"), "{text}");
    let _ = std::fs::remove_dir_all(&folder);
}

#[test]
fn doctor_finds_nothing_wrong_with_the_built_in_cluster() {
    let data = std::env::temp_dir().join(format!("binnacle-{}-doctor-demo", std::process::id()));
    let args = ["doctor", "--data", data.to_str().expect("text")];
    let told = binnacle(&args).env("BINNACLE_DEMO", "always").output().expect("it runs");
    assert!(told.status.success(), "{}", said(&told));
    let unset = run(&["doctor", "--claims", "claims.json"]);
    assert_eq!(unset.status.code(), Some(2), "{}", said(&unset));
}

/// The texts of a support bundle, by their names.
fn bundled(bundle: &str) -> std::collections::BTreeMap<String, String> {
    let packed = std::fs::File::open(bundle).expect("a bundle");
    let mut texts = std::collections::BTreeMap::new();
    for entry in tar::Archive::new(flate2::read::GzDecoder::new(packed)).entries().expect("entries") {
        let mut entry = entry.expect("an entry");
        let name = entry.path().expect("a path").display().to_string();
        let mut text = String::new();
        std::io::Read::read_to_string(&mut entry, &mut text).expect("text");
        texts.insert(name, text);
    }
    texts
}

#[test]
fn secrets_of_settings_are_found_wherever_a_support_bundle_tells_them() {
    let folder = std::env::temp_dir().join(format!("binnacle-{}-support-odd", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let path = |name: &str| folder.join(name).display().to_string();
    let (config, log, data, signing) = (path("binnacle.toml"), path("log"), path("data"), path("signing"));
    std::fs::write(&signing, "moss lantern grove\n").expect("written");
    std::fs::write(&log, "it began\nasked h.example/T0PSECRET, signed by moss lantern grove\n").expect("written");
    let named = format!("demo = 'always'\nwebhook_secret_file = '{signing}'");
    for (name, settings, says, secret) in [
        ("misspelt", "databse = 'postgres://u:hunter22@h/n'", "did you mean server.database", "hunter22"),
        (
            "unread",
            "databse = 'n'\nwebhook = 'https://h.example/T0PSECRET'",
            "did you mean server.database",
            "T0PSECRET",
        ),
        ("address", "demo = 'always'\nwebhook_file = 'h.example/T0PSECRET'", "webhook_file", "T0PSECRET"),
        ("file", named.as_str(), "webhook_secret_file", "lantern"),
        (
            "variable",
            "demo = 'always'\ncompass_variables = 'A=1,DECK=h.example/T0PSECRET'",
            "compass_variables",
            "T0PSECRET",
        ),
    ] {
        std::fs::write(&config, settings).expect("written");
        let bundle = path(name);
        let args = ["support-bundle", "--config", &config, "--data", &data, "--log", &log, "-o", &bundle, "--yes"];
        let written = run(&args);
        assert!(written.status.success(), "{name}: {}", said(&written));
        let whole: String = bundled(&bundle).into_values().collect();
        // The log is left out where the secrets in it are not known.
        let log = if says.starts_with("did you mean") { "left out" } else { "it began" };
        assert!(whole.contains(log) && whole.contains(says), "{name}: {whole}");
        assert!(!whole.contains(secret), "{name}: {whole}");
    }
    let _ = std::fs::remove_dir_all(&folder);
}

#[test]
fn a_support_bundle_is_listed_first_and_has_no_secret() {
    let folder = std::env::temp_dir().join(format!("binnacle-{}-support", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let path = |name: &str| folder.join(name).display().to_string();
    let (config, log, data, bundle) = (path("binnacle.toml"), path("log"), path("data"), path("bundle.tar.gz"));
    let secrets = ["hunter22", "T0PSECRET", "wJalrXUtnFEMIK7MDENG"];
    let database = path("other.db");
    let settings = format!(
        "demo = 'always'\ndatabase = 'sqlite:{database}?key={}'\nwebhook = 'https://h.example/{}'\n",
        secrets[0], secrets[1]
    );
    std::fs::write(&config, settings).expect("written");
    std::fs::write(&log, format!("it began\nAWS_SECRET_ACCESS_KEY={}\n", secrets[2])).expect("written");
    let args = ["support-bundle", "--config", &config, "--data", &data, "--log", &log, "-o", &bundle];
    let asked = run(&args);
    assert_eq!(asked.status.code(), Some(2), "{}", said(&asked));
    assert!(said(&asked).contains("doctor.txt") && said(&asked).contains("say --yes"), "{}", said(&asked));
    assert!(run(&[args.as_slice(), &["--list"]].concat()).status.success() && !PathBuf::from(&bundle).exists());
    let written = run(&[args.as_slice(), &["--yes"]].concat());
    assert!(written.status.success(), "{}", said(&written));
    let texts = bundled(&bundle);
    let names: Vec<&str> = texts.keys().map(String::as_str).collect();
    let wanted = ["about.txt", "doctor.txt", "log.txt", "settings.txt"].map(|name| format!("binnacle-support/{name}"));
    assert_eq!(names, wanted);
    let whole: String = texts.values().cloned().collect();
    assert!(secrets.iter().all(|secret| !whole.contains(secret)), "{whole}");
    assert!(whole.contains("it began") && whole.contains("demo = always"), "{whole}");
    let again = run(&[args.as_slice(), &["--yes"]].concat());
    assert!(said(&again).contains("Name another file with --output"), "{}", said(&again));
    let _ = std::fs::remove_dir_all(&folder);
}

#[test]
fn users_and_tokens_are_made_from_the_command_line_and_no_secret_is_an_argument() {
    let data = std::env::temp_dir().join(format!("binnacle-{}-users", std::process::id()));
    let data_arg = data.to_str().expect("text").to_owned();
    let with_password = |args: &[&str], password: &str| {
        let mut child = binnacle(args)
            .args(["--data", &data_arg])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it runs");
        std::io::Write::write_all(&mut child.stdin.take().expect("an input"), password.as_bytes()).expect("written");
        child.wait_with_output().expect("an end")
    };
    let short = with_password(&["user", "add", "ann", "--role", "admin"], "short\n");
    assert_eq!(short.status.code(), Some(2));
    assert!(said(&short).contains("at least 12 characters"), "{}", said(&short));
    let made = with_password(&["user", "add", "ann", "--role", "admin"], "correct-horse-battery\n");
    assert!(made.status.success(), "{}", said(&made));
    assert_eq!(with_password(&["user", "add", "ann"], "correct-horse-battery\n").status.code(), Some(1));
    assert_eq!(said(&run(&["user", "list", "--data", &data_arg])), "ann: admin\n");
    let token = said(&run(&["token", "add", "pipeline", "--role", "operator", "--data", &data_arg]));
    assert!(token.starts_with("bnc_"), "{token}");
    assert!(said(&run(&["token", "list", "--data", &data_arg])).contains("operator pipeline good"));
    let id = token.split('_').nth(1).expect("an id");
    assert!(run(&["token", "revoke", id, "--data", &data_arg]).status.success());
    assert_eq!(run(&["token", "revoke", id, "--data", &data_arg]).status.code(), Some(1));
    let _ = std::fs::remove_dir_all(&data);
}
