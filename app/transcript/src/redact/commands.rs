//! Secrets on command lines: options of programs, arguments, what is piped into a program.

use std::ops::Range;

use super::{
    names,
    rule::{Hidden, Rule, push},
    value::{self, Open, is_blank, is_quote},
};

/// A program, its options whose values are secrets, and whether a value may stand right behind its letter.
pub(super) struct Program {
    pub name: &'static str,
    pub options: &'static [u8],
    pub attached: bool,
}

const fn program(name: &'static str, options: &'static [u8], attached: bool) -> Program {
    Program { name, options, attached }
}

/// At most 32 of them: each has a bit.
pub(super) const PROGRAMS: [Program; 31] = [
    program("ipmitool", b"P", true),
    program("sshpass", b"p", true),
    program("curl", b"uU", true),
    program("login", b"p", true),
    program("mysql", b"p", true),
    program("mariadb", b"p", true),
    program("mongo", b"p", false),
    program("redis-cli", b"a", false),
    program("ldapsearch", b"w", true),
    program("ldapadd", b"w", true),
    program("ldapmodify", b"w", true),
    program("ldapdelete", b"w", true),
    program("ldapwhoami", b"w", true),
    program("ldappasswd", b"ws", false),
    program("smbclient", b"U", true),
    program("rpcclient", b"U", true),
    program("ssh-keygen", b"NP", true),
    program("unzip", b"P", true),
    program("7z", b"p", true),
    program("racadm", b"p", false),
    program("openssl", b"kK", false),
    program("snmp", b"cAX", false),
    program("swift", b"K", false),
    program("useradd", b"p", false),
    program("usermod", b"p", false),
    program("sqlcmd", b"P", true),
    program("twine", b"p", false),
    program("mosquitto", b"P", false),
    program("kadmin", b"w", false),
    program("influx", b"p", false),
    program("ipa-", b"paw", false),
];

/// Words of a command, and how many words stand between them and the secret.
pub(super) const ARGUMENTS: [(&str, usize); 28] = [
    ("add_user", 1),
    ("change_password", 1),
    ("authenticate_user", 1),
    ("ac-user-create", 1),
    ("operator unseal", 0),
    ("vault login", 0),
    ("user set password", 1),
    ("wpa_passphrase", 1),
    ("mkpasswd", 0),
    ("insecure-password", 0),
    ("encrypt_string", 0),
    ("mc alias set", 3),
    ("config host add", 3),
    ("smbpasswd -a", 1),
    ("trove user-create", 2),
    ("--payload", 0),
    ("maas login", 2),
    ("addauth digest", 0),
    ("createuser", 2),
    ("createuser", 4),
    ("rocommunity", 0),
    ("rwcommunity", 0),
    ("snmp-server community", 0),
    ("com2sec", 2),
    ("-server key", 0),
    ("key-string", 0),
    ("authentication-key", 0),
    ("message-digest-key", 2),
];

/// Commands whose last word is a secret.
pub(super) const LAST_WORD: [&str; 4] = ["htpasswd", "secret-set-value", "openssl passwd", "set-password"];

/// Programs that read a secret from their standard input.
pub(super) const PIPES: [&str; 10] = [
    "-stdin",
    "chpasswd",
    "sudo -s",
    "kinit",
    "cryptsetup",
    "smbpasswd",
    "secret create",
    "from-file",
    "base64 -d",
    "base64 --d",
];

/// Programs that make secrets, or show them.
pub(super) const MAKERS: [&str; 31] = [
    "openssl rand",
    "openssl passwd",
    "pwgen",
    "/dev/urandom",
    "/dev/random",
    "token create",
    "token generate",
    "token issue",
    "certs certificate-key",
    "genkey",
    "genpsk",
    "gen-print-key",
    "auth get-key",
    "get-login-password",
    "print-access-token",
    "print-identity-token",
    "get-access-token",
    "create-token",
    "join-token",
    "jsonpath",
    "go-template",
    "base64decode",
    "node-token",
    "known_tokens",
    "known_users",
    "mkpasswd",
    "makepasswd",
    "base64 -d",
    "base64 --d",
    "ansible-vault view",
    "vault kv get",
];

