//! API tokens: made, listed, revoked by admins.

use std::time::Duration;

use axum::{
    Extension, Json,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    ApiError, Here,
    asked::{Named, Sent},
    idempotency::Kept,
    words::{Role, moment},
};
use crate::{access::Who, store};

/// A token that is wanted.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = WantedToken)]
#[serde(deny_unknown_fields)]
pub struct NewToken {
    /// What it is for.
    #[schema(min_length = 1, max_length = 100, pattern = r"^[A-Za-z0-9]([A-Za-z0-9 ._@/-]*[A-Za-z0-9])?$")]
    name: String,
    /// What it may do.
    role: Role,
    /// How many days it lasts.
    #[schema(minimum = 1, maximum = 366)]
    days: u16,
}

/// A token; its secret half is kept nowhere.
#[derive(Debug, Serialize, ToSchema)]
pub struct Token {
    /// Its public half, by which it is revoked.
    pub id: String,
    /// What it is for.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// Who made it.
    pub maker: String,
    /// Since when, RFC 3339.
    #[schema(format = DateTime)]
    pub created: String,
    /// Until when, RFC 3339.
    #[schema(format = DateTime)]
    pub expires: String,
    /// When it was last used, RFC 3339; null when never.
    #[schema(format = DateTime)]
    pub used: Option<String>,
    /// Since when it is refused, RFC 3339; null as long as it is not.
    #[schema(format = DateTime)]
    pub revoked: Option<String>,
}

/// A token that was made.
#[derive(Debug, Serialize, ToSchema)]
pub struct MadeToken {
    /// The token, as it is kept.
    pub token: Token,
    /// What is sent as `Authorization: Bearer …`. It is told this once: null when the answer is given again for the
    /// same Idempotency-Key. Who missed it revokes the token and makes another.
    pub secret: Option<String>,
}

/// All tokens.
#[derive(Debug, Serialize, ToSchema)]
pub struct TokenList {
    /// Newest first, expired and revoked ones too.
    pub items: Vec<Token>,
}

/// Makes a token. Its secret is told this once.
#[utoipa::path(post, path = "/api/v1/tokens", tag = "tokens", request_body = NewToken,
    responses((status = 201, description = "Made", body = MadeToken)))]
pub(super) async fn make(
    State(here): State<Here>,
    Extension(who): Extension<Who>,
    Sent(new): Sent<NewToken>,
) -> Result<Response, ApiError> {
    let usual = |byte: u8| byte.is_ascii_alphanumeric() || b" ._@/-".contains(&byte);
    let edges = [new.name.bytes().next(), new.name.bytes().last()];
    let edged = edges.iter().all(|byte| byte.is_some_and(|byte| byte.is_ascii_alphanumeric()));
    if !(1..=366).contains(&new.days) || new.name.len() > 100 || !edged || !new.name.bytes().all(usual) {
        return Err(ApiError::Unusable {
            what: "a token has a name and lasts between 1 and 366 days".into(),
            todo: "Name it in 1 to 100 of A-Z a-z 0-9 and, in between, space . _ @ / -".into(),
        });
    }
    let lasts = Duration::from_secs(u64::from(new.days) * 86_400);
    let made = here.door.make_token(&who, &new.name, new.role.into(), lasts).await?;
    let told = |secret| MadeToken { token: line(&made.token), secret };
    let kept = serde_json::to_string(&told(None)).map_err(|_| ApiError::Fault("JSON"))?;
    let mut response = (StatusCode::CREATED, Json(told(Some(made.secret.clone())))).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
    response.extensions_mut().insert(Kept(kept));
    Ok(response)
}

/// Lists the tokens, without their secrets.
#[utoipa::path(get, path = "/api/v1/tokens", tag = "tokens",
    responses((status = 200, description = "All of them", body = TokenList)))]
pub(super) async fn list(State(here): State<Here>) -> Result<Json<TokenList>, ApiError> {
    let tokens = here.door.store().tokens().await?;
    Ok(Json(TokenList { items: tokens.iter().map(line).collect() }))
}

/// Revokes a token: it is refused from now on.
#[utoipa::path(delete, path = "/api/v1/tokens/{id}", tag = "tokens",
    params(("id" = String, Path, description = "Its public half")),
    responses((status = 204, description = "Revoked")))]
pub(super) async fn revoke(State(here): State<Here>, Named(id): Named<String>) -> Result<StatusCode, ApiError> {
    let now = jiff::Timestamp::now().as_millisecond();
    if here.door.store().revoke_token(&id, now).await? {
        return Ok(StatusCode::NO_CONTENT);
    }
    Err(ApiError::Missing("a token of this id that is not revoked yet".into()))
}

fn line(token: &store::Token) -> Token {
    Token {
        id: token.id.clone(),
        name: token.name.clone(),
        role: Role::kept(&token.role),
        maker: token.maker.clone(),
        created: moment(token.created),
        expires: moment(token.expires),
        used: token.used.map(moment),
        revoked: token.revoked.map(moment),
    }
}
