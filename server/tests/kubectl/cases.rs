//! The kubeconfigs, each with the verdict of kubectl.

use std::{net::SocketAddr, path::Path};

use crate::{
    front::{Admits, plain, proxy, serve},
    pki::{Authority, P256, Pair, encoded},
};

/// The programs that reach the API server.
#[derive(Debug)]
pub enum Verdict {
    /// Both.
    Passes,
    /// Neither.
    Fails,
    /// Only Binnacle, for this reason.
    OnlyHere(&'static str),
}

use Verdict::{Fails, OnlyHere, Passes};

/// The way in which the kubeconfig is named.
pub enum Asks {
    File(&'static str),
    Context(&'static str, &'static str),
    /// The variable KUBECONFIG.
    Variable(Vec<&'static str>),
}

/// One kubeconfig with all files that it names.
pub struct Case {
    pub name: String,
    pub verdict: Verdict,
    /// A part of Binnacle's error when it does not reach the server.
    pub says: &'static str,
    pub asks: Asks,
    pub files: Vec<(String, Vec<u8>)>,
    pub environment: Vec<(String, String)>,
}

impl Case {
    fn new(name: &str, verdict: Verdict, kubeconfig: impl Into<Vec<u8>>) -> Self {
        Self {
            name: name.into(),
            verdict,
            says: "",
            asks: Asks::File("config"),
            files: vec![("config".into(), kubeconfig.into())],
            environment: Vec::new(),
        }
    }

    fn saying(self, says: &'static str) -> Self {
        Self { says, ..self }
    }

    fn file(mut self, name: &str, content: impl Into<Vec<u8>>) -> Self {
        self.files.push((name.into(), content.into()));
        self
    }

    fn with(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.into(), value.into()));
        self
    }

    fn asking(self, asks: Asks) -> Self {
        Self { asks, ..self }
    }
}

/// A kubeconfig with one context.
fn config(cluster: &str, user: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: lab\nclusters:\n- name: c\n  cluster: {{{cluster}}}\nusers:\n- name: u\n  user: {{{user}}}\ncontexts:\n- name: lab\n  context: {{cluster: c, user: u}}\n"
    )
}

/// Base64 in lines, indented.
fn lines(text: &str, margin: &str) -> String {
    let encoded = encoded(text);
    let lines = encoded.as_bytes().chunks(64).map(|line| format!("\n{margin}{}", String::from_utf8_lossy(line)));
    lines.collect()
}

fn utf16(text: &str) -> Vec<u8> {
    [0xfeff].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
}

/// Starts the servers and returns every case.
pub async fn all(folder: &Path, behind: SocketAddr) -> Vec<Case> {
    let authority = Authority::new(folder);
    let stranger = Authority::new(&folder.join("stranger"));
    let pair = authority.server();
    let sent = vec!["Bearer good", "Basic YW5uOnB3"];
    let wants = Admits::Sent(sent);
    let port = serve(&pair, wants.clone(), behind).await;
    let mut cases = authorities(&authority, &stranger, &pair, port);
    cases.extend(other_servers(&authority, &wants, behind).await);
    cases.extend(unsecured(&wants, behind).await);
    cases.extend(identities(&authority, &stranger, &pair, behind).await);
    let server =
        format!("server: 'https://127.0.0.1:{port}', certificate-authority-data: {}", encoded(&authority.certificate));
    cases.extend(users(&server));
    cases.extend(plugins(&server));
    cases.extend(files(&server));
    cases.extend(servers(port, behind, &authority));
    cases.extend(proxies(port, &authority).await);
    cases
}

