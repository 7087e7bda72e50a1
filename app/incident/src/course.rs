//! Incidents over time: begun when a finding has stood long enough, ended when it has been well long enough.

use std::collections::BTreeMap;

use topology::Stamp;

use crate::{Family, Finding, Judgement, Kind, Slot};

/// Times in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// How long a workload or a service must be wrong before that is an incident.
    pub patience: i64,
    /// How long something must be well before its incident has ended. Each relapse doubles it, at most five times.
    pub calm: i64,
    /// How long before its end a certificate is an incident; 0 for never.
    pub ahead: i64,
}

impl Default for Rules {
    fn default() -> Self {
        Self { patience: 5 * 60_000, calm: 60_000, ahead: 30 * 24 * 3_600_000 }
    }
}

/// A line that is cut is mended within this time more often than not.
const PATIENCE_OF_API: i64 = 10_000;
/// A lease may run over by so much before that is told: a candidate takes it over within its length and its retries.
const PATIENCE_OF_LEADERS: i64 = 15_000;
/// The API server's checks fail for a moment while etcd elects its leader.
const PATIENCE_OF_ETCD: i64 = 5_000;
/// So many incidents are open at once; more findings wait until one has ended. Grave ones do not wait.
pub const MOST_OPEN: usize = 200;
/// So many names are kept of what an incident touched.
const MOST_TOUCHED: usize = 40;

impl Rules {
    /// How long a finding must stand before it is an incident.
    const fn hold(self, kind: Kind) -> i64 {
        match kind {
            Kind::ApiAway => PATIENCE_OF_API,
            Kind::NoLeader => PATIENCE_OF_LEADERS,
            Kind::QuorumLost | Kind::QuorumAtRisk => PATIENCE_OF_ETCD,
            Kind::ServiceEmpty | Kind::WorkloadBroken | Kind::WorkloadUnschedulable => self.patience,
            Kind::MasterLost | Kind::HostLost | Kind::BackupOverdue | Kind::CertificateEnds => 0,
        }
    }

    const fn calm(self, relapses: u32) -> i64 {
        self.calm << if relapses > 5 { 5 } else { relapses }
    }
}

/// Something that broke.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incident {
    /// Its kind.
    pub kind: Kind,
    /// What it is about, as in [`Slot::about`].
    pub about: String,
    /// When it began, by the facts.
    pub began: Stamp,
    /// Since when it has been well, while it is not certain that it stays so.
    pub well: Option<Stamp>,
    /// When it ended.
    pub ended: Option<Stamp>,
    /// How often it was well for too short a time.
    pub relapses: u32,
    /// In a sentence without a full stop, as it was last.
    pub what: String,
    /// What it touched, by name, with a few words each.
    pub touched: BTreeMap<String, String>,
}

impl Incident {
    fn of(finding: &Finding, began: Stamp) -> Self {
        Self {
            kind: finding.kind,
            about: finding.about.clone(),
            began,
            well: None,
            ended: None,
            relapses: 0,
            what: finding.what.clone(),
            touched: finding.touched.clone().into_iter().take(MOST_TOUCHED).collect(),
        }
    }

    /// What names it while it is open.
    pub fn slot(&self) -> Slot {
        Slot::new(self.kind.family(), self.about.clone())
    }

    /// A name that no other incident of its cluster has, and that the same facts give again.
    pub fn id(&self) -> String {
        // FNV-1a: short, the same for ever, and nothing that has to be hard to find.
        let text = format!("{} {} {}", self.kind.word(), self.about, self.began.0);
        let step = |sum: u64, byte: u8| (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        format!("{:016x}", text.bytes().fold(0xcbf2_9ce4_8422_2325, step))
    }
}

/// Notes one more thing that was touched; whether it is news.
fn touch(touched: &mut BTreeMap<String, String>, name: String, what: String) -> bool {
    let is_news = touched.len() < MOST_TOUCHED && !touched.contains_key(&name);
    if is_news {
        touched.insert(name, what);
    }
    is_news
}

/// A finding that is no incident yet.
#[derive(Clone, Debug)]
enum Waiting {
    /// Another finding explains it.
    Explained,
    /// It has stood since a moment, and counts from a later one where it was explained until then.
    Stands { finding: Finding, since: Stamp, floor: Option<Stamp> },
}

/// The incidents of one cluster as they come and go.
#[derive(Clone, Debug)]
pub struct Course {
    rules: Rules,
    open: BTreeMap<Slot, Incident>,
    waiting: BTreeMap<Slot, Waiting>,
    /// Nothing was looked at yet: nobody knows how long what was well stayed so.
    resumes: bool,
}

impl Course {
    /// Goes on with incidents that are open.
    pub fn new(rules: Rules, open: impl IntoIterator<Item = Incident>) -> Self {
        let open = open.into_iter().filter(|one| one.ended.is_none()).map(|one| (one.slot(), one)).collect();
        Self { rules, open, waiting: BTreeMap::new(), resumes: true }
    }

