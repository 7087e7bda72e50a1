//! One question to the API server, bounded in time and in size.

use std::time::Duration;

use http_body_util::{BodyExt, Limited};
use kube::{
    Client,
    client::Body,
    core::{Status, response::StatusSummary},
};
use serde::de::DeserializeOwned;

use super::trouble::first_line;

/// An answer that takes longer is none.
pub(super) const PATIENCE: Duration = Duration::from_secs(3);
/// An answer that is longer is none.
const LONGEST: usize = 8 << 20;
/// Objects as they are.
const OBJECTS: &str = "application/json";

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The role lacks a permission.
    #[error("the permission to {0} is missing")]
    Forbidden(String),
    /// What is asked for is not there.
    #[error("{0}")]
    Missing(String),
    /// There is no answer, or not yet.
    #[error("{0}")]
    Nothing(String),
    /// The API server did not answer in time.
    #[error("the API server did not answer within {} s", .0.as_secs())]
    Late(Duration),
}

/// A name in a path.
pub(super) fn part(name: &str) -> String {
    form_urlencoded::byte_serialize(name.as_bytes()).collect::<String>().replace('+', "%20")
}

/// An answer that is JSON.
pub(super) async fn json<T: DeserializeOwned>(client: &Client, path: &str, query: &[(&str, &str)]) -> kube::Result<T> {
    json_as(client, path, query, OBJECTS).await
}

/// The same in a form that `accept` names.
pub(super) async fn json_as<T: DeserializeOwned>(
    client: &Client,
    path: &str,
    query: &[(&str, &str)],
    accept: &str,
) -> kube::Result<T> {
    serde_json::from_str(&get_as(client, path, query, accept).await?).map_err(kube::Error::SerdeError)
}

/// Text, whatever bytes it is made of: a log that is cut off may end within a letter.
pub(super) async fn get(client: &Client, path: &str, query: &[(&str, &str)]) -> kube::Result<String> {
    get_as(client, path, query, "*/*").await
}

async fn get_as(client: &Client, path: &str, query: &[(&str, &str)], accept: &str) -> kube::Result<String> {
    let body = Limited::new(open(client, path, query, accept).await?, LONGEST);
    let body = body.collect().await.map_err(kube::Error::Service)?.to_bytes();
    Ok(String::from_utf8_lossy(&body).into_owned())
}

/// An answer as it comes. Whoever reads it bounds it.
pub(super) async fn open(client: &Client, path: &str, query: &[(&str, &str)], accept: &str) -> kube::Result<Body> {
    // Servers written in Go decode a path before they divide it: no name may hold a border, nor climb. An empty one
    // would ask for all. Every question passes here, whoever puts its path together.
    if path.contains("%2F") || path.split('/').skip(1).any(|part| matches!(part, "" | "." | "..")) {
        let message = "there is nothing of such a name".to_owned();
        return Err(kube::Error::Api(Box::new(Status { code: 404, message, ..Status::default() })));
    }
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
    let request = http::Request::get(format!("{path}?{query}"))
        .header(http::header::ACCEPT, accept)
        .body(Body::empty())
        .map_err(kube::Error::HttpError)?;
    let response = client.send(request).await?;
    let code = response.status();
    if code.is_success() {
        return Ok(response.into_body());
    }
    let body = Limited::new(response.into_body(), LONGEST).collect().await.map_err(kube::Error::Service)?.to_bytes();
    let refusal = serde_json::from_slice::<Status>(&body).unwrap_or_else(|_| Status {
        status: Some(StatusSummary::Failure),
        message: code.canonical_reason().unwrap_or("an answer that says nothing").into(),
        ..Status::default()
    });
    Err(kube::Error::Api(Box::new(Status { code: code.as_u16(), ..refusal })))
}

/// What comes of a question within a time. `permission` is what it needs, as in `list events`.
pub(super) async fn in_time<T>(
    patience: Duration,
    permission: &str,
    asked: impl Future<Output = kube::Result<T>>,
) -> Result<T, Refused> {
    match tokio::time::timeout(patience, asked).await {
        Err(_) => Err(Refused::Late(patience)),
        Ok(answer) => answer.map_err(|error| refused(&error, permission)),
    }
}

/// What an error means for whoever asked.
fn refused(error: &kube::Error, permission: &str) -> Refused {
    match error {
        kube::Error::Api(status) if status.code == 403 => Refused::Forbidden(permission.to_owned()),
        kube::Error::Api(status) if status.code == 404 => Refused::Missing(first_line(&status.message)),
        kube::Error::Api(status) => Refused::Nothing(first_line(&status.message)),
        kube::Error::SerdeError(_) => Refused::Nothing("the answer is not what was asked for".into()),
        kube::Error::Service(error) if error.is::<http_body_util::LengthLimitError>() => {
            Refused::Nothing(format!("the answer is longer than {} MiB", LONGEST >> 20))
        }
        _ => Refused::Nothing("the API server cannot be reached just now".into()),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A server that answers by path and query.
    pub(in crate::cluster) fn server(answer: fn(&str, &str) -> (u16, Vec<u8>)) -> Client {
        let service = tower::service_fn(move |request: http::Request<Body>| async move {
            let (code, body) = answer(request.uri().path(), request.uri().query().unwrap_or_default());
            http::Response::builder().status(code).body(Body::from(body))
        });
        Client::new(service, "default")
    }

    pub(in crate::cluster) fn refusal(code: u16, message: &str) -> (u16, Vec<u8>) {
        let status = serde_json::json!({ "kind": "Status", "code": code, "message": message });
        (code, status.to_string().into_bytes())
    }

    #[tokio::test]
    async fn an_answer_without_end_is_given_up() {
        let client = server(|_, _| (200, vec![b'x'; LONGEST + 1]));
        let asked = in_time(PATIENCE, "get it", get(&client, "/x", &[])).await;
        assert_eq!(asked, Err(Refused::Nothing("the answer is longer than 8 MiB".into())));
    }
}
