//! Questions to one member.

use std::{
    error::Error,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use bytes::Bytes;
use http::uri::PathAndQuery;
use tokio::time::timeout;
use tonic::{Code, Request, Streaming, client::Grpc};
use tonic_prost::ProstCodec;

use super::{
    Endpoint, EtcdError, Tls, Why,
    dial::{Line, dial},
    wire,
};

/// For an answer that costs a member nothing. etcd itself gives up after about 7 s.
const PATIENCE: Duration = Duration::from_secs(8);
/// For the hash over all keys: some seconds for gigabytes.
const HASHING: Duration = Duration::from_secs(60);

/// A line to one member.
pub(crate) struct Client {
    endpoint: Endpoint,
    line: Line,
    /// Whether it ever answered in etcd's way.
    spoke: AtomicBool,
}

/// A member's answer to the question for its hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hashed {
    /// Of all keys since the compaction, up to the revision asked for.
    At { hash: u32, compacted: i64 },
    /// It has not come to that revision yet, or has compacted it away.
    Elsewhere,
    /// Older than 3.3.
    NotServed,
}

impl Client {
    /// Connects; TLS files are read now.
    pub(crate) async fn connect(endpoint: &Endpoint, tls: &Tls) -> Result<Self, EtcdError> {
        let line = dial(endpoint, tls).await?;
        Ok(Self { endpoint: endpoint.clone(), line, spoke: AtomicBool::new(false) })
    }

    pub(super) async fn status(&self) -> Result<wire::Status, EtcdError> {
        self.ask("/etcdserverpb.Maintenance/Status", wire::Nothing {}, PATIENCE, "telling its status").await
    }

    pub(super) async fn members(&self) -> Result<wire::MemberList, EtcdError> {
        self.ask("/etcdserverpb.Cluster/MemberList", wire::Nothing {}, PATIENCE, "naming the members").await
    }

    pub(super) async fn alarms(&self) -> Result<wire::Alarms, EtcdError> {
        self.ask("/etcdserverpb.Maintenance/Alarm", wire::AlarmRequest {}, PATIENCE, "telling the alarms").await
    }

    pub(super) async fn hash(&self, revision: i64) -> Result<Hashed, EtcdError> {
        let asked = self
            .ask::<_, wire::Hash>(
                "/etcdserverpb.Maintenance/HashKV",
                wire::HashRequest { revision },
                HASHING,
                "hashing its keys",
            )
            .await;
        match asked {
            Ok(answer) => Ok(Hashed::At { hash: answer.hash, compacted: answer.compact_revision }),
            Err(EtcdError { why: Why::NotServed, .. }) => Ok(Hashed::NotServed),
            Err(EtcdError { why: Why::Said(words), .. }) if words.contains("revision") => Ok(Hashed::Elsewhere),
            Err(error) => Err(error),
        }
    }

    /// Puts a value at a key.
    pub(crate) async fn put(&self, key: &str, value: &[u8]) -> Result<(), EtcdError> {
        let put = wire::Put { key: key.as_bytes().to_vec(), value: value.to_vec() };
        self.ask::<_, wire::Nothing>("/etcdserverpb.KV/Put", put, PATIENCE, "writing a key").await.map(drop)
    }

    /// Takes a key away; one that is not there stays away.
    pub(crate) async fn delete(&self, key: &str) -> Result<(), EtcdError> {
        let delete = wire::Delete { key: key.as_bytes().to_vec() };
        self.ask::<_, wire::Nothing>("/etcdserverpb.KV/DeleteRange", delete, PATIENCE, "removing a key").await.map(drop)
    }

