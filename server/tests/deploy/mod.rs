//! Deployments for tests: an office over a rehearsal of deploy.sh, in a folder that goes with it.

use std::{
    net::TcpListener,
    path::PathBuf,
    process::Command,
    sync::Arc,
    time::{Duration, Instant},
};

use binnacle::{
    deploy::{Finish, JumpHost, Keep, Office, Options, Order, State, Way},
    store::{Duty, Place, RunRow, Store},
};
use plan::Checked;
use transcript::{Judgement, Kind};

/// The rehearsal's folder.
pub fn rehearsal() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../end2end/deploy").canonicalize().expect("the rehearsal")
}

pub fn order(kind: Kind) -> Order {
    let text = |name: &str| std::fs::read(rehearsal().join("plan").join(name)).expect("a plan");
    let checked = Checked::new(Some(&text("dha.yml")), Some(&text("network.yml")));
    let plan = checked.start().expect("a plan that can be started");
    Order { cluster: "lab".into(), kind, plan, options: Options::default() }
}

/// A jump host with its runs, gone with the test.
pub struct Yard {
    pub dir: PathBuf,
    pub host: JumpHost,
}

impl Yard {
    pub fn new(scenario: &str, more: &[(&str, &str)]) -> Self {
        let dir = std::env::temp_dir().join(format!("binnacle-yard-{}-{:x}", std::process::id(), fastrand::u64(..)));
        std::fs::create_dir_all(&dir).expect("a folder");
        let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a port").port();
        let own = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        let mut variables = own(&[
            ("PATH", &std::env::var("PATH").expect("a path")),
            ("REHEARSAL", scenario),
            ("REHEARSAL_DECK", &port.to_string()),
        ]);
        variables.extend(own(more));
        let host = JumpHost {
            way: Way::Here,
            compass: rehearsal().display().to_string(),
            runs: dir.join("runs").display().to_string(),
            work: Some("{run}/work".into()),
            deck: Some(format!("127.0.0.1:{port}")),
            reach: Some(rehearsal().join("tasks").display().to_string()),
            variables,
        };
        Self { dir, host }
    }

    pub async fn store(&self) -> Store {
        let place = Place::parse(&format!("sqlite:{}/binnacle.db", self.dir.display())).expect("a place");
        Store::open(&place).await.expect("a database")
    }

    pub async fn open(&self) -> Open {
        let store = self.store().await;
        let keep = Keep { age: Duration::from_secs(86_400), size: 1 << 30 };
        let office = Office::new(store.clone(), self.host.clone(), Finish::default(), keep);
        let duty = Duty::stand(store.clone(), "acts", format!("test {:x}", fastrand::u64(..)));
        let attending = tokio::spawn(office.clone().attend(duty.watch()));
        Open { office, store, duty: Some(duty), attending }
    }
}

impl Drop for Yard {
    fn drop(&mut self) {
        for run in std::fs::read_dir(self.dir.join("runs")).into_iter().flatten().flatten() {
            let tasks = rehearsal().join("tasks");
            drop(Command::new(tasks).arg("down").arg(run.path()).status());
        }
        drop(std::fs::remove_dir_all(&self.dir));
    }
}

/// A server's part in it.
pub struct Open {
    pub office: Arc<Office>,
    pub store: Store,
    duty: Option<Duty>,
    attending: tokio::task::JoinHandle<()>,
}

impl Open {
    /// Waits for a state that is kept.
    pub async fn until(&self, id: &str, what: &str, holds: impl Fn(&RunRow) -> bool) -> RunRow {
        let began = Instant::now();
        loop {
            let row = self.office.run(id).await.expect("an answer").expect("a run");
            if holds(&row) {
                return row;
            }
            assert!(began.elapsed() < Duration::from_secs(120), "never came: {what}; {row:#?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    pub async fn ended(&self, id: &str) -> (RunRow, Judgement) {
        let row = self.until(id, "its end", |row| row.ended.is_some()).await;
        let judgement = serde_json::from_str(row.judgement.as_deref().expect("a verdict")).expect("a verdict");
        (row, judgement)
    }

    pub async fn log(&self, id: &str) -> String {
        String::from_utf8_lossy(&self.office.log(id, 0, usize::MAX).await.expect("a log")).into_owned()
    }

    /// The server ends as a kill ends it: nothing is said to anybody.
    pub async fn killed(mut self) {
        self.attending.abort();
        drop(self.attending.await);
        if let Some(duty) = self.duty.take() {
            duty.resign().await;
        }
        self.store.close().await;
    }
}

pub fn state(row: &RunRow) -> State {
    State::from_word(&row.state)
}
