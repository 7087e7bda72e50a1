//! Forms in which programs print secrets: none survives, however it is quoted and however the log was cut; and
//! ordinary lines stay as they are.
//!
//! A third of the forms, drawn by a hash of their names, was kept aside while the rules were written.

use std::fmt::Write;

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use proptest::prelude::*;
use transcript::{Counts, MASK, Redactor, Rule};

const FORMS: [&str; 2] = [include_str!("redaction/forms.txt"), include_str!("redaction/second.txt")];
const ORDINARY: &str = include_str!("redaction/ordinary.txt");
const READABLE: &str = include_str!("redaction/readable.txt");

struct Form {
    name: String,
    text: String,
    secrets: Vec<String>,
}

fn forms() -> Vec<Form> {
    let forms = FORMS.iter().flat_map(|forms| forms.split("\n=== ").skip(1)).map(|entry| {
        let (name, marked) = entry.split_once('\n').expect("a text below each name");
        let (mut text, mut secrets) = (String::new(), Vec::new());
        for (at, part) in marked.trim_end_matches('\n').split(['⟦', '⟧']).enumerate() {
            let made = made(part);
            text.push_str(&made);
            if at % 2 == 1 {
                secrets.push(made);
            }
        }
        Form { name: name.to_owned(), text, secrets }
    });
    forms.collect()
}

/// Bytes that look as if drawn by lot, the same each time.
fn bytes(seed: u64, count: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        u8::try_from(state >> 40 & 0xFF).expect("made well")
    };
    std::iter::repeat_with(next).take(count).collect()
}

fn wrapped(text: &str, width: usize) -> String {
    let lines: Vec<_> =
        text.as_bytes().chunks(width).map(|line| std::str::from_utf8(line).expect("made well")).collect();
    lines.join("\n")
}

/// A part of a form with what its placeholder stands for.
fn made(part: &str) -> String {
    let body = wrapped(&STANDARD.encode(bytes(7, 607)), 64);
    let pem = format!("-----BEGIN RSA PRIVATE KEY-----\n{body}\n-----END RSA PRIVATE KEY-----\n");
    let small = wrapped(&STANDARD.encode(bytes(9, 121)), 64);
    let ec = format!("-----BEGIN EC PRIVATE KEY-----\n{small}\n-----END EC PRIVATE KEY-----\n");
    let archive: Vec<u8> = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3].into_iter().chain(bytes(11, 700)).collect();
    let mut tar = vec![0_u8; 512];
    tar[..11].copy_from_slice(b"ca-key.pem\0");
    tar.extend_from_slice(pem.as_bytes());
    let openssh: Vec<u8> = b"openssh-key-v1\0\0\0\0\x04none".iter().copied().chain(bytes(13, 300)).collect();
    let openssh = format!("-----BEGIN OPENSSH PRIVATE KEY-----\n{}\n-----END", wrapped(&STANDARD.encode(openssh), 70));
    match part {
        "@PEM_BODY@" => body,
        "@PEM_LINE@" => body.lines().next().expect("made well").to_owned(),
        "@PEM_SHORT@" => "q8ZtW7kPz1w=".to_owned(),
        "@PEM_BASE64@" => STANDARD.encode(&pem),
        "@PEM_BASE64URL@" => URL_SAFE_NO_PAD.encode(&pem),
        "@PEM_BASE64_76@" => wrapped(&STANDARD.encode(&pem), 76),
        "@PEM_BASE64_64@" => wrapped(&STANDARD.encode(&pem), 64),
        "@PEM_BASE64_48@" => wrapped(&STANDARD.encode(&pem), 48),
        "@PEM_BASE64_100@" => wrapped(&STANDARD.encode(&pem), 100),
        "@EC_BASE64@" => STANDARD.encode(&ec),
        "@OPENSSH_BASE64@" => STANDARD.encode(&openssh),
        "@TGZ_BASE64@" => STANDARD.encode(&archive),
        "@TGZ_BASE64_76@" => wrapped(&STANDARD.encode(&archive), 76),
        "@TAR_BASE64@" => STANDARD.encode(&tar),
        "@DER_BASE64@" => STANDARD.encode(bytes(17, 138)),
        "@COLOUR@" => "ipmi\x1b[1mPass=\x1b[0mk8\x1b[31mq".to_owned(),
        _ => part.replace("@ESC@", "\x1b"),
    }
}

