//! Values behind names: `password=`, `"token": "…"`, `--secret …`, `<password>…`, and names apart from their values.

use std::ops::Range;

use memchr::memmem;

use super::{
    block,
    names::{self, Tells},
    rule::{Rule, push},
    scan::Look,
    value::{self, Open, is_blank},
};

/// Longest name that is looked at.
const NAME: usize = 128;
/// How far an entry's value may stand from its name.
const BESIDE: usize = 400;

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}

/// The name that a hint stands in. The letter of an escape such as `\n` is no part of it.
pub(super) fn name_around(text: &[u8], start: usize, end: usize) -> Range<usize> {
    let before = text[..start].iter().rev().take(NAME).take_while(|byte| is_name(**byte)).count();
    let after = text[end..].iter().take(NAME).take_while(|byte| is_name(**byte)).count();
    let mut from = start - before;
    if from > 0 && text[from - 1] == b'\\' {
        let rest = &text[from..start];
        from += match rest.first() {
            Some(b'n' | b't' | b'r' | b'b' | b'f') => 1,
            Some(b'u') if rest.len() >= 5 => 5,
            Some(b'x') if rest.len() >= 3 => 3,
            _ => 0,
        };
    }
    from..end + after
}

/// Follows a name.
pub(super) fn named(look: &mut Look<'_>, start: usize, end: usize) {
    let name = name_around(look.text, start, end);
    look.done = name.end;
    let tells = names::tells(&look.text[name.clone()]);
    if tells == Tells::Nothing {
        return redirected(look, start);
    }
    look.mentioned.get_or_insert(name.start);
    if tells == Tells::Secret && beside(look, name.clone()) {
        return;
    }
    let header = is_header(&look.text[name.clone()]);
    match value_of(look.text, name.clone(), look.line.cut) {
        Some((from, open)) => {
            let rule = match look.text[name.start] {
                _ if header => Rule::HttpHeader,
                b'-' => Rule::Option,
                _ => Rule::Name,
            };
            let open = if header && open == Open::Entry { Open::Header } else { open };
            hide(look, from, open, rule, tells);
        }
        None if tells == Tells::Secret => apart(look, name),
        None => {}
    }
}

fn is_header(name: &[u8]) -> bool {
    [&b"authorization"[..], b"cookie"]
        .iter()
        .any(|end| name.len() >= end.len() && name[name.len() - end.len()..].eq_ignore_ascii_case(end))
}

/// Whether nothing but blanks, signs of a list or of a diff, and Ansible's prefix stands before a place.
fn is_first(text: &[u8], at: usize) -> bool {
    let from = block::prefix(text).min(at);
    text[from..at].iter().all(|byte| matches!(byte, b' ' | b'\t' | b'-' | b'+' | b'>' | b'<' | b'.' | b'"'))
}

/// Whether a name is an option, or the end of one as of `--web.auth.password`.
fn is_option(text: &[u8], name: &Range<usize>) -> bool {
    let is_part = |byte: &u8| is_name(*byte) || *byte == b'.';
    let from = name.start - text[..name.start].iter().rev().take(NAME).take_while(|byte| is_part(byte)).count();
    text[from] == b'-' && text.get(from + 1).is_some_and(|byte| !is_blank(*byte))
}

/// The end of a name in brackets, as in `params["password"]` and `auth[password]`.
fn end_of_index(text: &[u8], name: &Range<usize>, after_quote: usize) -> Option<usize> {
    let before = text[..name.start].iter().rev().find(|byte| !value::is_quote(**byte) && **byte != b'\\')?;
    if *before != b'[' || text.get(after_quote) != Some(&b']') {
        return None;
    }
    let after = value::quote(text, after_quote + 1).map_or(after_quote + 1, |(_, after)| after);
    matches!(text.get(value::skip_blanks(text, after)), Some(b'=' | b':')).then_some(after)
}