/// Certificate authorities.
fn authorities(authority: &Authority, stranger: &Authority, pair: &Pair, port: u16) -> Vec<Case> {
    let server = format!("server: 'https://127.0.0.1:{port}'");
    let pem = &authority.certificate;
    let data = |pem: &str| format!("{server}, certificate-authority-data: {}", encoded(pem));
    let head = |data: &str| {
        config("CLUSTER", "token: good").replace(
            "cluster: {CLUSTER}",
            &format!("cluster:\n    {server}\n    certificate-authority-data: {data}").replace(", ", "\n    "),
        )
    };
    let block = head(&format!("|{}", lines(pem, "      ")));
    let file = |content: &str| {
        Case::new("", Passes, config(&format!("{server}, certificate-authority: ca.crt"), "token: good"))
            .file("ca.crt", content)
    };
    let named = |case: Case, name: &str, verdict: Verdict| Case { name: name.into(), verdict, ..case };
    vec![
        Case::new("an authority in one line", Passes, config(&data(pem), "token: good")),
        Case::new("an authority in a block of lines", Passes, block.clone()),
        Case::new("the same with CRLF", Passes, block.replace('\n', "\r\n")),
        Case::new("folded lines, which are blanks", Fails, head(&format!(">-{}", lines(pem, "      "))))
            .saying("is not base64"),
        Case::new("an authority with a line feed at its end", Passes, head(&format!("\"{}\\n\"", encoded(pem)))),
        Case::new(
            "an authority with text around it",
            Passes,
            config(&data(&format!("lab\n{pem}\nthe end\n")), "token: good"),
        ),
        Case::new("an authority with CRLF", Passes, config(&data(&pem.replace('\n', "\r\n")), "token: good")),
        Case::new("two authorities", Passes, config(&data(&format!("{}{pem}", stranger.certificate)), "token: good")),
        Case::new("no PEM", Fails, config(&data("none"), "token: good")).saying("authority"),
        Case::new("no base64", Fails, config(&format!("{server}, certificate-authority-data: '*'"), "token: good")),
        Case::new("another authority", Fails, config(&data(&stranger.certificate), "token: good"))
            .saying("is not trusted"),
        Case::new("no authority at all", Fails, config(&server, "token: good")).saying("is not trusted"),
        Case::new("the server's own certificate", Passes, config(&data(&pair.certificate), "token: good")),
        Case::new(
            "whoever answers",
            Passes,
            config(&format!("{server}, insecure-skip-tls-verify: true"), "token: good"),
        ),
        Case::new(
            "whoever answers, and an authority",
            Fails,
            config(&format!("{}, insecure-skip-tls-verify: true", data(pem)), "token: good"),
        ),
        Case::new(
            "a name that fits",
            Passes,
            config(&format!("{}, tls-server-name: api.lab.invalid", data(pem)), "token: good"),
        ),
        Case::new(
            "a name that does not",
            Fails,
            config(&format!("{}, tls-server-name: other.invalid", data(pem)), "token: good"),
        )
        .saying("another name"),
        named(file(pem), "an authority in a file beside it", Passes),
        named(file(""), "an empty file as authority", Fails),
        named(file("none"), "a file without PEM as authority", Fails),
        Case::new(
            "an authority in a file that is away",
            Fails,
            config(&format!("{server}, certificate-authority: gone.crt"), "token: good"),
        )
        .saying("there is no such file"),
    ]
}

/// Callers of a server without TLS, to whom kubectl shows no credentials.
async fn unsecured(wants: &Admits, behind: SocketAddr) -> Vec<Case> {
    let port = plain(wants.clone(), behind).await;
    let exec = "exec: {apiVersion: client.authentication.k8s.io/v1, command: ./plugin, interactiveMode: Never}";
    let case = |what: &str, verdict: Verdict, port: u16, user: &str| {
        Case::new(what, verdict, config(&format!("server: 'http://127.0.0.1:{port}'"), user))
    };
    vec![
        case("a token without TLS", Fails, port, "token: good").saying("does not accept the credentials"),
        case("a password without TLS", Fails, port, "username: ann, password: pw"),
        case("a plugin without TLS", Fails, port, exec)
            .file("plugin", prints("good", "client.authentication.k8s.io/v1")),
        case("a plugin that fails, without TLS", Passes, behind.port(), exec).file("plugin", "#!/bin/sh\nexit 1\n"),
        case(
            "a broken client certificate without TLS",
            Passes,
            behind.port(),
            "client-certificate-data: bm9uZQ==, client-key-data: bm9uZQ==",
        ),
    ]
}

