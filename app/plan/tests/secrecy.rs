//! No secret of a plan is in anything that is said of it.

use plan::{Checked, Finding, Plan, Rule, Severity};

/// A plan's text with a secret in it.
fn filled(text: &str, written: &str) -> String {
    // A tag cannot be quoted; in a block, quotes would belong to the secret.
    let tag = if written.starts_with(['\'', '"']) { "x" } else { written };
    format!(
        "{HEAD}{}",
        text.replace("python/SECRET", &format!("python/{tag}"))
            .replace("|\n  SECRET", if tag == written { "|\n  SECRET" } else { "SECRET" })
            .replace("SECRET", written)
    )
}

const HEAD: &str = "TYPE: baremetal\nFLAVOR: cluster\nPOWER_TOOL: ipmitool\nipmiVer: '2.0'\n";

/// A plan's text in which `SECRET` stands for a secret, and where else it stands.
const PLANS: [&str; 14] = [
    "ipmiPass: SECRET\nhosts: []\n",
    "hosts:\n  - {name: host1, ipmiPass: SECRET, power_pass: SECRET}\n",
    "ipmiPass: SECRET\nhosts: []\nPATH: /SECRET/bin\n",
    "ipmiPass: SECRET\nhosts:\n  - name: host1\n    colour: [a, SECRET]\n    note: {SECRET: b}\n",
    "ipmiPass: [SECRET]\nhosts: []\n",
    "ipmiPass: {a: {b: [SECRET]}}\nhosts: []\n",
    "hosts:\n  - name: host1\n    adminPassword: SECRET\n    colour: SECRET\n",
    "hosts: []\nAPI_TOKEN: SECRET\nAPI: {token: SECRET, other: SECRET}\n",
    "ipmiPass: SECRET\nipmiPass: SECRET\nhosts: []\nSECRET: a\nSECRET: b\n",
    "ipmiPass: &x SECRET\nhosts:\n  - {name: host1, mac: *x, colour: *x}\n",
    "ipmiPass: !!python/SECRET SECRET\nhosts: []\n",
    "ipmiPass: |\n  SECRET\nhosts: []\nplugins: SECRET\n",
    "ipmiPass: SECRET\nhosts: [SECRET, [SECRET]]\n",
    "ipmiPass: SECRET\nhosts:\n  - name: host1\n    ipmiIp: SECRET\n    roles: [SECRET]\n    mac: SECRET\n",
];