/// The words of a command from a place on, without their quotes, to its end.
fn words(text: &[u8], from: usize, list: bool) -> Vec<Range<usize>> {
    let mut words = Vec::new();
    let mut at = from;
    while words.len() < 40 && at < text.len() {
        at += text[at..].iter().take_while(|byte| is_blank(**byte) || list && **byte == b',').count();
        match text.get(at) {
            None | Some(b'\n' | b'|' | b';' | b']' | b'>' | b')') => break,
            Some(b'&') if text.get(at + 1) == Some(&b'&') => break,
            Some(byte) if is_quote(*byte) && !list && words.is_empty() && at == from => break,
            _ => {}
        }
        let Some((start, open)) = value::begin(text, at, Open::Word) else { break };
        let end = value::end(text, start, open).unwrap_or(text.len());
        words.push(start..end);
        let quoted = matches!(open, Open::Quote(..));
        at = if quoted { value::quote(text, end).map_or(text.len(), |(_, after)| after) } else { end };
        // A quote that nobody opened ends the text that has the command in it.
        if !quoted && value::quote(text, end).is_some() {
            break;
        }
        if at == start {
            at += 1;
        }
    }
    words
}

/// The words behind a command's name that are no options.
fn arguments(text: &[u8], end: usize) -> Vec<Range<usize>> {
    let list = value::quote(text, end).filter(|(_, after)| text.get(*after) == Some(&b','));
    let from = list.map_or(end, |(_, after)| after + 1);
    let words = words(text, from, list.is_some());
    words.into_iter().filter(|word| !text[word.clone()].starts_with(b"-")).collect()
}

/// Hides the argument behind so many others.
pub(super) fn argument(text: &[u8], end: usize, skip: usize, hidden: &mut Hidden) {
    let words = arguments(text, end);
    // A single digit says how the secret is written.
    let digit = words.get(skip).is_some_and(|word| matches!(text[word.clone()], [b'0'..=b'9']));
    if let Some(word) = words.get(skip + usize::from(digit))
        && !text[end..].starts_with(b"-")
        && !names::is_verb(&text[word.clone()])
    {
        push(hidden, word.clone(), Rule::Option);
    }
}

/// Hides the last argument, where there is one more than a name.
pub(super) fn last_argument(text: &[u8], end: usize, hidden: &mut Hidden) {
    let words = arguments(text, end);
    if let Some(word) = words.last()
        && !names::is_harmless(&text[word.clone()])
        && names::is_odd(&text[word.clone()])
    {
        push(hidden, word.clone(), Rule::Option);
    }
}

/// Hides what `echo` or `printf` pipes into a program, or a here string gives it.
pub(super) fn piped(text: &[u8], start: usize, end: usize, hidden: &mut Hidden) {
    let pairs = memchr::memmem::find(&text[start..end], b"chpasswd").is_some();
    if let Some(here) = memchr::memmem::find(&text[end..], b"<<<") {
        let at = value::skip_blanks(text, end + here + 3);
        if let Some((from, open)) = value::begin(text, at, Open::Word) {
            let end = value::end(text, from, open).unwrap_or(text.len());
            push(hidden, behind_user(text, from..end, pairs), Rule::Option);
        }
    }
    let Some(bar) = memchr::memrchr(b'|', &text[..start]) else { return };
    let before = &text[..bar];
    let found = [&b"echo"[..], b"printf", b"print "]
        .into_iter()
        .filter_map(|word| memchr::memmem::rfind(before, word).map(|at| at + word.len()));
    let Some(mut from) = found.max() else { return };
    from = value::skip_blanks(text, from);
    while text[from..bar].starts_with(b"-") {
        from += text[from..bar].iter().take_while(|byte| !is_blank(**byte)).count();
        from = value::skip_blanks(text, from).min(bar);
    }
    let is_edge = |byte: &u8| is_blank(*byte) || is_quote(*byte) || *byte == b'\\';
    let from = from + text[from..bar].iter().take_while(|byte| is_edge(byte)).count();
    let to = bar - text[from..bar].iter().rev().take_while(|byte| is_edge(byte)).count();
    if from < to {
        push(hidden, behind_user(text, from..to, pairs), Rule::Option);
    }
}

