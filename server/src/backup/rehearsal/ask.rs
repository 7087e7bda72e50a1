//! What a rehearsal asks its etcd, over a socket in its own folder.

use std::path::PathBuf;

use http::uri::PathAndQuery;
use hyper_util::rt::TokioIo;
use tokio::net::UnixStream;
use tonic::{
    Code, Request, Status,
    client::Grpc,
    transport::{Channel, Endpoint},
};
use tonic_prost::ProstCodec;

#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
struct Header {
    #[prost(int64, tag = "3")]
    revision: i64,
}

#[derive(Clone, PartialEq, Eq, prost::Message)]
struct RangeRequest {
    #[prost(bytes = "vec", tag = "1")]
    key: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    range_end: Vec<u8>,
    #[prost(int64, tag = "4")]
    revision: i64,
    #[prost(bool, tag = "9")]
    count_only: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
struct Range {
    #[prost(message, optional, tag = "1")]
    header: Option<Header>,
    #[prost(int64, tag = "4")]
    count: i64,
}

#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
struct HashRequest {
    #[prost(int64, tag = "1")]
    revision: i64,
}

#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
struct Hash {
    #[prost(uint32, tag = "2")]
    hash: u32,
    #[prost(int64, tag = "3")]
    compacted: i64,
}

#[derive(Clone, PartialEq, Eq, prost::Message)]
struct PutRequest {
    #[prost(bytes = "vec", tag = "1")]
    key: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    value: Vec<u8>,
}

/// Of answers of which nothing is read.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
struct Whatever {}

#[derive(Clone, PartialEq, Eq, prost::Message)]
struct Got {
    #[prost(message, repeated, tag = "2")]
    entries: Vec<Entry>,
}

#[derive(Clone, PartialEq, Eq, prost::Message)]
struct Entry {
    #[prost(bytes = "vec", tag = "5")]
    value: Vec<u8>,
}

#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
struct AlarmRequest {
    /// 0 tells, 2 disarms.
    #[prost(int32, tag = "1")]
    action: i32,
    #[prost(uint64, tag = "2")]
    member: u64,
    #[prost(int32, tag = "3")]
    kind: i32,
}

#[derive(Clone, PartialEq, Eq, prost::Message)]
struct Alarms {
    #[prost(message, repeated, tag = "2")]
    alarms: Vec<Alarm>,
}

/// An alarm that is raised.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub(super) struct Alarm {
    #[prost(uint64, tag = "1")]
    member: u64,
    #[prost(int32, tag = "2")]
    kind: i32,
}

impl Alarm {
    /// Whether reads are refused for it, too.
    pub(super) const fn is_corrupt(&self) -> bool {
        self.kind == 2
    }

    /// As etcdctl calls it.
    pub(super) fn name(&self) -> String {
        match self.kind {
            1 => "NOSPACE".into(),
            2 => "CORRUPT".into(),
            other => format!("of kind {other}"),
        }
    }
}

/// The key that is written; the store goes with the rehearsal.
const WRITTEN: &[u8] = b"/binnacle/rehearsal";

/// The revision that an etcd is at, and how many keys it had at another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Counted {
    pub revision: i64,
    pub keys: u64,
}

/// Connects; it is cheap, and nothing was said yet.
pub(super) async fn connect(socket: PathBuf) -> Result<Channel, Status> {
    let connector = tower::service_fn(move |_| {
        let socket = socket.clone();
        async move { UnixStream::connect(socket).await.map(TokioIo::new) }
    });
    let endpoint = Endpoint::from_static("http://localhost");
    endpoint.connect_with_connector(connector).await.map_err(|error| Status::unavailable(error.to_string()))
}

/// All keys at a revision; it is answered by a member that has a leader.
pub(super) async fn count(line: &Channel, revision: i64) -> Result<Counted, Status> {
    let question = RangeRequest { key: vec![0], range_end: vec![0], revision, count_only: true };
    let Range { header, count } = ask(line, "/etcdserverpb.KV/Range", question).await?;
    let revision = header.unwrap_or_default().revision;
    Ok(Counted { revision, keys: u64::try_from(count).unwrap_or_default() })
}

/// HashKV at a revision, of what is left after a compaction. Nothing when it does not tell that: before 3.3, before 3.6 at
/// the compacted revision itself, and when it remembers one from before the compaction. (Never compacted is −1 there.)
pub(super) async fn hash(line: &Channel, revision: i64, compacted: i64) -> Result<Option<u32>, Status> {
    match ask::<_, Hash>(line, "/etcdserverpb.Maintenance/HashKV", HashRequest { revision }).await {
        Ok(answer) => Ok((answer.compacted.max(0) == compacted).then_some(answer.hash)),
        Err(status) if status.code() == Code::Unimplemented => Ok(None),
        Err(status) if status.code() == Code::OutOfRange && revision == compacted => Ok(None),
        Err(status) => Err(status),
    }
}

/// All alarms of all members.
pub(super) async fn alarms(line: &Channel) -> Result<Vec<Alarm>, Status> {
    let question = AlarmRequest { action: 0, member: 0, kind: 0 };
    Ok(ask::<_, Alarms>(line, "/etcdserverpb.Maintenance/Alarm", question).await?.alarms)
}

/// Disarms one.
pub(super) async fn disarm(line: &Channel, alarm: &Alarm) -> Result<(), Status> {
    let question = AlarmRequest { action: 2, member: alarm.member, kind: alarm.kind };
    ask::<_, Alarms>(line, "/etcdserverpb.Maintenance/Alarm", question).await.map(|_| ())
}

/// Writes a key, and reads it: whether it came back as it was written.
pub(super) async fn write_and_read(line: &Channel) -> Result<bool, Status> {
    let value = b"written by a rehearsal".to_vec();
    let put = PutRequest { key: WRITTEN.to_vec(), value: value.clone() };
    ask::<_, Whatever>(line, "/etcdserverpb.KV/Put", put).await?;
    let get = RangeRequest { key: WRITTEN.to_vec(), range_end: Vec::new(), revision: 0, count_only: false };
    let got: Got = ask(line, "/etcdserverpb.KV/Range", get).await?;
    Ok(got.entries.len() == 1 && got.entries[0].value == value)
}

async fn ask<Q, A>(line: &Channel, path: &'static str, question: Q) -> Result<A, Status>
where
    Q: prost::Message + Send + Sync + 'static,
    A: prost::Message + Default + Send + Sync + 'static,
{
    let mut grpc = Grpc::new(line.clone());
    grpc.ready().await.map_err(|error| Status::unavailable(error.to_string()))?;
    let codec = ProstCodec::<Q, A>::default();
    Ok(grpc.unary(Request::new(question), PathAndQuery::from_static(path), codec).await?.into_inner())
}
