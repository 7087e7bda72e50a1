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

/// Why nobody is known to have heard the news. The address is in none of these.
#[derive(Debug, thiserror::Error)]
pub enum WebhookError {
    /// Nobody answered, or with an error.
    #[error(transparent)]
    Failed(reqwest::Error),
    /// It sends elsewhere, where no news is sent after it: a POST would come as a GET without its body.
    #[error("it answers {0} and sends to another address: name the one that takes the news itself")]
    Elsewhere(reqwest::StatusCode),
}

impl From<reqwest::Error> for WebhookError {
    fn from(error: reqwest::Error) -> Self {
        Self::Failed(error.without_url())
    }
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
    pub async fn tell(&self, body: &str) -> Result<(), WebhookError> {
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
pub(crate) async fn post(address: &str, body: &str, signature: Option<&str>, tries: u32) -> Result<(), WebhookError> {
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
        match request.send().await.map_err(WebhookError::from).and_then(heard) {
            Err(error) if tried < tries => drop(error),
            heard => return heard,
        }
        tokio::time::sleep(Duration::from_secs(2_u64.pow(tried))).await;
    }
}

/// Whether an answer says that the news was taken.
fn heard(response: reqwest::Response) -> Result<(), WebhookError> {
    let status = response.status();
    if status.is_success() {
        return Ok(());
    }
    response.error_for_status()?;
    Err(WebhookError::Elsewhere(status))
}

#[cfg(test)]
mod tests {
    use axum::{Router, http::StatusCode, response::Redirect, routing::post};

    use super::*;

    #[tokio::test]
    async fn only_an_answer_of_success_says_that_news_was_heard() {
        let app = Router::new()
            .route("/taken", post(async || StatusCode::NO_CONTENT))
            .route("/moved", post(async || Redirect::temporary("/taken?token=hidden-one")))
            .route("/broken", post(async || StatusCode::BAD_GATEWAY));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let serving = tokio::spawn(async move { axum::serve(listener, app).await });
        let told = async |path: &str| {
            let webhook = Webhook { address: format!("http://{address}{path}"), secret: "a secret of the test".into() };
            webhook.tell("{}").await.map_err(|error| error.to_string())
        };
        assert_eq!(told("/taken").await, Ok(()));
        let moved = told("/moved").await.unwrap_err();
        assert!(moved.contains("307") && !moved.contains("hidden-one"), "{moved}");
        let broken = told("/broken").await.unwrap_err();
        assert!(broken.contains("502") && !broken.contains(&address.to_string()), "{broken}");
        serving.abort();
    }
}
