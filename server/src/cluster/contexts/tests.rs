//! Which contexts are found, and what is said of those that cannot be used.

use std::fs;

use super::*;

const TWO: &str = "apiVersion: v1
kind: Config
current-context: b
clusters:
- {name: c, cluster: {server: 'https://127.0.0.1:1'}}
users:
- {name: u, user: {token: hidden-token}}
contexts:
- {name: a, context: {cluster: c, user: u}}
- {name: b, context: {cluster: c, user: u}}
";

/// A directory of a test's own.
struct Dir(PathBuf);

impl Dir {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("binnacle-contexts-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        fs::write(&path, text).unwrap();
        path
    }
}

impl Drop for Dir {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn nothing() -> Surroundings {
    Surroundings { kubeconfig: None, home: None, inside: false }
}

fn names(found: &[Context]) -> Vec<&str> {
    found.iter().map(|context| context.name.as_str()).collect()
}

fn said(found: Result<Vec<Context>, Trouble>) -> String {
    found.unwrap_err().to_string()
}

/// What is wrong with the first context of a file.
async fn wrong(text: &str) -> String {
    use std::sync::atomic::{AtomicU32, Ordering};
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let dir = Dir::new(&format!("wrong-{}", COUNT.fetch_add(1, Ordering::Relaxed)));
    let file = dir.file("conf", text);
    let context = find_in(Some(&file), &nothing()).unwrap().remove(0);
    let said = context.client().await.err().unwrap_or_else(|| panic!("a client is made of {text}")).to_string();
    said.strip_prefix(&format!("{}: context b: ", file.display())).unwrap_or_else(|| panic!("{said}")).to_owned()
}

#[test]
fn a_file_of_utf_16_that_was_cut_is_said_so() {
    let path = std::env::temp_dir().join(format!("binnacle-utf16-{}", std::process::id()));
    fs::write(&path, [0xfe, 0xff, 0xff]).unwrap();
    let said = find(Some(&path)).err().unwrap().to_string();
    fs::remove_file(&path).unwrap();
    assert!(said.contains("binnacle-utf16") && said.contains("it was cut"), "{said}");
}

#[tokio::test]
async fn a_kubeconfig_is_read_as_kubectl_reads_it() {
    let dir = Dir::new("odd");
    let token = dir.file("token", "hidden-token\r\n");
    let authority = "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0t\\r\\nCkFBQUEKLS0tLS1FTkQgQ0VSVElGSUNBVEUtLS0tLQo=\\n";
    let reach = async |text: String| {
        let context = find_in(Some(&dir.file("conf", &text)), &nothing()).unwrap().remove(0);
        let Way::Kubeconfig(source) = &context.way else { unreachable!() };
        context.config(source.read().unwrap()).await.map(|(config, _)| config.cluster_url.to_string())
    };
    let server = |with: &str| TWO.replace("server: 'https://127.0.0.1:1'", with);
    for (with, url) in [
        ("server: '10.0.0.1:6443'", "http://10.0.0.1:6443/"),
        ("server: '10.0.0.1:6443', insecure-skip-tls-verify: true", "https://10.0.0.1:6443/"),
        ("server: 'lab.example'", "http://lab.example/"),
        (&format!("server: 'lab:6443', certificate-authority-data: \"{authority}\""), "https://lab:6443/"),
        ("server: 'https://lab/k8s/clusters/c-1'", "https://lab/k8s/clusters/c-1"),
    ] {
        assert_eq!(reach(server(with)).await.as_deref(), Ok(url), "{with}");
    }
    let text = TWO.replace("token: hidden-token", &format!("tokenFile: {}", token.display()));
    let context = find_in(Some(&dir.file("conf", &text)), &nothing()).unwrap().remove(0);
    assert!(context.client().await.is_ok());
}

#[tokio::test]
async fn a_plugin_is_told_of_its_cluster_and_of_no_proxy_that_nobody_named() {
    let exec = "exec: {apiVersion: client.authentication.k8s.io/v1, command: x, provideClusterInfo: true}";
    let told = async |text: String| {
        let dir = Dir::new("told");
        let context = find_in(Some(&dir.file("conf", &text)), &nothing()).unwrap().remove(0);
        let Way::Kubeconfig(source) = &context.way else { unreachable!() };
        let (config, _) = context.config(source.read().unwrap()).await.unwrap();
        let cluster = config.auth_info.exec.unwrap().cluster.unwrap();
        (cluster.server.unwrap(), cluster.proxy_url)
    };
    let text = TWO.replace("token: hidden-token", exec);
    assert_eq!(told(text.clone()).await, ("https://127.0.0.1:1".into(), None));
    let with = text.replace("server: 'https://127.0.0.1:1'", "server: 'https://lab', proxy-url: 'socks5://p'");
    assert_eq!(told(with).await, ("https://lab".into(), Some("socks5://p".into())));
}

#[tokio::test]
async fn no_input_makes_a_dependency_panic() {
    let cluster = |with: &str| TWO.replace("server: 'https://127.0.0.1:1'", with);
    let user = |with: &str| TWO.replace("token: hidden-token", with);
    for odd in [r#"token: "a\nb""#, r#"token: "a\0b""#, r#"username: "a", password: "b", token: c"#] {
        let said = wrong(&user(odd)).await;
        assert!(said.starts_with("its ") && !said.contains("no client can be made"), "{odd}: {said}");
    }
    for odd in
        ["https://", "https:///x", "ftp://lab", "https://a b", "lab/x/y", "http://[::1", "https://lab:99999", "://"]
    {
        let said = wrong(&cluster(&format!("server: '{odd}'"))).await;
        assert!(said.starts_with("the server of its cluster"), "{odd}: {said}");
    }
    for odd in ["tls-server-name: 'a b'", "certificate-authority-data: AAAA", "proxy-url: '://'"] {
        let said = wrong(&cluster(&format!("server: 'https://127.0.0.1:1', {odd}"))).await;
        assert!(!said.contains("no client can be made"), "{odd}: {said}");
    }
    for odd in [r#"token: t, as: "a\nb""#, r#"token: t, as: a, as-groups: ["\0"]"#] {
        let said = wrong(&user(odd)).await;
        assert!(!said.contains("no client can be made"), "{odd}: {said}");
    }
    for (odd, todo) in
        [("gcp", "gke-gcloud-auth-plugin"), ("azure", "kubelogin"), ("other", "an exec plugin"), ("oidc", "id-token")]
    {
        let said = wrong(&user(&format!("auth-provider: {{name: {odd}, config: {{}}}}"))).await;
        assert!(said.contains(todo), "{odd}: {said}");
    }
}

#[test]
fn the_current_context_comes_first() {
    let found = contexts(&Kubeconfig::from_yaml(TWO).unwrap(), "x", &Source::File("x".into())).unwrap();
    assert_eq!(names(&found), ["b", "a"]);
    assert!(!format!("{found:?}").contains("hidden-token"));
}

#[test]
fn a_current_context_that_names_nothing_is_an_error_that_names_the_nearest() {
    let dir = Dir::new("current");
    let chosen_of = |line: &str| {
        let file = dir.file("conf", &TWO.replace("current-context: b\n", line).replace("name: a,", "name: lab,"));
        chosen(find_in(Some(&file), &nothing()).unwrap())
    };
    assert_eq!(chosen_of("current-context: b\n").unwrap().unwrap().name, "b");
    let said = chosen_of("current-context: lba\n").unwrap_err().to_string();
    assert!(said.ends_with("its current-context lba names no context; did you mean lab?"), "{said}");
    for line in ["", "current-context: ''\n", "current-context:\n"] {
        let said = chosen_of(line).unwrap_err().to_string();
        let todo = "has no current-context: choose a context with --context, of b, lab";
        assert!(said.ends_with(todo), "{line}: {said}");
    }
    assert!(chosen(Vec::new()).unwrap().is_none());
}

#[test]
fn a_named_file_comes_before_the_variable_and_that_before_the_home() {
    let dir = Dir::new("order");
    let (named, variable, home) = (
        dir.file("named", &TWO.replace("name: a", "name: from-named")),
        dir.file("variable", &TWO.replace("name: a", "name: from-variable")),
        dir.file("home", &TWO.replace("name: a", "name: from-home")),
    );
    let mut around = Surroundings { kubeconfig: Some(variable.display().to_string()), home: Some(home), inside: true };
    let second = |around: &Surroundings, named| find_in(named, around).unwrap().get(1).map(|c| c.name.clone());
    assert_eq!(second(&around, Some(named.as_path())).as_deref(), Some("from-named"));
    assert_eq!(second(&around, None).as_deref(), Some("from-variable"));
    around.kubeconfig = Some(String::new());
    assert_eq!(second(&around, None).as_deref(), Some("from-home"));
    around.home = None;
    assert_eq!(names(&find_in(None, &around).unwrap()), ["in-cluster"]);
    assert!(find_in(None, &nothing()).unwrap().is_empty());
}

#[test]
fn the_files_of_the_variable_are_merged_and_missing_ones_passed_over() {
    let dir = Dir::new("merge");
    let first = dir.file("first", TWO);
    let second =
        dir.file("second", &TWO.replace("name: a", "name: d").replace("current-context: b", "current-context: d"));
    let paths = format!("{}:{}::{}", first.display(), dir.0.join("missing").display(), second.display());
    let around = Surroundings { kubeconfig: Some(paths), ..nothing() };
    assert_eq!(names(&find_in(None, &around).unwrap()), ["b", "a", "d"]);
    let missing = dir.0.join("missing").display().to_string();
    let around = Surroundings { kubeconfig: Some(missing.clone()), ..nothing() };
    assert_eq!(said(find_in(None, &around)), format!("{missing}: none of these files exists"));
}

#[test]
fn a_file_that_is_none_is_named_with_what_is_wrong() {
    let dir = Dir::new("none");
    let said = |path: &Path| said(find_in(Some(path), &nothing()));
    assert_eq!(said(Path::new("/nowhere/kubeconfig")), "/nowhere/kubeconfig: there is no such file");
    assert!(said(&dir.0).ends_with("is a directory, not a kubeconfig"));
    let odd = dir.file("odd", "apiVersion: v1\nclusters: [\ntoken: hidden-token\n");
    let text = said(&odd);
    assert!(text.contains("is not a kubeconfig in YAML at line ") && !text.contains("hidden-token"), "{text}");
    let path = dir.0.join("bytes");
    fs::write(&path, [0x80, 0xff, 0x00, 0x9c]).unwrap();
    assert!(said(&path).starts_with(&path.display().to_string()));
    assert!(said(&dir.file("empty", "")).ends_with("has no contexts"));
}

#[test]
fn a_home_without_contexts_is_as_none() {
    let dir = Dir::new("home");
    let home = dir.file("config", "apiVersion: v1\nkind: Config\nclusters: null\ncontexts: null\nusers: null\n");
    let around = Surroundings { home: Some(home.clone()), ..nothing() };
    assert!(find_in(None, &around).unwrap().is_empty());
    assert!(said(find_in(Some(&home), &nothing())).ends_with("has no contexts"));
}

#[tokio::test]
async fn a_context_that_cannot_be_used_says_what_it_lacks() {
    let cluster = |with: &str| TWO.replace("server: 'https://127.0.0.1:1'", with);
    let user = |with: &str| TWO.replace("token: hidden-token", with);
    assert_eq!(
        wrong(&TWO.replace("{cluster: c,", "{cluster: gone,")).await,
        "names a cluster gone that it does not describe"
    );
    assert_eq!(wrong(&cluster("tls-server-name: x")).await, "its cluster has no server");
    assert_eq!(wrong(&cluster("server: 'https://[oh'")).await, "the server of its cluster is no address");
    assert_eq!(
        wrong(&cluster("server: 'https://127.0.0.1:1', certificate-authority: /nowhere/ca.crt")).await,
        "its certificate authority /nowhere/ca.crt cannot be read: there is no such file"
    );
    assert_eq!(
        wrong(&cluster("server: 'https://127.0.0.1:1', certificate-authority-data: '*hidden*'")).await,
        "the data of its certificate authority is not base64"
    );
    assert_eq!(
        wrong(&cluster("server: 'https://127.0.0.1:1', proxy-url: 'ftp://me:hidden@proxy:1'")).await,
        "the proxy-url of its cluster has the scheme ftp, but only http, https and socks5 are known"
    );
    assert_eq!(
        wrong(&user("client-certificate: /nowhere/a.crt, client-key: /nowhere/a.key")).await,
        "its client certificate /nowhere/a.crt cannot be read: there is no such file"
    );
    let pem = "client-certificate-data: bm9uZQ==, client-key-data: bm9uZQ==";
    assert_eq!(
        wrong(&user(pem)).await,
        "its client certificate is not PEM: it begins with -----BEGIN CERTIFICATE-----"
    );
    assert_eq!(
        wrong(&user("tokenFile: /nowhere/token")).await,
        "its token file /nowhere/token cannot be read: there is no such file"
    );
}

#[tokio::test]
async fn a_credential_plugin_that_gives_none_is_named_and_not_quoted() {
    let plugin = |command: &str, args: &str| {
        let exec = format!(
            "exec: {{apiVersion: client.authentication.k8s.io/v1, command: {command}, args: {args}, interactiveMode: Never}}"
        );
        TWO.replace("token: hidden-token", &exec)
    };
    assert_eq!(
        wrong(&plugin("no-such-plugin", "[]")).await,
        "its credential plugin no-such-plugin is not installed, or not on the PATH"
    );
    let failed = wrong(&plugin("sh", "['-c', 'echo hidden-token; exit 3']")).await;
    assert!(failed.starts_with("its credential plugin sh failed (exit status: 3)"), "{failed}");
    assert_eq!(wrong(&plugin("echo", "[hidden-token]")).await, "its credential plugin echo printed no credentials");
}

/// Texts that break parsers: ends of lines, quotes, halves of URLs, base64 and PEM.
fn odd_text() -> impl proptest::strategy::Strategy<Value = String> {
    use proptest::prelude::*;
    let piece = prop_oneof![
        proptest::sample::select(vec![
            "https://",
            "http://",
            "127.0.0.1",
            "[::1",
            "[::]",
            ":6443",
            ":99999",
            "/x",
            "?a=b",
            "#c",
            "@",
            "%2F",
            "%",
            "..",
            " ",
            "\n",
            "\r\n",
            "\0",
            "\u{feff}",
            "ü",
            "socks5://",
            "proxy.example",
            "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0t",
            "====",
            "-----BEGIN CERTIFICATE-----\n",
            "-----END CERTIFICATE-----\n",
            "-----BEGIN EC PRIVATE KEY-----\n",
            "AAAA",
            "*.",
            "-",
        ])
        .prop_map(str::to_owned),
        any::<String>().prop_map(|text| text.chars().take(12).collect()),
    ];
    proptest::collection::vec(piece, 0..5).prop_map(|pieces| pieces.concat())
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { cases: 300, ..Default::default() })]

    #[test]
    fn any_text_in_any_field_makes_a_client_or_an_error(
        fields in proptest::collection::vec((0_usize..14, odd_text()), 1..4)
    ) {
        const FIELDS: [(bool, &str); 14] = [
            (true, "server"), (true, "certificate-authority"), (true, "certificate-authority-data"), (true, "proxy-url"),
            (true, "tls-server-name"), (false, "token"), (false, "tokenFile"), (false, "username"), (false, "password"),
            (false, "client-certificate-data"), (false, "client-key-data"), (false, "as"), (false, "as-uid"), (false, "as-groups"),
        ];
        let mut cluster = serde_json::json!({ "server": "https://127.0.0.1:1" });
        let mut user = serde_json::json!({});
        for (field, text) in &fields {
            let (of_cluster, name) = FIELDS[*field];
            let value = if name == "as-groups" { serde_json::json!([text]) } else { serde_json::json!(text) };
            if of_cluster { cluster[name] = value } else { user[name] = value }
        }
        let text = serde_json::json!({ "current-context": "b", "clusters": [{ "name": "c", "cluster": cluster }],
            "users": [{ "name": "u", "user": user }], "contexts": [{ "name": "b", "context": { "cluster": "c", "user": "u" } }] });
        let dir = Dir::new("any");
        let context = find_in(Some(&dir.file("conf", &text.to_string())), &nothing()).map(|mut found| found.remove(0));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        if let Err(trouble) = context.and_then(|context| runtime.block_on(context.client()).map(drop)) {
            proptest::prop_assert!(matches!(trouble, Trouble::Kubeconfig { .. }), "{trouble}");
            // A dependency that panics is caught, and is a fault all the same.
            proptest::prop_assert!(!trouble.to_string().contains("no client can be made"), "{text}: {trouble}");
        }
    }
}
