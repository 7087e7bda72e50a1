//! The service: takes a request, lets faults speak first, and leads it to whoever answers.

use std::{
    convert::Infallible,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use axum::{body::Bytes, response::Response};
use http::{Method, Request, header, request::Parts};
use http_body_util::{BodyExt, Limited};
use serde_json::{Value, json};

use crate::{
    discovery, faults, health,
    kind::Kind,
    list, log,
    patch::Style,
    path::{self, Parameters, Part, Route, Target},
    refusal::{Refusal, bytes_response, json_response},
    selector::Selector,
    simulator::Simulator,
    store::Store,
    table::{self, Form},
    watch, write,
};

/// The largest body that is read, as kube-apiserver's own limit.
const LARGEST: usize = 3 * 1024 * 1024;

impl Simulator {
    /// Answers one request. Every answer is one of Kubernetes': refusals are `Status` objects.
    pub async fn handle<B>(&self, request: Request<B>) -> Response
    where
        B: http_body::Body<Data = Bytes> + Send,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let (parts, body) = request.into_parts();
        let answer = match Limited::new(body, LARGEST).collect().await {
            Ok(body) => self.answer(&parts, &body.to_bytes()).await,
            Err(error) => Err(Refusal::bad_request(format!("the body cannot be read: {error}"))),
        };
        answer.unwrap_or_else(Refusal::into_response)
    }

    async fn answer(&self, parts: &Parts, body: &Bytes) -> Result<Response, Refusal> {
        let profile = self.store().profile;
        let route = path::route(parts.uri.path(), profile)?;
        if route == Route::Faults {
            return self.answer_faults(parts, body);
        }
        let plan = self.faults().plan();
        if plan.delay_ms > 0 {
            tokio::time::sleep(Duration::from_millis(plan.delay_ms)).await;
        }
        if plan.expired_token {
            return Err(Refusal::unauthorized());
        }
        if let Some(status) = self.faults().take_failure() {
            return Err(Refusal::on_demand(status));
        }
        let known = match route {
            Route::Objects(target) => return self.answer_objects(parts, &target, body),
            Route::Health(word, check) => {
                let verbose = parts.uri.query().is_some_and(|query| query.contains("verbose"));
                return health::answer(profile, &word, check.as_deref(), verbose, plan.etcd_down);
            }
            Route::Version => discovery::version(profile, &self.store().kubernetes),
            Route::CoreVersions => discovery::core_versions(),
            Route::Groups => discovery::groups(profile),
            Route::Group(name) => discovery::group(profile, &name)?,
            Route::Resources(api_version) => discovery::resources(profile, &api_version)?,
            Route::Faults => return Err(Refusal::no_path()),
        };
        Ok(json_response(200, &known))
    }

    fn answer_faults(&self, parts: &Parts, body: &Bytes) -> Result<Response, Refusal> {
        if parts.method == Method::PUT {
            let plan: faults::Plan = serde_json::from_slice(body)
                .map_err(|error| Refusal::bad_request(format!("the plan of faults cannot be read: {error}")))?;
            self.plan_faults(plan);
        } else if parts.method != Method::GET {
            return Err(Refusal::method());
        }
        Ok(json_response(200, &json!(self.faults().plan())))
    }

    fn answer_objects(&self, parts: &Parts, target: &Target, body: &Bytes) -> Result<Response, Refusal> {
        let store = self.store();
        let query = Parameters::read(&parts.uri)?;
        let header = |name| parts.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let form = Form::from_accept(header(header::ACCEPT), store.clock.now());
        let verb = verb(&parts.method, target, &query)?;
        if self.faults().forbids(target.kind, &target.namespace) {
            let Target { kind, namespace, name, .. } = target;
            return Err(Refusal::forbidden(store.profile, verb, *kind, namespace, name));
        }
        if let Some(status) = self.faults().fails(target.kind) {
            return Err(Refusal::on_demand(status));
        }
        match verb {
            "list" => list::answer(store, self.faults(), target, &query, form),
            "watch" => watch::answer(store, self.faults(), target, &query, form, self.bookmarks_every()),
            "get" => get(store, target, &query, form),
            "create" => Ok(json_response(201, &write::create(store, target, read(body)?)?)),
            "update" => Ok(json_response(200, &write::update(store, target, &read(body)?)?)),
            "patch" => patch(store, target, header(header::CONTENT_TYPE), &read(body)?),
            "delete" => Ok(json_response(200, &write::delete(store, target, grace(&query, body)?)?)),
            _ => delete_all(store, target, &query, body),
        }
    }
}