    /// Incidents that are open, those of one family together.
    pub fn open(&self) -> impl Iterator<Item = &Incident> {
        self.open.values()
    }

    /// Takes in what is so at a moment, and answers the incidents that are other than before.
    pub fn look(&mut self, judgement: &Judgement, now: Stamp) -> Vec<Incident> {
        let mut news = BTreeMap::new();
        self.due(judgement, now, &mut news);
        self.go_on(judgement, now, &mut news);
        for (slot, finding) in judgement.found() {
            if !self.open.contains_key(slot) {
                self.wait(slot, finding, now);
            }
        }
        self.begin(now, &mut news);
        self.touch(judgement, &mut news);
        // An incident that began and ended between two looks is told with both.
        news.into_values().collect()
    }

    /// What had stood long enough before it changed began although nobody looked then.
    fn due(&mut self, judgement: &Judgement, now: Stamp, news: &mut BTreeMap<String, Incident>) {
        let waiting = std::mem::take(&mut self.waiting);
        for (slot, one) in waiting {
            let found = judgement.finding(&slot);
            match one {
                Waiting::Explained if found.is_some() || !judgement.knows(&slot) => {
                    self.waiting.insert(slot, Waiting::Explained);
                }
                Waiting::Explained => {}
                Waiting::Stands { finding, since, floor } => {
                    let still = found.filter(|found| found.cause.is_none());
                    let since_now = still.and_then(|found| found.since).unwrap_or(since);
                    let same = still.is_some() && floor.map_or(since_now, |floor| floor.max(since_now)) == since;
                    let has_room = finding.kind.is_grave() || self.open.len() < MOST_OPEN;
                    if !same && now.since(since) >= self.rules.hold(finding.kind) && has_room {
                        let mut incident = Incident::of(&finding, since);
                        if found.is_none() && judgement.knows(&slot) {
                            incident.well = Some(now);
                        }
                        news.insert(incident.id(), incident.clone());
                        self.open.insert(slot, incident);
                    } else if found.is_some() {
                        self.waiting.insert(slot, Waiting::Stands { finding, since, floor });
                    }
                }
            }
        }
    }

    /// Open incidents stay, become well, relapse or end.
    fn go_on(&mut self, judgement: &Judgement, now: Stamp, news: &mut BTreeMap<String, Incident>) {
        let mut ended = Vec::new();
        let resumes = std::mem::take(&mut self.resumes);
        for (slot, incident) in &mut self.open {
            let before = incident.clone();
            let is_over = |well: &Stamp| !resumes && now.since(*well) >= self.rules.calm(incident.relapses);
            let calm = incident.well.filter(is_over);
            let found = judgement.finding(slot);
            match (incident.well, found) {
                (Some(_), _) if calm.is_some() => incident.ended = calm,
                (Some(_), Some(_)) => {
                    incident.well = None;
                    incident.relapses += 1;
                }
                // What is unknown may be anything: it is waited anew until it is known to be well.
                (Some(_), None) if !judgement.knows(slot) => incident.well = None,
                (None, None) if judgement.knows(slot) => incident.well = Some(now),
                _ => {}
            }
            if let Some(found) = found.filter(|_| incident.ended.is_none()) {
                incident.what.clone_from(&found.what);
            }
            if *incident != before {
                news.insert(incident.id(), incident.clone());
            }
            if incident.ended.is_some() {
                ended.push(slot.clone());
            }
        }
        for slot in ended {
            self.open.remove(&slot);
        }
    }