/// Where the value of a name begins, and what it ends with.
pub(super) fn value_of(text: &[u8], name: Range<usize>, cut: bool) -> Option<(usize, Open)> {
    let is_option = is_option(text, &name);
    let quoted = value::quote(text, name.end);
    let after_quote = quoted.map_or(name.end, |(_, after)| after);
    let index = end_of_index(text, &name, after_quote);
    let at = value::skip_blanks(text, index.unwrap_or(after_quote));
    let query = name.start > 0 && matches!(text[name.start - 1], b'?' | b'&' | b';') && quoted.is_none()
        || index.is_some() && quoted.is_none();
    let (at, plain) = match text.get(at)? {
        b'=' if query => (at + 1, Open::Query),
        b'=' => (at + 1 + usize::from(matches!(text.get(at + 1), Some(b'>' | b'='))), Open::Word),
        // `role/secrets : title` is no entry of a map, `Token::new` no value.
        b':' if text.get(at + 1) == Some(&b':') => return None,
        b':' if quoted.is_none() && at > name.end && is_title(text, &name) => return None,
        // An element of a list ends here, and announces the next.
        b':' if quoted.is_none()
            && value::quote(text, at + 1).is_some_and(|(_, after)| matches!(text.get(after), Some(b',' | b']'))) =>
        {
            return None;
        }
        b':' => (at + 1, if !cut && quoted.is_none() && is_first(text, name.start) { Open::Line } else { Open::Entry }),
        b',' if quoted.is_some() && (is_option || name.start > 0 && value::is_quote(text[name.start - 1])) => {
            let at = value::skip_blanks(text, at + 1);
            let (from, open) = value::begin(text, at, Open::Entry)?;
            let end = value::end(text, from, open).unwrap_or(text.len());
            let entry = value::quote(text, end)
                .is_some_and(|(_, after)| text.get(value::skip_blanks(text, after)) == Some(&b':'));
            return (!entry && !names::is_verb(&text[from..end]) || is_option && !entry).then_some((from, open));
        }
        b'|' if memchr::memchr(b'|', &text[block::prefix(text).min(name.start)..name.start]).is_some() => {
            (at + 1, Open::Cell)
        }
        // `<password>` in a line on how to use a program has no value.
        b'>' if name.start > 0
            && text[name.start - 1] == b'<'
            && (memmem::find(&text[at..], b"</").is_some()
                || text.get(at + 1).is_some_and(|byte| !byte.is_ascii_whitespace() && !value::is_quote(*byte))) =>
        {
            return Some((at + 1, Open::Element));
        }
        _ if is_option && at > after_quote => (at, Open::Word),
        _ => return None,
    };
    let at = value::skip_blanks(text, at);
    value::begin(text, at, plain)
}

/// Whether a line is the title of a task, or a host's counts.
fn is_title(text: &[u8], name: &Range<usize>) -> bool {
    name.start > 0 && text[name.start - 1] == b'/'
        || memmem::find(&text[..name.start], b"TASK [").is_some()
        || memmem::find(&text[..name.start], b"HANDLER [").is_some()
        || text[name.end..].trim_ascii_start().starts_with(b": ok=")
}

/// Hides a value; what it ends with, when the text ends first, is open.
pub(super) fn hide(look: &mut Look<'_>, from: usize, open: Open, rule: Rule, tells: Tells) {
    let text = look.text;
    let ended = value::end(text, from, open);
    let mut end = *ended.as_ref().unwrap_or(&text.len());
    if open == Open::Word {
        let tail = text[from..end].iter().rev().take_while(|byte| matches!(byte, b',' | b';' | b')')).count();
        end -= tail.min(end - from);
    }
    if matches!(open, Open::Line | Open::Cell | Open::Header) {
        end -= text[from..end].iter().rev().take_while(|byte| byte.is_ascii_whitespace()).count();
    }
    let value = &text[from..end];
    if tells == Tells::Maybe && !names::is_random(value) {
        return;
    }
    let whole = ended.is_ok();
    let counted = value.iter().all(u8::is_ascii_digit) && text[end..].starts_with(b" bytes");
    if whole && (counted || names::is_harmless(value)) {
        let nest = matches!(open, Open::Nest(..)) && text[end..].trim_ascii().is_empty();
        if nest && tells == Tells::Secret {
            look.block.begin(text, false);
        }
        return;
    }
    if open == Open::Line && matches!(value, b"|" | b">" | b"|-" | b">-" | b"|+" | b">+") {
        return look.block.begin(text, true);
    }
    // `Bearer` and the like only announce the secret.
    let header = rule == Rule::HttpHeader && open == Open::Line;
    if (header || matches!(open, Open::Word | Open::Entry | Open::Header | Open::Quote(..))) && whole {
        let first = value.iter().position(|byte| is_blank(*byte)).unwrap_or(value.len());
        let scheme = value[..first].to_ascii_lowercase();
        if matches!(&scheme[..], b"bearer" | b"basic" | b"token" | b"digest" | b"negotiate" | b"apikey") {
            let next = value::skip_blanks(text, from + first);
            if next >= text.len() || text[next] == b'\n' {
                return;
            }
            let end = if first < value.len() { end } else { value::end(text, next, open).unwrap_or(text.len()) };
            // `invalid token: token is expired`
            if text[next] != b'-' && names::is_verb(&text[next..end.max(next)]) {
                return;
            }
            return push(look.hidden, next..end.max(next), rule);
        }
    }
    if whole
        && matches!(open, Open::Nest(..))
        && let Some(texts) = texts_within(text, from..end)
    {
        return texts.into_iter().for_each(|range| push(look.hidden, range, rule));
    }
    push(look.hidden, from..end, rule);
    if let Err(open) = ended {
        look.open = Some(open);
    } else if let Some((_, after)) = value::quote(text, end).filter(|_| matches!(open, Open::Quote(..)))
        && text[after..].starts_with(b" -> ")
    {
        // Terraform shows what a value was and what it becomes.
        look.value_at(after + 4, Open::Word, rule);
    }
}

