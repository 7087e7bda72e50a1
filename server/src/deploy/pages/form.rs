//! The form of a new deployment, and the order that comes out of it.

use app::source::{PlanText, Source};
use serde::Deserialize;
use transcript::Kind;

use super::{
    super::{Options, Order, kind_from, kind_word, misfits, startable_apart},
    Deployments,
};
use crate::access::Who;

/// The demonstration's plan, among the files that can be chosen.
const DEMO_PLAN: [&str; 2] = ["dha.yml", "network.yml"];

/// The first step's form. A browser leaves out a box that is not ticked.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Form1 {
    pub(super) kind: String,
    pub(super) dha: String,
    pub(super) network: String,
    pub(super) dha_text: String,
    pub(super) network_text: String,
    pub(super) first_time: Option<String>,
    pub(super) tarball: String,
    pub(super) install_nic: String,
    pub(super) cpus: String,
    pub(super) memory: String,
    pub(super) disk: String,
}

impl Form1 {
    /// A deployment of a plan, with the usual options.
    fn usual(dha: String, network: String) -> Self {
        let Options { cpus, memory, disk, .. } = Options::default();
        Self {
            kind: kind_word(Kind::Deploy).into(),
            dha,
            network,
            first_time: Some("true".into()),
            cpus: cpus.to_string(),
            memory: memory.to_string(),
            disk: disk.to_string(),
            ..Self::default()
        }
    }
}

impl Deployments {
    /// Whether a cluster is the demonstration and its deployments are rehearsals: a jump host that somebody set is real.
    pub(super) fn is_demo(&self, cluster: &str) -> bool {
        let rehearsed = self.office.as_ref().is_some_and(|office| crate::demo::rehearses(office.host()));
        rehearsed && self.asked.clusters().iter().any(|line| line.demo && line.name == cluster)
    }

    /// The files of the demonstration's plan; empty where they are not among those that can be chosen.
    pub(super) fn demo_plan(&self) -> [String; 2] {
        let choices = self.asked.plans();
        DEMO_PLAN.map(|name| choices.iter().find(|choice| *choice == name).cloned().unwrap_or_default())
    }

    /// An order of the demonstration's plan that waits for one click. Its machines are made up: nothing is lost by it.
    pub(super) async fn at_once(&self, cluster: &str, who: &Who) -> Option<String> {
        let [dha, network] = self.demo_plan();
        if !self.is_demo(cluster) || dha.is_empty() || network.is_empty() {
            return None;
        }
        let order = ordered(self, cluster, &Form1::usual(dha, network)).await.ok()?;
        Some(self.drafts.keep(&who.name, order))
    }
}

/// An order out of a form, or everything that is wrong with it.
pub(super) async fn ordered(here: &Deployments, cluster: &str, form: &Form1) -> Result<Order, Vec<String>> {
    let mut wrong = Vec::new();
    let number = |text: &str, name: &str, wrong: &mut Vec<String>| {
        text.parse::<u32>().unwrap_or_else(|_| {
            wrong.push(format!("{name} must be a number"));
            0
        })
    };
    let options = Options {
        first_time: form.first_time.is_some(),
        tarball: form.tarball.trim().to_owned(),
        install_nic: form.install_nic.trim().to_owned(),
        cpus: u16::try_from(number(&form.cpus, "cpus", &mut wrong)).unwrap_or(u16::MAX),
        memory: number(&form.memory, "memory", &mut wrong),
        disk: number(&form.disk, "disk", &mut wrong),
    };
    if wrong.is_empty() {
        wrong.extend(options.check().err().map(|error| error.to_string()));
    }
    let Some(kind) = kind_from(&form.kind) else {
        wrong.push("kind must be deploy, expand or redeploy".into());
        return Err(wrong);
    };
    let text = |file: &str, pasted: &str| {
        // A form ends every line with CR LF, whatever was pasted.
        let pasted = pasted.replace("\r\n", "\n");
        if file.is_empty() { PlanText::Pasted(pasted) } else { PlanText::File(file.to_owned()) }
    };
    let dha = here.site.plan_bytes(text(&form.dha, &form.dha_text)).await;
    let network = here.site.plan_bytes(text(&form.network, &form.network_text)).await;
    wrong.extend([dha.as_ref().err(), network.as_ref().err()].into_iter().flatten().map(ToString::to_string));
    let (Ok(dha), Ok(network)) = (dha, network) else { return Err(wrong) };
    let release = here.office.as_ref().map(|office| office.host().release).unwrap_or_default();
    let plan = startable_apart(release, dha, network).await;
    if let (Ok(plan), Kind::Expand, Some(office)) = (&plan, kind, &here.office) {
        match misfits(&here.site, office, cluster, plan).await {
            Ok(misfits) => wrong.extend(misfits),
            Err(error) => wrong.push(error.to_string()),
        }
    }
    match plan {
        Ok(plan) if wrong.is_empty() => {
            let files = [form.dha.clone(), form.network.clone()];
            Ok(Order { cluster: cluster.to_owned(), kind, plan, options, files })
        }
        Ok(_) => Err(wrong),
        Err(more) => {
            wrong.extend(more);
            Err(wrong)
        }
    }
}