/// Kinds of server certificates.
async fn other_servers(authority: &Authority, wants: &Admits, behind: SocketAddr) -> Vec<Case> {
    let name = "subjectAltName=IP:127.0.0.1";
    let mut cases = Vec::new();
    let common = authority.signs(P256, "/CN=127.0.0.1", &["basicConstraints=CA:FALSE"], 30);
    for (what, pair, trusted, verdict) in [
        ("a certificate that is its own authority", authority.alone(true), None, Passes),
        ("one that is its own authority and says that it is none", authority.alone(false), None, Passes),
        (
            "a certificate for clients",
            authority.signs(P256, "/CN=x", &[name, "extendedKeyUsage=clientAuth"], 30),
            Some(()),
            Fails,
        ),
        ("a certificate that has ended", authority.signs(P256, "/CN=x", &[name], -1), Some(()), Fails),
        ("a certificate with nothing but a common name", common, Some(()), Fails),
        ("a key of RSA", authority.signs("genrsa 2048", "/CN=x", &[name], 30), Some(()), Passes),
        (
            "a key on secp384r1",
            authority.signs(&P256.replace("P-256", "P-384"), "/CN=x", &[name], 30),
            Some(()),
            Passes,
        ),
    ] {
        let port = serve(&pair, wants.clone(), behind).await;
        let pem = if trusted.is_some() { &authority.certificate } else { &pair.certificate };
        let text = config(
            &format!("server: 'https://127.0.0.1:{port}', certificate-authority-data: {}", encoded(pem)),
            "token: good",
        );
        cases.push(Case::new(what, verdict, text));
    }
    cases
}

