//! What a deployment was made from, as it is kept beside it, and its log as it is packed.

use std::io;

use serde::{Deserialize, Serialize};
use transcript::{Kind, Outline};

use super::{
    Options,
    order::{Order, Run},
};
use crate::store::Piece;

/// How hard logs are packed: as they come.
const QUICK: i32 = 1;
/// How large a packed piece of a log that is over is, in bytes before it is packed.
pub(super) const LARGE: usize = 256 << 10;

/// What a deployment was made from. Nothing in it is a secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Made {
    /// What is done.
    pub kind: Kind,
    /// What was chosen besides the plan.
    pub options: Options,
    /// Names of the plan's files in the list of plans; empty for what was pasted.
    #[serde(default)]
    pub files: [String; 2],
    /// The plan's hosts.
    pub hosts: Vec<String>,
    /// The address on the management network that Compass gives each of them, as far as the plan tells.
    #[serde(default)]
    pub addresses: Vec<Option<String>>,
    /// How many of them are to be members of etcd.
    pub etcd: usize,
    /// Whether they are virtual machines.
    pub is_virtual: bool,
    /// The folder of Compass's Ansible run, below its working folder.
    pub folder: String,
    /// compass-deck's address and port, when it is known.
    pub deck: Option<String>,
    /// The command, as it is shown.
    pub command: Run,
}

impl Made {
    /// Of an order that is run in a folder.
    pub(super) fn of(order: &Order, host: &super::JumpHost, dir: &str) -> Self {
        let plan = order.plan.plan();
        let hosts = plan.dha.iter().flat_map(|dha| &dha.hosts);
        let gateway = plan.network.iter().flat_map(|network| &network.settings);
        let gateway = gateway.filter(|one| one.name.as_deref().is_some_and(|name| name == "mgmt"));
        let gateway = gateway.filter_map(|one| one.gateway.as_deref()).next().map(|gateway| format!("{gateway}:5050"));
        Self {
            kind: order.kind,
            options: order.options.clone(),
            files: order.files.clone(),
            hosts: order.hosts(),
            addresses: order.addresses(),
            etcd: hosts.filter(|host| host.plays("etcd")).count(),
            is_virtual: order.is_virtual(),
            folder: format!(
                "kubernetes-{}",
                plan.dha.as_ref().and_then(|dha| dha.name.as_deref()).map_or("opnfv", String::as_str)
            ),
            deck: host.deck.clone().or(gateway),
            command: order.run(host, dir).masked(),
        }
    }
}

/// A piece of a log, packed.
pub(super) fn packed(at: u64, heard: i64, bytes: &[u8]) -> io::Result<Piece> {
    let body = zstd::bulk::compress(bytes, QUICK)?;
    let size = i64::try_from(bytes.len()).unwrap_or(i64::MAX);
    Ok(Piece { at: i64::try_from(at).unwrap_or(i64::MAX), heard, size, body })
}

/// A piece of a log, as it was.
pub(super) fn unpacked(piece: &Piece) -> io::Result<Vec<u8>> {
    zstd::bulk::decompress(&piece.body, usize::try_from(piece.size).unwrap_or(0))
}

/// What a log tells, packed.
pub(super) fn pack_outline(outline: &Outline) -> io::Result<Vec<u8>> {
    zstd::stream::encode_all(serde_json::to_vec(outline)?.as_slice(), QUICK)
}

/// What a log tells; nothing, when what is kept is another version's.
pub(super) fn unpack_outline(packed: &[u8]) -> Option<Outline> {
    serde_json::from_slice(&zstd::stream::decode_all(packed).ok()?).ok()
}
