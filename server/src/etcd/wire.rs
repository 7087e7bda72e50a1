//! The few messages of etcd's own API that are used, by their numbers in its `rpc.proto`; fields that nobody reads are
//! left out, and older servers leave out more: these then have their zero.

/// What every answer begins with.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(super) struct Header {
    #[prost(uint64, tag = "1")]
    pub cluster_id: u64,
    #[prost(uint64, tag = "2")]
    pub member_id: u64,
    #[prost(int64, tag = "3")]
    pub revision: i64,
    #[prost(uint64, tag = "4")]
    pub raft_term: u64,
}

/// Of `MemberList`, `Status` and `Snapshot`: nothing is asked in particular.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub(super) struct Nothing {}

/// Written by the demonstration alone.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(super) struct Put {
    #[prost(bytes = "vec", tag = "1")]
    pub key: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    pub value: Vec<u8>,
}

#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(super) struct Delete {
    #[prost(bytes = "vec", tag = "1")]
    pub key: Vec<u8>,
}

#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(super) struct MemberList {
    #[prost(message, optional, tag = "1")]
    pub header: Option<Header>,
    #[prost(message, repeated, tag = "2")]
    pub members: Vec<Member>,
}

#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(super) struct Member {
    #[prost(uint64, tag = "1")]
    pub id: u64,
    #[prost(string, tag = "2")]
    pub name: String,
    #[prost(string, repeated, tag = "3")]
    pub peer_urls: Vec<String>,
    #[prost(string, repeated, tag = "4")]
    pub client_urls: Vec<String>,
    /// From 3.4.
    #[prost(bool, tag = "5")]
    pub learner: bool,
}

#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(super) struct Status {
    #[prost(message, optional, tag = "1")]
    pub header: Option<Header>,
    #[prost(string, tag = "2")]
    pub version: String,
    #[prost(int64, tag = "3")]
    pub db_size: i64,
    #[prost(uint64, tag = "4")]
    pub leader: u64,
    #[prost(uint64, tag = "5")]
    pub raft_index: u64,
    #[prost(uint64, tag = "6")]
    pub raft_term: u64,
    /// This and what follows from 3.4.
    #[prost(uint64, tag = "7")]
    pub raft_applied_index: u64,
    #[prost(string, repeated, tag = "8")]
    pub errors: Vec<String>,
    #[prost(int64, tag = "9")]
    pub db_size_in_use: i64,
    #[prost(bool, tag = "10")]
    pub learner: bool,
}

/// The zero of its action is to tell, of its member all, of its kind any.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub(super) struct AlarmRequest {}

#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(super) struct Alarms {
    #[prost(message, repeated, tag = "2")]
    pub alarms: Vec<Alarm>,
}

#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub(super) struct Alarm {
    #[prost(uint64, tag = "1")]
    pub member_id: u64,
    /// 1 no space, 2 corrupt.
    #[prost(int32, tag = "2")]
    pub kind: i32,
}

#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub(super) struct HashRequest {
    #[prost(int64, tag = "1")]
    pub revision: i64,
}

#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(super) struct Hash {
    #[prost(message, optional, tag = "1")]
    pub header: Option<Header>,
    #[prost(uint32, tag = "2")]
    pub hash: u32,
    #[prost(int64, tag = "3")]
    pub compact_revision: i64,
}

#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(super) struct Piece {
    #[prost(uint64, tag = "2")]
    pub remaining: u64,
    #[prost(bytes = "bytes", tag = "3")]
    pub blob: bytes::Bytes,
    /// Of the storage; from 3.6.
    #[prost(string, tag = "4")]
    pub version: String,
}
