//! An expansion beside the cluster that it expands: its plan, what was deployed and expanded from here before, and the
//! nodes that are there.

use std::sync::Arc;

use plan::{Finding, Plan, Severity, Startable, check_expansion};

use super::{Office, State, kind_word};
use crate::{
    pages::Site,
    store::{RunRow, Runs, StoreError},
};
use transcript::Kind;

/// Runs of a cluster that are looked through for what it was made from.
const MOST: u32 = 200;

/// Everything that keeps a plan from expanding a cluster, each a sentence; nothing when it fits.
///
/// # Errors
/// [`StoreError::Away`].
pub(crate) async fn misfits(
    site: &Site,
    office: &Office,
    cluster: &str,
    new: &Startable,
) -> Result<Vec<String>, StoreError> {
    let bases = bases(office, cluster, site.plan_of(cluster)).await?;
    let mut findings: Vec<Finding> =
        bases.iter().flat_map(|base| check_expansion(base, new.plan())).filter(is_error).collect();
    findings.sort();
    findings.dedup();
    let mut wrong: Vec<String> = findings.iter().map(sentence).collect();
    if bases.is_empty() {
        wrong.extend(masters(new.plan()));
    }
    for node in site.hosts(cluster).await {
        let node = (node.name, node.addresses);
        wrong.extend(taken(new.plan(), &node).filter(|_| !known(&bases, &node.0)));
    }
    Ok(wrong)
}

/// The plan of the cluster, or the last that was deployed well, and every expansion since.
async fn bases(office: &Office, cluster: &str, said: Option<Arc<Plan>>) -> Result<Vec<Arc<Plan>>, StoreError> {
    let sought = Runs { cluster: cluster.to_owned(), state: State::Succeeded.word().into(), ..Runs::default() };
    let rows = office.runs(&sought, MOST).await?;
    let is = |row: &&RunRow, kind: Kind| row.kind == kind_word(kind);
    let made = rows.iter().position(|row| row.kind == kind_word(Kind::Deploy));
    let since = &rows[..made.unwrap_or(rows.len())];
    let mut bases = Vec::from_iter(said);
    if let Some(made) = made.filter(|_| bases.is_empty()) {
        bases.push(masked(office, &rows[made].id).await?);
    }
    for row in since.iter().filter(|row| is(row, Kind::Expand)) {
        bases.push(masked(office, &row.id).await?);
    }
    Ok(bases)
}

/// A run's plan as it is kept: names, roles and addresses are all in it.
async fn masked(office: &Office, id: &str) -> Result<Arc<Plan>, StoreError> {
    let [dha, network] = office.plan(id).await?;
    let bytes = dha.len() + network.len();
    let reading = move || Plan::read(Some(dha.as_bytes()), Some(network.as_bytes())).0;
    let plan = crate::plan::placed(bytes, reading).await;
    plan.map(Arc::new).ok_or_else(|| StoreError::Refused("a run's plan could not be read".into()))
}

fn is_error(finding: &Finding) -> bool {
    finding.severity == Severity::Error
}

fn sentence(one: &Finding) -> String {
    format!("{} line {}: {}. {}", one.file, one.place.line, one.what, one.todo)
}

/// Without a plan of the cluster its roles are all that can be looked at.
fn masters(new: &Plan) -> impl Iterator<Item = String> {
    let hosts = new.dha.iter().flat_map(|dha| &dha.hosts);
    hosts.filter(|host| host.is_master() || host.plays("etcd")).map(|host| {
        let (line, name) = (host.place.line, host.named().unwrap_or("a host"));
        format!("dha line {line}: {name} is to be a master or a member of etcd. Expand with kube_node only")
    })
}

fn known(bases: &[Arc<Plan>], node: &str) -> bool {
    let label = label(node);
    bases.iter().flat_map(|base| base.dha.iter()).flat_map(|dha| &dha.hosts).any(|host| host.named() == Some(label))
}

fn label(node: &str) -> &str {
    node.split('.').next().unwrap_or(node)
}

/// What of a node that is there the new hosts would take: its name, or an address.
fn taken(new: &Plan, (node, addresses): &(String, Vec<String>)) -> Option<String> {
    let hosts = new.dha.as_ref()?.hosts.iter().enumerate();
    let nets = || new.network.iter().flat_map(|network| network.settings.iter().map(move |one| (network, one)));
    for (n, host) in hosts {
        let name = host.named()?;
        if name.eq_ignore_ascii_case(label(node)) {
            return Some(format!("the cluster has a node {name} already. Give the new host a name of its own"));
        }
        let mut own = nets().filter_map(|(network, one)| network.address_of(one.name.as_deref()?, n));
        if let Some(address) = own.find(|address| addresses.contains(&address.to_string())) {
            return Some(format!("{name} would get {address}, which {node} has. Begin ip_ranges behind those in use"));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use plan::Checked;

    use super::*;

    const NETWORK: &str = include_str!("../demo/plan/network.yml");

    fn expansion(name: &str, role: &str) -> Plan {
        let dha = format!("TYPE: virtual\nFLAVOR: cluster\nhosts:\n  - {{name: {name}, roles: [{role}]}}\n");
        Checked::new(Some(dha.as_bytes()), Some(NETWORK.as_bytes())).plan
    }

    fn node(name: &str, address: &str) -> (String, Vec<String>) {
        (name.into(), vec![address.into()])
    }

    #[test]
    fn a_new_host_takes_neither_name_nor_address_of_a_node() {
        let new = expansion("host6", "kube_node");
        let named = taken(&new, &node("HOST6.ods.com", "10.9.9.9")).expect("the name");
        assert!(named.contains("a node host6 already"), "{named}");
        let addressed = taken(&new, &node("other", "10.1.0.50")).expect("the address");
        assert!(addressed.starts_with("host6 would get 10.1.0.50, which other has"), "{addressed}");
        assert_eq!(taken(&new, &node("other", "10.1.0.99")), None);
    }

    #[test]
    fn without_a_plan_of_the_cluster_masters_are_refused_and_workers_are_not() {
        assert_eq!(masters(&expansion("host6", "kube_node")).count(), 0);
        let said: Vec<String> = masters(&expansion("host6", "kube_master")).collect();
        assert!(said[0].contains("host6 is to be a master"), "{said:?}");
    }
}
