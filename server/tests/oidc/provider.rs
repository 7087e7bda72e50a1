//! A provider of OpenID Connect on loopback whose words a test chooses: by patches on what a plain one says.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use axum::{
    Json, Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, Uri, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD as BASE64},
};
use ring::signature::{Ed25519KeyPair, KeyPair};
use serde_json::{Value, json};

pub const SECRET: &str = "s3cr&t/+:% of the tests";

/// What this provider says and wants.
#[derive(Clone)]
pub struct Shape {
    /// Members of discovery; `null` takes one away.
    pub discovery: Value,
    /// Claims of the ID token, the same.
    pub claims: Value,
    /// Claims of a signed access token; `null` for one that is no token.
    pub access: Value,
    /// Members of the token endpoint's answer, the same.
    pub answer: Value,
    /// What userinfo says; `null` for status 403.
    pub userinfo: Value,
    /// Scopes that this client may ask for; `None` for all.
    pub scopes: Option<Vec<&'static str>>,
    /// The one way in which the secret is taken; `None` for both.
    pub method: Option<&'static str>,
    /// The error of the token endpoint, with its description.
    pub token_error: Option<(&'static str, &'static str)>,
    /// The error of a sign-in, with its description.
    pub error: Option<(&'static str, &'static str)>,
    /// What the head of ID tokens says.
    pub head: Value,
    /// The error when nobody may be asked.
    pub silent_error: Option<&'static str>,
}

impl Default for Shape {
    fn default() -> Self {
        Self {
            discovery: json!({}),
            claims: json!({}),
            access: Value::Null,
            answer: json!({}),
            userinfo: json!({"sub": "u1"}),
            scopes: None,
            method: None,
            token_error: None,
            error: None,
            head: json!({"alg": "EdDSA", "kid": "k1"}),
            silent_error: None,
        }
    }
}

pub struct Provider {
    pub issuer: String,
    pub shape: Mutex<Shape>,
    /// Queries of sign-ins, oldest first.
    pub asked: Mutex<Vec<BTreeMap<String, String>>>,
    /// Forms that the token endpoint got.
    pub forms: Mutex<Vec<BTreeMap<String, String>>>,
    /// How often discovery was asked.
    pub discovered: Mutex<u32>,
    codes: Mutex<BTreeMap<String, BTreeMap<String, String>>>,
    key: Ed25519KeyPair,
}

fn patched(mut value: Value, patch: &Value) -> Value {
    for (name, change) in patch.as_object().into_iter().flatten() {
        if change.is_null() {
            value.as_object_mut().expect("an object").remove(name);
        } else {
            value[name] = change.clone();
        }
    }
    value
}

pub fn pairs(query: &str) -> BTreeMap<String, String> {
    form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

pub fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}

impl Provider {
    pub async fn start(shape: Shape) -> Arc<Self> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let issuer = format!("http://{}", listener.local_addr().expect("an address"));
        let document = Ed25519KeyPair::generate_pkcs8(&ring::rand::SystemRandom::new()).expect("a key");
        let provider = Arc::new(Self {
            issuer,
            shape: Mutex::new(shape),
            asked: Mutex::default(),
            forms: Mutex::default(),
            discovered: Mutex::default(),
            codes: Mutex::default(),
            key: Ed25519KeyPair::from_pkcs8(document.as_ref()).expect("a key"),
        });
        let router = provider.clone().router();
        tokio::spawn(async move { axum::serve(listener, router).await });
        provider
    }

    pub fn router(self: Arc<Self>) -> Router {
        Router::new()
            .route("/.well-known/openid-configuration", get(discovery))
            .route("/keys", get(keys))
            .route("/token", post(token))
            .route("/userinfo", get(userinfo))
            .with_state(self)
    }

    pub fn now_is(&self, shape: Shape) {
        *self.shape.lock().expect("whole") = shape;
    }

    fn shape(&self) -> Shape {
        self.shape.lock().expect("whole").clone()
    }

    pub fn signed(&self, head: &Value, claims: &Value) -> String {
        let text = format!("{}.{}", BASE64.encode(head.to_string()), BASE64.encode(claims.to_string()));
        let signature = self.key.sign(text.as_bytes());
        format!("{text}.{}", BASE64.encode(signature.as_ref()))
    }

    fn claims(&self, nonce: Option<&String>) -> Value {
        let plain = json!({
            "iss": self.issuer, "sub": "u1", "aud": "binnacle", "exp": now() + 300, "iat": now(), "sid": "s1",
            "name": "Ann", "groups": ["ops"],
        });
        let plain = patched(plain, &json!({ "nonce": nonce }));
        patched(plain, &self.shape().claims)
    }

    /// What a browser that was sent here brings back: a path of the server's.
    pub fn answers(&self, address: &str) -> String {
        let (shape, query) = (self.shape(), pairs(address.split_once('?').expect("a query").1));
        self.asked.lock().expect("whole").push(query.clone());
        let back = query["redirect_uri"].split_once("//").and_then(|(_, rest)| rest.split_once('/')).expect("a path").1;
        let with = |pairs: &[(&str, &str)]| {
            let mut out = form_urlencoded::Serializer::new(format!("/{back}?"));
            out.extend_pairs(pairs).append_pair("state", &query["state"]).append_pair("iss", &self.issuer);
            out.finish().replace("?&", "?")
        };
        let unknown = shape.scopes.filter(|known| query["scope"].split(' ').any(|scope| !known.contains(&scope)));
        if unknown.is_some() {
            let said = format!("Invalid scopes: {}", query["scope"]);
            return with(&[("error", "invalid_scope"), ("error_description", &said)]);
        }
        if let Some((error, said)) = shape.error {
            return with(&[("error", error), ("error_description", said)]);
        }
        if let Some(error) = shape.silent_error.filter(|_| query.get("prompt").is_some_and(|prompt| prompt == "none")) {
            return with(&[("error", error)]);
        }
        let code = format!("code-{:016x}", fastrand::u64(..));
        let back = with(&[("code", &code)]);
        self.codes.lock().expect("whole").insert(code, query);
        back
    }
}

