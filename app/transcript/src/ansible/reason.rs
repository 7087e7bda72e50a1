//! The reason of a failure, out of what Ansible prints of a result: JSON (whole, cut or in lines), YAML, or sections.

use std::collections::BTreeMap;

/// Fields that may tell why a task failed.
const FIELDS: [&str; 13] = [
    "msg",
    "reason",
    "censored",
    "stderr",
    "stdout",
    "module_stderr",
    "module_stdout",
    "exception",
    "assertion",
    // Of what a server answered.
    "response",
    "url",
    "cmd",
    "rc",
];

/// Most error lines of one output that are told.
const LINES: usize = 3;

/// Longest command that is named in a reason, in bytes.
const COMMAND: usize = 120;

/// What is known of a failure.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Reason {
    /// The reason; none when no field has told it yet.
    pub text: Option<String>,
    /// Whether the result has ended: lines below it say nothing more of it.
    pub whole: bool,
}

/// Reads what stands behind the `=>` of a failure, with the lines below it.
pub(super) fn reason(detail: &str) -> Reason {
    let first = detail.lines().next().unwrap_or_default();
    let (fields, ended) = match first.find('{') {
        Some(at) => {
            let mut scan = Scan { text: &detail[at..], at: 0, fields: BTreeMap::new() };
            let ended = scan.object().is_some();
            let Scan { text, at, mut fields } = scan;
            sections(text.get(at..).unwrap_or_default(), &mut fields);
            (fields, ended)
        }
        None => (yaml(detail), false),
    };
    let text = told(&fields);
    Reason { whole: ended && text.is_some(), text }
}

fn told(fields: &BTreeMap<&str, String>) -> Option<String> {
    let field = |name: &str| fields.get(name).map(|text| text.trim()).filter(|text| !text.is_empty());
    let messages = || ["msg", "reason", "censored"].into_iter().filter_map(field);
    let message = messages().find(|message| !is_empty_phrase(message)).or_else(|| messages().next());
    let error = ["stderr", "module_stderr"].into_iter().filter_map(field).find_map(telling);
    if let Some(message) = message.filter(|message| !is_empty_phrase(message)) {
        let message = match (field("assertion"), field("response")) {
            (Some(assertion), _) if !message.contains(assertion) => {
                format!("{}: {assertion}", message.trim_end_matches('.'))
            }
            (_, Some(answer)) if message == "Request failed" => {
                let of = field("url").map(|url| format!(" ({url})")).unwrap_or_default();
                format!("{message}: {answer}{of}")
            }
            _ => essence(message),
        };
        return Some(match error {
            Some(error) if !message.contains(&error) => format!("{message}: {error}"),
            _ => message,
        });
    }
    let output = || ["module_stdout", "stdout", "exception"].into_iter().filter_map(field).find_map(telling);
    if let Some(text) = error.or_else(output) {
        return Some(text);
    }
    match (field("cmd"), field("rc")) {
        (Some(command), Some(status)) => {
            let command = super::cut(command.lines().next().unwrap_or_default(), COMMAND);
            Some(format!("{command} exited with {status} and printed no reason"))
        }
        (None, Some(status)) => Some(format!("it exited with {status} and printed no reason")),
        _ => message.map(str::to_owned),
    }
}

/// Whether a message says that something failed and not why.
fn is_empty_phrase(message: &str) -> bool {
    const WHOLE: [&str; 5] =
        ["non-zero return code", "All items completed", "One or more items failed", "the command failed", "failed"];
    const STARTS: [&str; 5] = [
        "The following modules failed to execute",
        "MODULE FAILURE",
        "The module failed to execute correctly",
        "Module result deserialization failed",
        "See stdout/stderr for the exact error",
    ];
    let message = message.trim().trim_end_matches('.');
    WHOLE.iter().any(|phrase| message.eq_ignore_ascii_case(phrase))
        || STARTS.iter().any(|start| message.starts_with(start))
        || message.lines().all(is_noise)
}

