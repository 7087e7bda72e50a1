//! A provider's tokens in the database: sealed by the value of the session's cookie.
//!
//! The database knows that value's hash alone, so whoever reads the database cannot open them; only a request with
//! the cookie can. AES-256-GCM, with a key derived from the value by HKDF-SHA256.

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use ring::{aead, hkdf};

/// What the derived key is for, so that no other use of the cookie's value gives the same key.
const PURPOSE: &[u8] = b"binnacle: tokens of a sign-in provider";

fn key(cookie: &str) -> Option<aead::LessSafeKey> {
    let secret = hkdf::Salt::new(hkdf::HKDF_SHA256, &[]).extract(cookie.as_bytes());
    let key: aead::UnboundKey = secret.expand(&[PURPOSE], &aead::AES_256_GCM).ok()?.into();
    Some(aead::LessSafeKey::new(key))
}

/// Seals a text; `None` only when the cryptography refuses.
pub(super) fn seal(cookie: &str, text: &str) -> Option<String> {
    let mut nonce = [0; aead::NONCE_LEN];
    getrandom::fill(&mut nonce).ok()?;
    let mut sealed = text.as_bytes().to_vec();
    let unique = aead::Nonce::assume_unique_for_key(nonce);
    key(cookie)?.seal_in_place_append_tag(unique, aead::Aad::empty(), &mut sealed).ok()?;
    Some(BASE64.encode([&nonce[..], &sealed].concat()))
}

/// What was sealed, if this is the cookie that it was sealed by and nobody changed it.
pub(super) fn open(cookie: &str, sealed: &str) -> Option<String> {
    let mut bytes = BASE64.decode(sealed).ok()?;
    if bytes.len() < aead::NONCE_LEN {
        return None;
    }
    let mut rest = bytes.split_off(aead::NONCE_LEN);
    let nonce = aead::Nonce::try_assume_unique_for_key(&bytes).ok()?;
    let text = key(cookie)?.open_in_place(nonce, aead::Aad::empty(), &mut rest).ok()?;
    String::from_utf8(text.to_vec()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_by_the_same_cookie_alone() {
        let sealed = seal("cookie", "token").unwrap();
        assert_eq!(open("cookie", &sealed).as_deref(), Some("token"));
        assert_eq!(open("another", &sealed), None);
        assert!(!sealed.contains("token") && sealed != seal("cookie", "token").unwrap());
        let mut changed = BASE64.decode(&sealed).unwrap();
        changed[13] ^= 1;
        assert_eq!(open("cookie", &BASE64.encode(changed)), None);
        assert_eq!(open("cookie", ""), None);
    }
}