/// The texts within a bracket but the names of entries, so that what is left is JSON still. None where something else
/// stands there, too.
fn texts_within(text: &[u8], within: Range<usize>) -> Option<Vec<Range<usize>>> {
    let (mut texts, mut at) = (Vec::new(), within.start);
    while at < within.end {
        let typed = matches!(text[at], b'u' | b'b') && value::quote(text, at + 1).is_some();
        if let Some((open, from)) = value::quote(text, at + usize::from(typed)) {
            let end = value::end(text, from, open).ok().filter(|end| *end < within.end)?;
            let after = value::quote(text, end)?.1;
            if text.get(value::skip_blanks(text, after)) != Some(&b':') {
                texts.push(from..end);
            }
            at = after;
        } else if matches!(text[at], b' ' | b',' | b':' | b'{' | b'}' | b'[' | b']') {
            at += 1;
        } else {
            return None;
        }
    }
    Some(texts)
}

/// Where a telling name is the value of `name:` or `key:`, the secret is the entry beside it.
fn beside(look: &mut Look<'_>, name: Range<usize>) -> bool {
    const LABELS: [&str; 15] = [
        "name",
        "key",
        "env",
        "variable",
        "var",
        "option",
        "parameter",
        "parameterkey",
        "field",
        "attribute",
        "property",
        "header",
        "k",
        "varname",
        "id",
    ];
    let text = look.text;
    let back = |at: usize, what: fn(u8) -> bool| at - text[..at].iter().rev().take_while(|byte| what(**byte)).count();
    let is_open = |byte: u8| value::is_quote(byte) || byte == b'\\';
    let mut at = back(name.start, is_open);
    let quoted = at < name.start;
    at -= usize::from(quoted && at > 0 && matches!(text[at - 1], b'u' | b'b'));
    at = back(at, is_blank);
    if at == 0 || !matches!(text[at - 1], b':' | b'=') {
        return false;
    }
    let end = back(back(at - 1, is_blank), is_open);
    let start = back(end, is_name);
    let label = &text[start..end];
    if !LABELS.iter().any(|one| label.eq_ignore_ascii_case(one.as_bytes())) {
        return false;
    }
    let after = value::quote(text, name.end).filter(|_| quoted).map_or(name.end, |(_, after)| after);
    if matches!(text.get(value::skip_blanks(text, after)), Some(b'=' | b':')) {
        return false;
    }
    let rest = &text[after..text.len().min(after + BESIDE)];
    let stop = rest.iter().position(|byte| matches!(byte, b'}' | b'{'));
    let forward = after..after + stop.unwrap_or(rest.len());
    if let Some((from, open)) = value_in(text, forward) {
        hide(look, from, open, Rule::NameBeside, Tells::Secret);
        return true;
    }
    let from = start.saturating_sub(BESIDE);
    let from = memchr::memrchr2(b'{', b'}', &text[from..start]).map_or(from, |at| from + at);
    if let Some((from, open)) = value_in(text, from..start) {
        hide(look, from, open, Rule::NameBeside, Tells::Secret);
    } else if stop.is_none() {
        look.block.expect_value();
    }
    true
}