fn is_held_out(name: &str) -> bool {
    name.bytes().fold(0xCBF2_9CE4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3))
        % 3
        == 0
}

fn redact_in<'t>(chunks: impl IntoIterator<Item = &'t [u8]>) -> (String, Counts) {
    let (mut redactor, mut out) = (Redactor::new([]), Vec::new());
    for chunk in chunks {
        redactor.push(chunk, &mut out);
    }
    redactor.finish(&mut out);
    (String::from_utf8_lossy(&out).into_owned(), redactor.state().hidden)
}

fn redact(text: &str) -> String {
    redact_in([text.as_bytes()]).0
}

/// The ways in which a log holds a text.
fn wrappings(text: &str) -> Vec<(&'static str, String)> {
    let quoted = serde_json::to_string(text).expect("made well");
    let twice = serde_json::to_string(&quoted).expect("made well");
    let lines: Vec<_> = text.lines().collect();
    let record = "2026-11-28 23:16:07,852 p=15752 u=root |  ";
    let python = quoted.replace('\'', "\\'");
    vec![
        ("as it is", text.to_owned()),
        ("in a record", format!("{record}TASK [x] ***\n{record}{text}\n{record}ok: [host1]\n")),
        ("as JSON", format!("{record}changed: [host1] => {{\"changed\": true, \"msg\": {quoted}, \"rc\": 0}}\n")),
        ("as JSON in JSON", format!("{record}changed: [host1] => {{\"result\": {twice}, \"x\": 1}}\n")),
        (
            "as a list",
            format!("ok: [host1] => {{\"stdout_lines\": {}}}\n", serde_json::to_string(&lines).expect("made well")),
        ),
        ("as Python", format!("ok: [host1] => {{u'rc': 0, u'msg': u'{}', u'x': 1}}\n", &python[1..python.len() - 1])),
        (
            "indented",
            lines.iter().fold(String::new(), |mut out, line| {
                writeln!(out, "      {line}").expect("made well");
                out
            }),
        ),
    ]
}

/// What of a secret stands in a text, as it is or in base64.
fn survives(secret: &str, clean: &str) -> bool {
    let quoted = serde_json::to_string(secret).expect("made well");
    let parts: Vec<&str> = secret.lines().chain([&quoted[1..quoted.len() - 1]]).map(str::trim).collect();
    // Of a long one any piece is too much.
    let pieces: Vec<&str> = parts
        .iter()
        .flat_map(|part| {
            let size = if part.len() > 40 { 12 } else { part.len().max(1) };
            (0..=part.len().saturating_sub(size)).step_by(4).filter_map(move |at| part.get(at..at + size))
        })
        .filter(|piece| piece.len() > 1)
        .collect();
    if pieces.iter().any(|piece| clean.contains(piece)) {
        return true;
    }
    let runs = clean.split(|letter: char| !letter.is_ascii_alphanumeric() && !"+/=".contains(letter));
    runs.filter(|run| run.len() >= 8).any(|run| {
        (0..4).any(|shift| {
            let run = run.get(shift..).unwrap_or_default().trim_end_matches('=');
            let run = &run[..run.len() / 4 * 4];
            let decoded = STANDARD.decode(run).unwrap_or_default();
            let decoded = String::from_utf8_lossy(&decoded);
            pieces.iter().any(|piece| piece.len() >= 6 && decoded.contains(piece))
        })
    })
}

