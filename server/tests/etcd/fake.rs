//! A member that goes wrong in the ways that real ones cannot be made to, and a line that is cut.

use std::{convert::Infallible, io, net::SocketAddr, sync::Arc};

use binnacle::etcd::Endpoint;
use bytes::{BufMut, Bytes, BytesMut};
use futures::{StreamExt, stream, stream::BoxStream};
use http_body_util::StreamBody;
use hyper::body::Frame;
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
use prost::Message;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// What it streams, one after the other; then the stream ends well.
#[derive(Clone, Debug)]
pub enum Sends {
    /// What it says that remains, and bytes.
    Piece(u64, Vec<u8>),
    /// A message that is none.
    Garbage(Vec<u8>),
    /// Nothing more, for ever.
    Silence,
    /// An error of gRPC.
    Error(u8, &'static str),
    /// A stream that is torn.
    Tear,
}

#[derive(Clone, PartialEq, Message)]
struct Header {
    #[prost(uint64, tag = "1")]
    cluster: u64,
    #[prost(uint64, tag = "2")]
    member: u64,
    #[prost(int64, tag = "3")]
    revision: i64,
}

/// As 3.2 has it, which knows neither applied index nor learners.
#[derive(Clone, PartialEq, Message)]
struct Status {
    #[prost(message, optional, tag = "1")]
    header: Option<Header>,
    #[prost(string, tag = "2")]
    version: String,
    #[prost(int64, tag = "3")]
    size: i64,
    #[prost(uint64, tag = "4")]
    leader: u64,
    #[prost(uint64, tag = "5")]
    raft_index: u64,
    #[prost(uint64, tag = "6")]
    raft_term: u64,
}

#[derive(Clone, PartialEq, Message)]
struct Member {
    #[prost(uint64, tag = "1")]
    id: u64,
    #[prost(string, tag = "2")]
    name: String,
}

#[derive(Clone, PartialEq, Message)]
struct Members {
    #[prost(message, optional, tag = "1")]
    header: Option<Header>,
    #[prost(message, repeated, tag = "2")]
    members: Vec<Member>,
}

#[derive(Clone, PartialEq, Message)]
struct Piece {
    #[prost(uint64, tag = "2")]
    remaining: u64,
    #[prost(bytes = "vec", tag = "3")]
    blob: Vec<u8>,
}

type Body = StreamBody<BoxStream<'static, io::Result<Frame<Bytes>>>>;

/// An etcd 3.2 of one member at this revision; HashKV it does not know.
pub async fn member(revision: i64, sends: Vec<Sends>) -> Endpoint {
    let sends = Arc::new(sends);
    serve(move |line| {
        let sends = sends.clone();
        async move {
            let service = hyper::service::service_fn(move |request: http::Request<hyper::body::Incoming>| {
                let answer = answer(request.uri().path(), revision, &sends);
                async move { Ok::<_, Infallible>(answer) }
            });
            let _ = auto::Builder::new(TokioExecutor::new())
                .http2_only()
                .serve_connection(TokioIo::new(line), service)
                .await;
        }
    })
    .await
}

fn answer(path: &str, revision: i64, sends: &[Sends]) -> http::Response<Body> {
    let header = || Some(Header { cluster: 7, member: 1, revision });
    let frames: BoxStream<'static, io::Result<Frame<Bytes>>> = match path.rsplit('/').next().unwrap_or_default() {
        "Status" => {
            let version = "3.2.18".into();
            let status = Status { header: header(), version, size: 4_096, leader: 1, raft_index: 9, raft_term: 2 };
            whole(&status)
        }
        "MemberList" => {
            let members = vec![Member { id: 1, name: "fake".into() }];
            whole(&Members { header: header(), members })
        }
        "Alarm" => whole(&Members { header: header(), members: Vec::new() }),
        "Snapshot" => {
            let frames: Vec<_> = sends.iter().map(frame).collect();
            let silent = sends.iter().any(|sends| matches!(sends, Sends::Silence));
            let end = if sends.iter().any(|sends| matches!(sends, Sends::Error(..))) {
                None
            } else {
                Some(Ok(status(0, "")))
            };
            let frames = stream::iter(frames.into_iter().flatten());
            if silent { frames.chain(stream::pending()).boxed() } else { frames.chain(stream::iter(end)).boxed() }
        }
        _ => stream::iter([Ok(status(12, "unknown method"))]).boxed(),
    };
    http::Response::builder()
        .header("content-type", "application/grpc")
        .body(StreamBody::new(frames))
        .expect("an answer")
}

fn frame(sends: &Sends) -> Option<io::Result<Frame<Bytes>>> {
    Some(match sends {
        Sends::Piece(remaining, blob) => Ok(data(&Piece { remaining: *remaining, blob: blob.clone() }.encode_to_vec())),
        Sends::Garbage(bytes) => Ok(data(bytes)),
        Sends::Error(code, words) => Ok(status(*code, words)),
        Sends::Tear => Err(io::ErrorKind::ConnectionAborted.into()),
        Sends::Silence => return None,
    })
}

fn whole(message: &impl Message) -> BoxStream<'static, io::Result<Frame<Bytes>>> {
    stream::iter([Ok(data(&message.encode_to_vec())), Ok(status(0, ""))]).boxed()
}

fn data(message: &[u8]) -> Frame<Bytes> {
    let mut bytes = BytesMut::new();
    bytes.put_u8(0);
    bytes.put_u32(u32::try_from(message.len()).expect("a short message"));
    bytes.put_slice(message);
    Frame::data(bytes.freeze())
}

fn status(code: u8, words: &str) -> Frame<Bytes> {
    let mut trailers = http::HeaderMap::new();
    trailers.insert("grpc-status", u16::from(code).into());
    trailers.insert("grpc-message", words.parse().expect("words"));
    Frame::trailers(trailers)
}

/// A line to a real member that is cut after so many bytes of what it says.
pub async fn cut(behind: &Endpoint, after: usize) -> Endpoint {
    let behind: SocketAddr = format!("{}:{}", behind.host(), behind.port()).parse().expect("an address");
    serve(move |line| async move {
        let Ok(member) = TcpStream::connect(behind).await else { return };
        let ((mut from_us, mut to_us), (mut from_it, mut to_it)) = (line.into_split(), member.into_split());
        let asking = tokio::spawn(async move { tokio::io::copy(&mut from_us, &mut to_it).await });
        let mut left = after;
        let mut buffer = vec![0; 16 << 10];
        while left > 0 {
            let most = buffer.len().min(left);
            let Ok(read @ 1..) = from_it.read(&mut buffer[..most]).await else { break };
            if to_us.write_all(&buffer[..read]).await.is_err() {
                break;
            }
            left -= read;
        }
        asking.abort();
    })
    .await
}

async fn serve<F: Future<Output = ()> + Send + 'static>(
    mut each: impl FnMut(TcpStream) -> F + Send + 'static,
) -> Endpoint {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(async move {
        while let Ok((line, _)) = listener.accept().await {
            tokio::spawn(each(line));
        }
    });
    Endpoint::parse(&format!("http://127.0.0.1:{port}")).expect("an endpoint")
}
