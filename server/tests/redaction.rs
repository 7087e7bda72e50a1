//! Logs that earlier rules redacted: withheld, and redacted anew once, whatever kills it.

use std::time::Duration;

use binnacle::{
    deploy::{Finish, JumpHost, Keep, Office, Way},
    store::{Duty, Piece, Place, RunRow, Stand, Store},
};
use transcript::{MASK, RULES};

const KEY: &str = "LS0tLS1CRUdJTiBSU0EgUFJJVkFURSBLRVktLS0tLQpNSUlFcEFJQkFBS0NBUUVBenBaeDJUUDMzOGU3ci9HZnJWOVZ4MWhT";

/// A folder with a database, removed with it.
struct Folder(std::path::PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("binnacle-redaction-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a folder");
        Self(path)
    }

    async fn store(&self) -> Store {
        let place = Place::parse(&format!("sqlite:{}/binnacle.db", self.0.display())).expect("a place");
        Store::open(&place).await.expect("a database")
    }

    fn office(&self, store: &Store) -> std::sync::Arc<Office> {
        let dir = self.0.display().to_string();
        let host = JumpHost {
            way: Way::Here,
            compass: dir.clone(),
            runs: format!("{dir}/runs"),
            work: None,
            deck: None,
            reach: None,
            variables: Vec::new(),
            release: plan::Release::default(),
        };
        let keep = Keep { age: Duration::from_secs(86_400), size: 1 << 40 };
        Office::new(store.clone(), host, Finish::default(), keep)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A log as earlier rules left it.
fn earlier() -> String {
    let mut log = String::new();
    for task in 0..3_000 {
        log.push_str(&format!("2026-11-28 23:16:07,852 p=1 u=root |  TASK [etcd : step {task}] ****\n"));
        log.push_str(&format!(
            "2026-11-28 23:16:07,852 p=1 u=root |  ok: [host1] => {{\"content\": \"{KEY}{task}\"}}\n"
        ));
        log.push_str(&format!("password={MASK}\n"));
    }
    log.push_str("2026-11-28 23:16:08,852 p=1 u=root |  fatal: [host1]: FAILED! => {\"msg\": \"token: s3cr3t-one\"}\n");
    log
}

/// A run that ended under the first version of the rules; the size of its log.
async fn ended_run(store: &Store, id: &str) -> RunRow {
    let row = RunRow {
        id: id.into(),
        cluster: "lab".into(),
        kind: "deploy".into(),
        host: "here".into(),
        state: "queued".into(),
        who: "ann".into(),
        created: 1,
        started: None,
        ended: None,
        dir: String::new(),
        made: "{}".into(),
        resume: String::new(),
        size: 0,
        judgement: None,
        trouble: String::new(),
        cancelled_by: None,
        seen: String::new(),
        versions: String::new(),
        rules: 1,
        hidden: String::new(),
        redacted: None,
    };
    store.order(&row, &[String::new(), String::new()], id).await.expect("kept");
    let mut at = 0;
    for (heard, text) in (1..).zip(earlier().as_bytes().chunks(40_001)) {
        let size = i64::try_from(text.len()).expect("a size");
        let body = zstd::bulk::compress(text, 1).expect("packed");
        let piece = Piece { at, heard, size, body };
        assert!(store.append_log(id, &piece, Stand { before: "", after: "" }).await.expect("an answer"));
        at += size;
    }
    let now = jiff::Timestamp::now().as_millisecond();
    let judgement = r#"{"verdict":"failed","headline":"it said token: s3cr3t-one","proofs":[]}"#;
    store.end_run(id, "failed", Some(judgement), now).await.expect("ended");
    store.run(id).await.expect("an answer").expect("a run")
}

async fn log(office: &Office, id: &str) -> String {
    String::from_utf8(office.log(id, 0, usize::MAX).await.expect("an answer")).expect("UTF-8")
}

fn clean() -> String {
    earlier().lines().fold(String::new(), |mut out, line| {
        let key = line.find(KEY).map(|at| (at, line.rfind('"').expect("a quote")));
        match key {
            Some((at, end)) => out.push_str(&format!("{}{MASK}{}", &line[..at], &line[end..])),
            None => out.push_str(&line.replace("s3cr3t-one", MASK)),
        }
        out.push('\n');
        out
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stored_log_is_withheld_until_it_is_redacted_anew_however_often_that_is_killed() {
    let folder = Folder::new("stored");
    let store = folder.store().await;
    for id in ["one", "two"] {
        let row = ended_run(&store, id).await;
        assert_eq!((row.rules, row.redacted), (1, None));
    }
    let office = folder.office(&store);
    assert!(office.is_withheld("one").await.expect("an answer"));
    assert_eq!(log(&office, "one").await, "");
    let shown = office.run("one").await.expect("an answer").expect("a run");
    assert!(!shown.judgement.expect("a verdict").contains("s3cr3t-one"), "a headline told the secret");
    // Killed at any moment, it begins again with the log that was not finished.
    for wait in [1, 5, 20, 60, 120] {
        let office = folder.office(&store);
        let duty = Duty::stand(store.clone(), "acts", "test".into());
        let attending = tokio::spawn(office.clone().attend(duty.watch()));
        tokio::time::sleep(Duration::from_millis(wait)).await;
        attending.abort();
        drop(office);
        for id in ["one", "two"] {
            let text = log(&folder.office(&store), id).await;
            assert!(text.is_empty() || text == clean(), "half a log is shown after {wait} ms");
        }
    }
    let duty = Duty::stand(store.clone(), "acts", "test".into());
    let attending = tokio::spawn(office.clone().attend(duty.watch()));
    for id in ["one", "two"] {
        let mut waited = 0;
        while office.is_withheld(id).await.expect("an answer") {
            tokio::time::sleep(Duration::from_millis(50)).await;
            waited += 1;
            assert!(waited < 2_400, "{id} is not redacted anew");
        }
        let row = office.run(id).await.expect("an answer").expect("a run");
        let text = log(&office, id).await;
        assert_eq!(text, clean());
        assert_eq!((row.rules, row.size), (i64::from(RULES), i64::try_from(text.len()).expect("a size")));
        assert!(row.redacted.is_some() && row.hidden.contains("\"base64\":3000"), "{row:?}");
        assert!(!row.judgement.expect("a verdict").contains("s3cr3t-one"));
        let outline = office.outline(id).await.expect("an outline");
        assert!(!serde_json::to_string(&outline).expect("JSON").contains("s3cr3t-one"));
        assert_eq!(outline.runs.all.first().map(|run| run.tasks.len()), None, "no play began");
        assert_eq!(outline.lines, u64::try_from(text.lines().count()).expect("a count"));
    }
    attending.abort();
    // Nothing waits any more, and nothing is done twice.
    let before = store.run("one").await.expect("an answer");
    assert_eq!(store.stale_logs(i64::from(RULES), 9).await.expect("an answer"), Vec::<String>::new());
    assert_eq!(store.log_from("one anew", 0, 9).await.expect("an answer"), []);
    assert_eq!(store.run("one").await.expect("an answer"), before);
}