/// Client certificates.
async fn identities(authority: &Authority, stranger: &Authority, server: &Pair, behind: SocketAddr) -> Vec<Case> {
    let mut cases = Vec::new();
    let curve = |name: &str| P256.replace("P-256", name);
    let rsa = authority.client("genrsa 2048");
    let parameters = authority.client("ecparam -name secp384r1 -genkey");
    assert!(parameters.key.contains("BEGIN EC PARAMETERS"), "{}", parameters.key);
    let version_1 = authority.signs(P256, "/CN=ann", &[], 30);
    let plain = authority.client(P256);
    let locked = authority.made(&plain.key, "pkcs8 -topk8 -passout pass:secret");
    let traditional = authority.made(&rsa.key, "rsa -traditional");
    let both = format!("{}{}", plain.key, plain.certificate);
    let chain = format!("{}{}", plain.certificate, authority.certificate);
    let bag = "Bag Attributes\n    friendlyName: ann\n";
    for (what, pair, verdict) in [
        ("a client key of RSA", rsa.clone(), Passes),
        ("a client key of RSA in the older form", Pair { key: traditional, ..rsa.clone() }, Passes),
        ("a client key on secp256r1", plain.clone(), Passes),
        ("a client key on secp384r1 after its parameters", parameters, Passes),
        ("a client key on secp521r1", authority.client(&curve("P-521")), Passes),
        ("a client key on secp521r1 after its parameters", authority.client("ecparam -name secp521r1 -genkey"), Passes),
        ("a client key of Ed25519", authority.client("genpkey -algorithm ED25519"), Passes),
        ("a client certificate of version 1", version_1, Passes),
        ("a client certificate with its authority", Pair { certificate: chain, ..plain.clone() }, Passes),
        ("certificate and key together, twice", Pair { certificate: both.clone(), key: both }, Passes),
        (
            "a client certificate with text before it",
            Pair { certificate: format!("{bag}{}", plain.certificate), key: format!("{bag}{}", plain.key) },
            Passes,
        ),
        (
            "a client certificate with CRLF",
            Pair { certificate: plain.certificate.replace('\n', "\r\n"), key: plain.key.replace('\n', "\r\n") },
            Passes,
        ),
        ("a client key with a passphrase", Pair { key: locked, ..plain.clone() }, Fails),
        ("the key of another certificate", Pair { key: rsa.key.clone(), ..plain.clone() }, Fails),
        ("no client key", Pair { key: "none".into(), ..plain.clone() }, Fails),
    ] {
        let port = serve(server, Admits::Shown(pair.der()), behind).await;
        let cluster = format!(
            "server: 'https://127.0.0.1:{port}', certificate-authority-data: {}",
            encoded(&authority.certificate)
        );
        cases.push(Case::new(what, verdict, config(&cluster, &pair.user())));
        if what == "a client key on secp256r1" {
            let user = "client-certificate: pki/ann.crt, client-key: pki/ann.key";
            let beside = Case::new("a client certificate in files beside it", Passes, config(&cluster, user));
            cases.push(beside.file("pki/ann.crt", pair.certificate.clone()).file("pki/ann.key", pair.key.clone()));
            let quoted = |text: &str| format!("\"{}\"", lines(text, "").trim().replace('\n', "\\n"));
            let user = format!(
                "client-certificate-data: {}, client-key-data: {}",
                quoted(&pair.certificate),
                quoted(&pair.key)
            );
            cases.push(Case::new("a client certificate in lines", Passes, config(&cluster, &user)));
            let half = format!("client-certificate-data: {}", encoded(&pair.certificate));
            cases.push(
                Case::new("a client certificate without its key", Fails, config(&cluster, &half))
                    .saying("lacks its other half"),
            );
            let printed = serde_json::json!({ "apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential",
                "status": { "clientCertificateData": pair.certificate, "clientKeyData": pair.key } });
            let user = "exec: {apiVersion: client.authentication.k8s.io/v1, command: ./plugin, interactiveMode: Never}";
            let plugin = Case::new("a plugin that gives a certificate", Passes, config(&cluster, user));
            cases.push(plugin.file("plugin", format!("#!/bin/sh\ncat <<'X'\n{printed}\nX\n")));
            let wrong = stranger.client(P256);
            cases.push(Case::new("a client certificate of another authority", Fails, config(&cluster, &wrong.user())));
            cases.push(Case::new("a token where a certificate is wanted", Fails, config(&cluster, "token: good")));
        }
    }
    cases
}

/// Tokens and passwords.
fn users(server: &str) -> Vec<Case> {
    let case = |what: &str, verdict: Verdict, user: &str| Case::new(what, verdict, config(server, user));
    vec![
        case("a token", Passes, "token: good"),
        case("another token", Fails, "token: bad").saying("does not accept the credentials"),
        case("a token with a line feed at its end", Fails, "token: \"good\\n\""),
        case("a token that is a number", Fails, "token: 12345"),
        case("an empty token", Fails, "token: ''"),
        case("nobody", Fails, ""),
        case("a token in a file", Passes, "tokenFile: token").file("token", "good"),
        case("a token in a file, with CRLF", Passes, "tokenFile: token").file("token", "\tgood \r\n\r\n"),
        case("a token in a file and another here", Passes, "tokenFile: token, token: bad").file("token", "good\n"),
        case("an empty token file", Fails, "tokenFile: token").file("token", "\n").saying("is empty"),
        case("a token file that is away", Fails, "tokenFile: token").saying("there is no such file"),
        case("a token file that is away, and a token", Passes, "tokenFile: token, token: good"),
        case("an empty token file, and a token", Passes, "tokenFile: token, token: good").file("token", "\n"),
        case("a name and a password", Passes, "username: ann, password: pw"),
        case("a name, a password and a token", Fails, "username: ann, password: pw, token: good"),
        case("somebody else's name", Passes, "token: good, as: bob, as-groups: [viewers], as-user-extra: {a: [b]}"),
        case("an auth-provider that is gone", Fails, "auth-provider: {name: gcp, config: {}}")
            .saying("gke-gcloud-auth-plugin"),
        case("keys that nobody knows", Passes, "token: good, colour: red"),
    ]
}

