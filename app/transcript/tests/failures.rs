//! The first failure of a log is told with its host by the sentence that a person would give for it.

use transcript::{Failure, Transcript, redacted};

const FORMS: &str = include_str!("failures.txt");

/// What stands before each record that Ansible writes into its log.
const PREFIX: &str = "2026-11-28 23:16:07,852 p=15752 u=root |  ";

/// How records begin; other lines go on with the record above them.
const RECORDS: [&str; 16] = [
    "PLAY",
    "TASK",
    "RUNNING",
    "FAILED -",
    "NO MORE",
    "fatal:",
    "failed:",
    "ok:",
    "changed:",
    "skipping:",
    "...ignoring",
    "ERROR!",
    "[ERROR]",
    "An exception",
    "node1 |",
    "- all",
];

struct Form<'a> {
    name: &'a str,
    host: Option<&'a str>,
    sentence: &'a str,
    log: String,
}

fn forms() -> impl Iterator<Item = Form<'static>> {
    FORMS.split("\n=== ").skip(1).map(|entry| {
        let mut lines = entry.splitn(4, '\n');
        let mut next = || lines.next().expect("a name, a host, a sentence and a log");
        let (name, host, sentence, log) = (next(), next(), next(), next());
        let play = if log.starts_with(['T', 'R', 'F']) { "PLAY [all] ****\n\n" } else { "" };
        Form { name, host: Some(host).filter(|host| *host != "-"), sentence, log: format!("{play}{log}\n") }
    })
}

/// The log as `log_path` has it.
fn recorded(log: &str) -> String {
    let mut out = String::new();
    let unixy = log.starts_with("- ");
    for (at, line) in log.lines().enumerate() {
        let begins = at == 0 || unixy || RECORDS.iter().any(|start| line.starts_with(start));
        out.push_str(if begins { PREFIX } else { "" });
        out.push_str(line);
        out.push('\n');
    }
    out
}

fn first_failure(log: &str) -> Option<Failure> {
    let mut transcript = Transcript::default();
    transcript.feed(redacted(log).as_bytes(), 0);
    transcript.finish(0);
    transcript.outline().first_failure()
}

fn wrong(form: &Form<'_>, log: &str) -> Option<String> {
    let failure = first_failure(log);
    let is_right = failure.as_ref().is_some_and(|failure| {
        failure.host.as_deref() == form.host
            && failure.message.contains(form.sentence)
            && failure.message.lines().count() <= 6
    });
    (!is_right).then(|| format!("{}: {failure:?}", form.name))
}

#[test]
fn each_form_of_a_failure_is_told_by_its_true_reason() {
    // What these callbacks print is read from Ansible's log alone.
    let is_bare =
        |form: &Form<'_>| ["oneline", "minimal", "unixy", "json"].iter().any(|name| form.name.starts_with(name));
    let screen = forms().filter(|form| !is_bare(form)).filter_map(|form| wrong(&form, &form.log));
    let log = forms().filter_map(|form| wrong(&form, &recorded(&form.log)));
    let wrong: Vec<String> = screen.chain(log).collect();
    assert!(forms().count() > 80 && wrong.is_empty(), "{} are wrong:\n{}", wrong.len(), wrong.join("\n"));
}