/// Lines of an output that are never the reason: of the connection, warnings, and hints on how to see more.
fn is_noise(line: &str) -> bool {
    const STARTS: [&str; 13] = [
        "be elsewhere in the file depending on",
        "Connection to ",
        "Shared connection to ",
        "Killed by signal",
        "To see the stack trace of this error execute with",
        "Pseudo-terminal will not be allocated",
        "Warning: ",
        "WARNING: ",
        "[WARNING]",
        "[DEPRECATION WARNING]",
        "debconf: ",
        "For more information",
        "Please consult the logs",
    ];
    let line = line.trim();
    // A line of a log in JSON or of names and values that tells of no error.
    let is_passing = [r#""level":"warn"#, r#""level":"info""#, r#""level":"debug""#]
        .iter()
        .any(|level| line.starts_with('{') && line.contains(level))
        || line.starts_with("time=")
            && [" level=warn", " level=info", " level=debug"].iter().any(|level| line.contains(level));
    let is_hint = ["--v=", "-vvv", "--verbose"].iter().any(|flag| line.contains(flag))
        && ["rerun", "re-run", "run with", "use -v", "use --v", "try ", "execute with"]
            .iter()
            .any(|word| line.to_ascii_lowercase().contains(word));
    let is_connection = ["Shared connection to ", "Connection to "].iter().any(|start| line.starts_with(start))
        && !line.trim_end_matches('.').ends_with("closed");
    line.is_empty()
        || is_hint
        || is_passing
        || line.starts_with(['@', '+'])
        || is_log_note(line)
        || STARTS.iter().any(|start| line.starts_with(start)) && !is_connection
}

/// A line of klog below an error: `W0426 10:11:12 …` or `I0426 …`.
fn is_log_note(line: &str) -> bool {
    let bytes = line.as_bytes();
    bytes.len() > 6 && matches!(bytes[0], b'W' | b'I') && bytes[1..5].iter().all(u8::is_ascii_digit) && bytes[5] == b' '
}

/// A message without what is no reason: of a mistake in a file its place is kept, and not the lines around it; of a
/// connection what ssh said last; of yum and pip their last sentence.
fn essence(message: &str) -> String {
    const SSH: &str = "Failed to connect to the host via ssh: ";
    let message = message.split("\nThe offending line appears to be").next().unwrap_or(message);
    if let Some((_, error)) = message.strip_prefix("stdout: ").and_then(|rest| rest.split_once(":stderr: "))
        && let Some(error) = telling(error)
    {
        return error;
    }
    if message.trim_start().starts_with("One of the configured repositories failed")
        && let Some(last) = message.lines().rfind(|line| !is_noise(line))
    {
        return format!("One of the configured repositories failed: {}", last.trim());
    }
    match message.strip_prefix(SSH) {
        Some(said) if !without_noise(said).is_empty() => format!("{SSH}{}", without_noise(said)),
        _ => without_noise(message),
    }
}

fn without_noise(text: &str) -> String {
    let lines = text.lines().filter(|line| !is_noise(line)).map(str::trim_end);
    let lines: Vec<&str> = lines.map(|line| line.strip_suffix(", but may").unwrap_or(line)).collect();
    lines.join("\n")
}

/// Whether a line says that the program went on in another way.
fn goes_on(line: &str) -> bool {
    const WORDS: [&str; 6] =
        ["Attempting to ", "retrying", "will retry", "trying again", "falling back", "Falling back"];
    WORDS.iter().any(|word| line.contains(word))
}

/// The lines of an output that tell why a program failed; none when it has nothing but noise.
fn telling(output: &str) -> Option<String> {
    let lines: Vec<&str> = output.lines().map(str::trim_end).filter(|line| !is_noise(line)).collect();
    if let Some(trace) = lines.iter().rposition(|line| line.starts_with("Traceback (most recent call last)")) {
        // The error itself is the first line below the trace that is not indented.
        let error = lines[trace + 1..].iter().find(|line| !line.starts_with([' ', '\t'])).or(lines.last())?;
        return Some(error.trim().to_owned());
    }
    // The first lines that say "error" are the cause; what follows are its consequences or a usage text.
    let mut errors: Vec<&str> = lines.iter().copied().filter(|line| is_list_entry(line)).take(LINES).collect();
    let told = || lines.iter().copied().filter(|line| is_error(line.trim()));
    let last = lines.last().filter(|line| !goes_on(line));
    if let Some(first) = told().find(|line| !goes_on(line)).or_else(|| told().next().filter(|_| last.is_none())) {
        errors.insert(0, first);
    }
    if errors.is_empty() {
        return lines.last().map(|line| unlogged(line.trim()));
    }
    Some(errors.iter().map(|line| unlogged(line.trim())).collect::<Vec<_>>().join("\n"))
}

/// What a line of a log says in `msg="…"`, as containerd's tools write it.
fn unlogged(line: &str) -> String {
    let said = line.strip_prefix("time=").and_then(|rest| rest.split_once(" msg=\"")).map(|(_, said)| said);
    said.and_then(|said| said.strip_suffix('"')).map_or(line.to_owned(), |said| said.replace("\\\"", "\""))
}

/// One of kubeadm's findings: `[ERROR Swap]: running with swap on is not supported`.
fn is_list_entry(line: &str) -> bool {
    line.trim_start().starts_with("[ERROR ")
}

fn is_error(line: &str) -> bool {
    const STARTS: [&str; 6] = ["error", "fatal", "e: ", "panic:", "unable to ", "failed to "];
    const WITHIN: [&str; 4] = [": error: ", " error: ", "]: error", "level=fatal"];
    let small = line.to_ascii_lowercase();
    STARTS.iter().any(|start| small.starts_with(start)) || WITHIN.iter().any(|part| small.contains(part))
}

/// A JSON object that may be cut anywhere.
struct Scan<'a> {
    text: &'a str,
    at: usize,
    fields: BTreeMap<&'static str, String>,
}

