//! The way to an endpoint: TCP, TLS with its checks, HTTP/2 on top.

use std::{
    io,
    pin::Pin,
    sync::{Arc, OnceLock},
    task::{Context, Poll, ready},
    time::Duration,
};

use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, pki_types::ServerName};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::TlsConnector;
use tonic::transport::{Channel, Endpoint as Target};
use topology::Stamp;

use super::{Endpoint, EtcdError, Tls, Why};

/// TCP and TLS together; a member on the same network takes milliseconds.
const CONNECT: Duration = Duration::from_secs(5);
/// The same through another machine, which agrees on keys first, and maybe through a third.
const CONNECT_THROUGH: Duration = Duration::from_secs(20);
/// etcd begins to speak as soon as TLS is agreed on. Who does not is spoken to all the same.
const GREETING: Duration = Duration::from_secs(1);
/// While an answer is awaited the line is felt for this often, which etcd allows (every 5 s).
const PULSE: Duration = Duration::from_secs(10);

/// An open line. It is not opened again once it has ended: whoever asks again dials again.
pub(super) struct Line {
    pub channel: Channel,
    /// Why it ended, when its bytes tell.
    pub ended: Arc<OnceLock<Why>>,
}

pub(super) async fn dial(endpoint: &Endpoint, tls: &Tls) -> Result<Line, EtcdError> {
    // Before anything is sent, so that a missing file is said although nobody answers.
    let config = if endpoint.is_tls() { Some(tls.config(endpoint).await?) } else { None };
    let (io, greeting) = open_in_time(endpoint, tls, config).await?;
    let ended = Arc::new(OnceLock::new());
    let watched = Watched { io, greeting, ended: ended.clone(), tls: tls.clone(), endpoint: endpoint.clone() };
    let mut once = Some(TokioIo::new(watched));
    let connector = tower::service_fn(move |_| {
        std::future::ready(once.take().ok_or_else(|| io::Error::from(io::ErrorKind::NotConnected)))
    });
    // TLS is spoken below; what stands before the authority is for the other side alone.
    let target = |scheme: &str| format!("{scheme}://{}", endpoint.authority());
    let unusable = || Why::Address("it is no address".into()).at(endpoint);
    let origin = target(if endpoint.is_tls() { "https" } else { "http" }).parse().map_err(|_| unusable())?;
    let channel = Target::from_shared(target("http"))
        .map_err(|_| unusable())?
        .origin(origin)
        .http2_keep_alive_interval(PULSE)
        .keep_alive_timeout(PULSE)
        .connect_with_connector(connector)
        .await
        .map_err(|_| ended.get().cloned().unwrap_or(Why::NotEtcd).at(endpoint))?;
    Ok(Line { channel, ended })
}

/// From when until when the certificate holds that an endpoint presents; none where it could not be looked at, or is
/// not trusted. Nothing is asked.
pub(super) async fn presented(endpoint: &Endpoint, tls: &Tls) -> Result<Option<(Stamp, Stamp)>, EtcdError> {
    let (config, presented) = tls.noting(endpoint).await?;
    let opened = open_in_time(endpoint, tls, Some(config)).await;
    match presented.get() {
        // One that has run out is presented and refused.
        Some(holds) => Ok(Some(*holds)),
        None => opened.map(|_| None),
    }
}

async fn open_in_time(
    endpoint: &Endpoint,
    tls: &Tls,
    config: Option<Arc<ClientConfig>>,
) -> Result<(Box<dyn Duplex>, Vec<u8>), EtcdError> {
    let patience = if endpoint.through().is_some() { CONNECT_THROUGH } else { CONNECT };
    let late = Why::Timeout { doing: "connecting", seconds: patience.as_secs() };
    timeout(patience, open(endpoint, tls, config)).await.map_err(|_| late.at(endpoint))?
}

async fn open(
    endpoint: &Endpoint,
    tls: &Tls,
    config: Option<Arc<ClientConfig>>,
) -> Result<(Box<dyn Duplex>, Vec<u8>), EtcdError> {
    let line: Box<dyn Duplex> = match endpoint.through() {
        Some(through) => {
            let carried = through.open(endpoint).map_err(|error| Why::Through {
                destination: through.to_string(),
                said: format!("ssh cannot be run: {error}"),
            });
            Box::new(carried.map_err(|why| why.at(endpoint))?)
        }
        None => {
            let tcp = TcpStream::connect((endpoint.host(), endpoint.port())).await;
            let tcp = tcp.map_err(|error| tls.why(endpoint, &error).at(endpoint))?;
            let _ = tcp.set_nodelay(true);
            Box::new(tcp)
        }
    };
    let Some(config) = config else { return Ok((line, Vec::new())) };
    let name = ServerName::try_from(endpoint.host().to_owned())
        .map_err(|_| Why::Address("its host is no name".into()).at(endpoint))?;
    let mut stream = TlsConnector::from(config).connect(name, line).await.map_err(|error| {
        match tls.why(endpoint, &error) {
            Why::Cut => Why::NotTls,
            why => why,
        }
        .at(endpoint)
    })?;
    // With TLS 1.3 a server refuses certificates after the handshake. If we wrote before we had read that, the line
    // would be reset and the reason lost.
    let mut greeting = vec![0; 64];
    let read = timeout(GREETING, stream.read(&mut greeting)).await.unwrap_or(Ok(0));
    let length = read.map_err(|error| tls.why(endpoint, &error).at(endpoint))?;
    greeting.truncate(length);
    Ok((Box::new(stream), greeting))
}

trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// Remembers what ended it, which the layers above pass on as words alone.
struct Watched {
    io: Box<dyn Duplex>,
    /// What was read before the layers above were there.
    greeting: Vec<u8>,
    ended: Arc<OnceLock<Why>>,
    tls: Tls,
    endpoint: Endpoint,
}

impl Watched {
    fn note<T>(&self, result: io::Result<T>) -> Poll<io::Result<T>> {
        if let Err(error) = &result {
            let _ = self.ended.set(self.tls.why(&self.endpoint, error));
        }
        Poll::Ready(result)
    }
}

impl AsyncRead for Watched {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if !self.greeting.is_empty() {
            let length = self.greeting.len().min(buf.remaining());
            buf.put_slice(&self.greeting.drain(..length).collect::<Vec<u8>>());
            return Poll::Ready(Ok(()));
        }
        let read = ready!(Pin::new(&mut self.io).poll_read(cx, buf));
        self.note(read)
    }
}

impl AsyncWrite for Watched {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        // A refusal waits to be read: that the line is broken for writing says less.
        Pin::new(&mut self.io).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}
