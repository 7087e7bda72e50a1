//! The conformance suite on the simulated API.

mod conformance;

use std::{net::TcpListener, sync::Arc};

use conformance::Target;
use kube::Config;
use simulator::{Cluster, Kind, Simulator};

conformance!(target);

async fn target() -> Target {
    let cluster = Cluster::compass(7).at(jiff::Timestamp::now());
    let open = Simulator::with_bookmarks(cluster, std::time::Duration::from_secs(1));
    // The same kind of cluster, to one who may not read all of it.
    let limited = Simulator::new(Cluster::compass(7).at(jiff::Timestamp::now()));
    limited.faults().forbid(&[Kind::Lease, Kind::EndpointSlice, Kind::NetworkPolicy]);
    let forgetful = Arc::new(open.clone());
    Target {
        config: serve(open).await,
        limited: serve(limited).await,
        forget: Box::new(move || {
            let simulator = forgetful.clone();
            Box::pin(async move { simulator.forget() })
        }),
    }
}

async fn serve(simulator: Simulator) -> Config {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(simulator::listen(simulator, listener, std::future::pending()));
    Config::new(format!("http://{address}").parse().expect("an address"))
}