async fn discovery(State(provider): State<Arc<Provider>>) -> Response {
    *provider.discovered.lock().expect("whole") += 1;
    let at = |path: &str| format!("{}/{path}", provider.issuer);
    let plain = json!({
        "issuer": provider.issuer, "authorization_endpoint": at("authorize"), "token_endpoint": at("token"),
        "jwks_uri": at("keys"), "userinfo_endpoint": at("userinfo"), "end_session_endpoint": at("out?tenant=1"),
        "response_types_supported": ["code"], "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256", "EdDSA", "HS256"],
        "scopes_supported": ["openid", "profile", "email", "groups"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "backchannel_logout_supported": true,
    });
    let shape = provider.shape();
    if shape.discovery.is_string() {
        return shape.discovery.as_str().unwrap_or_default().to_owned().into_response();
    }
    Json(patched(plain, &shape.discovery)).into_response()
}

async fn keys(State(provider): State<Arc<Provider>>) -> Json<Value> {
    let x = BASE64.encode(provider.key.public_key().as_ref());
    Json(json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "k1", "use": "sig", "x": x}]}))
}

fn refusal(status: StatusCode, error: &str, said: &str) -> Response {
    (status, Json(json!({"error": error, "error_description": said}))).into_response()
}

async fn token(State(provider): State<Arc<Provider>>, headers: HeaderMap, body: Bytes) -> Response {
    let form = pairs(&String::from_utf8_lossy(&body));
    provider.forms.lock().expect("whole").push(form.clone());
    let shape = provider.shape();
    let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let basic = format!("Basic {}", STANDARD.encode(format!("binnacle:{}", encoded(SECRET))));
    let by_head = headers.get(header::AUTHORIZATION).is_some_and(|sent| sent.as_bytes() == basic.as_bytes());
    let by_body = form.get("client_secret").is_some_and(|sent| sent == SECRET);
    let right = match shape.method {
        Some("client_secret_post") => by_body,
        Some("client_secret_basic") => by_head,
        Some(_) => form.get("client_id").is_some_and(|id| id == "binnacle"),
        None => by_head || by_body,
    };
    if !right {
        return refusal(StatusCode::UNAUTHORIZED, "invalid_client", "The client's secret is taken in another way.");
    }
    if let Some((error, said)) = shape.token_error {
        return refusal(
            StatusCode::BAD_REQUEST,
            error,
            &said.replace("CODE", form.get("code").map_or("", |code| code)),
        );
    }
    let mut nonce = None;
    if form["grant_type"] == "authorization_code" {
        let Some(query) = provider.codes.lock().expect("whole").remove(&form["code"]) else {
            return refusal(StatusCode::BAD_REQUEST, "invalid_grant", "No such code.");
        };
        let digest = ring::digest::digest(&ring::digest::SHA256, form["code_verifier"].as_bytes());
        if BASE64.encode(digest.as_ref()) != query["code_challenge"] || form["redirect_uri"] != query["redirect_uri"] {
            return refusal(StatusCode::BAD_REQUEST, "invalid_grant", "Not the same sign-in.");
        }
        nonce = query.get("nonce").cloned();
    }
    let claims = provider.claims(nonce.as_ref());
    let access = match &shape.access {
        Value::Null => "an access token".to_owned(),
        more => provider.signed(&shape.head, &patched(json!({"iss": provider.issuer, "sub": "u1"}), more)),
    };
    let plain = json!({
        "access_token": access, "token_type": "Bearer", "expires_in": 300, "id_token": provider.signed(&shape.head, &claims),
    });
    Json(patched(plain, &shape.answer)).into_response()
}

async fn userinfo(State(provider): State<Arc<Provider>>, _: Uri) -> Response {
    match provider.shape().userinfo {
        Value::Null => StatusCode::FORBIDDEN.into_response(),
        Value::String(text) => text.into_response(),
        told => Json(told).into_response(),
    }
}
