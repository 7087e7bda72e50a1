//! How a cluster's etcd is reached: as somebody configured it, or as the plan lets expect.

use futures::future::join_all;
use topology::{
    Stamp,
    planned::{MGMT, Planned, PlannedHost},
};

use super::{Endpoint, Tls, dial::presented};

/// The network that machines reach the world by.
const EXTERNAL: &str = "external";

/// Where members may be asked, and with what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    /// At least one.
    pub endpoints: Vec<Endpoint>,
    /// With TLS, its files.
    pub tls: Tls,
}

impl Access {
    /// From when until when the certificate of each endpoint with TLS holds; none where it cannot be looked at.
    pub(crate) async fn certificates(&self) -> Vec<(String, Option<(Stamp, Stamp)>)> {
        let asked = self.endpoints.iter().filter(|endpoint| endpoint.is_tls()).map(async |endpoint| {
            let holds = presented(endpoint, &self.tls).await.unwrap_or_else(|error| {
                tracing::debug!("the certificate of etcd is unknown: {error}");
                None
            });
            (format!("{}:{}", endpoint.host(), endpoint.port()), holds)
        });
        join_all(asked).await
    }
}

/// Where the members of a plan would listen: kubespray's etcd takes the address of the default route, which Compass
/// puts on the network `external`; without one, on the network of management.
pub fn proposed(planned: &Planned) -> Vec<Endpoint> {
    let routed = planned.nets.iter().any(|net| *net.name == *EXTERNAL && net.gateway.is_some());
    let net = if routed { EXTERNAL } else { MGMT };
    let hosts = planned.hosts.iter().filter(|host| host.etcd);
    let address = |host: &PlannedHost| host.address(net).or_else(|| host.address(MGMT));
    hosts.filter_map(|host| Endpoint::parse(&format!("https://{}:2379", address(host)?)).ok()).collect()
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use topology::planned::PlannedNet;

    use super::*;

    fn net(name: &str, gateway: Option<Ipv4Addr>) -> PlannedNet {
        PlannedNet { name: name.into(), card: "eth0".into(), vlan: None, cidr: None, gateway, vip: None }
    }

    fn host(n: u8, etcd: bool) -> PlannedHost {
        let addresses = [("mgmt", [10, 1, 0, 50 + n]), ("external", [192, 16, 1, 210 + n])];
        let addresses = addresses.into_iter().map(|(net, at)| (net.into(), Ipv4Addr::from(at))).collect();
        PlannedHost { name: format!("host{n}").into(), master: etcd, etcd, roles: Vec::new(), addresses }
    }

    fn endpoints(planned: &Planned) -> Vec<String> {
        proposed(planned).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn members_are_expected_where_the_default_route_is() {
        let nets = vec![net("mgmt", None), net("external", Some(Ipv4Addr::new(192, 16, 1, 1)))];
        let planned = Planned::new(vec![host(0, true), host(1, true), host(2, false)], nets);
        assert_eq!(endpoints(&planned), ["https://192.16.1.210:2379", "https://192.16.1.211:2379"]);
        let planned = Planned::new(vec![host(0, true)], vec![net("mgmt", None), net("external", None)]);
        assert_eq!(endpoints(&planned), ["https://10.1.0.50:2379"]);
    }
}
