//! How many connections each address has open.

use std::{
    collections::{HashMap, hash_map::Entry},
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};

use crate::access::{Proxies, household};

/// Connections, counted by address. Many people come by a trusted proxy, whose connections nobody counts.
#[derive(Debug)]
pub(super) struct Crowd {
    /// How many one address may have; 0 for any number.
    each: usize,
    proxies: Proxies,
    open: Mutex<HashMap<IpAddr, usize>>,
}

/// A connection that is counted until this goes.
#[derive(Debug)]
pub(super) struct Entered {
    crowd: Arc<Crowd>,
    counted: Option<IpAddr>,
}

impl Crowd {
    pub(super) fn new(each: usize, proxies: Proxies) -> Arc<Self> {
        Arc::new(Self { each, proxies, open: Mutex::default() })
    }

    /// One more of an address; `None` when it has as many as it may.
    pub(super) fn enter(self: &Arc<Self>, peer: IpAddr) -> Option<Entered> {
        let peer = peer.to_canonical();
        if self.each == 0 || self.proxies.trusts(peer) {
            return Some(Entered { crowd: self.clone(), counted: None });
        }
        let counted = household(peer);
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.entry(counted).or_default();
        if *count >= self.each {
            return None;
        }
        *count += 1;
        Some(Entered { crowd: self.clone(), counted: Some(counted) })
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        let Some(counted) = self.counted else { return };
        let mut open = self.crowd.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Entry::Occupied(mut count) = open.entry(counted) {
            *count.get_mut() -= 1;
            if *count.get() == 0 {
                count.remove();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(address: &str) -> IpAddr {
        address.parse().unwrap()
    }

    #[test]
    fn an_address_has_so_many_connections_and_another_when_one_ends() {
        let crowd = Crowd::new(2, Proxies::default());
        let first = crowd.enter(at("192.0.2.1")).unwrap();
        let _second = crowd.enter(at("::ffff:192.0.2.1")).unwrap();
        assert!(crowd.enter(at("192.0.2.1")).is_none());
        assert!(crowd.enter(at("192.0.2.2")).is_some(), "another is not crowded out");
        drop(first);
        assert!(crowd.enter(at("192.0.2.1")).is_some());
        let _one = crowd.enter(at("2001:db8::1")).unwrap();
        let _other = crowd.enter(at("2001:db8::2:3")).unwrap();
        assert!(crowd.enter(at("2001:db8::4")).is_none(), "one household");
        assert!(crowd.enter(at("2001:db8:0:1::4")).is_some());
    }

    #[test]
    fn whoever_has_gone_is_forgotten() {
        let crowd = Crowd::new(2, Proxies::default());
        drop((crowd.enter(at("192.0.2.1")), crowd.enter(at("192.0.2.1"))));
        assert!(crowd.open.lock().unwrap().is_empty());
    }

    #[test]
    fn a_trusted_proxy_brings_as_many_as_it_likes_and_so_does_everybody_without_a_bound() {
        let crowd = Crowd::new(1, Proxies::parse("192.0.2.0/24").unwrap());
        let brought: Vec<_> = (0..9).map(|_| crowd.enter(at("192.0.2.7"))).collect();
        assert!(brought.iter().all(Option::is_some));
        let open = Crowd::new(0, Proxies::default());
        let come: Vec<_> = (0..9).map(|_| open.enter(at("198.51.100.1"))).collect();
        assert!(come.iter().all(Option::is_some));
    }
}