impl Scan<'_> {
    /// Keeps the wanted fields of the object; none when it has no end.
    fn object(&mut self) -> Option<()> {
        self.at += 1;
        while !self.ends()? {
            match self.next()? {
                b',' => self.at += 1,
                b'"' => {
                    let (key, _) = self.string()?;
                    let wanted = FIELDS.iter().find(|field| **field == key).copied();
                    if self.next()? != b':' {
                        return None;
                    }
                    self.at += 1;
                    if key == "failed_modules" && self.next()? == b'{' {
                        self.modules()?;
                    } else {
                        self.value(wanted)?;
                    }
                }
                _ => return None,
            }
        }
        Some(())
    }

    /// Whether the object ends here; then its brace is passed.
    fn ends(&mut self) -> Option<bool> {
        let ends = self.next()? == b'}';
        self.at += usize::from(ends);
        Some(ends)
    }

    /// The results of the modules that failed; what one says in `msg` is the reason here.
    fn modules(&mut self) -> Option<()> {
        self.at += 1;
        while !self.ends()? {
            match self.next()? {
                b'"' => {
                    self.string()?;
                }
                b'{' => {
                    let ended = self.object();
                    if let Some(message) = self.fields.remove("msg") {
                        self.fields.entry("reason").or_insert(message);
                    }
                    ended?;
                }
                _ => self.at += 1,
            }
        }
        Some(())
    }

    fn value(&mut self, wanted: Option<&'static str>) -> Option<()> {
        let start = match self.next()? {
            b'"' => {
                let (text, ended) = self.string()?;
                if let Some(field) = wanted {
                    self.fields.insert(field, text);
                }
                return ended.then_some(());
            }
            _ => self.at,
        };
        let mut depth = 0_usize;
        let mut words = Vec::new();
        loop {
            match self.next()? {
                b'"' => {
                    let (text, ended) = self.string()?;
                    words.push(text);
                    if !ended {
                        return None;
                    }
                    continue;
                }
                b'{' | b'[' => depth += 1,
                b'}' | b']' if depth > 0 => depth -= 1,
                b'}' | b',' if depth == 0 => break,
                _ => {}
            }
            self.at += 1;
            if depth == 0 && matches!(self.text.as_bytes().get(self.at - 1), Some(b'}' | b']')) {
                break;
            }
        }
        if let Some(field) = wanted {
            let plain = self.text.get(start..self.at).unwrap_or_default().trim();
            let text = if words.is_empty() { plain.to_owned() } else { words.join(" ") };
            if text != "null" {
                self.fields.insert(field, text);
            }
        }
        Some(())
    }

    fn next(&mut self) -> Option<u8> {
        let bytes = self.text.as_bytes();
        while bytes.get(self.at)?.is_ascii_whitespace() {
            self.at += 1;
        }
        bytes.get(self.at).copied()
    }

    /// The string that begins here, and whether it has an end.
    fn string(&mut self) -> Option<(String, bool)> {
        self.at += 1;
        let mut text = String::new();
        let mut letters = self.text.get(self.at..)?.char_indices();
        while let Some((at, letter)) = letters.next() {
            match letter {
                '"' => {
                    self.at += at + 1;
                    return Some((text, true));
                }
                '\\' => match letters.next().map(|(_, letter)| letter) {
                    Some('n') => text.push('\n'),
                    Some('t') => text.push('\t'),
                    Some('r' | 'b' | 'f') => {}
                    Some('u') => {
                        let digits: String = letters.by_ref().take(4).map(|(_, digit)| digit).collect();
                        let code = u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32);
                        text.push(code.unwrap_or(char::REPLACEMENT_CHARACTER));
                    }
                    Some(other) => text.push(other),
                    None => break,
                },
                other => text.push(other),
            }
        }
        self.at = self.text.len();
        Some((text, false))
    }
}

