//! Where a store sends elsewhere: said, and never followed.
//!
//! A signature is for one host and one path. A request that follows a redirect has none, is refused, and
//! the refusal speaks of credentials, which are well.

use std::{future::Future, pin::Pin, time::Duration};

use http::{Uri, header::LOCATION};
use http_body_util::BodyExt;
use object_store::{
    ClientOptions,
    client::{HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse, HttpService},
};

/// An answer that sends elsewhere is short; of more than this nothing is read.
const SHORT: usize = 16 * 1024;
/// Until such an answer is whole.
const SOON: Duration = Duration::from_secs(10);

/// It sends elsewhere.
#[derive(Debug, thiserror::Error)]
pub(super) enum Moved {
    /// To another address.
    #[error("it sends to {to}: {todo}")]
    Away {
        /// Which, without its path.
        to: String,
        /// What to do.
        todo: String,
    },
    /// To another page of the same address, as to one for signing in: no store does that.
    #[error("{}", super::error::NOT_A_STORE)]
    Page,
}

/// A client that follows no redirect.
#[derive(Clone, Debug)]
pub(super) struct Unmoved(reqwest::Client);

impl Unmoved {
    /// From a client's settings.
    ///
    /// # Errors
    /// Where TLS cannot be set up.
    pub(super) fn new(client: reqwest::ClientBuilder) -> reqwest::Result<Self> {
        client.redirect(reqwest::redirect::Policy::none()).build().map(Self)
    }
}

impl HttpConnector for Unmoved {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(self.clone()))
    }
}

impl HttpService for Unmoved {
    fn call<'a, 'b>(
        &'a self,
        request: HttpRequest,
    ) -> Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send + 'b>>
    where
        'a: 'b,
        Self: 'b,
    {
        Box::pin(async move {
            let asked = request.uri().clone();
            let answer = HttpService::call(&self.0, request).await?;
            let sends = answer.status().is_redirection() && answer.status() != http::StatusCode::NOT_MODIFIED;
            if sends { Err(HttpError::new(HttpErrorKind::Unknown, moved(&asked, answer).await)) } else { Ok(answer) }
        })
    }
}

async fn moved(asked: &Uri, answer: HttpResponse) -> Moved {
    let header = |name: &str| answer.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let (location, region) = (header(LOCATION.as_str()), header("x-amz-bucket-region"));
    let body = http_body_util::Limited::new(answer.into_body(), SHORT).collect();
    let body = tokio::time::timeout(SOON, body).await;
    let body = body.ok().and_then(Result::ok).map(|body| String::from_utf8_lossy(&body.to_bytes()).into_owned());
    let body = body.unwrap_or_default();
    told(asked, location.as_deref(), region.as_deref(), &body)
}

/// What it says by its headers and its body.
fn told(asked: &Uri, location: Option<&str>, region: Option<&str>, body: &str) -> Moved {
    let within = |element: &str| super::error::within(body, element).filter(|text| !text.is_empty());
    // Its query may hold a signature.
    let place = |uri: &Uri| {
        let (scheme, host) = (uri.scheme_str()?, uri.host()?.to_ascii_lowercase());
        let is_default = |port: &u16| matches!((scheme, *port), ("http", 80) | ("https", 443));
        let port = uri.port_u16().filter(|port| !is_default(port));
        Some(port.map_or_else(|| format!("{scheme}://{host}"), |port| format!("{scheme}://{host}:{port}")))
    };
    let (region, endpoint) = (region.map(str::to_owned).or_else(|| within("Region")), within("Endpoint"));
    let uri = location.and_then(|address| address.parse::<Uri>().ok());
    // Two slashes begin with a host.
    let relative = |address: &str| {
        !address.is_empty() && !address.starts_with("//") && (address.starts_with('/') || !address.contains("://"))
    };
    let stays =
        location.is_some_and(relative) || uri.as_ref().and_then(place).is_some_and(|to| Some(to) == place(asked));
    if stays && region.is_none() && endpoint.is_none() {
        return Moved::Page;
    }
    // As from http to https.
    let same_host = |uri: &Uri| uri.host() == asked.host() && uri.scheme() != asked.scheme();
    let same_host = uri.as_ref().is_some_and(same_host);
    let to = uri.as_ref().and_then(place).or(endpoint);
    let todo = match (&region, &to) {
        (Some(region), _) => format!("say region={}", plain(region)),
        (None, Some(_)) if same_host => "name that address with endpoint=URL".to_owned(),
        (None, Some(_)) => "name the bucket's region with region=NAME, or that address with endpoint=URL".to_owned(),
        (None, None) => "name the bucket's region with region=NAME".to_owned(),
    };
    Moved::Away { to: to.as_deref().map_or_else(|| "another region".to_owned(), plain), todo }
}

/// Without what a terminal or a page would take for its own.
fn plain(text: &str) -> String {
    text.chars().filter(|character| !character.is_control()).take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirect_is_told_with_its_address_and_the_regions_name() {
        let body = "<Error><Code>PermanentRedirect</Code><Endpoint>b.s3.eu-west-1.amazonaws.com</Endpoint></Error>";
        let asked: Uri = "http://s3.example/b/p".parse().unwrap();
        let said = |location, region, body| told(&asked, location, region, body).to_string();
        assert_eq!(
            said(None, Some("eu-west-1"), body),
            "it sends to b.s3.eu-west-1.amazonaws.com: say region=eu-west-1"
        );
        let signed = "https://eu.example:9443/b/p?X-Amz-Signature=0123";
        assert_eq!(
            said(Some(signed), None, ""),
            "it sends to https://eu.example:9443: name the bucket's region with region=NAME, or that address with endpoint=URL"
        );
        assert_eq!(said(None, None, ""), "it sends to another region: name the bucket's region with region=NAME");
        let tls = "https://s3.example/b/p";
        assert_eq!(said(Some(tls), None, ""), "it sends to https://s3.example: name that address with endpoint=URL");
    }

    #[test]
    fn a_redirect_to_a_page_of_the_same_address_is_no_stores() {
        let asked: Uri = "http://s3.example:9000/b/p".parse().unwrap();
        for page in ["/login?next=%2Fb", "login", "http://s3.example:9000/login"] {
            let moved = told(&asked, Some(page), None, "<html>");
            assert!(matches!(moved, Moved::Page), "{page}: {moved}");
        }
        let moved = told(&asked, Some("//other.example/login"), None, "");
        assert!(matches!(moved, Moved::Away { .. }), "{moved}");
    }
}
