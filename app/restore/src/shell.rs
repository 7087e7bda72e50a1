//! Words of a shell, and texts in Markdown, that cannot break out of where they stand.

/// A text as one word of a POSIX shell. Control characters, which no name has, become `?`: then the word is no name of
/// anything, and nothing that a terminal or the end of a line would obey.
pub(crate) fn word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,@+".contains(c);
    let text = printable(text);
    if !text.is_empty() && text.chars().all(plain) && !text.starts_with('-') {
        return text;
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// The same without control characters, bidirectional ones among them.
pub(crate) fn printable(text: &str) -> String {
    let odd = |c: char| {
        c.is_control()
            || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200b}'..='\u{200f}' | '\u{feff}')
    };
    text.chars().take(1_000).map(|c| if odd(c) { '?' } else { c }).collect()
}

/// A text as code within a line of Markdown, with more backticks around it than are in it.
pub(crate) fn code(text: &str) -> String {
    let text = printable(text);
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(longest + 1);
    let gap = if text.starts_with('`') || text.ends_with('`') || text.is_empty() { " " } else { "" };
    format!("{fence}{gap}{text}{gap}{fence}")
}

/// A text between other words of Markdown, where none of its characters means anything.
pub(crate) fn plain(text: &str) -> String {
    let mut out = String::new();
    for c in printable(text).chars() {
        match c {
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            '&' => out += "&amp;",
            '\\' | '`' | '*' | '_' | '[' | ']' | '#' | '|' | '~' | '!' => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_words_stay_as_they_are_and_others_are_quoted() {
        for (text, quoted) in [
            ("https://10.1.0.50:2380", "https://10.1.0.50:2380"),
            ("", "''"),
            ("two words", "'two words'"),
            ("it's", r"'it'\''s'"),
            ("$(reboot)", "'$(reboot)'"),
            ("-rf", "'-rf'"),
            ("a\nreboot", "'a?reboot'"),
        ] {
            assert_eq!(word(text), quoted);
        }
    }

    #[test]
    fn code_holds_whatever_backticks_there_are() {
        assert_eq!(code("etcd1"), "`etcd1`");
        assert_eq!(code("a``b"), "```a``b```");
        assert_eq!(code("`"), "`` ` ``");
        assert_eq!(plain("<b>[x](y)"), "&lt;b&gt;\\[x\\](y)");
    }
}
