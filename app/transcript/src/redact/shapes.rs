//! Secrets that their own shape gives away: tokens with a prefix, hashes of passwords, long texts in base64.

use std::ops::Range;

use base64::{
    Engine,
    alphabet::{STANDARD, URL_SAFE},
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};

use super::{
    names::{changes, is_random},
    rule::{Hidden, Rule, push},
    value::{Open, is_run},
};

/// From this length on a text in base64 is hidden wherever it stands.
pub(super) const LONG: usize = 40;
/// Shorter runs are not looked at.
const RUN: usize = 16;

const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::Indifferent)
    .with_decode_allow_trailing_bits(true);
const DECODER: GeneralPurpose = GeneralPurpose::new(&STANDARD, LENIENT);
const URL_DECODER: GeneralPurpose = GeneralPurpose::new(&URL_SAFE, LENIENT);

/// What tokens begin with, and how many of their characters follow at least.
pub(super) const TOKENS: [(&str, usize); 68] = [
    ("ghp_", 20),
    ("gho_", 20),
    ("ghu_", 20),
    ("ghs_", 20),
    ("ghr_", 20),
    ("github_pat_", 20),
    ("glpat-", 16),
    ("gldt-", 16),
    ("glrt-", 16),
    ("glsoat-", 16),
    ("glcbt-", 16),
    ("glptt-", 16),
    ("GR1348941", 16),
    ("xoxa-", 10),
    ("xoxb-", 10),
    ("xoxe-", 10),
    ("xoxo-", 10),
    ("xoxp-", 10),
    ("xoxr-", 10),
    ("xoxs-", 10),
    ("xapp-", 10),
    ("hooks.slack.com/services/", 8),
    ("AKIA", 16),
    ("ASIA", 16),
    ("AIza", 30),
    ("ya29.", 16),
    ("GOCSPX-", 16),
    ("sk_live_", 16),
    ("rk_live_", 16),
    ("sk_test_", 16),
    ("whsec_", 16),
    ("npm_", 30),
    ("pypi-", 16),
    ("dckr_pat_", 16),
    ("dckr_oat_", 16),
    ("hvs.", 10),
    ("hvb.", 10),
    ("hvr.", 10),
    ("dop_v1_", 20),
    ("SG.", 30),
    ("sk-ant-", 16),
    ("sk-proj-", 16),
    ("hf_", 30),
    ("glsa_", 20),
    ("glc_", 20),
    ("dapi", 32),
    ("SWMTKN-1-", 16),
    ("SWMKEY-1-", 16),
    ("gAAAAA", 50),
    ("K10", 32),
    ("AGE-SECRET-KEY-1", 16),
    ("AKCp", 50),
    ("shpat_", 20),
    ("sntrys_", 20),
    ("sntryu_", 20),
    ("pul-", 30),
    ("dp.pt.", 20),
    ("NRAK-", 20),
    ("dt0c01.", 20),
    ("ATATT3", 30),
    ("ATBB", 28),
    ("lin_api_", 20),
    ("PMAK-", 20),
    ("tskey-", 12),
    ("sha256~", 20),
    ("atlasv1.", 20),
    ("HRKU-", 20),
    ("dn_", 60),
];

/// What hashes of passwords begin with.
pub(super) const HASHES: [&str; 18] = [
    "$1$",
    "$2a$",
    "$2b$",
    "$2y$",
    "$5$",
    "$6$",
    "$7$",
    "$y$",
    "$gy$",
    "$apr1$",
    "$argon2",
    "$pbkdf2",
    "$scrypt$",
    "{SSHA",
    "{SHA",
    "{CRYPT}",
    "grub.pbkdf2.",
    "SCRAM-SHA-256$",
];

/// What begins in PEM and may be read by everybody.
pub(super) const PUBLIC: [&str; 5] = [
    "-----BEGIN CERTIFICATE-----",
    "-----BEGIN CERTIFICATE REQUEST-----",
    "-----BEGIN TRUSTED CERTIFICATE-----",
    "-----BEGIN PUBLIC KEY-----",
    "-----BEGIN RSA PUBLIC KEY-----",
];

/// From the dashes of a certificate on up to those at its end, where nothing else stands between them.
pub(super) fn certificate(text: &[u8], start: usize, begin: usize) -> Option<Range<usize>> {
    let end = begin + memchr::memmem::find(&text[begin..], b"-----END ")?;
    let is_part = |byte: &u8| is_run(*byte) || byte.is_ascii_whitespace() || b"\\\"',".contains(byte);
    text[begin..end].iter().all(is_part).then_some(start..end)
}