/// Secrets as they are written in the file, and as they are.
const SECRETS: [(&str, &str); 9] = [
    ("hunter22", "hunter22"),
    ("0765432", "0765432"),
    ("'pa$$; rm'", "pa$$; rm"),
    (r#""qu\"o\\te\nd""#, "qu\"o\\te\nd"),
    ("'$(reboot)'", "$(reboot)"),
    ("Übergröße", "Übergröße"),
    ("yes-or-no", "yes-or-no"),
    ("12:34:56:50", "12:34:56:50"),
    ("2026.50", "2026.50"),
];

fn said(findings: &[Finding]) -> String {
    let json = serde_json::to_string_pretty(findings).expect("JSON");
    let texts = findings.iter().flat_map(|one| [&one.what, &one.why, &one.todo]).map(String::as_str);
    format!("{json}\n{}", texts.collect::<Vec<_>>().join("\n"))
}

#[test]
fn no_finding_holds_a_secret() {
    for text in PLANS {
        for (written, secret) in SECRETS {
            let text = filled(text, written);
            let (plan, mut findings) = Plan::read(Some(text.as_bytes()), None);
            findings.extend(plan::check(&plan));
            let said = said(&findings);
            let quoted = format!("{secret:?}");
            for form in [secret, secret.trim_end(), quoted.trim_matches('"')] {
                assert!(!said.contains(form), "{form} of\n{text}\nis in\n{said}");
            }
        }
    }
}

#[test]
fn a_plan_that_is_printed_shows_no_secret() {
    // Not the last: there the secret is an address, a role and a MAC as well, which are there to be seen.
    for text in &PLANS[..PLANS.len() - 1] {
        for (written, secret) in SECRETS {
            let text = filled(text, written).replace("mac: *x", "mac: a");
            let (plan, _) = Plan::read(Some(text.as_bytes()), None);
            let printed = format!("{plan:?}");
            assert!(!printed.contains(secret), "{secret} of\n{text}\nis in\n{printed}");
            if plan.dha.is_some() {
                assert!(plan.secrets().iter().any(|one| one.trim_end() == secret), "{text}\n{plan:?}");
            }
        }
    }
}

/// Texts that nobody can read to their end, and some that are written in odd ways.
const BROKEN: [&str; 13] = [
    "ipmiPass: SECRET\n  hosts: [\n",
    "hosts:\n  - {name: host1, ipmiPass: SECRET, mac: [\n",
    "hosts: {\n\"ipmiPass\":\n SECRET\n  - ]\n",
    "ipmiPass: [SECRET,\n  SECRET\n",
    "ipmiPass: 'SECRET\nhosts: []\n",
    "ipmiPass: |\n  SECRET\n\thosts: []\nmore: [\n",
    "a: [\nipmiPass = SECRET\n",
    "# ipmiPass: SECRET\nipmiPass: SECRET\n",
    "x: &a SECRET\ny: {power_pass: *a}\n",
    "x: &a {b: [SECRET]}\npower_pass: *a\n",
    "ipmiPass: \"SE\\x43RET\"\nhosts: []\n",
    "\u{FEFF}ipmiPass: SECRET\r\nhosts: []\r\n",
    "hosts:\n- ipmiPass: >\n    SECRET\n    SECRET\n  name: a\n",
];

#[test]
fn a_files_own_lines_are_shown_without_its_secrets() {
    for secret in ["hunter22", "abc", "root", "it;s"] {
        for text in BROKEN {
            let text = text.replace("SECRET", secret);
            let checked = Checked::new(Some(text.as_bytes()), None);
            let lines = plan::masked(&checked.plan, text.as_bytes());
            // Three letters in a comment are words like any other.
            let lines: Vec<_> = lines.iter().filter(|line| secret.len() > 3 || !line.starts_with('#')).collect();
            assert!(lines.iter().all(|line| !line.contains(secret)), "{secret} of\n{text}\nis in {lines:#?}");
            assert!(!format!("{checked:?}{:?}", checked.clone().start()).contains(secret), "{text}");
        }
    }
    for text in PLANS {
        for (written, secret) in SECRETS {
            let text = filled(text, written);
            let (plan, _) = Plan::read(Some(text.as_bytes()), None);
            let lines = plan::masked(&plan, text.as_bytes());
            assert_eq!(lines.len(), text.lines().count(), "{text}");
            assert!(lines.iter().all(|line| !line.contains(secret) && !line.contains(written)), "{text}{lines:#?}");
        }
    }
}

#[test]
fn lines_without_secrets_are_shown_as_they_are() {
    let text = format!("{HEAD}hosts: # none\n  - {{name: host1, mac: 'a b'}}\n\nplugins: |\n  x\n");
    let (plan, _) = Plan::read(Some(text.as_bytes()), None);
    assert_eq!(plan::masked(&plan, text.as_bytes()), text.lines().collect::<Vec<_>>());
    assert_eq!(plan::masked(&plan, &vec![b'a'; plan::LONGEST + 1]), [""; 0]);
}

#[test]
fn a_secret_of_one_file_is_not_shown_of_the_other() {
    let dha = format!("{HEAD}ipmiPass: hunter22\nhosts: []\n");
    let network = "ip_settings: []\nmtu: hunter22\ninternal_vip: {ip: hunter22, interface: 'hunter22;'}\n";
    let (plan, mut findings) = Plan::read(Some(dha.as_bytes()), Some(network.as_bytes()));
    findings.extend(plan::check(&plan));
    assert!(findings.len() > 3);
    assert!(!said(&findings).contains("hunter22"));
    assert_eq!(plan.network.expect("a network").rest[0].value, "•••");
}

#[test]
fn a_number_that_compass_makes_of_a_secret_is_not_shown() {
    let (_, findings) = Plan::read(Some(format!("{HEAD}hosts: []\nipmiPass: 0123456\n").as_bytes()), None);
    let told = findings.iter().find(|one| one.what.contains("ipmiPass")).expect("it is told");
    assert_eq!(told.severity, Severity::Warning);
    assert!(!said(&findings).contains("42798"));
}

#[test]
fn a_secret_that_a_shell_would_run_is_told_without_it() {
    let secrets = [
        ("it's", "'"),
        ("a\"b", "\""),
        ("$(reboot)", "$"),
        ("`id`", "`"),
        ("a;b", ";"),
        ("a|b", "|"),
        ("a&b", "&"),
        ("a>b", ">"),
        ("a b", "a space"),
        ("a\tb", "a tab"),
        ("a\\b", "\\"),
        ("a*", "*"),
        ("a$b", "$"),
        ("~x", "~"),
        ("a}b", "}"),
        ("#ab", "# at its beginning"),
        ("grün", "a character beyond ASCII's printable ones"),
    ];
    for (secret, fault) in secrets {
        let text = format!("{HEAD}hosts:\n  - name: host1\n    ipmiPass: {secret:?}\n");
        let checked = Checked::new(Some(text.as_bytes()), None);
        let told: Vec<_> = checked.findings.iter().filter(|one| one.rule == Rule::Shell).collect();
        assert_eq!(told.len(), 1, "{secret}");
        assert_eq!(told[0].what, format!("hosts[0].ipmiPass is no plain word to a shell, for it has {fault}"));
        assert_eq!((told[0].place.line, told[0].severity), (7, Severity::Error));
        assert!(checked.never());
    }
}

#[test]
fn no_character_of_a_value_reaches_the_terminal_as_a_command() {
    let text = format!("{HEAD}hosts:\n  - {{name: \"a\\e[2Jb\\u202Ec\", roles: [\"\\n\\r\"]}}\n\"k\\e\": 1\n");
    let (plan, mut findings) = Plan::read(Some(text.as_bytes()), None);
    findings.extend(plan::check(&plan));
    for one in &findings {
        for text in [&one.what, &one.why, &one.todo] {
            assert!(!text.contains(|one: char| one.is_control() || one == '\u{202E}'), "{text:?}");
        }
    }
}
