//! No secret leaves the redactor, in whatever form, wherever it stands, however the bytes were cut.

use base64::{Engine, engine::general_purpose::STANDARD};
use proptest::prelude::*;
use transcript::{MASK, Redactor};

fn redact(secrets: &[&str], text: &[u8]) -> String {
    redact_in(secrets, [text])
}

fn redact_in<'t>(secrets: &[&str], chunks: impl IntoIterator<Item = &'t [u8]>) -> String {
    let mut redactor = Redactor::new(secrets.iter().copied());
    let mut out = Vec::new();
    for chunk in chunks {
        redactor.push(chunk, &mut out);
    }
    redactor.finish(&mut out);
    String::from_utf8_lossy(&out).into_owned()
}

fn check(text: &str, clean: &str) {
    assert_eq!(redact(&["hunter22", "it's $ecret/+"], text.as_bytes()), clean.replace('*', MASK), "of {text}");
}

#[test]
fn a_value_is_hidden_wherever_it_stands_and_however_it_is_quoted() {
    check("say hunter22 twice hunter22\n", "say * twice *\n");
    check("xhunter22x", "x*x");
    check("echo 'it'\\''s $ecret/+' done\n", "echo '*' done\n");
    check("a it'\"'\"'s $ecret/+ b\n", "a * b\n");
    check(r#"a "it's \$ecret/+" b"#, r#"a "*" b"#);
    check("a it\\'s\\ \\$ecret/+ b\n", "a * b\n");
    check("?q=it%27s%20%24ecret%2F%2B&r=1\n", "?q=*&r=1\n");
    check("?q=it%27s+%24ecret%2f%2b&r=1\n".replace("%2f%2b", "%2F%2B").as_str(), "?q=*&r=1\n");
    check(r#"{"a": "it's $ecret\/+"}"#, r#"{"a": "*"}"#);
    check(r#"["it'\\''s $ecret/+"]"#, r#"["*"]"#);
}

#[test]
fn base64_hides_nothing_in_any_alignment() {
    for before in ["", "x", "xy", "xyz", "user:", "some longer text: "] {
        for after in ["", "1", "12", "123"] {
            let text = format!("{before}hunter22{after}");
            let clean = redact(&["hunter22"], format!("x {}\n", STANDARD.encode(&text)).as_bytes());
            assert!(clean.contains(MASK), "{text}: {clean}");
            // What is left tells nothing of the secret's characters.
            let left: String = clean[2..].replace(MASK, "");
            let bytes = STANDARD
                .decode(left.trim_end_matches(['=', '\n']).chars().take(left.len() / 4 * 4).collect::<String>());
            assert!(!String::from_utf8_lossy(&bytes.unwrap_or_default()).contains("hunt"), "{text}: {clean}");
        }
    }
}

#[test]
fn wrapped_base64_and_private_keys_are_hidden_as_blocks() {
    let text = STANDARD.encode("x".repeat(50) + "hunter22" + &"y".repeat(70));
    let (one, rest) = text.split_at(76);
    check(&format!("{one}\n{rest}\nnext\n"), "*\n*\nnext\n");
    check(&format!("{{\"stdout\": \"{one}\\n{rest}\"}}\n"), "{\"stdout\": \"*\\n*\"}\n");
    check(
        "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\nAbC=\n-----END RSA PRIVATE KEY-----\nnext\n",
        "-----BEGIN RSA PRIVATE KEY-----\n*\n*\n-----END RSA PRIVATE KEY-----\nnext\n",
    );
    check(
        "{\"x\": \"-----BEGIN PRIVATE KEY-----\\nMIIE\\n-----END PRIVATE KEY-----\\n\", \"y\": 1}\n",
        "{\"x\": \"-----BEGIN PRIVATE KEY-----*-----END PRIVATE KEY-----\\n\", \"y\": 1}\n",
    );
    let id = "0123456789abcdef".repeat(4);
    check(&format!("{id}\n"), &format!("{id}\n"));
}

#[test]
fn colours_and_carriage_returns_within_a_secret_do_not_save_it() {
    check("a hun\x1b[31mter\x1b[0m22 b\n", "a * b\n");
    check("a hunter\r22 b\n", "a * b\n");
    check("a hun\x1b]0;title\x07ter22 b\n", "a * b\n");
    check(r#"{"stdout": "hun\u001b[0;31mter\u001b[0m22"}"#, r#"{"stdout": "*"}"#);
    check("export ipmi\x1b[1mPass=\x1b[0mabc d\n", "export ipmi\x1b[1mPass=\x1b[0m* d\n");
    check("text \x1b[32mgreen\x1b[0m\r\n", "text \x1b[32mgreen\x1b[0m\r\n");
}

#[test]
fn short_values_are_hidden_by_name_and_place_alone() {
    for (text, clean) in [
        ("++ export ipmiPass=abc\n", "++ export ipmiPass=*\n"),
        ("++ export 'ipmiPass=a b'\n", "++ export 'ipmiPass=* b'\n"),
        ("+ export ipmiPass='a b'\n", "+ export ipmiPass='*'\n"),
        ("SERVER_CREDENTIAL=root=root next=1\n", "SERVER_CREDENTIAL=* next=1\n"),
        (
            "+ python client.py --service_credentials=a:b=c,d:e=f --x=1\n",
            "+ python client.py --service_credentials=* --x=1\n",
        ),
        ("--console_credentials \"os:compute=console=console\" y\n", "--console_credentials \"*\" y\n"),
        ("export SERVICE_CREDENTIALS=${SERVICE_CREDENTIALS:-image:a=b,c}\n", "export SERVICE_CREDENTIALS=*\n"),
        ("COMPASS_USER_PASSWORD=\"admin\"\n", "COMPASS_USER_PASSWORD=\"*\"\n"),
        (
            "host1 ansible_ssh_host=10.1.0.50 ansible_ssh_pass=root\n",
            "host1 ansible_ssh_host=10.1.0.50 ansible_ssh_pass=*\n",
        ),
        ("{\"ansible_ssh_pass\": \"abc\", \"x\": 1}\n", "{\"ansible_ssh_pass\": \"*\", \"x\": 1}\n"),
        (
            "\"{\\\"power_pass\\\": \\\"abc\\\", \\\"x\\\": 1}\"\n",
            "\"{\\\"power_pass\\\": \\\"*\\\", \\\"x\\\": 1}\"\n",
        ),
        (
            "headers={'X-Auth-Token': u'abc', 'Content-type': 'json'}\n",
            "headers={'X-Auth-Token': u'*', 'Content-type': 'json'}\n",
        ),
        ("('X-Auth-Token', 'abc')\n", "('X-Auth-Token', '*')\n"),
        ("curl -H 'X-Auth-Token: abc' http://x\n", "curl -H 'X-Auth-Token: *' http://x\n"),
        ("x-auth-token: abc\n", "x-auth-token: *\n"),
        ("Authorization: Bearer abc\n", "Authorization: Bearer *\n"),
        ("curl -H \"Authorization: Bearer abc\" x\n", "curl -H \"Authorization: Bearer *\" x\n"),
        ("    power_pass: a b c\n", "    power_pass: *\n"),
        (
            "+ ipmitool -I lan -H 10.0.0.1 -U root -P abc chassis power reset\n",
            "+ ipmitool -I lan -H 10.0.0.1 -U root -P * chassis power reset\n",
        ),
        ("ipmitool -Pabc power\n", "ipmitool -P* power\n"),
        ("ipmitool -P 'a b' power\n", "ipmitool -P '*' power\n"),
        ("['ipmitool', '-P', 'abc', 'power']\n", "['ipmitool', '-P', '*', 'power']\n"),
        ("\"cmd\": \"ipmitool -P abc\", \"rc\": 0\n", "\"cmd\": \"ipmitool -P *\", \"rc\": 0\n"),
        ("sshpass -p abc ssh host\n", "sshpass -p * ssh host\n"),
        ("http://admin:abc@10.1.0.1:5050/api?token=abc\n", "http://admin:*@10.1.0.1:5050/api?token=*\n"),
        ("password => 'abc'\n", "password => '*'\n"),
        ("password=it'\\''s\n", "password=*'\\''s\n"),
    ] {
        check(text, clean);
    }
}

#[test]
fn words_that_only_look_like_names_of_secrets_stay() {
    for text in [
        "compass deploy success\n",
        "TASK [kubernetes/secrets : Gen_certs | run cert generation script] \n",
        "passed: 3, failed: 0\n",
        "compass-deck: root=root\n",
        "key: value\n",
        "host1 : ok=3 changed=1 unreachable=0 failed=0\n",
        "mkdir -P x\n",
        "http://10.1.0.1:5050/api\n",
    ] {
        check(text, text);
    }
}

#[test]
fn a_line_of_megabytes_waits_for_no_end_and_loses_nothing() {
    let filler = "lorem ipsum ".repeat(700_000);
    let text = format!("{filler}hunter22{filler}ipmiPass='{}' tail hunter22\n", "z".repeat(300_000));
    let clean = redact(&["hunter22"], text.as_bytes());
    assert_eq!(clean, format!("{filler}{MASK}{filler}ipmiPass='{MASK}' tail {MASK}\n"));
    let mut redactor = Redactor::new(["hunter22"]);
    let mut out = Vec::new();
    let (mut given, mut most) = (0_usize, 0);
    for chunk in filler.as_bytes().chunks(1_000) {
        redactor.push(chunk, &mut out);
        given += chunk.len();
        most = most.max(given - out.len());
    }
    assert!(most < 2 * transcript::WINDOW, "{most} bytes were held back");
}

#[test]
fn a_restart_goes_on_from_the_offset_that_was_kept() {
    let text = format!("{}password='{}' hunter22\nnext hunter22\n", "a ".repeat(60_000), "b".repeat(200_000));
    let whole = redact(&["hunter22"], text.as_bytes());
    for cut in [10, 70_000, 140_000, 200_000, 300_000, text.len() - 3] {
        let mut out = Vec::new();
        let mut before = Redactor::new(["hunter22"]);
        before.push(&text.as_bytes()[..cut], &mut out);
        let state = before.state();
        let mut after = Redactor::resume(["hunter22"], state);
        after.push(&text.as_bytes()[usize::try_from(state.offset).unwrap()..], &mut out);
        after.finish(&mut out);
        assert_eq!(String::from_utf8(out).unwrap(), whole, "cut at {cut}");
    }
}

/// Pieces that mean something to a redactor.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    let texts = [
        "hunter22",
        "it's $ecret/+",
        "\x1b[31m",
        "\x1b[",
        "\r",
        "\n",
        "\r\n",
        " ",
        "=",
        ": ",
        "'",
        "\"",
        "\\",
        "\\\"",
        "ipmiPass",
        "password=",
        "X-Auth-Token",
        "ipmitool",
        "-P ",
        "http://a:",
        "@b/",
        "aHVudGVyMjI=",
        "\\u001b[0m",
        "\\n",
        "-----BEGIN PRIVATE KEY-----",
        "-----END",
        "Bearer ",
        "{",
        "}",
        "[",
        "]",
        ",",
        "\x00",
        "é",
        "•••",
        "hunter",
        "22",
    ];
    prop_oneof![
        8 => proptest::sample::select(texts.to_vec()).prop_map(|text| text.as_bytes().to_vec()),
        1 => proptest::collection::vec(any::<u8>(), 0..8),
        1 => (1_usize..90_000).prop_map(|length| b"ab c".repeat(length / 4)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_cut_of_the_input_gives_the_same_output(
        pieces in proptest::collection::vec(piece(), 0..40),
        sizes in proptest::collection::vec(1_usize..200, 1..20),
        large in any::<bool>(),
    ) {
        let text = pieces.concat();
        let mut chunks = Vec::new();
        let mut rest = &text[..];
        for size in sizes.iter().cycle() {
            if rest.is_empty() { break; }
            let (chunk, after) = rest.split_at((size * if large { 997 } else { 1 }).min(rest.len()));
            chunks.push(chunk);
            rest = after;
        }
        let secrets = ["hunter22", "it's $ecret/+"];
        let whole = redact(&secrets, &text);
        prop_assert!(!whole.contains("hunter22"));
        prop_assert_eq!(redact_in(&secrets, chunks), whole);
    }

    #[test]
    fn no_form_of_any_secret_survives(secret in "[ -~é]{4,40}", form in 0_usize..9, before in "[a-z ]{0,9}", split in 0_usize..60) {
        prop_assume!(secret.trim().chars().count() >= 4 && !secret.starts_with("-----"));
        let form = match form {
            0 => secret.clone(),
            1 => secret.replace('\'', r"'\''"),
            2 => serde_json::to_string(&secret).unwrap(),
            3 => serde_json::to_string(&secret.replace('\'', r"'\''")).unwrap(),
            4 => STANDARD.encode(format!("{before}{secret}")),
            5 => secret.bytes().map(|b| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") }).collect(),
            6 => { let at = secret.char_indices().map(|(at, _)| at).nth(split % secret.chars().count()).unwrap_or(0); format!("{}\x1b[1;31m{}", &secret[..at], &secret[at..]) }
            7 => format!("'{}'", secret.replace('\\', r"\\").replace('\'', r"\'")),
            _ => secret.chars().map(|c| format!("{c}\r")).collect(),
        };
        let text = format!("{before} {form} after\n");
        let clean = redact(&[&secret], text.as_bytes());
        prop_assert!(clean.contains(MASK), "{} stayed as {}", text, clean);
        if form.len() >= 6 { prop_assert!(!clean.contains(form.trim_matches(['"', '\'', ' '])) , "{} stayed as {}", text, clean); }
    }
}
