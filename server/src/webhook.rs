//! An address that takes news as JSON by POST, and can check who tells it.

use std::{fmt, time::Duration};

use hmac::{Hmac, Mac};
use sha2::Sha256;

/// How long an address may take.
const PATIENCE: Duration = Duration::from_secs(20);
/// The header with the body's HMAC-SHA256 in hexadecimal.
const SIGNATURE: &str = "Binnacle-Signature";

/// An address with what its news are signed with.
#[derive(Clone)]
pub struct Webhook {
    /// Where to: `http://` or `https://`. It may have a secret in it, and is never logged.
    pub address: String,
    /// What the body is signed with.
    pub secret: String,
}

impl fmt::Debug for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Webhook")
    }
}

impl Webhook {
    /// Tells it once.
    ///
    /// # Errors
    /// Why it is not known to have been heard, without the address.
    pub async fn tell(&self, body: &str) -> Result<(), reqwest::Error> {
        post(&self.address, body, signature(&self.secret, body).as_deref(), 1).await
    }
}

/// What says in the head that a body comes from whoever knows the secret.
pub(crate) fn signature(secret: &str, body: &str) -> Option<String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).ok()?;
    mac.update(body.as_bytes());
    let sum: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    Some(format!("sha256={sum}"))
}

/// Posts a body, so often at most, each time after a longer pause.
pub(crate) async fn post(address: &str, body: &str, signature: Option<&str>, tries: u32) -> Result<(), reqwest::Error> {
    // The client takes the process's cryptography; whoever comes second finds the first one's.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().timeout(PATIENCE).redirect(reqwest::redirect::Policy::none()).build()?;
    let mut tried = 0;
    loop {
        let mut request = client.post(address).header("Content-Type", "application/json").body(body.to_owned());
        if let Some(signature) = signature {
            request = request.header(SIGNATURE, signature);
        }
        tried += 1;
        match request.send().await.and_then(reqwest::Response::error_for_status) {
            Ok(_) => return Ok(()),
            Err(error) if tried >= tries => return Err(error.without_url()),
            Err(_) => tokio::time::sleep(Duration::from_secs(2_u64.pow(tried))).await,
        }
    }
}