/// `MSG:`, `STDERR:` and their like on lines of their own, as the debug callback has them below its JSON.
fn sections(text: &str, fields: &mut BTreeMap<&'static str, String>) {
    let mut open: Option<&'static str> = None;
    for line in text.lines() {
        if let Some(name) = line.strip_suffix(':')
            && let Some(field) = FIELDS.iter().find(|field| field.to_ascii_uppercase() == name)
        {
            open = Some(field);
            fields.insert(field, String::new());
        } else if let Some(field) = open {
            let value = fields.entry(field).or_default();
            value.push_str(line);
            value.push('\n');
        }
    }
}

/// `  msg: text` and `  stderr: |-` with deeper lines below it, as the yaml callback has them.
fn yaml(text: &str) -> BTreeMap<&'static str, String> {
    let depth = |line: &str| line.len() - line.trim_start().len();
    // Two columns, or four where Ansible itself writes YAML.
    let fields_at = text.lines().skip(1).map(depth).find(|depth| *depth > 0).unwrap_or(2);
    let mut fields = BTreeMap::new();
    let mut open: Option<&'static str> = None;
    // Within `failed_modules`, whose modules have fields of their own.
    let mut within = false;
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let indent = depth(line);
        within &= indent > fields_at;
        let fields_at = if within { 3 * fields_at } else { fields_at };
        if indent > fields_at {
            if let Some(field) = open {
                let value: &mut String = fields.entry(field).or_default();
                value.push_str(line.trim());
                value.push('\n');
            }
            continue;
        }
        open = None;
        let Some((name, value)) = line.trim().split_once(':').filter(|_| indent == fields_at) else { continue };
        if name == "failed_modules" {
            within = true;
            continue;
        }
        let name = if within && name == "msg" { "reason" } else { name };
        let Some(field) = FIELDS.iter().find(|field| **field == name) else { continue };
        open = Some(field);
        let value = value.trim();
        let is_block = value.starts_with(['|', '>']) && value.len() <= 3;
        let value = if is_block { "" } else { value.trim_matches(['\'', '"']) };
        fields.insert(*field, if value.is_empty() { String::new() } else { format!("{value}\n") });
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::reason;

    fn told(detail: &str) -> String {
        reason(detail).text.unwrap_or_default()
    }

    #[test]
    fn the_connection_that_closed_is_never_the_reason() {
        for message in ["MODULE FAILURE", "MODULE FAILURE\\nSee stdout/stderr for the exact error"] {
            let detail = format!(
                r#"{{"module_stderr": "Shared connection to 198.51.100.4 closed.\r\n", "module_stdout": "/bin/sh: 1: /opt/python: not found\r\n", "msg": "{message}", "rc": 127}}"#
            );
            assert_eq!(told(&detail), "/bin/sh: 1: /opt/python: not found");
        }
        let silent = r#"{"module_stderr": "Shared connection to h closed.\r\n", "module_stdout": "", "msg": "MODULE FAILURE", "rc": 137}"#;
        assert_eq!(told(silent), "it exited with 137 and printed no reason");
        let lost = r#"{"module_stderr": "Connection to 10.0.0.9 port 22 timed out", "module_stdout": "", "msg": "MODULE FAILURE"}"#;
        assert_eq!(told(lost), "Connection to 10.0.0.9 port 22 timed out");
    }

    #[test]
    fn kubeadm_is_told_by_its_errors_and_not_by_its_hints() {
        let stderr = r"W0301 10:00:01 initconfiguration.go:48] note\nerror execution phase preflight: [preflight] Some fatal errors occurred:\n\t[ERROR Swap]: running with swap on is not supported\n\t[ERROR Port-6443]: Port 6443 is in use\n[preflight] If you know what you are doing, you can make a check non-fatal\nTo see the stack trace of this error execute with --v=5 or higher";
        let detail = format!(r#"{{"cmd": ["kubeadm", "init"], "msg": "non-zero return code", "stderr": "{stderr}"}}"#);
        assert_eq!(
            told(&detail),
            "error execution phase preflight: [preflight] Some fatal errors occurred:\n\
             [ERROR Swap]: running with swap on is not supported\n[ERROR Port-6443]: Port 6443 is in use"
        );
    }

    #[test]
    fn a_traceback_is_told_by_the_error_that_it_ends_with() {
        let detail = r#"{"module_stderr": "Traceback (most recent call last):\n  File \"x.py\", line 2, in <module>\n    import yaml\nImportError: No module named yaml\nShared connection to h closed.\n", "msg": "MODULE FAILURE", "rc": 1}"#;
        assert_eq!(told(detail), "ImportError: No module named yaml");
    }

    #[test]
    fn the_cause_comes_before_its_consequences_and_the_usage() {
        let of = |stderr: &str| told(&format!(r#"{{"msg": "non-zero return code", "rc": 1, "stderr": "{stderr}"}}"#));
        assert_eq!(
            of(r"E: Failed to fetch http://a/b 404\nE: Unable to fetch some archives, maybe run apt-get update?"),
            "E: Failed to fetch http://a/b 404"
        );
        assert_eq!(of(r"Error: unknown command\nUsage:\n  etcdctl [command]"), "Error: unknown command");
        assert_eq!(of(r"Warning: Permanently added h\nmv: no space left on device"), "mv: no space left on device");
    }

    #[test]
    fn stdout_and_the_command_tell_what_stderr_does_not() {
        let of = |rest: &str| told(&format!(r#"{{"msg": "non-zero return code", {rest}}}"#));
        assert_eq!(of(r#""rc": 1, "stderr": "", "stdout": "a\nb is wrong""#), "b is wrong");
        assert_eq!(
            of(r#""cmd": ["test", "-e", "/x"], "rc": 1, "stderr": "", "stdout": """#),
            "test -e /x exited with 1 and printed no reason"
        );
    }

    #[test]
    fn facts_that_could_not_be_gathered_are_told_by_the_module() {
        let of = |module: &str| {
            told(&format!(
                r#"{{"failed_modules": {{"ansible.legacy.setup": {{"failed": true, {module}}}}}, "msg": "The following modules failed to execute: ansible.legacy.setup\n"}}"#
            ))
        };
        assert_eq!(
            of(
                r#""module_stdout": "/bin/sh: 1: python: not found\r\n", "msg": "The module failed to execute correctly, you probably need to set the interpreter.""#
            ),
            "/bin/sh: 1: python: not found"
        );
        assert_eq!(of(r#""msg": "no space left on device""#), "no space left on device");
    }

    #[test]
    fn a_message_is_told_without_what_surrounds_its_reason() {
        let of = |message: &str| told(&format!(r#"{{"msg": "{message}"}}"#));
        assert_eq!(
            of(
                r"The error was: 'a' is undefined\n\nThe error appears to be in '/x.yml': line 3, column 3, but may\nbe elsewhere in the file depending on the exact syntax problem.\n\nThe offending line appears to be:\n\n- name: a\n  ^ here\n"
            ),
            "The error was: 'a' is undefined\nThe error appears to be in '/x.yml': line 3, column 3"
        );
        assert_eq!(
            of(
                r"Failed to connect to the host via ssh: Warning: Permanently added 'h' to the list.\r\nroot@h: Permission denied (publickey)."
            ),
            "Failed to connect to the host via ssh: root@h: Permission denied (publickey)."
        );
        assert_eq!(
            of(r"stdout: Collecting a\n\n:stderr: No matching distribution found for a\n"),
            "No matching distribution found for a"
        );
        assert_eq!(
            of(
                r"\n\n One of the configured repositories failed (Unknown),\n and yum can only fail.\n\nCannot find a valid baseurl for repo: base\n"
            ),
            "One of the configured repositories failed: Cannot find a valid baseurl for repo: base"
        );
        let missing =
            r#"{"msg": "Request failed", "response": "HTTP Error 404: Not Found", "url": "https://h/kubeadm"}"#;
        assert_eq!(told(missing), "Request failed: HTTP Error 404: Not Found (https://h/kubeadm)");
    }

    #[test]
    fn a_warning_before_the_error_is_not_the_reason() {
        let of = |stderr: &str| told(&format!(r#"{{"msg": "non-zero return code", "rc": 1, "stderr": "{stderr}"}}"#));
        assert_eq!(
            of(
                r#"{\"level\":\"warn\",\"msg\":\"retrying\",\"error\":\"rpc error: x\"}\nError: context deadline exceeded"#
            ),
            "Error: context deadline exceeded"
        );
        assert_eq!(
            of(
                r"Failed to discover versions. Attempting to parse version from URL.\nUnable to establish connection to h"
            ),
            "Unable to establish connection to h"
        );
        assert_eq!(of(r"Failed to pull. Attempting to go on."), "Failed to pull. Attempting to go on.");
    }

    #[test]
    fn a_result_that_was_cut_is_read_as_far_as_it_goes() {
        let output = "x".repeat(90_000);
        let detail = format!(
            r#"{{"cmd": "calicoctl create", "msg": "non-zero return code", "stderr": "resource exists", "stdout": "{output}"#
        );
        let read = reason(&detail);
        assert_eq!((read.text.as_deref(), read.whole), (Some("resource exists"), false));
    }

    #[test]
    fn an_assertion_is_told_with_its_message() {
        let detail = r#"{"assertion": "memory >= 1024", "changed": false, "msg": "Assertion failed"}"#;
        assert_eq!(told(detail), "Assertion failed: memory >= 1024");
    }

    #[test]
    fn results_in_lines_are_read_as_json_yaml_and_sections() {
        let lines = "{\n    \"changed\": false,\n    \"invocation\": {\"module_args\": {\"msg\": \"no\"}},\n    \"msg\": \"disk is full\"\n}";
        assert_eq!(told(lines), "disk is full");
        let yaml = "changed=true \n  cmd: kubectl get nodes\n  msg: non-zero return code\n  rc: 1\n  stderr: |-\n    W0301 x.go:1] note\n    error: no configuration\n  stderr_lines: <omitted>";
        assert_eq!(told(yaml), "error: no configuration");
        let debug =
            "{\n    \"changed\": true,\n    \"rc\": 1\n}\nSTDERR:\nerror: no configuration\nMSG:\nnon-zero return code";
        assert_eq!(told(debug), "error: no configuration");
    }

    #[test]
    fn traces_of_a_shell_and_dates_of_a_log_are_no_reason() {
        let of = |stderr: &str| told(&format!(r#"{{"msg": "non-zero return code", "rc": 1, "stderr": "{stderr}"}}"#));
        assert_eq!(of(r"+ ping h\nno route to h\n+ exit 1"), "no route to h");
        assert_eq!(
            of(r#"time=\"1\" level=warning msg=\"defaults\"\ntime=\"2\" level=fatal msg=\"pulling: not found\""#),
            "pulling: not found"
        );
    }

    #[test]
    fn what_tells_nothing_yet_is_not_whole() {
        assert_eq!((reason("{").text, reason("{").whole), (None, false));
        assert_eq!(reason(r#"{"a": 1}"#).text, None);
    }
}
