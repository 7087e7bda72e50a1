//! What the buckets beside the records tell: how far raft was, the versions, the members, the leases.

use prost::Message;
use serde::{Deserialize, Serialize};

use crate::Odd;

const MOST_MEMBERS: usize = 64;
const LONGEST_MEMBER: usize = 64 * 1024;
const LONGEST_VERSION: usize = 64;

/// A member of the cluster, as etcd keeps it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Its id; people read it in hexadecimal digits.
    pub id: u64,
    /// Its name; empty before it started for the first time.
    #[serde(default)]
    pub name: String,
    /// Where other members reach it.
    #[serde(default, rename = "peerURLs")]
    pub peer_urls: Vec<String>,
    /// Where clients reach it.
    #[serde(default, rename = "clientURLs")]
    pub client_urls: Vec<String>,
    /// It follows and has no vote.
    #[serde(default, rename = "isLearner")]
    pub learner: bool,
}

/// An alarm that was raised and not disarmed when the snapshot was taken; alarmpb.AlarmMember.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Message)]
pub struct Alarm {
    /// The member that raised it.
    #[prost(uint64, tag = "1")]
    pub member: u64,
    /// 1 no space, 2 corrupt.
    #[prost(int32, tag = "2")]
    pub kind: i32,
}

/// What is known so far.
#[derive(Default)]
pub(super) struct Facts {
    pub consistent_index: Option<u64>,
    pub term: Option<u64>,
    pub storage_version: Option<String>,
    pub cluster_version: Option<String>,
    pub members: Vec<Member>,
    pub leases: u64,
    pub alarms: Vec<Alarm>,
    pub auth: bool,
}

/// leasepb.Lease. No debug text: an id is as good as a password for what hangs on it.
#[derive(Clone, PartialEq, Message)]
#[prost(skip_debug)]
struct Lease {
    #[prost(int64, tag = "1")]
    id: i64,
    #[prost(int64, tag = "2")]
    ttl: i64,
    #[prost(int64, tag = "3")]
    remaining: i64,
}

impl Facts {
    pub fn take(&mut self, bucket: &[u8], key: &[u8], value: &[u8]) -> Result<(), Odd> {
        match (bucket, key) {
            (b"meta", b"consistent_index") => self.consistent_index = Some(whole("the consistent index", value)?),
            (b"meta", b"term") => self.term = Some(whole("the term", value)?),
            (b"meta", b"finishedCompactRev" | b"scheduledCompactRev") => {
                revision(value).ok_or(Odd::Fact("the compacted revision"))?;
            }
            (b"meta", b"storageVersion") => self.storage_version = Some(version(value)?),
            (b"cluster", b"clusterVersion") => self.cluster_version = Some(version(value)?),
            (b"members", _) => self.members.push(member(self.members.len(), value)?),
            (b"alarm", _) => self.alarms.push(alarm(self.alarms.len(), key)?),
            (b"auth", b"authEnabled") => self.auth = value == [1],
            (b"lease", _) => self.leases += lease(key, value)?,
            _ => {}
        }
        Ok(())
    }
}

/// The main part of a revision as 17 bytes.
pub(super) fn revision(bytes: &[u8]) -> Option<i64> {
    let main = bytes.first_chunk().filter(|_| bytes.len() == 17 && bytes[8] == b'_')?;
    Some(i64::from_be_bytes(*main)).filter(|main| *main >= 0)
}

fn whole(what: &'static str, value: &[u8]) -> Result<u64, Odd> {
    Ok(u64::from_be_bytes(value.try_into().map_err(|_| Odd::Fact(what))?))
}

fn version(value: &[u8]) -> Result<String, Odd> {
    let fits = value.len() <= LONGEST_VERSION && value.iter().all(u8::is_ascii_graphic);
    let text = std::str::from_utf8(value).ok().filter(|_| fits);
    text.map(str::to_owned).ok_or(Odd::Fact("a version"))
}

fn member(before: usize, value: &[u8]) -> Result<Member, Odd> {
    if before == MOST_MEMBERS || value.len() > LONGEST_MEMBER {
        return Err(Odd::Member);
    }
    serde_json::from_slice(value).map_err(|_| Odd::Member)
}

fn alarm(before: usize, key: &[u8]) -> Result<Alarm, Odd> {
    // Each member raises each kind once.
    let fits = before < 4 * MOST_MEMBERS;
    Alarm::decode(key).ok().filter(|_| fits).ok_or(Odd::Fact("an alarm"))
}

fn lease(key: &[u8], value: &[u8]) -> Result<u64, Odd> {
    let id = i64::from_be_bytes(key.try_into().map_err(|_| Odd::Lease)?);
    let lease = Lease::decode(value).map_err(|_| Odd::Lease)?;
    if lease.id == id { Ok(1) } else { Err(Odd::Lease) }
}