/// A token that begins at this place, when enough of it follows.
pub(super) fn token(text: &[u8], start: usize, begin: usize, least: usize, hidden: &mut Hidden) {
    if start > 0 && text[start - 1].is_ascii_alphanumeric() {
        // Behind `\n` and the like a word begins nevertheless.
        let escape = start > 1 && text[start - 2] == b'\\' && matches!(text[start - 1], b'n' | b't' | b'r');
        if !escape {
            return;
        }
    }
    let is_part = |byte: u8| is_run(byte) || matches!(byte, b'.' | b':' | b'~');
    let mut end = begin + text[begin..].iter().take_while(|byte| is_part(**byte)).count();
    end -= text[begin..end].iter().rev().take_while(|byte| matches!(byte, b'.' | b':')).count();
    if end - begin >= least && text[begin..end].iter().any(u8::is_ascii_alphanumeric) {
        push(hidden, start..end, Rule::TokenShape);
    }
}

/// A JSON web token or another text in base64 that begins with a brace.
pub(super) fn jwt(text: &[u8], start: usize, hidden: &mut Hidden) {
    let is_part = |byte: &u8| is_run(*byte) || *byte == b'.';
    let mut end = start + text[start..].iter().take_while(|byte| is_part(byte)).count();
    end -= text[start..end].iter().rev().take_while(|byte| **byte == b'.').count();
    if end - start >= 24 && text[start..end].iter().any(u8::is_ascii_digit) {
        push(hidden, start..end, Rule::TokenShape);
    }
}

/// The hash of a password.
pub(super) fn hash(text: &[u8], start: usize, begin: usize, hidden: &mut Hidden) {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || b"./$,=+-}*".contains(byte);
    let end = begin + text[begin..].iter().take_while(|byte| is_part(byte)).count();
    if end - begin >= 6 {
        push(hidden, start..end, Rule::PasswordHash);
    }
}

/// Runs of base64 that are long, and short tokens without a prefix. What a text ends within is open.
pub(super) fn runs(text: &[u8], public: &[Range<usize>], hidden: &mut Hidden) -> Option<Open> {
    let mut at = 0;
    while at + RUN <= text.len() {
        // A run this long has a character in every so many places.
        if !is_run(text[at + RUN - 1]) {
            at += RUN;
            continue;
        }
        let start = at + RUN - 1 - text[at..at + RUN - 1].iter().rev().take_while(|byte| is_run(**byte)).count();
        let end = at + RUN + text[at + RUN..].iter().take_while(|byte| is_run(**byte)).count();
        at = end;
        if end - start < RUN || public.iter().any(|public| public.contains(&start) && end <= public.end) {
            continue;
        }
        // The letter of an escape is no part of it.
        let escape = start > 0 && text[start - 1] == b'\\' && matches!(text[start], b'n' | b't' | b'r');
        let start = start + usize::from(escape);
        let run = &text[start..end];
        let word = behind_name(run, start);
        if is_encoded(&text[word..end]) && !fingerprint(&text[..start]) {
            push(hidden, word..end, Rule::Base64);
            if end == text.len() {
                return Some(Open::Run);
            }
        } else if is_drawn(run) && !fingerprint(&text[..start]) {
            push(hidden, start..end, Rule::TokenShape);
        } else {
            dotted(text, start, end, hidden);
        }
    }
    None
}

/// Where the value begins in a run that has a name before it: `KEY=…`.
fn behind_name(run: &[u8], start: usize) -> usize {
    let equals = run.iter().position(|byte| *byte == b'=');
    if let Some(at) = equals.filter(|at| is_uuid(&run[at + 1..])) {
        return start + at + 1;
    }
    equals.filter(|at| at + LONG < run.len()).map_or(start, |at| start + at + 1)
}