fn leaks(held_out: bool) -> Vec<String> {
    let mut leaks = Vec::new();
    for form in forms().iter().filter(|form| is_held_out(&form.name) == held_out) {
        for (how, text) in wrappings(&form.text) {
            let clean = redact(&text);
            if let Some(secret) = form.secrets.iter().find(|secret| survives(secret, &clean)) {
                leaks.push(format!("{} ({how}): {secret:.60} in {clean:.600}", form.name));
            }
        }
    }
    leaks
}

#[test]
fn the_forms_are_many_and_a_third_is_kept_aside() {
    let forms = forms();
    let aside = forms.iter().filter(|form| is_held_out(&form.name)).count();
    assert!(forms.len() >= 200 && (forms.len() / 4..forms.len() / 2).contains(&aside), "{aside} of {}", forms.len());
    for form in &forms {
        assert!(!form.secrets.is_empty() && !form.text.is_empty(), "{} marks no secret", form.name);
        assert!(form.secrets.iter().all(|secret| survives(secret, &form.text)), "{} is not checked", form.name);
    }
}

#[test]
fn no_secret_of_the_forms_survives_however_it_is_quoted() {
    let leaks = leaks(false);
    assert!(leaks.is_empty(), "{} leaks:\n{}", leaks.len(), leaks.join("\n"));
}

#[test]
fn no_secret_of_the_forms_kept_aside_survives() {
    let leaks = leaks(true);
    assert!(leaks.is_empty(), "{} leaks:\n{}", leaks.len(), leaks.join("\n"));
}

#[test]
fn ordinary_lines_stay_as_they_are() {
    let changed: Vec<_> = ORDINARY.lines().filter(|line| redact(&format!("{line}\n")) != format!("{line}\n")).collect();
    let shown: Vec<_> = changed.iter().map(|line| redact(line)).collect();
    assert!(changed.is_empty(), "{} lines changed:\n{}", changed.len(), shown.join("\n"));
    assert_eq!(redact(ORDINARY), ORDINARY, "all of them after each other");
}

#[test]
fn forms_without_a_secret_stay_readable_however_they_are_quoted() {
    let mut changed = Vec::new();
    for entry in READABLE.split("\n=== ").skip(1) {
        let (name, text) = entry.split_once('\n').expect("a text below each name");
        // Where escapes are escaped themselves, the end of a value is not told for sure, and more is hidden.
        for (how, text) in wrappings(text).into_iter().filter(|(how, _)| *how != "as JSON in JSON") {
            let clean = redact(&format!("{text}\n"));
            let lines = text.lines().zip(clean.lines()).filter(|(was, is)| was != is);
            changed.extend(lines.map(|(was, is)| format!("{name} ({how}): {was:.300} became {is:.300}")));
        }
    }
    assert!(changed.is_empty(), "{} lines changed:\n{}", changed.len(), changed.join("\n"));
}

/// A text in pieces of these sizes, again and again.
fn cut<'t>(text: &'t [u8], sizes: &[usize]) -> Vec<&'t [u8]> {
    let (mut chunks, mut rest) = (Vec::new(), text);
    for size in sizes.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let (chunk, after) = rest.split_at((*size).min(rest.len()));
        chunks.push(chunk);
        rest = after;
    }
    chunks
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn any_cut_of_the_forms_gives_the_same_output_and_counts(
        picked in proptest::collection::vec(any::<proptest::sample::Index>(), 1..12),
        how in 0_usize..7,
        sizes in proptest::collection::vec(1_usize..300, 1..12),
    ) {
        let forms = forms();
        let texts = picked.iter().map(|at| wrappings(&at.get(&forms).text).swap_remove(how).1);
        let text: String = texts.map(|text| text + "\n").collect();
        let whole = redact_in([text.as_bytes()]);
        prop_assert!(whole.1.total() > 0);
        prop_assert_eq!(redact_in(cut(text.as_bytes(), &sizes)), whole);
    }
}

