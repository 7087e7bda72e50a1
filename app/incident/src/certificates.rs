//! Certificates that end soon.

use topology::{Stamp, health::moment};

use crate::{Certificate, Family, Finding, Kind, Slot, beside::Server, judge::Judgement};

/// Of a certificate that holds for a short time, its last third is soon.
const PART: i64 = 3;

impl Server {
    /// Both.
    const ALL: [Self; 2] = [Self::Api, Self::Etcd];

    const fn about(self) -> &'static str {
        match self {
            Self::Api => "certificate/api",
            Self::Etcd => "certificate/etcd",
        }
    }

    const fn named(self) -> &'static str {
        match self {
            Self::Api => "the API server",
            Self::Etcd => "etcd",
        }
    }
}

/// When the end of a certificate begins to be soon: so long before it, and never before its last third.
fn soon((from, until): (Stamp, Stamp), ahead: i64) -> Stamp {
    let part = until.0.saturating_sub(from.0).max(0) / PART;
    Stamp(until.0.saturating_sub(ahead.min(part)))
}

/// Of several endpoints, the certificate that ends first tells when it began; all that end soon are touched.
pub(crate) fn judge(certificates: &[Certificate], ahead: i64, now: Stamp, judgement: &mut Judgement) {
    for server in Server::ALL {
        let its = || certificates.iter().filter(move |one| one.server == server);
        let mut ending: Vec<(Stamp, Stamp, &str)> = its()
            .filter_map(|one| Some((soon(one.holds?, ahead), one.holds?.1, one.address.as_str())))
            .filter(|(soon, ..)| ahead > 0 && *soon <= now)
            .collect();
        ending.sort_by_key(|(_, until, address)| (*until, *address));
        let Some((_, until, address)) = ending.first().copied() else {
            // One that cannot be looked at may be the one that ends.
            if its().next().is_none() || its().any(|one| one.holds.is_none()) {
                judgement.cannot_tell(Slot::new(Family::Certificates, server.about()));
            }
            continue;
        };
        let since = ending.iter().map(|(soon, ..)| *soon).min();
        let ends = if until <= now { "has run out at" } else { "ends at" };
        let what = format!("The certificate of {} at {address} {ends} {}", server.named(), moment(until));
        let mut finding = Finding::new(Kind::CertificateEnds, server.about(), since, what);
        let touched = ending.iter().map(|(_, until, address)| {
            ((*address).to_owned(), format!("its certificate holds until {}", moment(*until)))
        });
        finding.touched = touched.collect();
        judgement.find(finding);
    }
}