/// A credential plugin that prints a token.
fn prints(token: &str, version: &str) -> String {
    let printed = serde_json::json!({ "apiVersion": version, "kind": "ExecCredential", "status": { "token": token } });
    format!("#!/bin/sh\necho '{printed}'\n")
}

/// Credential plugins.
fn plugins(server: &str) -> Vec<Case> {
    const V1: &str = "client.authentication.k8s.io/v1";
    const BETA: &str = "client.authentication.k8s.io/v1beta1";
    let exec = |version: &str, more: &str| format!("exec: {{apiVersion: {version}, command: ./plugin{more}}}");
    let case = |what: &str, verdict: Verdict, user: &str, program: &str| {
        Case::new(what, verdict, config(server, user)).file("plugin", program)
    };
    let never = ", interactiveMode: Never";
    let told =
        "#!/bin/sh\ncase \"$KUBERNETES_EXEC_INFO\" in *shoot-7*127.0.0.1*|*127.0.0.1*shoot-7*) ;; *) exit 1;; esac\n";
    let extended =
        server.to_owned() + ", extensions: [{name: client.authentication.k8s.io/exec, extension: {shoot: shoot-7}}]";
    let both = format!("{}, token: good", exec(V1, never));
    vec![
        case("a plugin", Passes, &exec(V1, never), &prints("good", V1)),
        case("a plugin of the older version", Passes, &exec(BETA, ""), &prints("good", BETA)),
        case(
            "a plugin without arguments and environment",
            Passes,
            &exec(BETA, ", args: null, env: null, installHint: x"),
            &prints("good", BETA),
        ),
        case(
            "a plugin with arguments and environment",
            Passes,
            &exec(V1, ", interactiveMode: IfAvailable, args: [a], env: [{name: B, value: c}]"),
            &prints("good", V1).replace("\necho", "\n[ \"$1$B\" = ac ] || exit 1\necho"),
        ),
        case("a plugin that speaks another version", Fails, &exec(V1, never), &prints("good", BETA)).saying("asks for"),
        case(
            "a plugin of a version that is gone",
            Fails,
            &exec("client.authentication.k8s.io/v1alpha1", ""),
            &prints("good", V1),
        ),
        case("a plugin that wants a terminal", Fails, &exec(V1, ", interactiveMode: Always"), &prints("good", V1))
            .saying("terminal"),
        case(
            "a plugin that does not say whether it wants a terminal",
            OnlyHere("without a terminal there is nothing to ask"),
            &exec(V1, ""),
            &prints("good", V1),
        ),
        case("a plugin that fails", Fails, &exec(V1, never), "#!/bin/sh\necho no >&2\nexit 3\n").saying("and says: no"),
        case("a plugin that prints nothing", Fails, &exec(V1, never), "#!/bin/sh\n").saying("printed no credentials"),
        case("a plugin whose token is refused", Fails, &exec(V1, never), &prints("bad", V1)),
        case("a plugin beside a token", Passes, &both, &prints("bad", V1)),
        Case::new("a plugin that is not there", Fails, config(server, &exec(V1, never))).saying("is not installed"),
        Case::new(
            "a plugin that is told of its cluster",
            Passes,
            config(&extended, &exec(V1, ", interactiveMode: Never, provideClusterInfo: true")),
        )
        .file("plugin", prints("good", V1).replace("#!/bin/sh\n", told)),
    ]
}

