//! A line between client and server that can be cut, stalled and mended: a TCP relay on loopback.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
};

/// The relay; it ends with the test.
pub struct Line {
    address: SocketAddr,
    state: Arc<State>,
}

struct State {
    server: SocketAddr,
    cuts: watch::Sender<u64>,
    stalls: watch::Sender<u64>,
    open: AtomicBool,
    stalled: AtomicBool,
    connections: AtomicUsize,
    refused: AtomicUsize,
}

impl Line {
    /// A good line to a server.
    pub async fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let state = Arc::new(State {
            server,
            cuts: watch::Sender::new(0),
            stalls: watch::Sender::new(0),
            open: AtomicBool::new(true),
            stalled: AtomicBool::new(false),
            connections: AtomicUsize::new(0),
            refused: AtomicUsize::new(0),
        });
        tokio::spawn(accept(listener, state.clone()));
        Self { address, state }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends every connection, and takes no new one until it is mended.
    pub fn cut(&self) {
        self.state.open.store(false, Ordering::SeqCst);
        self.state.cuts.send_modify(|count| *count += 1);
    }

    /// Nothing comes through any more, and nobody is told: connections stay open and silent, new
    /// ones too until it is mended, the old ones for ever.
    pub fn stall(&self) {
        self.state.stalled.store(true, Ordering::SeqCst);
        self.state.stalls.send_modify(|count| *count += 1);
    }

    pub fn mend(&self) {
        self.state.open.store(true, Ordering::SeqCst);
        self.state.stalled.store(false, Ordering::SeqCst);
    }

    /// Connections so far.
    pub fn connections(&self) -> usize {
        self.state.connections.load(Ordering::SeqCst)
    }

    /// Connections that were turned away so far.
    pub fn refused(&self) -> usize {
        self.state.refused.load(Ordering::SeqCst)
    }
}

async fn accept(listener: TcpListener, state: Arc<State>) {
    while let Ok((inner, _)) = listener.accept().await {
        if !state.open.load(Ordering::SeqCst) {
            state.refused.fetch_add(1, Ordering::SeqCst);
            continue;
        }
        state.connections.fetch_add(1, Ordering::SeqCst);
        tokio::spawn(relay(inner, state.clone()));
    }
}

async fn relay(mut inner: TcpStream, state: Arc<State>) {
    let (mut cut, mut stall) = (state.cuts.subscribe(), state.stalls.subscribe());
    let Ok(mut outer) = TcpStream::connect(state.server).await else { return };
    if !state.stalled.load(Ordering::SeqCst) {
        tokio::select! {
            _ = copy_bidirectional(&mut inner, &mut outer) => return,
            _ = cut.changed() => return,
            _ = stall.changed() => {}
        }
    }
    // Held open, and silent.
    let _ = cut.changed().await;
}
