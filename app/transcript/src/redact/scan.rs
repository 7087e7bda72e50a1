//! One look at a text for all that gives a secret away but its value: hints are sought in one pass, and each is
//! followed by the rule that it stands for.

use std::ops::Range;

use aho_corasick::{AhoCorasick, MatchKind};
use memchr::memmem;
use serde::{Deserialize, Serialize};

use super::{
    block::{self, Block},
    commands::{self, ARGUMENTS, LAST_WORD, MAKERS, PIPES, PROGRAMS},
    named,
    names::{self, Tells},
    rule::{Hidden, Rule, push},
    shapes,
    value::{self, Open},
};

/// Pieces of telling names.
const NAMES: [&str; 23] = [
    "pass",
    "pwd",
    "secret",
    "token",
    "credential",
    "key",
    "auth",
    "cookie",
    "psk",
    "bearer",
    "bindpw",
    "rootpw",
    "jwt",
    "private-mac",
    "nonce",
    "session",
    "dockercfg",
    "crumb",
    "community",
    "kennwort",
    "contrasena",
    "senha",
    "motdepasse",
];
/// Pieces of names that tell only in some places.
const RARE: [&str; 9] = ["sig", "pin", "otp", "salt", "seed", "access", "dsn", "responses", "sid"];

/// What a hint stands for.
#[derive(Clone, Copy, Debug)]
enum Hint {
    Name,
    Url,
    Program(usize),
    Argument(usize),
    LastWord,
    Pipe,
    Maker,
    Token(usize),
    Jwt,
    Hash,
    /// `stdout` and the like, which hold what a program printed.
    Output,
    /// `stdin` of Ansible's command module.
    Input,
    /// `--user` and the like.
    User,
    /// `data` of a Secret.
    Data,
    Registry,
    Basic,
    /// A line that has columns.
    Columns,
    Identified,
    Bot,
    Literal,
    /// `password` in another script, which is no name to [`names`].
    Foreign,
    /// `-u` and the like, behind whose value a password may follow.
    Account,
    /// `admin/` and the like.
    Pair,
    /// `echo` in a trace.
    Echo,
    /// `<(echo` and `<<<`.
    Given,
    /// `send` of expect.
    Sent,
    /// A call whose texts but the first are secrets.
    Call,
    /// The first line of a certificate.
    Public,
}

/// What a line's beginning says of its end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Line {
    /// Which of the programs were named.
    programs: u32,
    /// Whether the text looked at is not the line's beginning.
    pub cut: bool,
}

/// Finds secrets by their places and shapes.
pub(super) struct Scanner {
    hints: Option<AhoCorasick>,
    kinds: Vec<(Hint, String)>,
}

/// What a look at a text came to.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Scanned {
    /// What a value ends with that is longer than the text.
    pub open: Option<Open>,
    /// Whether there was any hint, so that what is quoted in the text must be looked at, too.
    pub interesting: bool,
}

/// A look at one line.
pub(super) struct Look<'a> {
    pub text: &'a [u8],
    pub line: &'a mut Line,
    pub block: &'a mut Block,
    pub hidden: &'a mut Hidden,
    pub open: Option<Open>,
    /// Up to where names are dealt with.
    pub done: usize,
    /// Where the line has its first telling name.
    pub mentioned: Option<usize>,
    /// Certificates in the line, which everybody may read.
    public: Vec<Range<usize>>,
    /// Whether a program that makes secrets was named in it.
    makes: bool,
    /// Whether there was any other hint.
    hinted: bool,
    options_from: usize,
}

