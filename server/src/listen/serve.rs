//! Taking connections.

use std::{
    convert::Infallible,
    io::{self, IoSlice},
    net::SocketAddr,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use axum::{Router, extract::ConnectInfo};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto, graceful::GracefulShutdown},
    service::TowerToHyperService,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpSocket, TcpStream},
    sync::Semaphore,
};
use tokio_io_timeout::TimeoutStream;
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt;

use super::{
    Bounds, Certificates, Stopping,
    crowd::{Crowd, Entered},
    progress::Progress,
};
use crate::{
    access::{Proxies, Tls},
    running::NUMBERS,
};

/// After connections could not be taken, as when no file can be opened.
const PAUSE: Duration = Duration::from_millis(100);
/// What the system keeps for a reader who does not read.
const SENT: u32 = 128 << 10;
/// What we keep of an answer over HTTP/2 that a client does not read.
const UNSENT: usize = 64 << 10;
/// Connections that wait to be taken.
const BACKLOG: u32 = 1_024;

/// A socket that listens.
///
/// # Errors
/// As the system has it.
pub fn socket(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?;
    socket.set_send_buffer_size(SENT)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// What listens, and how.
pub struct Listening {
    /// The socket.
    pub listener: TcpListener,
    /// With TLS, by these.
    pub tls: Option<Arc<Certificates>>,
    /// What connections may cost.
    pub bounds: Bounds,
    /// Those who bring many people's connections.
    pub proxies: Proxies,
    /// What lasts is told by it to end.
    pub stopping: Stopping,
}

impl Listening {
    /// Serves until [`Stopping::ask`], and then until all has ended or the bound has passed.
    pub async fn serve(self, router: Router) {
        let graceful = GracefulShutdown::new();
        let builder = Arc::new(builder(&self.bounds));
        let places = Arc::new(Semaphore::new(self.bounds.connections));
        let crowd = Crowd::new(self.bounds.each, self.proxies);
        let following = self.tls.clone().map(|tls| tokio::spawn(tls.follow()));
        loop {
            let taken = tokio::select! {
                biased;
                () = self.stopping.asked() => break,
                taken = take(&self.listener, &places) => taken,
            };
            let Some((stream, peer, place)) = taken else { continue };
            let Some(entered) = crowd.enter(peer.ip()) else {
                turn_away(&stream, peer, self.tls.is_some());
                continue;
            };
            let connection = Connection {
                builder: builder.clone(),
                router: router.clone(),
                peer,
                first: self.bounds.first,
                unread: self.bounds.unread,
                watcher: graceful.watcher(),
            };
            let tls = self.tls.as_ref().map(|tls| TlsAcceptor::from(tls.now()));
            // They go with the socket, which a WebSocket keeps after HTTP has ended on it.
            tokio::spawn(connection.serve(Counted { stream, _held: (place, entered) }, tls));
        }
        following.iter().for_each(tokio::task::JoinHandle::abort);
        drop(self.listener);
        let ended = async { tokio::join!(graceful.shutdown(), self.stopping.ended()) };
        if tokio::time::timeout(self.bounds.drain, ended).await.is_err() {
            tracing::warn!("what had not ended after {} s is cut", self.bounds.drain.as_secs());
        }
    }
}

type Place = tokio::sync::OwnedSemaphorePermit;

/// A socket with what is counted of it for as long as it is open.
struct Counted {
    stream: TcpStream,
    _held: (Place, Entered),
}

impl AsyncRead for Counted {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context, buffer: &mut ReadBuf) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Counted {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context,
        bytes: &[IoSlice],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

async fn take(listener: &TcpListener, places: &Arc<Semaphore>) -> Option<(TcpStream, SocketAddr, Place)> {
    // The semaphore is never closed.
    let place = places.clone().acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, peer)) => {
            let _ = stream.set_nodelay(true);
            Some((stream, peer, place))
        }
        Err(error) => {
            tracing::warn!("a connection cannot be taken: {error}");
            tokio::time::sleep(PAUSE).await;
            None
        }
    }
}