/// Hides the password of `-u user -p password` and `-U user%password`, whatever the program. Ports and paths are none.
pub(super) fn behind_option(text: &[u8], end: usize, hidden: &mut Hidden) {
    let list = value::is_quote(text[end - 1]);
    if list && text.get(end) != Some(&b',') {
        return;
    }
    let words = words(text, end, list);
    if let Some(user) = words.first()
        && let Some(sign @ 1..) = text[user.clone()].iter().position(|byte| *byte == b'%')
        && user.len() > sign + 4
    {
        push(hidden, user.start + sign + 1..user.end, Rule::Option);
    }
    let [_, option, password, ..] = words.as_slice() else { return };
    let value = &text[password.clone()];
    let other = value.iter().all(|byte| byte.is_ascii_digit() || *byte == b':')
        || matches!(value.first(), Some(b'-' | b'/' | b'.'));
    if matches!(&text[option.clone()], b"-p" | b"-P" | b"-w") && !other && !names::is_harmless(value) {
        push(hidden, password.clone(), Rule::Option);
    }
}

/// Whether a text may begin with a word that was drawn by lot.
pub(super) fn may_be_drawn(text: &[u8]) -> bool {
    let quotes = text.iter().take_while(|byte| is_quote(**byte) || **byte == b'\\').count();
    let run = text[quotes..].iter().take(64).take_while(|byte| value::is_run(**byte));
    let (length, digits) =
        run.fold((0, 0), |(length, digits), byte| (length + 1, digits + usize::from(byte.is_ascii_digit())));
    length >= 8 && digits > 0
}

/// Hides what a line of a trace echoes, when it looks as if drawn by lot: it goes into a program that reads it.
pub(super) fn echoed(text: &[u8], start: usize, end: usize, hidden: &mut Hidden) {
    let before = text[..start].iter().rev().take_while(|byte| **byte == b'+').count();
    let apart = start == before || is_blank(text[start - before - 1]) || is_quote(text[start - before - 1]);
    let words = words(text, end, false);
    let (true, [word]) = (apart, words.as_slice()) else { return };
    let value = &text[word.clone()];
    let number = |byte: &u8| byte.is_ascii_hexdigit() || b"-:.".contains(byte);
    let has = |what: fn(&u8) -> bool| value.iter().any(what);
    let mixed =
        value.len() >= 8 && has(u8::is_ascii_digit) && has(u8::is_ascii_lowercase) && has(u8::is_ascii_uppercase);
    if (mixed || names::is_random(value)) && value.iter().all(|byte| value::is_run(*byte)) && !value.iter().all(number)
    {
        push(hidden, word.clone(), Rule::Output);
    }
}

/// Hides the one word that a shell gives a program in the place of a file or as its input.
pub(super) fn given(text: &[u8], end: usize, hidden: &mut Hidden) {
    let at = value::skip_blanks(text, end);
    let Some((from, open)) = value::begin(text, at, Open::Entry) else { return };
    let end = value::end(text, from, open).unwrap_or(text.len());
    let word = &text[from..end];
    if word.len() >= 6 && names::is_odd(word) && !names::is_harmless(word) && !word.iter().any(u8::is_ascii_whitespace)
    {
        push(hidden, from..end, Rule::Option);
    }
}

/// Hides the one word that `send "…\r"` of expect types.
pub(super) fn typed(text: &[u8], end: usize, hidden: &mut Hidden) {
    let Some((from, open @ Open::Quote(..))) = value::begin(text, end, Open::Word) else { return };
    let Ok(end) = value::end(text, from, open) else { return };
    let letters = text[from..end].strip_suffix(b"r").or_else(|| text[from..end].strip_suffix(b"n"));
    let Some(word) = letters.filter(|word| word.ends_with(b"\\")) else { return };
    let end = from + word.len() - word.iter().rev().take_while(|byte| **byte == b'\\').count();
    let word = &text[from..end];
    let one = !word.iter().any(u8::is_ascii_whitespace) && word.iter().any(u8::is_ascii_digit);
    if one && names::is_odd(word) {
        push(hidden, from..end, Rule::Option);
    }
}