impl Scanner {
    pub fn new() -> Self {
        let mut kinds: Vec<(Hint, String)> = Vec::new();
        let mut add = |hint: Hint, text: &str| {
            let words: Vec<&str> = text.split(' ').collect();
            // As a command, and as a list of its words.
            let joins: &[&str] =
                if words.len() > 1 && !text.ends_with(' ') { &[" ", "\", \"", "', '", "', u'"] } else { &[" "] };
            kinds.extend(joins.iter().map(|join| (hint, words.join(join))));
        };
        NAMES.iter().chain(&RARE).for_each(|name| add(Hint::Name, name));
        add(Hint::Url, "://");
        PROGRAMS.iter().enumerate().for_each(|(at, program)| add(Hint::Program(at), program.name));
        ARGUMENTS.iter().enumerate().for_each(|(at, (words, _))| add(Hint::Argument(at), words));
        LAST_WORD.iter().for_each(|words| add(Hint::LastWord, words));
        PIPES.iter().for_each(|words| add(Hint::Pipe, words));
        MAKERS.iter().for_each(|words| add(Hint::Maker, words));
        shapes::TOKENS.iter().enumerate().for_each(|(at, (prefix, _))| add(Hint::Token(at), prefix));
        shapes::HASHES.iter().for_each(|prefix| add(Hint::Hash, prefix));
        for (hint, text) in [
            (Hint::Jwt, "eyJ"),
            (Hint::Output, "stdout"),
            (Hint::Output, "content"),
            (Hint::Input, "stdin"),
            (Hint::User, "user"),
            (Hint::User, "creds"),
            (Hint::User, "login"),
            (Hint::Data, "data"),
            (Hint::Registry, "registry/secrets/"),
            (Hint::Basic, "basic "),
            (Hint::Identified, "identified by"),
            (Hint::Columns, ":::"),
            (Hint::Columns, " M "),
            (Hint::Columns, " MD5 "),
            (Hint::Columns, " SHA"),
            (Hint::Columns, " AES"),
            (Hint::Columns, ":5432:"),
            (Hint::Columns, "]:25"),
            (Hint::Columns, "]:465"),
            (Hint::Columns, "]:587"),
            // URLs in JSON that escapes slashes.
            (Hint::Columns, ":\\/\\/"),
            (Hint::Bot, ":AA"),
            (Hint::Literal, "from-literal"),
            (Hint::Columns, ":*:"),
            (Hint::Columns, "system:"),
            (Hint::Foreign, "contraseña"),
            (Hint::Foreign, "mot de passe"),
            (Hint::Foreign, "пароль"),
            (Hint::Foreign, "密码"),
            (Hint::Foreign, "口令"),
            (Hint::Account, " -u "),
            (Hint::Account, "\"-u\""),
            (Hint::Account, "'-u'"),
            (Hint::Account, " --username "),
            (Hint::Pair, "admin/"),
            (Hint::Pair, "admin / "),
            (Hint::Pair, "root / "),
            (Hint::Echo, "+ echo "),
            (Hint::Given, "<(echo "),
            (Hint::Given, "<<<"),
            (Hint::Sent, "send "),
            (Hint::Sent, "send -- "),
            (Hint::Call, ".login("),
            (Hint::Call, "authenticate("),
            (Hint::Call, "basic_auth("),
            (Hint::Call, "basicauth("),
        ] {
            add(hint, text);
        }
        kinds.extend(shapes::PUBLIC.iter().map(|begin| (Hint::Public, (*begin).to_owned())));
        let mut seek = AhoCorasick::builder();
        seek.ascii_case_insensitive(true)
            .match_kind(MatchKind::Standard)
            .kind(Some(aho_corasick::AhoCorasickKind::DFA));
        // So few words never exceed the builder's limits; without it every line would have to be hidden.
        let hints = seek.build(kinds.iter().map(|(_, text)| text)).ok();
        Self { hints, kinds }
    }

    /// Adds what must be hidden of a text: of one line or a piece of it, or of the lines that a quoted text has.
    pub fn find(&self, text: &[u8], whole: bool, line: &mut Line, block: &mut Block, hidden: &mut Hidden) -> Scanned {
        let Some(hints) = &self.hints else {
            push(hidden, 0..text.len(), Rule::KnownSecret);
            return Scanned::default();
        };
        let (mut at, mut scanned) = (0, Scanned::default());
        while at < text.len() {
            let end = memchr::memchr(b'\n', &text[at..]).map_or(text.len(), |end| at + end + 1);
            let before = hidden.len();
            let one = self.line(hints, &text[at..end], whole, line, block, hidden);
            scanned = Scanned { open: one.open, interesting: scanned.interesting || one.interesting };
            for found in &mut hidden[before..] {
                (found.start, found.end) = (found.start + at, found.end + at);
            }
            at = end;
            if at < text.len() {
                *line = Line::default();
            }
        }
        scanned
    }

