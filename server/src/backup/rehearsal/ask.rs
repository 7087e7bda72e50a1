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
