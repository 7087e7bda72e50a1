//! Deployments for tests: an office over a rehearsal of deploy.sh, in a folder that goes with it.
#![expect(dead_code, reason = "each test needs a part of it")]

pub mod server;
pub mod sshd;

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
    Order { cluster: "lab".into(), kind, plan, options: Options::default(), files: Default::default() }
}

/// A jump host with its runs, gone with the test.
pub struct Yard {
    pub dir: PathBuf,
    pub host: JumpHost,
    /// Whether it is this process that made it.
    own: bool,
}

impl Yard {
    /// The same, in a process of its own; what [`Yard::told`] told it.
    pub fn of(told: &str) -> Self {
        let (dir, variables): (PathBuf, Vec<(String, String)>) = serde_json::from_str(told).expect("a yard");
        let variables: Vec<(&str, &str)> =
            variables.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        Self { host: host(&dir, &variables), dir, own: false }
    }

    /// What another process needs to be a server of it.
    pub fn told(&self) -> String {
        serde_json::to_string(&(&self.dir, &self.host.variables)).expect("JSON")
    }

    pub fn new(scenario: &str, more: &[(&str, &str)]) -> Self {
        let dir = std::env::temp_dir().join(format!("binnacle-yard-{}-{:x}", std::process::id(), fastrand::u64(..)));
        std::fs::create_dir_all(&dir).expect("a folder");
        let ansible = rehearsal().join("../../.tools/ansible/bin/ansible-playbook");
        assert!(ansible.exists(), "Ansible is lacking: run end2end/install ansible");
        let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a port").port();
        let (path, port) = (std::env::var("PATH").expect("a path"), port.to_string());
        let usual = [("PATH", path.as_str()), ("REHEARSAL", scenario), ("REHEARSAL_DECK", port.as_str())];
        let variables: Vec<(&str, &str)> = usual.into_iter().chain(more.iter().copied()).collect();
        Self { host: host(&dir, &variables), dir, own: true }
    }

    pub async fn store(&self) -> Store {
        let place = Place::parse(&format!("sqlite:{}/binnacle.db", self.dir.display())).expect("a place");
        Store::open(&place).await.expect("a database")
    }

    /// Orders, and leaves it to others to follow.
    pub async fn order_only(&self, kind: Kind) -> String {
        let open = self.look().await;
        let id = open.office.order(&order(kind), "ann").await.expect("taken").id;
        open.store.close().await;
        id
    }

    /// Looks, and follows nothing.
    pub async fn look(&self) -> Open {
        let store = self.store().await;
        let keep = Keep { age: Duration::from_secs(86_400), size: 1 << 30 };
        let office = Office::new(store.clone(), self.host.clone(), Finish::default(), keep);
        Open { office, store, _duty: None, attending: tokio::spawn(async {}) }
    }

    pub async fn open(&self) -> Open {
        self.open_with(Finish::default()).await
    }

    pub async fn open_with(&self, finish: Finish) -> Open {
        let store = self.store().await;
        let keep = Keep { age: Duration::from_secs(86_400), size: 1 << 30 };
        let office = Office::new(store.clone(), self.host.clone(), finish, keep);
        // The same name for all: whoever comes after a kill need not wait for the lease's end.
        let duty = Duty::stand(store.clone(), "acts", "test".into());
        let attending = tokio::spawn(office.clone().attend(duty.watch()));
        Open { office, store, _duty: Some(duty), attending }
    }
}

fn host(dir: &std::path::Path, variables: &[(&str, &str)]) -> JumpHost {
    let port = variables.iter().find(|(name, _)| *name == "REHEARSAL_DECK").map_or("0", |(_, port)| *port);
    JumpHost {
        way: Way::Here,
        compass: rehearsal().display().to_string(),
        runs: dir.join("runs").display().to_string(),
        work: Some("{run}/work".into()),
        deck: Some(format!("127.0.0.1:{port}")),
        reach: Some(rehearsal().join("tasks").display().to_string()),
        variables: variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        release: plan::Release::default(),
    }
}

impl Drop for Yard {
    fn drop(&mut self) {
        if !self.own {
            return;
        }
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
    _duty: Option<Duty>,
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
            if began.elapsed() > Duration::from_secs(600) {
                let log = self.log(id).await;
                panic!("never came: {what}; {row:#?}\n{log}");
            }
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
}

impl Drop for Open {
    fn drop(&mut self) {
        self.attending.abort();
    }
}

pub fn state(row: &RunRow) -> State {
    State::from_word(&row.state)
}