/// Encodings, contexts and several files.
fn files(server: &str) -> Vec<Case> {
    let good = config(server, "token: good");
    let json = serde_json::json!({ "apiVersion": "v1", "kind": "Config", "current-context": "lab",
        "clusters": [{ "name": "c", "cluster": { "server": server.split('\'').nth(1).unwrap_or_default(),
            "certificate-authority-data": server.rsplit(' ').next().unwrap_or_default() } }],
        "users": [{ "name": "u", "user": { "token": "good" } }],
        "contexts": [{ "name": "lab", "context": { "cluster": "c", "user": "u" } }] });
    let without = |line: &str| good.replace(line, "");
    let current = "current-context: lab\n";
    let twice = good.clone() + "- name: lab\n  context: {cluster: other, user: u}\n";
    let elsewhere = format!("{good}---\n{}", good.replace("token: good", "token: bad"));
    let yes = good.replace("lab", "yes");
    let aliased = good.replace("token: good", "token: &t good, x: *t");
    let second = good.replace("current-context: lab", "current-context: ''").replace("name: lab", "name: second");
    let with = |files: Vec<&'static str>, case: Case| case.asking(Asks::Variable(files));
    vec![
        Case::new("CRLF", Passes, good.replace('\n', "\r\n")),
        Case::new("a byte order mark", Passes, format!("\u{feff}{good}")),
        Case::new("UTF-16", Passes, utf16(&good)),
        Case::new("JSON", Passes, json.to_string()),
        Case::new("an alias", Passes, aliased),
        Case::new("a tab as margin", Fails, good.replace("\n  cluster", "\n\tcluster")),
        Case::new("no apiVersion and kind", Passes, without("apiVersion: v1\nkind: Config\n")),
        Case::new("another kind", Fails, good.replace("kind: Config", "kind: Pod")),
        Case::new("a second document", Passes, elsewhere),
        Case::new("a context twice", Fails, twice),
        Case::new("a name that YAML once took for a truth value", OnlyHere("YAML 1.2 knows no yes"), yes),
        Case::new("no current-context", Fails, without(current)).saying("has no current-context"),
        Case::new("an empty current-context", Fails, good.replace("current-context: lab", "current-context: ''"))
            .saying("has no current-context"),
        Case::new(
            "a current-context that is misspelt",
            Fails,
            good.replace("current-context: lab", "current-context: lba"),
        )
        .saying("did you mean lab?"),
        Case::new("a context that is named", Passes, without(current)).asking(Asks::Context("config", "lab")),
        Case::new("a context that is named and misspelt", Fails, good.clone()).asking(Asks::Context("config", "lba")),
        Case::new("a context of a cluster that is not there", Fails, good.replace("{cluster: c,", "{cluster: gone,")),
        Case::new("a context of a user who is not there", Fails, good.replace("user: u}", "user: gone}")),
        Case::new("an empty file", Fails, ""),
        Case::new("a file of comments", Fails, "# nothing\n"),
        Case::new("a file that is away", Fails, "").asking(Asks::File("gone")),
        Case::new("bytes", Fails, [0x80, 0xff, 0x00, 0x9c]),
        Case::new("half a character of UTF-16", Fails, [0xff, 0xfe, 0x61]),
        with(
            vec!["empty", "gone", "config"],
            Case::new("an empty file and a missing one before it", Passes, good.clone()).file("empty", ""),
        ),
        with(
            vec!["a/second", "config"],
            Case::new("a current-context from the second file", Passes, good.clone()).file("a/second", second.clone()),
        ),
        with(
            vec!["a/first", "config"],
            Case::new("the first of two of one name", Fails, good.clone())
                .file("a/first", good.replace("token: good", "token: bad")),
        ),
        with(
            vec!["a/config", "b/config"],
            Case::new("files beside the second of two", Passes, "")
                .file("a/config", "current-context: lab\n")
                .file("b/config", config(server, "tokenFile: ../token").replace(current, ""))
                .file("token", "good"),
        ),
        with(vec!["gone"], Case::new("nothing but a file that is away", Fails, "")),
    ]
}