#[test]
fn a_secret_at_any_place_of_a_very_long_line_is_hidden() {
    for (at, form) in forms().iter().enumerate() {
        // Around the place where one look at a line ends and the next begins.
        let before = transcript::WINDOW - 30 + at % 60;
        let text = wrappings(&form.text)
            .swap_remove(2)
            .1
            .replace("\"msg\": ", &format!("\"before\": \"{}\", \"msg\": ", "x ".repeat(before / 2 - 40)));
        let clean = redact(&text);
        for secret in &form.secrets {
            assert!(!survives(secret, &clean), "{} survives in a long line", form.name);
        }
    }
}

#[test]
fn each_rule_counts_what_it_hides_once() {
    for (text, rule) in [
        ("password=abcd1234\n", Rule::Name),
        ("kubectl --token abcd1234\n", Rule::Option),
        ("https://u:abcd1234@h/x\n", Rule::Url),
        ("-----BEGIN PRIVATE KEY-----MIIE-----END PRIVATE KEY-----\n", Rule::PrivateKey),
        ("{\"name\": \"DB_PASSWORD\", \"value\": \"abcd1234\"}\n", Rule::NameBeside),
        ("Cookie: a=b\n", Rule::HttpHeader),
        ("x ghp_Kd83nsQaKd83nsQaW7zzKd83nsQa\n", Rule::TokenShape),
        ("x $6$salt$Kd83nsQaKd83nsQaW7\n", Rule::PasswordHash),
        ("Using certificate key:\nab12cd34ef56\n", Rule::Announced),
        ("token: |\n  abcd1234\n", Rule::Block),
        ("+ pwgen\nAbcd1234\n", Rule::Output),
    ] {
        let (clean, counts) = redact_in([text.as_bytes()]);
        assert_eq!(counts.each().collect::<Vec<_>>(), [(rule, 1)], "{text}: {clean}");
        assert_eq!(clean.matches(MASK).count(), 1, "{clean}");
        let again = redact_in([clean.as_bytes()]);
        assert_eq!((again.0.as_str(), again.1.total()), (clean.as_str(), 0), "what is hidden is hidden once");
    }
    let mut redactor = Redactor::new(["hunter22"]);
    redactor.push(b"say hunter22\n", &mut Vec::new());
    let state: transcript::Resume =
        serde_json::from_str(&serde_json::to_string(&redactor.state()).expect("made well")).expect("made well");
    assert_eq!(state.hidden.each().collect::<Vec<_>>(), [(Rule::KnownSecret, 1)]);
}

#[test]
fn a_redacted_result_is_json_still() {
    for result in [
        r#"{"cmd": "kubeadm token create", "stdout": "x7k2pq.b6kyd8w1nz5rtq0v", "stdout_lines": ["x7k2pq.b6kyd8w1nz5rtq0v"]}"#,
        r#"{"credentials": {"a": {"x": "Kd83nsQa"}, "list": ["Hh72nsQa", "b"]}, "msg": "no"}"#,
        r#"{"env": [{"name": "DB_PASSWORD", "value": "Kd83nsQa"}], "msg": "password: Kd83nsQa"}"#,
    ] {
        let clean = redact(&format!("{result}\n"));
        assert!(clean.contains(MASK) && serde_json::from_str::<serde_json::Value>(&clean).is_ok(), "{clean}");
        assert!(!clean.contains("nsQa") && !clean.contains("b6kyd8w1nz5rtq0v"), "{clean}");
    }
}

#[test]
fn what_version_one_of_the_rules_stored_goes_on() {
    let stored =
        r#"{"offset":7,"line":{"programs":1,"cut":true},"open":{"Bracket":93},"block":{"key":false,"wrapped":true}}"#;
    let state: transcript::Resume = serde_json::from_str(stored).expect("made well");
    let (mut redactor, mut out) = (Redactor::resume([], state), Vec::new());
    redactor.push(b"abc] -P secret1 x\n", &mut out);
    assert_eq!((String::from_utf8(out).expect("made well"), redactor.state().offset), (format!("] -P {MASK} x\n"), 25));
}
