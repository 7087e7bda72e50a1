//! Days of the built-in cluster that were made up, so that its history is not empty at the first start.
//!
//! ```text
//! life (quiet, steps at set times) ──▶ simulator ──told──▶ ToldCluster ──▶ journal::Making ──▶ store, once
//! ```
//! Between courses that take a minute or two nothing happens but heartbeats. The journal is written by the code that
//! records watched clusters, and a mark tells which days were made up.

use std::{sync::Arc, time::Instant};

use app::texts::{demo as words, history::made_up};
use jiff::{SignedDuration, Timestamp};
use simulator::{Cluster as Simulated, Damage, Life, Simulator};
use topology::{Stamp, health, planned::Planned};

use super::{NAME, SEED, planned, planned_of_four};
use crate::{
    cluster::{Cluster, ToldCluster},
    journal::{History, Making},
    store::{HistoryMark, StoreError},
};

/// How far the made-up days reach back.
const DAYS: i64 = 3;
/// Steps of a course, and seconds between two of them: a rollout is over by then, and what was mended is calm.
const STEPS: i64 = 45;
const STEP: i64 = 2;
/// Where it is reached.
const ADDRESS: &str = "10.1.0.222:6443";
/// The host that is lost and comes back.
const LOST: &str = "host4";
/// The host that joins.
const JOINS: &str = "host5";
/// How long the first deployment takes that the time line tells of, in minutes.
const FIRST: i64 = 41;

/// Something that happens in the made-up days.
#[derive(Clone, Copy, Debug)]
enum Event {
    /// A Deployment is rolled out.
    RollOut(&'static str, &'static str),
    /// The last host joins.
    Expand,
    /// A host is lost.
    Lose,
    /// It is back.
    Recover,
    /// A backup of etcd, of which nothing is left.
    BackUp,
}

/// Minutes from the beginning, and what happens then.
const COURSE: [(i64, Event); 11] = [
    (5 * 60, Event::RollOut("ims", "cscf")),
    (9 * 60, Event::BackUp),
    (22 * 60, Event::Expand),
    (22 * 60 + 20, Event::RollOut("vepc", "sgw")),
    (31 * 60, Event::RollOut("ingress", "nginx-ingress")),
    (33 * 60, Event::BackUp),
    (47 * 60 + 10, Event::Lose),
    (47 * 60 + 36, Event::Recover),
    (50 * 60, Event::RollOut("vepc", "mme")),
    (57 * 60, Event::BackUp),
    (66 * 60, Event::RollOut("ims", "cscf")),
];

/// Makes the days before `now`, where nothing is kept of the cluster yet; whether it did.
///
/// # Errors
/// [`StoreError::Away`].
pub async fn make_past(history: &History, now: Timestamp) -> Result<bool, StoreError> {
    make_seen(history, now, &mut |_| ()).await
}

/// The same, and shows the cluster at each of its moments.
async fn make_seen(
    history: &History,
    now: Timestamp,
    look: &mut (dyn FnMut(&Cluster) + Send),
) -> Result<bool, StoreError> {
    if history.store().history_head(NAME).await?.is_some() {
        return Ok(false);
    }
    let began = Instant::now();
    let first = later(now, -DAYS * 24 * 60 * 60);
    let simulator = Simulator::new(Simulated::compass_of_four(SEED).at(first));
    let life = simulator.life().quiet();
    let told = ToldCluster::begin(NAME, &simulator, ADDRESS, stamp(first)).await;
    let mut told = told.map_err(|error| StoreError::Away(format!("the simulator does not answer: {error}")))?;
    told.cluster.plan(Arc::new(Planned::of(&planned_of_four())));
    let mut days = Days { life, simulator };
    let lease = format!("history {NAME}");
    let made = days.make(history, &lease, &mut told, (first, now), look).await?;
    tracing::debug!("the made-up days of {NAME} took {} ms", began.elapsed().as_millis());
    Ok(made)
}

/// The simulated cluster while its days go by.
struct Days {
    life: Life,
    simulator: Simulator,
}

impl Days {
    async fn make(
        &mut self,
        history: &History,
        lease: &str,
        told: &mut ToldCluster,
        (first, now): (Timestamp, Timestamp),
        look: &mut (dyn FnMut(&Cluster) + Send),
    ) -> Result<bool, StoreError> {
        // Its records are taken between two things that it hears: each borrows it for a moment.
        let cluster = told.cluster.clone();
        let Some(mut making) = Making::begin(history, NAME, lease, &cluster).await? else { return Ok(false) };
        making.mark(mark("deployment", first, Some(-FIRST * 60), words::PAST_DEPLOYED));
        for (minutes, event) in COURSE {
            let at = later(first, minutes * 60);
            self.rest(told, at);
            self.happens(event, told, &mut making, at);
            for step in 0..STEPS {
                let at = later(at, step * STEP);
                self.life.step(at);
                told.hear(stamp(at));
                making.moment();
                look(&cluster);
                // Whoever looks at the first page meanwhile does not wait for this.
                tokio::task::yield_now().await;
            }
            making.pause().await?;
        }
        self.rest(told, now);
        making.moment();
        look(&cluster);
        making.keep(&made_up(&health::moment(stamp(now)))).await
    }

    /// Nothing happens until `at`.
    fn rest(&mut self, told: &mut ToldCluster, at: Timestamp) {
        self.life.rest(at);
        told.rest(stamp(at));
    }