    fn line(
        &self,
        hints: &AhoCorasick,
        text: &[u8],
        whole: bool,
        line: &mut Line,
        block: &mut Block,
        hidden: &mut Hidden,
    ) -> Scanned {
        let certificate = block.find(text, whole, hidden);
        let options_from = if line.programs > 0 { 0 } else { text.len() };
        let makes = block.output > 0;
        let mut look = Look {
            text,
            line,
            block,
            hidden,
            open: None,
            done: 0,
            mentioned: None,
            public: Vec::new(),
            makes,
            hinted: false,
            options_from,
        };
        let mut outputs = Vec::new();
        for hint in hints.find_overlapping_iter(text) {
            let (kind, needle) = &self.kinds[hint.pattern().as_usize()];
            match kind {
                Hint::Name if hint.start() < look.done => {}
                // Compass is named in every other line.
                Hint::Name if text[..hint.start()].ends_with(b"com") && text[hint.range()] == *b"pass" => {
                    look.done = hint.end();
                }
                Hint::Name => named::named(&mut look, hint.start(), hint.end()),
                Hint::Output => outputs.push(hint.range()),
                // Traces echo in many lines, and seldom a secret.
                Hint::Echo if !commands::may_be_drawn(&text[hint.end()..]) => {}
                kind => {
                    look.hinted = true;
                    look.follow(*kind, needle, hint.range());
                }
            }
        }
        if look.makes {
            outputs.into_iter().for_each(|range| look.output(range));
        }
        let (from, programs) = (look.options_from, look.line.programs);
        let options = commands::options(text, from, programs, look.hidden);
        let before = look.hidden.len();
        let runs = if certificate { None } else { shapes::runs(text, &look.public, look.hidden) };
        let open = look.open.or(options);
        if whole {
            named::at_the_end(&mut look);
            if look.hinted {
                by_columns(text, look.hidden);
            }
        }
        let interesting = look.hinted || look.mentioned.is_some() || look.makes || look.hidden.len() > before;
        Scanned { open: open.or(runs), interesting }
    }
}