/// The value of the first entry that is called a value.
fn value_in(text: &[u8], within: Range<usize>) -> Option<(usize, Open)> {
    let mut at = within.start;
    while at < within.end {
        if !is_name(text[at]) {
            at += 1;
            continue;
        }
        let end = at + text[at..].iter().take_while(|byte| is_name(**byte)).count();
        if block::names_a_value(&text[at..end]) {
            let after = value::quote(text, end).map_or(end, |(_, after)| after);
            let sign = value::skip_blanks(text, after);
            if matches!(text.get(sign), Some(b':' | b'=')) {
                return value::begin(text, value::skip_blanks(text, sign + 1), Open::Entry);
            }
        }
        at = end;
    }
    None
}

/// A telling name whose value does not follow it by `=` or `:`.
fn apart(look: &mut Look<'_>, name: Range<usize>) {
    let text = look.text;
    let password = [&b"password"[..], b"passwd", b"pass", b"pwd", b"passphrase", b"psk"].iter().any(|end| {
        let name = &text[name.clone()];
        name.len() >= end.len() && name[name.len() - end.len()..].eq_ignore_ascii_case(end)
    });
    let community = text[name.clone()].eq_ignore_ascii_case(b"community");
    if community && value::quote(text, value::skip_blanks(text, name.end)).is_none() {
        // What programs call so in a sentence is a group of routes or of people.
        return;
    }
    let quoted = value::quote(text, name.end).is_some();
    if quoted || text.get(name.end) == Some(&b'(') {
        if text.get(name.end) == Some(&b'(') && value::quote(text, name.end + 1).is_some() {
            called(look, name.end, 0);
        } else if text[name.start] == b'-' && text[name.end..].trim_ascii().len() <= 2 {
            look.block.expect_element();
        }
        return;
    }
    let rest = &text[name.end..];
    if rest.trim_ascii() == b":" && is_first(text, name.start) {
        return look.block.begin(text, false);
    }
    if text[name.start] == b'-' && rest.trim_ascii().is_empty() && text[..name.start].ends_with(b"- ") {
        return look.block.expect_element();
    }
    redirected(look, name.start);
    // `Unseal Key 1: …`
    let number = rest.iter().skip(1).take_while(|byte| byte.is_ascii_digit()).count();
    if number > 0 && rest.get(1 + number) == Some(&b':') {
        return look.value_at(value::skip_blanks(text, name.end + number + 2), Open::Word, Rule::Name);
    }
    let at = value::skip_blanks(text, name.end);
    if at == name.end || at >= text.len() || matches!(text[at], b'=' | b':') {
        return;
    }
    let Some((mut from, open)) = value::begin(text, at, Open::Word) else { return };
    let mut end = value::end(text, from, open).unwrap_or(text.len());
    if text[from..end].starts_with(b"--") && is_first(text, name.start) {
        // `rootpw --plaintext S`
        from = value::skip_blanks(text, end);
        end = value::end(text, from, Open::Word).unwrap_or(text.len());
    }
    if let [kind @ b'0'..=b'9'] = &text[from..end]
        && password | text[name.clone()].eq_ignore_ascii_case(b"secret")
    {
        // `password 7 S`: the number says how it is written.
        from = value::skip_blanks(text, end);
        end = value::end(text, from, Open::Word).unwrap_or(text.len());
        if *kind != b'0' && !names::is_odd(&text[from..end]) {
            return;
        }
    }
    let sign = value::skip_blanks(text, end);
    let id = text[from..end].eq_ignore_ascii_case(b"id");
    if (password || id) && (sign > end || id) && text[sign..].starts_with(b"= ") {
        // `PASSWORD name = S`, `Secret ID = S`
        return look.value_at(value::skip_blanks(text, sign + 1), Open::Word, Rule::Name);
    }
    let word = &text[from..end];
    if text[name.clone()].eq_ignore_ascii_case(b"bearer") && names::is_random(word) {
        return push(look.hidden, from..end, Rule::HttpHeader);
    }
    let before = &text[..name.start];
    let has = |what: &[u8]| memmem::find(before, what).is_some();
    if matches!(open, Open::Quote(..)) {
        if password || community || text[end..].starts_with(b"\";") {
            look.value_at(at, open, Rule::Name);
        }
        return;
    }
    if word.eq_ignore_ascii_case(b"is") || word.eq_ignore_ascii_case(b"is:") || word.eq_ignore_ascii_case(b"was") {
        let at = value::skip_blanks(text, end + usize::from(text.get(end) == Some(&b':')));
        let Some((from, open)) = value::begin(text, at, Open::Word) else { return };
        let end = value::end(text, from, open).unwrap_or(text.len());
        if names::is_odd(&text[from..end]) && !is_title(text, &name) {
            push(look.hidden, from..end, Rule::Name);
        }
        return;
    }
    // `Secret namespace/name` of Kubernetes' messages.
    let object = word.contains(&b'/') && word.iter().all(|byte| byte.is_ascii_lowercase() || b"/-".contains(byte));
    if names::is_verb(word) || names::is_harmless(word) || object {
        return;
    }
    // `set aws_secret_access_key S`, `machine h login u password S`, `rootpw --plaintext S`.
    let command = has(b"configure set") || has(b"config set") || has(b"login ") || has(b"machine ");
    let last = text[end..]
        .iter()
        .all(|byte| byte.is_ascii_whitespace() || matches!(byte, b'"' | b'\'' | b';' | b',' | b'}' | b'\\' | b']'));
    let first = is_first(text, name.start);
    if command || last && (first || names::is_odd(word)) {
        let colon =
            text[from..end].iter().position(|byte| *byte == b':').filter(|_| text[..name.end].ends_with(b"auth"));
        push(look.hidden, from + colon.map_or(0, |at| at + 1)..end, Rule::Name);
    } else if first && password {
        push(look.hidden, from..end, Rule::Name);
    }
}