    fn happens(&mut self, event: Event, told: &ToldCluster, making: &mut Making<'_>, at: Timestamp) {
        let lost = Damage::NetworkCut { host: LOST.into() };
        match event {
            Event::RollOut(namespace, name) => {
                let _ = self.simulator.roll_out(namespace, name);
            }
            Event::Lose => {
                let _ = self.simulator.damage(lost);
            }
            Event::Recover => self.simulator.mend(&lost),
            Event::BackUp => making.mark(mark("backup", at, None, words::PAST_BACKUP)),
            Event::Expand => {
                // A cluster is set up nine days before its time starts: this machine is new.
                let other = Simulator::new(Simulated::compass(SEED).at(later(at, SET_UP)));
                if let Some(machine) = other.unplug(JOINS) {
                    self.simulator.join(machine);
                }
                // Its lease is renewed from the first moment on.
                self.life.rest(at);
                told.cluster.plan(Arc::new(Planned::of(&planned())));
                making.mark(mark("deployment", at, Some(-EXPANSION * 60), words::PAST_EXPANDED));
            }
        }
    }
}

/// How long before its time starts a simulated cluster was set up, in seconds.
const SET_UP: i64 = 9 * 86_400;
/// How long the expansion takes that the time line tells of, in minutes.
const EXPANSION: i64 = 19;

/// A mark at a moment, or from so many seconds before it on.
fn mark(lane: &str, at: Timestamp, from: Option<i64>, what: &str) -> HistoryMark {
    let began = from.map_or(at, |seconds| later(at, seconds));
    HistoryMark {
        lane: lane.into(),
        about: String::new(),
        began: began.as_millisecond(),
        ended: from.map(|_| at.as_millisecond()),
        what: what.into(),
    }
}

fn later(at: Timestamp, seconds: i64) -> Timestamp {
    at.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(at)
}

fn stamp(at: Timestamp) -> Stamp {
    Stamp(at.as_millisecond())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use topology::figure::{Drawing, Figure, View};

    use super::*;
    use crate::{
        journal::{Bounds, Lines},
        store::{Place, Store},
    };

    struct Folder(std::path::PathBuf);

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    async fn history() -> (Folder, History) {
        let folder = Folder(std::env::temp_dir().join(format!("binnacle-past-{}", crate::access::random::<8>())));
        std::fs::create_dir_all(&folder.0).expect("a folder");
        let store = Store::open(&Place::Sqlite(folder.0.join("past.db"))).await.expect("a database");
        let history =
            History::new(store, Bounds { age: Duration::ZERO, around: Duration::ZERO, size: 0 }, "a test".into());
        (folder, history)
    }

    fn drawn(cluster: &Cluster, at: Stamp) -> [String; 2] {
        [Figure::Architecture, Figure::Networking].map(|figure| {
            let view = View { figure, ..View::default() };
            cluster.read(|inventory| scene::document(&Drawing::draw(inventory, &view, at).scene()))
        })
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn made_up_days_are_drawn_as_they_were_and_made_once() {
        let (_folder, history) = history().await;
        let now = Timestamp::now();
        let mut seen = Vec::new();
        let mut moments = 0;
        let mut look = |cluster: &Cluster| {
            moments += 1;
            if moments % 7 == 0 || moments == STEPS * COURSE.len() as i64 + 1 {
                seen.push((cluster.now(), drawn(cluster, cluster.now())));
            }
        };
        assert!(make_seen(&history, now, &mut look).await.unwrap());
        assert!(!make_past(&history, now).await.unwrap(), "a second time");
        for (at, figures) in seen {
            let moment = history.moment(NAME, at).await.unwrap();
            assert!(drawn(&moment.cluster, at) == figures, "the figure of {} differs", health::moment(at));
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn they_have_an_incident_an_expansion_and_backups_and_say_what_they_are() {
        let (_folder, history) = history().await;
        let now = Timestamp::now();
        assert!(make_past(&history, now).await.unwrap());
        let store = history.store();
        let (open, ended) =
            (store.open_incidents(NAME).await.unwrap(), store.ended_incidents(NAME, 0, i64::MAX, 100).await.unwrap());
        assert!(open.is_empty(), "{open:?}");
        let lost: Vec<_> = ended.iter().filter(|row| row.kind == "host-lost").collect();
        assert!(lost.len() == 1 && lost[0].about == "node/host4", "{ended:?}");
        assert!(!lost[0].touched().is_empty() && ended.len() == 1, "{ended:?}");
        assert!(store.untold_incidents(i64::MAX).await.unwrap().is_empty(), "nobody is told of them");
        let line = Lines { from: 0, until: now.as_millisecond(), parts: 100 };
        let marks = history.line(NAME, line).await.unwrap().marks;
        let of = |lane: &str| marks.iter().filter(|mark| mark.lane == lane).count();
        assert_eq!((of("made-up"), of("deployment"), of("backup"), of("gap")), (1, 2, 3, 0), "{marks:?}");
        assert!(marks.iter().filter(|mark| mark.lane == "backup").all(|mark| mark.what.contains("made up")));
        assert!(store.good_backups(NAME, 10).await.unwrap().is_empty(), "none that could be restored");
        let hosts = async |hours: i64| {
            let at = Stamp(later(now, -hours * 3_600).as_millisecond());
            history.moment(NAME, at).await.unwrap().cluster.read(|inventory| inventory.nodes().count())
        };
        assert_eq!((hosts(60).await, hosts(1).await), (4, 5));
    }
}
