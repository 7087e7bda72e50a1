//! A line between client and server that can be cut and mended: a TCP relay on loopback.

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
    cuts: watch::Sender<u64>,
    open: Arc<AtomicBool>,
    connections: Arc<AtomicUsize>,
    refused: Arc<AtomicUsize>,
}

impl Line {
    /// A good line to a server.
    pub async fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (cuts, _) = watch::channel(0);
        let (open, connections) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicUsize::new(0)));
        let refused = Arc::new(AtomicUsize::new(0));
        let (sender, is_open, count, turned_away) = (cuts.clone(), open.clone(), connections.clone(), refused.clone());
        tokio::spawn(async move {
            while let Ok((mut inner, _)) = listener.accept().await {
                if !is_open.load(Ordering::SeqCst) {
                    turned_away.fetch_add(1, Ordering::SeqCst);
                    continue;
                }
                count.fetch_add(1, Ordering::SeqCst);
                let mut cut = sender.subscribe();
                tokio::spawn(async move {
                    let Ok(mut outer) = TcpStream::connect(server).await else { return };
                    tokio::select! {
                        _ = copy_bidirectional(&mut inner, &mut outer) => {}
                        _ = cut.changed() => {}
                    }
                });
            }
        });
        Self { address, cuts, open, connections, refused }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends every connection, and takes no new one until it is mended.
    pub fn cut(&self) {
        self.open.store(false, Ordering::SeqCst);
        self.cuts.send_modify(|count| *count += 1);
    }

    pub fn mend(&self) {
        self.open.store(true, Ordering::SeqCst);
    }

    /// Connections so far.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// Connections that were turned away so far.
    pub fn refused(&self) -> usize {
        self.refused.load(Ordering::SeqCst)
    }
}