    /// Begins to stream the database as it is at this moment.
    pub(crate) async fn snapshot(&self) -> Result<Pieces<'_>, EtcdError> {
        let begun = async {
            let mut grpc = Grpc::new(self.line.channel.clone());
            grpc.ready().await.map_err(|_| self.cut())?;
            let path = PathAndQuery::from_static("/etcdserverpb.Maintenance/Snapshot");
            let codec = ProstCodec::<wire::Nothing, wire::Piece>::default();
            let begun = grpc.server_streaming(Request::new(wire::Nothing {}), path, codec).await;
            begun.map_err(|status| self.error(&status))
        };
        let late = || Why::Timeout { doing: "beginning the snapshot", seconds: PATIENCE.as_secs() };
        let stream = timeout(PATIENCE, begun).await.map_err(|_| late().at(&self.endpoint))??;
        self.spoke.store(true, Ordering::Relaxed);
        Ok(Pieces { client: self, stream: stream.into_inner() })
    }

    async fn ask<Q, A>(
        &self,
        path: &'static str,
        question: Q,
        patience: Duration,
        doing: &'static str,
    ) -> Result<A, EtcdError>
    where
        Q: prost::Message + Send + Sync + 'static,
        A: prost::Message + Default + Send + Sync + 'static,
    {
        let asked = async {
            let mut grpc = Grpc::new(self.line.channel.clone());
            grpc.ready().await.map_err(|_| self.cut())?;
            let codec = ProstCodec::<Q, A>::default();
            let answer = grpc.unary(Request::new(question), PathAndQuery::from_static(path), codec).await;
            answer.map(tonic::Response::into_inner).map_err(|status| self.error(&status))
        };
        let late = || Why::Timeout { doing, seconds: patience.as_secs() }.at(&self.endpoint);
        let answer = timeout(patience, asked).await.map_err(|_| late())??;
        self.spoke.store(true, Ordering::Relaxed);
        Ok(answer)
    }

    fn cut(&self) -> EtcdError {
        let spoke = self.spoke.load(Ordering::Relaxed);
        let why = match self.line.ended.get() {
            // Bytes that are no HTTP/2, and then the end.
            None | Some(Why::Cut) if !spoke => Why::NotEtcd,
            Some(why) => why.clone(),
            None => Why::Cut,
        };
        why.at(&self.endpoint)
    }

    fn error(&self, status: &tonic::Status) -> EtcdError {
        // What the other side said has no error below it.
        if status.source().is_some() {
            return self.cut();
        }
        let said = status.message();
        let why = match status.code() {
            Code::Unimplemented if self.spoke.load(Ordering::Relaxed) => Why::NotServed,
            Code::Unimplemented => Why::NotEtcd,
            Code::PermissionDenied | Code::Unauthenticated => Why::Permission,
            // Each version has a code of its own for this.
            _ if said.contains("user name is empty") || said.contains("permission denied") => Why::Permission,
            _ if said.contains("no leader") => Why::NoLeader,
            _ if said.contains("not supported for learner") => Why::Learner,
            code if said.is_empty() => Why::Said(code.to_string()),
            _ => Why::Said(said.lines().next().unwrap_or_default().chars().take(200).collect()),
        };
        why.at(&self.endpoint)
    }
}

/// A snapshot that is being streamed.
pub(crate) struct Pieces<'a> {
    client: &'a Client,
    stream: Streaming<wire::Piece>,
}

/// A piece of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    /// Bytes of the database that are still to come.
    pub remaining: u64,
    /// Its bytes; of the last one the digest.
    pub blob: Bytes,
    /// The version of the storage, where that is told.
    pub version: String,
}

impl Pieces<'_> {
    /// The next; `None` at the end that the member itself has put.
    pub(crate) async fn next(&mut self, silence: Duration) -> Result<Option<Piece>, EtcdError> {
        let late = || Why::Timeout { doing: "sending more of the snapshot", seconds: silence.as_secs() };
        let next = timeout(silence, self.stream.message()).await.map_err(|_| late().at(&self.client.endpoint))?;
        match next {
            Ok(piece) => Ok(piece.map(|wire::Piece { remaining, blob, version }| Piece { remaining, blob, version })),
            Err(status) => Err(self.client.error(&status)),
        }
    }
}