/// Eight, four, four, four and twelve digits.
fn is_uuid(word: &[u8]) -> bool {
    word.len() == 36
        && word.iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// Whether a checksum or a public key follows.
fn fingerprint(before: &[u8]) -> bool {
    const SUMS: [&[u8]; 4] = [b"SHA256:", b"SHA512:", b"SHA1:", b" h1:"];
    const KEYS: [&[u8]; 4] = [b"publickey", b"public_key", b"public key", b"pubkey"];
    if SUMS.iter().any(|sum| before.ends_with(sum)) {
        return true;
    }
    let sign = before.iter().rev().take_while(|byte| b" \t=:\"'\\".contains(byte)).count();
    let name = &before[..before.len() - sign];
    sign > 0
        && KEYS.iter().any(|key| name.len() >= key.len() && name[name.len() - key.len()..].eq_ignore_ascii_case(key))
}

/// `abcdef.0123456789abcdef` of kubeadm, `s.` of older Vaults, `*` and forty digits of MySQL.
fn dotted(text: &[u8], start: usize, end: usize, hidden: &mut Hidden) {
    let run = &text[start..end];
    let small = |part: &[u8]| part.iter().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    let capital = |byte: &u8| byte.is_ascii_digit() || (b'A'..=b'F').contains(byte);
    if run.len() == 40 && start > 0 && text[start - 1] == b'*' && run.iter().all(capital) {
        push(hidden, start - 1..end, Rule::PasswordHash);
    }
    if start >= 2 && text[start - 1] == b'.' {
        if run.len() == 16 && start >= 7 {
            let id = &text[start - 7..start - 1];
            let apart =
                start == 7 || !(is_run(text[start - 8]) || text[start - 8] == b'.') || after_escape(text, start - 7);
            let digits = id.iter().chain(run).any(u8::is_ascii_digit);
            if apart && digits && small(id) && small(run) && text.get(end) != Some(&b'.') {
                push(hidden, start - 7..end, Rule::TokenShape);
            }
        }
        let first = text[start - 2];
        let apart =
            start == 2 || !(is_run(text[start - 3]) || text[start - 3] == b'.') || after_escape(text, start - 2);
        if run.len() == 24 && apart && matches!(first, b's' | b'b' | b'r') && is_random(run) {
            push(hidden, start - 2..end, Rule::TokenShape);
        }
    }
}

/// Whether a long word of letters and digits is neither a name nor a number in hexadecimal digits.
fn is_drawn(run: &[u8]) -> bool {
    run.len() >= 32
        && !run.starts_with(b"AAAA")
        && run.iter().all(u8::is_ascii_alphanumeric)
        && !run.iter().all(u8::is_ascii_hexdigit)
        && run.iter().any(u8::is_ascii_digit)
        && changes(run) * 3 >= run.len()
}

fn after_escape(text: &[u8], at: usize) -> bool {
    at >= 2 && text[at - 2] == b'\\' && matches!(text[at - 1], b'n' | b't' | b'r')
}

/// Whether a run is base64 of something that nobody can rule out to be a key.
pub(super) fn is_encoded(run: &[u8]) -> bool {
    if run.len() < LONG {
        return false;
    }
    let has = |what: fn(&u8) -> bool| run.iter().any(what);
    let mixed = has(u8::is_ascii_lowercase) && has(u8::is_ascii_uppercase);
    if mixed
        && run.len() >= 100
        && run.iter().filter(|byte| byte.is_ascii_alphanumeric() || **byte == b'+').count() * 8 > run.len() * 7
    {
        // Longer than names are, and with few parts.
        return !run.starts_with(b"AAAA");
    }
    if !mixed || !has(u8::is_ascii_digit) && !run.ends_with(b"=") && run.len() < 60 {
        return false;
    }
    const KNOWN: [&[u8]; 7] =
        [b"AAAAB3NzaC1", b"AAAAC3NzaC1", b"AAAAE2VjZHNh", b"sha256-", b"sha384-", b"sha512-", b"ansible-tmp-"];
    if KNOWN.iter().any(|known| run.starts_with(known)) {
        return false;
    }
    // A path or a name of many words changes seldom between capitals, small letters and digits.
    let looked = &run[..run.len().min(400)];
    changes(looked) * 4 >= looked.len()
}

/// Whether a short word is base64 of a text, or of bytes drawn by lot.
pub(super) fn is_base64_of_text(word: &[u8]) -> bool {
    if word.len() < 4 || !word.len().is_multiple_of(4) || !word.iter().all(|byte| is_run(*byte)) {
        return false;
    }
    let Some(decoded) = decoded(word) else { return false };
    let printed = decoded.iter().all(|byte| byte.is_ascii_graphic() || byte.is_ascii_whitespace());
    (word.len() >= 8 || word.ends_with(b"=")) && printed || is_random(word)
}

/// What base64 stands for.
pub(super) fn decoded(word: &[u8]) -> Option<Vec<u8>> {
    DECODER.decode(word).or_else(|_| URL_DECODER.decode(word)).ok()
}
