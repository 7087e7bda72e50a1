//! A signed link: what it opens stands in it, and a signature that nobody else can make.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

/// So that a signature of anything else is none of a link.
const CONTEXT: &[u8] = b"binnacle embed link 1\n";
/// A longer text is no link.
const LONGEST: usize = 2 << 10;

/// What a link opens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// By which it is revoked.
    pub id: String,
    /// The one cluster.
    pub cluster: String,
    /// The one figure: `architecture` or `networking`.
    pub figure: String,
    /// The one portal that may show it; empty for every one of the configuration.
    #[serde(default)]
    pub origin: String,
    /// Until when, in milliseconds since the epoch.
    pub expires: i64,
}

/// Why a link opens nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// There is none.
    None,
    /// Not signed here, or changed since.
    Forged,
    /// Its time is over.
    Expired,
    /// Its maker took it back.
    Revoked,
    /// It opens something else.
    Other,
    /// It cannot be told whether it was revoked.
    Away,
}

/// Signs links and knows its own again.
pub struct Signer(Hmac<Sha256>);

impl Signer {
    /// With a key; who has it can make links.
    pub fn new(key: &str) -> Self {
        // HMAC takes keys of every length.
        Self(Hmac::new_from_slice(key.as_bytes()).unwrap_or_else(|_| unreachable!("HMAC takes every key")))
    }

    /// The link's text: claims and signature, each in base64url.
    pub fn sign(&self, claims: &Claims) -> String {
        // Plain data: it cannot fail.
        let body = URL_SAFE_NO_PAD.encode(serde_json::to_vec(claims).unwrap_or_default());
        let signature = URL_SAFE_NO_PAD.encode(self.mac(&body).finalize().into_bytes());
        format!("{body}.{signature}")
    }

    /// What a link's text opens at a time; nothing of it is looked at before its signature is found right.
    ///
    /// # Errors
    /// [`Refused::Forged`] or [`Refused::Expired`].
    pub fn open(&self, text: &str, now: i64) -> Result<Claims, Refused> {
        let (body, signature) = halves(text).ok_or(Refused::Forged)?;
        self.mac(body).verify_slice(&signature).map_err(|_| Refused::Forged)?;
        let claims = claims(body).ok_or(Refused::Forged)?;
        if now >= claims.expires { Err(Refused::Expired) } else { Ok(claims) }
    }

    fn mac(&self, body: &str) -> Hmac<Sha256> {
        let mut mac = self.0.clone();
        mac.update(CONTEXT);
        mac.update(body.as_bytes());
        mac
    }
}

fn halves(text: &str) -> Option<(&str, Vec<u8>)> {
    let (body, signature) = (text.len() <= LONGEST).then(|| text.split_once('.')).flatten()?;
    Some((body, URL_SAFE_NO_PAD.decode(signature).ok()?))
}

fn claims(body: &str) -> Option<Claims> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(body).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lab() -> Claims {
        let text = |text: &str| text.to_owned();
        let (id, cluster, figure) = (text("1f"), text("lab"), text("architecture"));
        Claims { id, cluster, figure, origin: text("https://portal.example"), expires: 1_000 }
    }

    #[test]
    fn a_link_opens_what_it_was_made_for_until_it_expires() {
        let signer = Signer::new("key");
        let text = signer.sign(&lab());
        assert_eq!(signer.open(&text, 999), Ok(lab()));
        assert_eq!(signer.open(&text, 1_000), Err(Refused::Expired));
    }

    #[test]
    fn no_other_text_opens_anything() {
        let signer = Signer::new("key");
        let text = signer.sign(&lab());
        let (body, signature) = text.split_once('.').unwrap();
        let longer = URL_SAFE_NO_PAD.encode(serde_json::to_vec(&Claims { expires: i64::MAX, ..lab() }).unwrap());
        let others = [
            String::new(),
            ".".into(),
            body.into(),
            format!("{body}."),
            format!(".{signature}"),
            format!("{text}A"),
            format!("{longer}.{signature}"),
            Signer::new("other").sign(&lab()),
            "x".repeat(10_000),
        ];
        for other in others {
            assert_eq!(signer.open(&other, 0), Err(Refused::Forged), "{other}");
        }
        for at in 0..text.len() {
            let mut other = text.clone().into_bytes();
            other[at] = if other[at] == b'A' { b'B' } else { b'A' };
            let other = String::from_utf8(other).unwrap();
            assert!(signer.open(&other, 0).is_err(), "{at}");
        }
    }
}
