//! The same service over HTTP/1.1 and HTTP/2 without TLS, for kubectl and other processes.

use std::{future::Future, io};

use axum::Router;
use tokio::net::TcpListener;

use crate::simulator::Simulator;

/// Serves until `shutdown` is done. Bind to a loopback address: there is no authentication.
pub async fn listen(
    simulator: Simulator,
    listener: std::net::TcpListener,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    listener.set_nonblocking(true)?;
    let listener = TcpListener::from_std(listener)?;
    let faults = simulator.faults().clone();
    let app = Router::new().fallback_service(simulator);
    let ending = async move {
        shutdown.await;
        // Watches would hold the server open for as long as their clients please.
        faults.drop_watches();
    };
    axum::serve(listener, app).with_graceful_shutdown(ending).await
}