impl Look<'_> {
    fn follow(&mut self, hint: Hint, needle: &str, range: Range<usize>) {
        let (text, exact) = (self.text, &self.text[range.clone()] == needle.as_bytes());
        match hint {
            Hint::Url => in_url(text, range, self.hidden),
            Hint::Program(which) => {
                self.line.programs |= 1 << which;
                self.options_from = self.options_from.min(range.end);
            }
            Hint::Argument(which) => commands::argument(text, range.end, ARGUMENTS[which].1, self.hidden),
            Hint::LastWord => commands::last_argument(text, range.end, self.hidden),
            Hint::Pipe => commands::piped(text, range.start, range.end, self.hidden),
            Hint::Maker => {
                self.makes = true;
                let traced = memmem::find(text, b"stdout").is_none();
                self.block.expect_output(traced);
            }
            Hint::Token(which) if exact => {
                shapes::token(text, range.start, range.end, shapes::TOKENS[which].1, self.hidden);
            }
            Hint::Jwt if exact => shapes::jwt(text, range.start, self.hidden),
            Hint::Hash if exact => shapes::hash(text, range.start, range.end, self.hidden),
            Hint::Input => self.whole_name(range, b"stdin", Rule::Name),
            Hint::User => self.user(range),
            Hint::Data => self.data(range),
            Hint::Registry => self.block.begin_registry(),
            Hint::Basic => {
                let end = range.end + text[range.end..].iter().take_while(|byte| value::is_run(**byte)).count();
                if shapes::is_base64_of_text(&text[range.end..end]) {
                    push(self.hidden, range.end..end, Rule::HttpHeader);
                }
            }
            Hint::Identified => {
                let mut at = value::skip_blanks(text, range.end);
                if text[at..].len() > 8 && text[at..at + 8].eq_ignore_ascii_case(b"password") {
                    at = value::skip_blanks(text, at + 8);
                }
                self.value_at(at, Open::Word, Rule::Name);
            }
            Hint::Bot => {
                let digits = text[..range.start].iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
                let tail = text[range.end..].iter().take_while(|byte| value::is_run(**byte)).count();
                if digits >= 8 && tail >= 30 {
                    push(self.hidden, range.start - digits..range.end + tail, Rule::TokenShape);
                }
            }
            Hint::Literal => {
                let rest = &text[range.end..];
                let equals = rest.iter().take(200).enumerate().skip(1).find(|(_, byte)| **byte == b'=');
                if let Some((at, _)) = equals {
                    self.value_at(range.end + at + 1, Open::Word, Rule::Option);
                }
            }
            Hint::Foreign => {
                let at = value::skip_blanks(text, range.end);
                let sign = [&b":"[..], b"=", "：".as_bytes()].into_iter().find(|sign| text[at..].starts_with(sign));
                if let Some(sign) = sign {
                    self.value_at(value::skip_blanks(text, at + sign.len()), Open::Word, Rule::Name);
                }
            }
            Hint::Account => commands::behind_option(text, range.end, self.hidden),
            Hint::Pair => commands::account(text, range.start, range.end, self.hidden),
            Hint::Echo => commands::echoed(text, range.start, range.end, self.hidden),
            Hint::Given => commands::given(text, range.end, self.hidden),
            Hint::Sent => commands::typed(text, range.end, self.hidden),
            Hint::Call => named::called(self, range.end - 1, 1),
            Hint::Public => self.public.extend(shapes::certificate(text, range.start, range.end)),
            _ => {}
        }
    }

    /// Hides a value that begins at a place.
    pub fn value_at(&mut self, at: usize, plain: Open, rule: Rule) {
        if let Some((from, open)) = value::begin(self.text, at, plain) {
            named::hide(self, from, open, rule, Tells::Secret);
        }
    }

    /// Hides the value of a name that is exactly this.
    fn whole_name(&mut self, range: Range<usize>, name: &[u8], rule: Rule) {
        let around = named::name_around(self.text, range.start, range.end);
        if &self.text[around.clone()] == name
            && let Some((from, open)) = named::value_of(self.text, around, self.line.cut)
        {
            named::hide(self, from, open, rule, Tells::Secret);
        }
    }

    /// Hides what a program printed.
    fn output(&mut self, range: Range<usize>) {
        for name in [&b"stdout"[..], b"stdout_lines", b"module_stdout", b"content"] {
            self.whole_name(range.clone(), name, Rule::Output);
        }
    }

    /// The password of `--user name:password`, `ETCDCTL_USER=…` and `user add name:password`.
    fn user(&mut self, range: Range<usize>) {
        let text = self.text;
        let name = named::name_around(text, range.start, range.end);
        if name.end != range.end {
            return;
        }
        let quoted = value::quote(text, name.end);
        let mut at = match (quoted, text.get(name.end)) {
            (_, Some(b'=' | b' ')) => name.end + 1,
            (Some((_, after)), _) if text.get(after) == Some(&b',') => after + 1,
            _ => return,
        };
        at = value::skip_blanks(text, at);
        if let Some(rest) = text.get(at..)
            && rest.starts_with(b"add ")
        {
            at += 4;
        }
        let option = text[name.start] == b'-'
            || text.get(name.end) == Some(&b'=')
            || text.get(at.wrapping_sub(4)..at) == Some(b"add ");
        let Some((from, open)) = value::begin(text, at, Open::Word).filter(|_| option) else { return };
        let end = value::end(text, from, open).unwrap_or(text.len());
        if let Some(range) = commands::in_pair(text, from..end) {
            push(self.hidden, range, Rule::Option);
        }
    }

    /// Values below `data:` or within `"data": {…}`.
    fn data(&mut self, range: Range<usize>) {
        let text = self.text;
        let name = named::name_around(text, range.start, range.end);
        let all = match &text[name.clone()] {
            b"stringData" => true,
            b"data" | b"binaryData" => false,
            _ => return,
        };
        let Some((from, open)) = named::value_of(text, name.clone(), self.line.cut) else {
            if text[name.end..].trim_ascii() == b":" {
                self.block.begin_data(text, all);
            }
            return;
        };
        let Open::Nest(b'}', _) = open else { return };
        let end = value::end(text, from, open).unwrap_or(text.len());
        if text[from..end].trim_ascii().is_empty() && end + 1 >= text.len() {
            return self.block.begin_data(text, all);
        }
        let packed: Vec<u8> = text.iter().copied().filter(|byte| !value::is_blank(*byte)).collect();
        let secret = memmem::find(&packed, b"\"kind\":\"Secret\"").is_some();
        let mut at = from;
        while let Some(colon) = memchr::memchr(b':', &text[at..end]) {
            at += colon + 1;
            let Some((from, open @ Open::Quote(..))) = value::begin(text, value::skip_blanks(text, at), Open::Entry)
            else {
                continue;
            };
            let stop = value::end(text, from, open).unwrap_or(end).min(end).max(from);
            if all || secret || shapes::is_base64_of_text(&text[from..stop]) {
                push(self.hidden, from..stop, Rule::Block);
            }
            at = stop;
        }
    }
}