/// Hides the texts that a call has within its brackets, but so many of the first.
pub(super) fn called(look: &mut Look<'_>, bracket: usize, skip: usize) {
    let text = look.text;
    let Some((from, open @ Open::Nest(..))) = value::begin(text, bracket, Open::Word) else { return };
    let end = value::end(text, from, open).unwrap_or(text.len());
    match texts_within(text, from..end) {
        Some(texts) => texts.into_iter().skip(skip).for_each(|range| push(look.hidden, range, Rule::Name)),
        None if skip == 0 => look.value_at(from, Open::Word, Rule::Name),
        None => {}
    }
}

/// `echo S > file` where the file's name tells.
fn redirected(look: &mut Look<'_>, start: usize) {
    let before = &look.text[..start];
    let Some(arrow) = memchr::memrchr(b'>', before) else { return };
    let Some(echo) = memmem::rfind(&before[..arrow], b"echo ") else { return };
    if before[arrow..].iter().any(|byte| matches!(byte, b'|' | b'"' | b'\'' | b';' | b'&')) {
        return;
    }
    let is_edge = |byte: &u8| is_blank(*byte) || value::is_quote(*byte);
    let from = echo + 5;
    let end = arrow - before[from..arrow].iter().rev().take_while(|byte| is_edge(byte) || **byte == b'>').count();
    let from = from + before[from..end].iter().take_while(|byte| is_edge(byte)).count();
    push(look.hidden, from..end.max(from), Rule::Option);
}

/// What a line says at its end: a secret that a sentence told, or that it announces for the next line.
pub(super) fn at_the_end(look: &mut Look<'_>) {
    let Some(mentioned) = look.mentioned else { return };
    let text = look.text.trim_ascii_end();
    if text.ends_with(b":") || text.ends_with(b"passwords") && memmem::find(text, b"following").is_some() {
        return look.block.announce();
    }
    if text.ends_with(b"reset.") {
        return look.block.expect_value();
    }
    let start = text.iter().rposition(|byte| is_blank(*byte)).map_or(0, |at| at + 1);
    let before = text[..start].trim_ascii_end();
    let word = &text[start..];
    let told = before.ends_with(b":") || before.ends_with(b" is");
    if told
        && word.len() >= 6
        && mentioned < start
        && (word.iter().any(u8::is_ascii_digit) || names::changes(word) > 1)
        && names::is_odd(word)
        && !names::is_harmless(word)
        && !word.ends_with(b"Encryption")
    {
        let title = memmem::find(text, b"TASK [").is_some() || memmem::find(text, b"\": ").is_some();
        if !title {
            push(look.hidden, start..text.len(), Rule::Name);
        }
    }
}