    fn wait(&mut self, slot: &Slot, finding: &Finding, now: Stamp) {
        if finding.cause.is_some() {
            self.waiting.insert(slot.clone(), Waiting::Explained);
            return;
        }
        let (first, floor) = match self.waiting.get(slot) {
            Some(Waiting::Explained) => (now, Some(now)),
            Some(Waiting::Stands { since, floor, .. }) => (*since, *floor),
            None => (now, None),
        };
        // A fact from the future is a clock that is ahead.
        let since = finding.since.map_or(first, |since| since.min(now));
        let since = floor.map_or(since, |floor| floor.max(since));
        let mut finding = finding.clone();
        // It has touched what it touched at earlier looks, too.
        if let Some(Waiting::Stands { finding: before, since: begun, .. }) = self.waiting.get(slot)
            && *begun == since
        {
            for (name, what) in &before.touched {
                touch(&mut finding.touched, name.clone(), what.clone());
            }
        }
        self.waiting.insert(slot.clone(), Waiting::Stands { finding, since, floor });
    }

    fn begin(&mut self, now: Stamp, news: &mut BTreeMap<String, Incident>) {
        let due = self.waiting.iter().filter_map(|(slot, one)| match one {
            Waiting::Stands { finding, since, .. } if now.since(*since) >= self.rules.hold(finding.kind) => {
                Some((slot.clone(), Incident::of(finding, *since)))
            }
            _ => None,
        });
        let mut room = MOST_OPEN.saturating_sub(self.open.len());
        let has_room = |(_, incident): &(Slot, Incident)| {
            if incident.kind.is_grave() {
                return true;
            }
            let fits = room > 0;
            room = room.saturating_sub(1);
            fits
        };
        let due: Vec<(Slot, Incident)> = due.filter(has_room).collect();
        for (slot, incident) in due {
            self.waiting.remove(&slot);
            news.insert(incident.id(), incident.clone());
            self.open.insert(slot, incident);
        }
    }

    /// Notes with each open incident what it explains.
    fn touch(&mut self, judgement: &Judgement, news: &mut BTreeMap<String, Incident>) {
        for (slot, finding) in judgement.found() {
            let own = finding.touched.iter().map(|(name, what)| (slot, name.clone(), what.clone()));
            let root = root(judgement, finding).map(|root| {
                let name = touched_name(slot);
                // Beside its name the words need not begin with it.
                let what = finding.what.strip_prefix(&format!("{name}: ")).unwrap_or(&finding.what).to_owned();
                (root, name, what)
            });
            for (root, name, what) in own.chain(root) {
                if let Some(incident) = self.open.get_mut(root) {
                    if touch(&mut incident.touched, name, what) {
                        news.insert(incident.id(), incident.clone());
                    }
                } else if let Some(Waiting::Stands { finding, .. }) = self.waiting.get_mut(root) {
                    touch(&mut finding.touched, name, what);
                }
            }
        }
    }
}

/// The slot at the end of a chain of causes.
fn root<'a>(judgement: &'a Judgement, finding: &'a Finding) -> Option<&'a Slot> {
    let mut root = finding.cause.as_ref()?;
    // A chain is no longer than this: service, workload, host.
    for _ in 0..3 {
        match judgement.finding(root).and_then(|finding| finding.cause.as_ref()) {
            Some(next) => root = next,
            None => break,
        }
    }
    Some(root)
}

/// As in `Service ims/hss`, `Deployment ims/hss`, `etcd`.
fn touched_name(slot: &Slot) -> String {
    let mut parts = slot.about.splitn(2, '/');
    let (kind, rest) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    match (slot.family, kind) {
        (Family::Services, _) => format!("Service {rest}"),
        (_, "workload") => {
            let mut parts = rest.splitn(3, '/');
            let (namespace, kind) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
            format!("{kind} {namespace}/{}", parts.next().unwrap_or_default())
        }
        (_, "pod") => format!("Pod {rest}"),
        (_, _) if rest.is_empty() => kind.to_owned(),
        _ => rest.to_owned(),
    }
}