/// Forms of the server's address.
fn servers(port: u16, behind: SocketAddr, authority: &Authority) -> Vec<Case> {
    let data = format!("certificate-authority-data: {}", encoded(&authority.certificate));
    let case = |what: &str, verdict: Verdict, cluster: &str| Case::new(what, verdict, config(cluster, "token: good"));
    vec![
        case(
            "a server without a scheme, with an authority",
            OnlyHere("an authority says that TLS is meant"),
            &format!("server: '127.0.0.1:{port}', {data}"),
        ),
        case("a server without a scheme, without one", Passes, &format!("server: '{behind}'")),
        case(
            "localhost without a scheme",
            OnlyHere("an authority says that TLS is meant"),
            &format!("server: 'localhost:{port}', {data}"),
        ),
        case("a server with a slash at its end", Passes, &format!("server: 'https://127.0.0.1:{port}/', {data}")),
        case("a scheme in capitals", Passes, &format!("server: 'HTTPS://127.0.0.1:{port}', {data}")),
        case("blanks around the server", Fails, &format!("server: ' https://127.0.0.1:{port} ', {data}")),
        case("a server that is no address", Fails, "server: 'https://'"),
        case("a server of another scheme", Fails, "server: 'ftp://127.0.0.1'"),
        case("a port beyond all", Fails, &format!("server: 'https://127.0.0.1:99999', {data}")),
        case(
            "a server without TLS, and an authority that is none",
            Passes,
            &format!("server: 'http://{behind}', certificate-authority-data: bm9uZQ=="),
        ),
        case("no server", Fails, &data),
    ]
}

/// Proxies.
async fn proxies(port: u16, authority: &Authority) -> Vec<Case> {
    let (open, locked) = (proxy(port, None).await, proxy(port, Some("bWU6cHc=")).await);
    let cluster = format!(
        "server: 'https://api.lab.invalid:6443', certificate-authority-data: {}",
        encoded(&authority.certificate)
    );
    let plain = config(&cluster, "token: good");
    let by = |url: &str| config(&format!("{cluster}, proxy-url: '{url}'"), "token: good");
    let way = format!("http://127.0.0.1:{open}");
    let locked_way = |user: &str| format!("http://{user}127.0.0.1:{locked}");
    vec![
        Case::new("a proxy-url", Passes, by(&way)),
        Case::new("a proxy-url with a password", Passes, by(&locked_way("me:pw@"))),
        Case::new("a proxy-url without the password", Fails, by(&locked_way(""))).saying("wants a name and a password"),
        Case::new("a proxy-url of another scheme", Fails, by("ftp://127.0.0.1:1")),
        Case::new("a proxy that nobody serves", Fails, by("http://127.0.0.1:1")).saying("the proxy that leads to it"),
        Case::new("a name that nobody resolves", Fails, plain.clone()).saying("cannot be resolved"),
        Case::new("HTTPS_PROXY", Passes, plain.clone()).with("HTTPS_PROXY", &way),
        Case::new("https_proxy", Passes, plain.clone()).with("https_proxy", &way),
        Case::new("a proxy without a scheme", Passes, plain.clone())
            .with("HTTPS_PROXY", way.trim_start_matches("http://")),
        Case::new("HTTP_PROXY, which is for others", Fails, plain.clone()).with("HTTP_PROXY", &way),
        Case::new("ALL_PROXY, which kubectl does not know", Fails, plain.clone()).with("ALL_PROXY", &way),
        Case::new("NO_PROXY that spares the name", Fails, plain.clone())
            .with("HTTPS_PROXY", &way)
            .with("NO_PROXY", "lab.invalid"),
        Case::new("NO_PROXY that spares others", Passes, plain.clone())
            .with("HTTPS_PROXY", &way)
            .with("NO_PROXY", "example.org, 10.0.0.0/8"),
        Case::new("a proxy-url, whatever NO_PROXY says", Passes, by(&way)).with("NO_PROXY", "*"),
        Case::new("a proxy-url before the variable", Passes, by(&way)).with("HTTPS_PROXY", "http://127.0.0.1:1"),
    ]
}
