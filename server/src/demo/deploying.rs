//! Deploying the built-in cluster: a rehearsal of deploy.sh with a real Ansible, in the data folder; its hosts go
//! when it tears them down, and come as they join.

use std::{
    collections::BTreeMap,
    io,
    net::TcpListener,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use rust_embed::RustEmbed;
use simulator::Unplugged;
use transcript::{Outline, Phase, State};

use super::{Demonstration, NAME};
use crate::{
    config::Deploying,
    deploy::{Finish, JumpHost, Keep, Office, Way},
    store::Runs,
};

#[derive(RustEmbed)]
#[folder = "../end2end/deploy"]
#[include = "deploy.sh"]
#[include = "launch"]
#[include = "client.py"]
#[include = "deck"]
#[include = "tasks"]
#[include = "ansible/*"]
#[include = "plan/*"]
struct Rehearsal;

/// How long an operating system takes to install, in seconds.
const PACE: &str = "6";
/// The variable that says so, which no real jump host has.
const PACED: &str = "REHEARSAL_PACE";
/// How often it is looked who joined.
const LOOK: Duration = Duration::from_millis(400);
/// The rehearsal's task after which a host is a node.
const JOINS: &str = "become ready";

/// The rehearsal, unpacked, and the folder of its plan; none where there is no Ansible to run it.
///
/// # Errors
/// When the data folder cannot be written.
pub fn rehearsal(data: &Path) -> io::Result<Option<(Deploying, PathBuf)>> {
    let paths = std::env::var_os("PATH").unwrap_or_default();
    if !std::env::split_paths(&paths).any(|path| path.join("ansible-playbook").exists()) {
        return Ok(None);
    }
    let data = std::path::absolute(data)?;
    let folder = data.join("rehearsal");
    for name in Rehearsal::iter() {
        let path = folder.join(name.as_ref());
        std::fs::create_dir_all(path.parent().unwrap_or(&folder))?;
        std::fs::write(&path, Rehearsal::get(&name).map(|file| file.data).unwrap_or_default())?;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755))?;
    }
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let text = |path: PathBuf| path.display().to_string();
    let variables =
        [("PATH", paths.to_string_lossy().into_owned()), (PACED, PACE.into()), ("REHEARSAL_DECK", port.to_string())];
    let host = JumpHost {
        way: Way::Here,
        compass: text(folder.clone()),
        runs: text(data.join("runs")),
        work: Some("{run}/work".into()),
        deck: Some(format!("127.0.0.1:{port}")),
        reach: Some(text(folder.join("tasks"))),
        variables: variables.map(|(name, value)| (name.to_owned(), value)).into(),
        release: ::plan::Release::default(),
    };
    let keep = Keep { age: Duration::from_secs(90 * 86_400), size: 1 << 30 };
    Ok(Some((Deploying { host, finish: Finish::default(), keep }, folder.join("plan"))))
}

/// Whether what is deployed there is a rehearsal.
pub fn rehearses(host: &JumpHost) -> bool {
    host.variables.iter().any(|(name, _)| name == PACED)
}

/// Has the cluster's hosts go and come with its deployments; ends never.
pub async fn stage(demonstration: Demonstration, office: Arc<Office>) {
    let Demonstration { simulator, etcd, .. } = &demonstration;
    let mut down: BTreeMap<String, Unplugged> = BTreeMap::new();
    let mut torn = String::new();
    let sought = Runs { cluster: NAME.into(), ..Runs::default() };
    loop {
        tokio::time::sleep(LOOK).await;
        let Ok(rows) = office.runs(&sought, 1).await else { continue };
        let Some(row) = rows.into_iter().find(|row| row.started.is_some()) else { continue };
        let Ok(outline) = office.outline(&row.id).await else { continue };
        let tears = outline.phases.iter().any(|mark| mark.phase == Phase::Teardown);
        // What was deployed before this server began is as it was left: nothing is torn down for it now.
        if tears && torn != row.id && row.ended.is_none() {
            // What is installed anew is whole.
            demonstration.mend_all();
            torn.clone_from(&row.id);
            for host in (1..=5).map(|n| format!("host{n}")) {
                if let Some(unplugged) = simulator.unplug(&host) {
                    etcd.iter().for_each(|etcd| etcd.cut(&host));
                    down.insert(host, unplugged);
                }
            }
        }
        for host in joined(&outline).filter(|_| torn == row.id) {
            if let Some(unplugged) = down.remove(host) {
                simulator.plug(unplugged);
                etcd.iter().for_each(|etcd| etcd.join(host));
            }
        }
    }
}

/// Hosts that have become nodes, as the log tells.
fn joined(outline: &Outline) -> impl Iterator<Item = &str> {
    outline.runs.all.iter().flat_map(|run| {
        let tasks = run.tasks.iter().filter(|task| task.name.contains(JOINS));
        tasks
            .flat_map(|task| {
                let there = |cell: &transcript::Cell| matches!(cell.state, State::Ok | State::Changed);
                let hosts = task.cells.iter().enumerate();
                hosts
                    .filter(move |(_, cell)| cell.as_ref().is_some_and(there))
                    .filter_map(|(host, _)| run.hosts.get(host))
            })
            .map(String::as_str)
    })
}
