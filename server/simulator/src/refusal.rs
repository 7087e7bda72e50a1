//! Answers that say no, as `Status` objects with the words that kube-apiserver uses.

use axum::{body::Body, response::Response};
use http::{StatusCode, header};
use serde_json::{Value, json};

use crate::{kind::Kind, profile::Profile};

/// A refused request.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    pub(crate) code: u16,
    reason: &'static str,
    message: String,
    details: Value,
}

impl Refusal {
    fn new(code: u16, reason: &'static str, message: impl Into<String>) -> Self {
        Self { code, reason, message: message.into(), details: Value::Null }
    }

    fn about(mut self, kind: Kind, name: &str) -> Self {
        let mut details = json!({"kind": kind.names().plural});
        if !name.is_empty() {
            details["name"] = name.into();
        }
        if !kind.group().is_empty() {
            details["group"] = kind.group().into();
        }
        self.details = details;
        self
    }

    /// A path that nothing is served at.
    pub(crate) fn no_path() -> Self {
        Self::new(404, "NotFound", "the server could not find the requested resource")
    }

    pub(crate) fn not_found(kind: Kind, name: &str) -> Self {
        Self::new(404, "NotFound", format!("{} {name:?} not found", kind.qualified())).about(kind, name)
    }

    pub(crate) fn exists(kind: Kind, name: &str) -> Self {
        Self::new(409, "AlreadyExists", format!("{} {name:?} already exists", kind.qualified())).about(kind, name)
    }

    pub(crate) fn conflict(kind: Kind, name: &str) -> Self {
        let message = format!(
            "Operation cannot be fulfilled on {} {name:?}: the object has been modified; please apply your changes to \
             the latest version and try again",
            kind.qualified()
        );
        Self::new(409, "Conflict", message).about(kind, name)
    }

    /// An object that cannot be: `field: what is wrong`.
    pub(crate) fn invalid(kind: Kind, name: &str, problem: &str) -> Self {
        let mut refusal = Self::new(422, "Invalid", format!("{} {name:?} is invalid: {problem}", kind.names().kind))
            .about(kind, name);
        refusal.details["kind"] = kind.names().kind.into();
        refusal
    }

    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(400, "BadRequest", message)
    }

    pub(crate) fn method() -> Self {
        Self::new(405, "MethodNotAllowed", "the server does not allow this method on the requested resource")
    }

    pub(crate) fn media_type(found: &str) -> Self {
        let message = format!(
            "the body of the request was in an unknown format - accepted media types include: application/json, \
             application/merge-patch+json, application/strategic-merge-patch+json, application/apply-patch+yaml; \
             found {found:?}"
        );
        Self::new(415, "UnsupportedMediaType", message)
    }

    pub(crate) fn unauthorized() -> Self {
        Self::new(401, "Unauthorized", "Unauthorized")
    }

    /// As RBAC writes it for the user `binnacle`.
    pub(crate) fn forbidden(profile: Profile, verb: &str, kind: Kind, namespace: &str, name: &str) -> Self {
        let names = kind.names();
        let subject = match name {
            "" => format!("{} is forbidden", kind.qualified()),
            name => format!("{} {name:?} is forbidden", kind.qualified()),
        };
        let place = match namespace {
            "" => "at the cluster scope".to_owned(),
            namespace => format!("in the namespace {namespace:?}"),
        };
        let what = match profile {
            Profile::Current => format!("resource {:?} in API group {:?}", names.plural, kind.group()),
            Profile::V1_11 => kind.qualified(),
        };
        let message = format!("{subject}: User \"binnacle\" cannot {verb} {what} {place}");
        Self::new(403, "Forbidden", message).about(kind, name)
    }

    /// A watch from, or a list as of, a version that has been forgotten.
    pub(crate) fn gone(asked: u64, oldest: u64) -> Self {
        Self::new(410, "Expired", format!("too old resource version: {asked} ({oldest})"))
    }

    /// A continue token whose list has been forgotten.
    pub(crate) fn expired_continue() -> Self {
        let message = "The provided continue parameter is too old to display a consistent list result. You can start \
                       a new list without the continue parameter, or use the continue token in this response to \
                       retrieve the remainder of the results. Continuing with the provided token results in an \
                       inconsistent list - objects that were created, modified, or deleted between the time the first \
                       chunk was returned and now may show up in the list.";
        Self::new(410, "Expired", message)
    }

    /// A list not older than a version that lies ahead.
    pub(crate) fn future(asked: u64, current: u64) -> Self {
        let mut refusal = Self::new(504, "Timeout", format!("Too large resource version: {asked}, current: {current}"));
        refusal.details = json!({"retryAfterSeconds": 1,
            "causes": [{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}]});
        refusal
    }

    /// A fault that was asked for.
    pub(crate) fn on_demand(code: u16) -> Self {
        let mut refusal = match code {
            429 => Self::new(
                429,
                "TooManyRequests",
                "the server has received too many requests and has asked us to try again later",
            ),
            500 => Self::new(500, "InternalError", "Internal error occurred: etcdserver: leader changed"),
            503 => Self::new(503, "ServiceUnavailable", "the server is currently unable to handle the request"),
            code => Self::new(code, "", "a fault that was asked for"),
        };
        if code == 429 {
            refusal.details = json!({"retryAfterSeconds": 1});
        }
        refusal
    }

    /// The Status object.
    pub(crate) fn status(&self) -> Value {
        let mut status = json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "message": self.message, "reason": self.reason, "code": self.code});
        if !self.details.is_null() {
            status["details"] = self.details.clone();
        }
        status
    }

    pub(crate) fn into_response(self) -> Response {
        let mut response = json_response(self.code, &self.status());
        if self.code == 429 {
            response.headers_mut().insert(header::RETRY_AFTER, header::HeaderValue::from_static("1"));
        }
        response
    }
}

/// A JSON answer.
pub(crate) fn json_response(code: u16, value: &Value) -> Response {
    bytes_response(code, value.to_string())
}

/// An answer of JSON that is already written.
pub(crate) fn bytes_response(code: u16, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
    response
}