/// What RBAC calls what the request does.
fn verb(method: &Method, target: &Target, query: &Parameters) -> Result<&'static str, Refusal> {
    let one = !target.name.is_empty();
    let placed = !target.kind.names().namespaced || !target.namespace.is_empty();
    match *method {
        Method::GET | Method::HEAD if query.flag("watch") && target.part == Part::Whole => Ok("watch"),
        Method::GET | Method::HEAD if one => Ok("get"),
        Method::GET | Method::HEAD => Ok("list"),
        Method::POST if !one && placed => Ok("create"),
        Method::PUT if one && target.part != Part::Log => Ok("update"),
        Method::PATCH if one && target.part != Part::Log => Ok("patch"),
        Method::DELETE if one && target.part == Part::Whole => Ok("delete"),
        Method::DELETE if !one && placed => Ok("deletecollection"),
        _ => Err(Refusal::method()),
    }
}

fn read(body: &Bytes) -> Result<Value, Refusal> {
    if body.starts_with(b"k8s\0") {
        return Err(Refusal::media_type("application/vnd.kubernetes.protobuf"));
    }
    serde_json::from_slice(body)
        .map_err(|error| Refusal::bad_request(format!("couldn't read the object: it must be JSON: {error}")))
}

fn get(store: &Store, target: &Target, query: &Parameters, form: Form) -> Result<Response, Refusal> {
    let object = store
        .get(target.kind, &target.namespace, &target.name)
        .ok_or_else(|| Refusal::not_found(target.kind, &target.name))?;
    if target.part == Part::Log {
        return Ok(health::text(200, log::body(&object.value(), query, store.clock.now())?));
    }
    let mut out = Vec::new();
    match form {
        Form::Object => object.write(&mut out, object.version, true),
        Form::Table(now) => table::event(&mut out, &object, object.version, now),
    }
    Ok(bytes_response(200, out))
}

fn patch(store: &Store, target: &Target, media_type: &str, body: &Value) -> Result<Response, Refusal> {
    let media_type = media_type.split(';').next().unwrap_or_default().trim();
    let style = match media_type {
        "application/merge-patch+json" | "application/apply-patch+yaml" => Style::Merge,
        "application/strategic-merge-patch+json" => Style::Strategic,
        other => return Err(Refusal::media_type(other)),
    };
    let missing = store.get(target.kind, &target.namespace, &target.name).is_none();
    if missing && media_type == "application/apply-patch+yaml" && target.part == Part::Whole {
        return Ok(json_response(201, &write::create(store, target, body.clone())?));
    }
    Ok(json_response(200, &write::patch(store, target, style, body)?))
}

/// The grace period that a deletion asks for, in its query or its DeleteOptions.
fn grace(query: &Parameters, body: &Bytes) -> Result<Option<u64>, Refusal> {
    if let Some(seconds) = query.number("gracePeriodSeconds")? {
        return Ok(Some(seconds));
    }
    if body.is_empty() {
        return Ok(None);
    }
    Ok(read(body)?["gracePeriodSeconds"].as_u64())
}

fn delete_all(store: &Store, target: &Target, query: &Parameters, body: &Bytes) -> Result<Response, Refusal> {
    let selector: Selector = list::selector(target, query)?;
    let grace = grace(query, body)?;
    let objects: Vec<_> = {
        let shelf = store.shelf(target.kind);
        let all = shelf.objects.values();
        all.filter(|object| target.namespace.is_empty() || *object.key.namespace == *target.namespace)
            .cloned()
            .collect()
    };
    for object in objects.into_iter().filter(|object| selector.matches(object)) {
        let one = Target { name: object.key.name.to_string(), ..target.clone() };
        // Whatever has gone meanwhile needs no deleting.
        let _gone = write::delete(store, &one, grace);
    }
    let kind: Kind = target.kind;
    Ok(json_response(
        200,
        &json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success",
            "details": {"group": kind.group(), "kind": kind.names().plural}}),
    ))
}

impl<B> tower::Service<Request<B>> for Simulator
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let simulator = self.clone();
        Box::pin(async move { Ok(simulator.handle(request).await) })
    }
}