/// The password of `scheme://name:password@host`, and a token that stands there alone.
fn in_url(text: &[u8], hint: Range<usize>, hidden: &mut Hidden) {
    const AUTHORITY: usize = 1_024;
    let from = hint.end;
    let rest = &text[from..text.len().min(from + AUTHORITY)];
    let is_end = |byte: &u8| matches!(byte, b' ' | b'\t' | b'"' | b'\'' | b'\n' | b'<' | b'>');
    let word = &rest[..rest.iter().position(is_end).unwrap_or(rest.len())];
    let authority = &word[..word.iter().position(|byte| matches!(byte, b'/' | b'?' | b'#')).unwrap_or(word.len())];
    let host = memchr::memrchr(b'@', authority).or_else(|| {
        // A password that should have been quoted: `u:p/w@host`, which is no port and no path.
        let colon = memchr::memchr(b':', authority)?;
        let port = authority[colon + 1..].iter().all(u8::is_ascii_digit);
        memchr::memrchr(b'@', word).filter(|_| !port)
    });
    let Some(host) = host else { return };
    let user = &word[..host];
    match memchr::memchr(b':', user) {
        Some(colon) => {
            push(hidden, from + colon + 1..from + host, Rule::Url);
            if names::is_random(&user[..colon]) {
                push(hidden, from..from + colon, Rule::Url);
            }
        }
        None if names::is_random(user) => push(hidden, from..from + host, Rule::Url),
        None => {}
    }
}

/// Lines of files whose columns are known: shadow, .pgpass, postfix' passwords, AWS's tables.
fn by_columns(text: &[u8], hidden: &mut Hidden) {
    let start = block::prefix(text);
    let line = text[start..].trim_ascii();
    let from = start + text[start..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    let spaced = line.iter().any(u8::is_ascii_whitespace);
    if !spaced && line.iter().filter(|byte| **byte == b':').count() >= 4 {
        let mut columns = Vec::new();
        let mut at = from;
        for part in line.split(|byte| *byte == b':') {
            columns.push(at..at + part.len());
            at += part.len() + 1;
        }
        let number = |column: usize| {
            columns.get(column).is_some_and(|range: &Range<usize>| {
                !range.is_empty() && text[range.clone()].iter().all(u8::is_ascii_digit)
            })
        };
        if columns.len() >= 8 && number(2) && columns[1].len() >= 8 {
            push(hidden, columns[1].clone(), Rule::PasswordHash);
        } else if columns.len() == 5 && (number(1) || &text[columns[1].clone()] == b"*") && !number(4) {
            push(hidden, columns[4].clone(), Rule::Name);
        }
    }
    // `token,user,uid,"group"`, as the files of static tokens and passwords have it.
    let first = line.iter().position(|byte| *byte == b',').unwrap_or(0);
    if !spaced
        && first >= 6
        && memmem::find(&line[first..], b"system:").is_some()
        && line.iter().filter(|byte| **byte == b',').count() >= 3
        && line[..first].iter().all(|byte| !b":\"'={}[]".contains(byte))
    {
        push(hidden, from..from + first, Rule::Name);
    }
    if line.starts_with(b"[")
        && let Some(close) = memmem::find(line, b"]:")
    {
        let rest = &line[close..];
        if let Some(blank) = rest.iter().rposition(|byte| value::is_blank(*byte))
            && rest[2..].first().is_some_and(u8::is_ascii_digit)
            && let Some(range) = commands::in_pair(text, from + close + blank + 1..from + line.len())
        {
            push(hidden, range, Rule::Name);
        }
    }
    // `1 M secret`, as ntp.keys has it; the kind of a key is always one of these.
    let mut words = line.split(|byte| value::is_blank(*byte)).filter(|word| !word.is_empty());
    if let (Some(number), Some(kind), Some(key)) = (words.next(), words.next(), words.next())
        && number.iter().all(u8::is_ascii_digit)
        && [&b"M"[..], b"MD5", b"SHA1", b"SHA256", b"SHA512", b"AES128CMAC", b"AES128", b"AES256"].contains(&kind)
        && let Some(at) = memmem::find(line, key).filter(|_| key.len() >= 6)
    {
        push(hidden, from + at..from + at + key.len(), Rule::Name);
    }
    // AWS prints the key next to its id, without a name.
    if memmem::find(line, b"AKIA").or_else(|| memmem::find(line, b"ASIA")).is_some() {
        let mut at = from;
        for word in line.split(|byte| byte.is_ascii_whitespace() || matches!(byte, b'"' | b'\'' | b',')) {
            if word.len() == 40 && names::is_random(word) {
                push(hidden, at..at + word.len(), Rule::TokenShape);
            }
            at += word.len() + 1;
        }
    }
}
