//! What `binnacle doctor` asks of a cluster, once.

use std::time::Duration;

use http::header::DATE;
use kube::{Client, client::Body};

use super::{Trouble, contexts::Context, permissions, trouble::first_line};

/// A cluster that needs longer for all of an answer counts as silent.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a cluster answered.
#[derive(Debug)]
pub struct Examined {
    /// Its version, as in `v1.34.1`.
    pub version: String,
    /// Milliseconds by which this machine's clock is ahead of the API server's; `None` when it told no time.
    pub ahead: Option<i64>,
    /// What the account may not do and is needed, as in `watch pods`; or why that is unknown.
    pub missing: Result<Vec<String>, String>,
}

/// Asks a cluster whether it answers, what time it has, and what this account may do.
///
/// # Errors
/// [`Trouble`] when it does not answer or does not let us in.
pub async fn examine(context: &Context) -> Result<Examined, Trouble> {
    let (client, address) = context.client().await?;
    let late = || Trouble::late(&context.name, &address);
    let told = tokio::time::timeout(PATIENCE, client.apiserver_version()).await.map_err(|_| late())?;
    let told = told.map_err(|error| Trouble::of(&error, &context.name, &address))?;
    let ahead = tokio::time::timeout(PATIENCE, ahead(&client)).await.ok().flatten();
    let missing = match tokio::time::timeout(PATIENCE, permissions::missing(&client, &context.namespaces)).await {
        Ok(Ok(missing)) => Ok(missing),
        // Servers that review no access answer so.
        Ok(Err(kube::Error::Api(status))) => Err(first_line(&status.message)),
        Ok(Err(error)) => Err(first_line(&error.to_string())),
        Err(_) => Err("the API server did not answer in time".into()),
    };
    Ok(Examined { version: told.git_version, ahead, missing })
}

/// By how much our clock is ahead; the header has whole seconds, and half of the way is ours.
async fn ahead(client: &Client) -> Option<i64> {
    let sent = jiff::Timestamp::now().as_millisecond();
    let request = http::Request::get("/version").body(Body::empty()).ok()?;
    let answer = client.send(request).await.ok()?;
    let date = answer.headers().get(DATE)?.to_str().ok()?;
    let date = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(date).ok()?;
    let ours = i64::midpoint(sent, jiff::Timestamp::now().as_millisecond());
    Some(ours - (date.as_millisecond() + 500))
}
