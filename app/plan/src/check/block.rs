//! Blocks and pools of addresses, to compute with.

use std::net::Ipv4Addr;

use crate::{IpSettings, Range};

/// Addresses from the first to the last, both of them included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) first: Ipv4Addr,
    pub(super) last: Ipv4Addr,
}

/// A CIDR as written: any address of it, and the length of the prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Block {
    address: Ipv4Addr,
    pub(super) prefix: u32,
}

/// Why a text is no CIDR.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoBlock {
    /// An address alone.
    NoPrefix,
    /// Anything else.
    Malformed,
}

impl Span {
    /// A pool, unless an end of it is malformed or they are in the wrong order.
    pub(super) fn of(range: &Range) -> Option<Self> {
        Self::between(&range.first, &range.last)
    }

    /// The addresses between two that are written.
    pub(super) fn between(first: &str, last: &str) -> Option<Self> {
        let span = Self { first: first.parse().ok()?, last: last.parse().ok()? };
        (span.first <= span.last).then_some(span)
    }

    pub(super) fn contains(self, address: Ipv4Addr) -> bool {
        self.first <= address && address <= self.last
    }

    pub(super) fn overlaps(self, other: Self) -> bool {
        self.first <= other.last && other.first <= self.last
    }

    /// How many addresses it has.
    pub(super) fn len(self) -> u64 {
        u64::from(u32::from(self.last)) + 1 - u64::from(u32::from(self.first))
    }

    /// The addresses that a pool gives to so many hosts, from the first on; none to none.
    pub(super) fn begun(self, hosts: usize) -> Option<Self> {
        let more = u32::try_from(hosts.checked_sub(1)?).unwrap_or(u32::MAX);
        let last = u32::from(self.first).saturating_add(more).min(u32::from(self.last));
        Some(Self { first: self.first, last: Ipv4Addr::from(last) })
    }

    /// Which host the pool gives an address to, counting from none.
    pub(super) fn place_of(self, address: Ipv4Addr) -> Option<usize> {
        let place = u32::from(address).checked_sub(u32::from(self.first))?;
        usize::try_from(place).ok().filter(|_| self.contains(address))
    }
}

/// Pairs of those that overlap, at most one for each of them; the earlier in the list first.
pub(super) fn overlapping(spans: &[Span]) -> Vec<(usize, usize)> {
    let mut order: Vec<usize> = (0..spans.len()).collect();
    order.sort_by_key(|at| spans[*at].first);
    let mut pairs = Vec::new();
    let mut widest: Option<usize> = None;
    for at in order {
        match widest {
            Some(before) if spans[at].first <= spans[before].last => {
                pairs.push((at.min(before), at.max(before)));
                if spans[at].last > spans[before].last {
                    widest = Some(at);
                }
            }
            _ => widest = Some(at),
        }
    }
    pairs
}

impl Block {
    /// Reads a CIDR.
    pub(super) fn parse(text: &str) -> Result<Self, NoBlock> {
        let Some((address, prefix)) = text.split_once('/') else {
            return Err(if text.parse::<Ipv4Addr>().is_ok() { NoBlock::NoPrefix } else { NoBlock::Malformed });
        };
        let address = address.parse().map_err(|_| NoBlock::Malformed)?;
        let digits = !prefix.is_empty() && prefix.bytes().all(|byte| byte.is_ascii_digit());
        match prefix.parse() {
            Ok(prefix) if digits && prefix <= 32 => Ok(Self { address, prefix }),
            _ => Err(NoBlock::Malformed),
        }
    }

    /// The block of a network, when it is well formed.
    pub(super) fn of(settings: &IpSettings) -> Option<Self> {
        Self::parse(settings.cidr.as_ref()?).ok()
    }

    /// All of its addresses, those of the network and of the broadcast among them.
    pub(super) fn span(self) -> Span {
        let hosts = u32::MAX.checked_shr(self.prefix).unwrap_or(0);
        let address = u32::from(self.address);
        Span { first: Ipv4Addr::from(address & !hosts), last: Ipv4Addr::from(address | hosts) }
    }

    /// Whether the address that it was written with is not the network's.
    pub(super) fn has_host_bits(self) -> bool {
        self.address != self.span().first
    }

    /// Whether an address of it is no host's: the network's own or the broadcast.
    pub(super) fn reserves(self, address: Ipv4Addr) -> bool {
        self.prefix <= 30 && (address == self.span().first || address == self.span().last)
    }

    /// As it should have been written.
    pub(super) fn written(self) -> String {
        format!("{}/{}", self.span().first, self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(text: &str) -> (String, String) {
        let span = Block::parse(text).expect("a block").span();
        (span.first.to_string(), span.last.to_string())
    }

    #[test]
    fn a_block_reaches_from_its_network_to_its_broadcast() {
        assert_eq!(span("10.1.0.7/24"), ("10.1.0.0".into(), "10.1.0.255".into()));
        assert_eq!(span("10.1.0.7/32"), ("10.1.0.7".into(), "10.1.0.7".into()));
        assert_eq!(span("10.1.0.7/0"), ("0.0.0.0".into(), "255.255.255.255".into()));
    }

    #[test]
    fn what_is_no_block_is_told_apart() {
        assert_eq!(Block::parse("10.1.0.0"), Err(NoBlock::NoPrefix));
        for text in ["", "/", "10.1.0.0/", "10.1.0.0/33", "10.1.0.0/+8", "10.1.0/24", "10.1.0.0/24/8", "10.01.0.0/24"] {
            assert_eq!(Block::parse(text), Err(NoBlock::Malformed), "{text}");
        }
    }

    #[test]
    fn all_addresses_there_are_can_be_counted() {
        let all = Block::parse("0.0.0.0/0").expect("a block").span();
        assert_eq!(all.len(), 1 << 32);
        assert_eq!(all.begun(2), Span::between("0.0.0.0", "0.0.0.1"));
        assert_eq!(all.begun(0), None);
    }

    #[test]
    fn each_span_is_told_to_overlap_another_once() {
        let span = |first: u8, last: u8| Span { first: [10, 0, 0, first].into(), last: [10, 0, 0, last].into() };
        assert_eq!(overlapping(&[span(5, 9), span(1, 4), span(10, 20)]), []);
        assert_eq!(overlapping(&[span(5, 9), span(1, 5)]), [(0, 1)]);
        assert_eq!(overlapping(&[span(1, 20), span(2, 3), span(5, 6), span(30, 31)]), [(0, 1), (0, 2)]);
        assert_eq!(overlapping(&[span(1, 9); 100]).len(), 99);
    }
}
