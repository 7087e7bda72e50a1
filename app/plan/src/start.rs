//! A plan that was checked, and what may be done with it: looked at, or started.
//!
//! A deployment takes a [`Startable`] and nothing else, and there is no way to one but through [`Checked::start`].

use std::fmt;

use super::{File, Finding, Plan, Release, Rule, Severity, Stack, check::check_for, check_expansion};

/// A plan with all that was found in it.
#[derive(Clone)]
pub struct Checked {
    /// What could be read of it.
    pub plan: Plan,
    /// What was found, in the order of the files.
    pub findings: Vec<Finding>,
    dha: Option<Vec<u8>>,
    network: Option<Vec<u8>>,
}

/// A plan that Compass may be started with: both files are there, and nothing in them is an error.
#[derive(Clone)]
pub struct Startable(Checked);

/// Why a plan can be looked at and not be started.
#[derive(Clone, Debug, Default, PartialEq, Eq, thiserror::Error)]
pub struct Refused {
    /// Files that are not there, or could not be read.
    pub absent: Vec<File>,
    /// What Compass's shell would run, or take as its environment: nobody may wave it through.
    pub shell: Vec<Finding>,
    /// The other errors.
    pub errors: Vec<Finding>,
    /// Whether it is for OpenStack: only deployments of Kubernetes are started and judged here.
    pub open_stack: bool,
}

impl Checked {
    /// Reads and checks both files, or one of them, for the newest release of Compass.
    pub fn new(dha: Option<&[u8]>, network: Option<&[u8]>) -> Self {
        Self::of(Release::default(), dha, network)
    }

    /// Reads and checks both files, or one of them, for a release of Compass.
    pub fn of(release: Release, dha: Option<&[u8]>, network: Option<&[u8]>) -> Self {
        let (plan, mut findings) = Plan::read(dha, network);
        findings.extend(check_for(release, &plan));
        let kept = |text: Option<&[u8]>| text.map(<[u8]>::to_vec);
        Self { plan, findings: in_order(findings), dha: kept(dha), network: kept(network) }
    }

    /// Checked as an expansion of a cluster that is there, too.
    #[must_use]
    pub fn expanding(mut self, base: &Plan) -> Self {
        self.findings.extend(check_expansion(base, &self.plan));
        self.findings = in_order(self.findings);
        self
    }

    /// How many findings there are of a severity.
    pub fn count(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|one| one.severity == severity).count()
    }

    /// Whether something of it would be run by Compass's shell: it can be looked at, never started.
    pub fn never(&self) -> bool {
        self.findings.iter().any(is_shell)
    }

    /// The plan as one that may be started.
    ///
    /// # Errors
    /// [`Refused`] with every reason why not.
    pub fn start(self) -> Result<Startable, Refused> {
        let mut refused = Refused::default();
        for (file, read) in [(File::Dha, self.plan.dha.is_some()), (File::Network, self.plan.network.is_some())] {
            if !read {
                refused.absent.push(file);
            }
        }
        for finding in self.findings.iter().filter(|one| one.severity == Severity::Error) {
            if is_shell(finding) { &mut refused.shell } else { &mut refused.errors }.push(finding.clone());
        }
        refused.open_stack = self.plan.dha.as_ref().is_some_and(|dha| dha.stack() == Stack::OpenStack);
        if refused == Refused::default() { Ok(Startable(self)) } else { Err(refused) }
    }
}

impl Startable {
    /// The plan.
    pub fn plan(&self) -> &Plan {
        &self.0.plan
    }

    /// What is worth knowing before it is started: no errors.
    pub fn findings(&self) -> &[Finding] {
        &self.0.findings
    }

    /// The DHA file's bytes, those that were checked, secrets included.
    pub fn dha(&self) -> &[u8] {
        self.0.dha.as_deref().unwrap_or_default()
    }

    /// The network file's bytes, those that were checked.
    pub fn network(&self) -> &[u8] {
        self.0.network.as_deref().unwrap_or_default()
    }
}

impl Refused {
    /// Whether it stays refused, whoever asks.
    pub fn never(&self) -> bool {
        !self.shell.is_empty()
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut said = Vec::new();
        for file in &self.absent {
            said.push(format!("there is no {file} that can be read"));
        }
        if let Some(first) = self.shell.first() {
            said.push(format!(
                "Compass's shell would run what stands in line {} of the {}",
                first.place.line, first.file
            ));
        }
        match self.errors.first() {
            Some(first) if self.errors.len() == 1 => said.push(format!("there is an error: {}", first.what)),
            Some(first) => said.push(format!("there are {} errors, the first: {}", self.errors.len(), first.what)),
            None => {}
        }
        if self.open_stack {
            said.push(
                "it is for OpenStack, and only Kubernetes is deployed and judged from here. Start it with Compass's own \
                 deploy.sh"
                    .into(),
            );
        }
        write!(f, "the plan cannot be started: {}", said.join("; "))
    }
}

// The bytes hold secrets: neither shows them.
impl fmt::Debug for Checked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Checked").field("plan", &self.plan).field("findings", &self.findings).finish_non_exhaustive()
    }
}

impl fmt::Debug for Startable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Startable").field(&self.0).finish()
    }
}

fn is_shell(finding: &Finding) -> bool {
    finding.rule == Rule::Shell && finding.severity == Severity::Error
}

fn in_order(mut findings: Vec<Finding>) -> Vec<Finding> {
    findings.sort();
    findings.dedup();
    findings
}