/// What one more connection of an address that has enough of them is told, if it speaks no TLS.
const ENOUGH: &[u8] = b"HTTP/1.1 429 Too Many Requests\r\nContent-Type: text/plain; charset=utf-8\r\n\
Retry-After: 10\r\nConnection: close\r\nContent-Length: 61\r\n\r\nThis address has too many connections open. Close some first.";

fn turn_away(stream: &TcpStream, peer: SocketAddr, tls: bool) {
    NUMBERS.turned_away.inc();
    tracing::debug!("{} has too many connections open", peer.ip());
    if !tls {
        // Nobody waits for it: what cannot be sent at once is not sent.
        let _ = stream.try_write(ENOUGH);
    }
}

fn builder(bounds: &Bounds) -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(bounds.head)
        .max_buf_size(bounds.head_bytes)
        .max_headers(bounds.headers);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(bounds.streams)
        .max_send_buf_size(UNSENT)
        .max_header_list_size(u32::try_from(bounds.head_bytes).unwrap_or(u32::MAX))
        .keep_alive_interval(bounds.head * 2)
        .keep_alive_timeout(bounds.head);
    builder
}

/// Ends when an answer has waited for its client for so long.
async fn unread_for(progress: &Progress, bound: Duration) {
    while progress.longest() < bound {
        tokio::time::sleep(bound / 4).await;
    }
}

struct Connection {
    builder: Arc<auto::Builder<TokioExecutor>>,
    router: Router,
    peer: SocketAddr,
    first: Duration,
    unread: Duration,
    watcher: hyper_util::server::graceful::Watcher,
}

impl Connection {
    async fn serve(self, stream: Counted, tls: Option<TlsAcceptor>) {
        let Some(tls) = tls else {
            return self.speak(stream, false).await;
        };
        match tokio::time::timeout(self.first, tls.accept(stream)).await {
            Ok(Ok(stream)) => self.speak(stream, true).await,
            Ok(Err(error)) => tracing::debug!("no TLS with {}: {error}", self.peer.ip()),
            Err(_) => tracing::debug!("no TLS with {} in time", self.peer.ip()),
        }
    }

    async fn speak(self, stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static, tls: bool) {
        let Self { builder, router, peer, first, unread, watcher } = self;
        let mut stream = TimeoutStream::new(stream);
        stream.set_write_timeout(Some(unread));
        let stream = Box::pin(stream);
        let progress = Arc::new(Progress::default());
        let followed = progress.clone();
        // Whether anything was asked for; before, neither HTTP/1.1's nor HTTP/2's own bounds hold.
        let asked = Arc::new(AtomicBool::new(false));
        let asks = asked.clone();
        let service = tower::service_fn(move |mut request: axum::http::Request<hyper::body::Incoming>| {
            asks.store(true, Ordering::Relaxed);
            request.extensions_mut().insert(ConnectInfo(peer));
            if tls {
                request.extensions_mut().insert(Tls);
            }
            let (answering, followed) = (router.clone().oneshot(request.map(axum::body::Body::new)), followed.clone());
            async move { Ok::<_, Infallible>(answering.await?.map(|body| followed.follow(body))) }
        });
        let connection =
            builder.serve_connection_with_upgrades(TokioIo::new(stream), TowerToHyperService::new(service));
        let serving = watcher.watch(connection.into_owned());
        tokio::pin!(serving);
        let ended = match tokio::time::timeout(first, &mut serving).await {
            Ok(ended) => ended,
            Err(_) if asked.load(Ordering::Relaxed) => tokio::select! {
                ended = &mut serving => ended,
                () = unread_for(&progress, unread) => {
                    return tracing::debug!("{} has read nothing for {} s", peer.ip(), unread.as_secs());
                }
            },
            Err(_) => return,
        };
        if let Err(error) = ended {
            tracing::debug!("the connection with {} broke: {error}", peer.ip());
        }
    }
}