/// Hides the password of `admin/password` and `admin / password`.
pub(super) fn account(text: &[u8], start: usize, end: usize, hidden: &mut Hidden) {
    if start > 0 && !is_blank(text[start - 1]) && !matches!(text[start - 1], b'(' | b'"' | b'\'') {
        return;
    }
    let Some((from, Open::Word)) = value::begin(text, end, Open::Word) else { return };
    let to = value::end(text, from, Open::Word).unwrap_or(text.len());
    let to = to - text[from..to].iter().rev().take_while(|byte| b",;.)]".contains(byte)).count();
    let word = &text[from..to];
    let has = |what: fn(&u8) -> bool| word.iter().any(what);
    if word.len() >= 6 && has(u8::is_ascii_digit) && has(u8::is_ascii_alphabetic) && !has(|byte| b"/.".contains(byte)) {
        push(hidden, from..to, Rule::Name);
    }
}

/// Of `user:password` the password alone.
fn behind_user(text: &[u8], word: Range<usize>, pairs: bool) -> Range<usize> {
    let colon = text[word.clone()].iter().position(|byte| *byte == b':');
    let colon =
        colon.filter(|at| pairs && *at < 32 && text[word.start..word.start + at].iter().all(u8::is_ascii_alphanumeric));
    colon.map_or(word.start, |at| word.start + at + 1)..word.end
}

/// The password of `user:password`, where it is one and no pair of numbers.
pub(super) fn in_pair(text: &[u8], word: Range<usize>) -> Option<Range<usize>> {
    let value = &text[word.clone()];
    let at = value.iter().position(|byte| matches!(byte, b':' | b'%'))?;
    let numbers = value.iter().all(|byte| byte.is_ascii_digit() || *byte == b':');
    let address = value[at..].starts_with(b"://");
    (!numbers && !address && at + 1 < value.len()).then_some(word.start + at + 1..word.end)
}

/// `-P secret`, `-Psecret`, `'-P', 'secret'` after the name of a program. What a text ends within is open.
pub(super) fn options(text: &[u8], from: usize, programs: u32, hidden: &mut Hidden) -> Option<Open> {
    let mut open = None;
    let mut at = from;
    while let Some(found) = memchr::memchr(b'-', &text[at.min(text.len())..]) {
        let dash = at + found;
        at = dash + 1;
        let apart = dash == 0 || matches!(text[dash - 1], b' ' | b'\t' | b'\'' | b'"' | b',' | b'=');
        let Some(letter) = text.get(dash + 1).filter(|_| apart) else { continue };
        let known = PROGRAMS
            .iter()
            .enumerate()
            .filter(|(which, one)| programs & 1 << which != 0 && one.options.contains(letter));
        let (mut any, mut attached, mut pair) = (false, false, false);
        for (_, one) in known {
            (any, attached) = (true, attached || one.attached);
            pair |= matches!(letter, b'u' | b'U');
        }
        if !any {
            continue;
        }
        let mut start = dash + 2;
        if let Some((_, after)) = value::quote(text, start)
            && matches!(text.get(after), Some(b',' | b' '))
        {
            // An element of a list ends here, the next is the value.
            start = after + text[after..].iter().take_while(|byte| matches!(byte, b',' | b' ')).count();
        } else if !attached && !text.get(start).is_some_and(|byte| is_blank(*byte)) {
            continue;
        }
        start = value::skip_blanks(text, start);
        let Some((from, kind)) = value::begin(text, start, Open::Word) else { continue };
        if text[from..].starts_with(b"-") && start > dash + 2 {
            continue;
        }
        let end = match value::end(text, from, kind) {
            Ok(end) => end,
            Err(kind) => {
                open = Some(kind);
                text.len()
            }
        };
        let end = end - text[from..end].iter().rev().take_while(|byte| matches!(byte, b',' | b';' | b')')).count();
        if names::is_reference(&text[from..end]) {
            continue;
        }
        let hide = if pair { in_pair(text, from..end) } else { Some(from..end) };
        if let Some(range) = hide {
            at = range.end.max(at);
            push(hidden, range, Rule::Option);
        }
    }
    open
}
