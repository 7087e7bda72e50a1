//! What providers of each kind say, and what comes of it.

use axum::http::StatusCode;
use binnacle::access::OidcSettings;
use serde_json::{Value, json};

use super::{
    house::{House, settings},
    provider::{Provider, SECRET, Shape, now},
};

/// A provider's name, its shape, and what its admin sets here.
type Kind = (&'static str, Shape, fn(&mut OidcSettings));

const fn nothing(_: &mut OidcSettings) {}

fn claims(claims: Value) -> Shape {
    Shape { claims, ..Shape::default() }
}

fn discovery(discovery: Value) -> Shape {
    Shape { discovery, ..Shape::default() }
}

#[expect(clippy::too_many_lines, reason = "a table")]
fn kinds() -> Vec<Kind> {
    let offers = |scopes: &[&'static str]| Some(scopes.to_vec());
    vec![
        (
            "Keycloak as installed: realm roles in the access token alone",
            Shape {
                discovery: json!({"scopes_supported": ["openid", "profile", "roles"], "backchannel_logout_session_supported": true}),
                claims: json!({"groups": null, "aud": ["binnacle", "account"], "azp": "binnacle", "typ": "ID"}),
                access: json!({"typ": "Bearer", "aud": "account", "realm_access": {"roles": ["ops", "offline_access"]}}),
                scopes: offers(&["openid", "profile", "roles"]),
                ..Shape::default()
            },
            |settings| settings.claims = vec!["realm_access.roles".into()],
        ),
        (
            "Keycloak whose scope groups is not this client's",
            Shape { scopes: offers(&["openid"]), ..Shape::default() },
            nothing,
        ),
        (
            "Entra: ids of groups, no scope for them",
            Shape {
                discovery: json!({"scopes_supported": ["openid", "profile", "email", "offline_access"]}),
                claims: json!({"groups": ["0f1e2d3c-0000-4000-8000-000000000001"], "tid": "t", "ver": "2.0"}),
                scopes: offers(&["openid", "profile"]),
                ..Shape::default()
            },
            |settings| settings.groups[1].1 = vec!["0f1e2d3c-0000-4000-8000-000000000001".into()],
        ),
        (
            "Google: no groups at all, addresses that are not verified",
            Shape {
                discovery: json!({"scopes_supported": ["openid", "email", "profile"]}),
                claims: json!({"groups": null, "email": "ann@lab.example", "email_verified": false, "azp": "binnacle"}),
                scopes: offers(&["openid", "email", "profile"]),
                ..Shape::default()
            },
            |settings| settings.groups[1].1 = vec!["*".into()],
        ),
        (
            "Auth0: a name with dots, times as text",
            claims(
                json!({"groups": null, "https://lab.example/roles": ["ops"], "updated_at": "2026-11-28T10:00:00.000Z"}),
            ),
            |settings| settings.claims = vec!["https://lab.example/roles".into()],
        ),
        (
            "Cognito: a list as text, truth as text",
            Shape {
                claims: json!({"groups": "[staff, ops]", "email_verified": "true", "phone_number_verified": "false"}),
                answer: json!({"expires_in": "3599"}),
                ..Shape::default()
            },
            nothing,
        ),
        (
            "Okta: another authority behind the same list, an address as text",
            claims(json!({"groups": ["Everyone", "ops"], "address": "Street 1", "auth_time": now(), "ver": 1})),
            nothing,
        ),
        (
            "Kanidm: another algorithm alone, names with a domain",
            Shape {
                discovery: json!({"id_token_signing_alg_values_supported": ["EdDSA"]}),
                claims: json!({"groups": ["ops@id.lab.example", "2f0e"]}),
                ..Shape::default()
            },
            |settings| settings.groups[1].1 = vec!["ops@id.lab.example".into()],
        ),
        (
            "Authelia: groups in userinfo, the secret in the body",
            Shape {
                claims: json!({"groups": null}),
                userinfo: json!({"sub": "u1", "groups": ["ops"]}),
                method: Some("client_secret_post"),
                ..Shape::default()
            },
            nothing,
        ),
        (
            "GitLab: groups by another name",
            Shape {
                discovery: json!({"scopes_supported": ["openid", "profile", "email", "read_user"]}),
                claims: json!({"groups": null, "groups_direct": ["lab/ops"]}),
                scopes: offers(&["openid", "profile"]),
                ..Shape::default()
            },
            |settings| {
                settings.claims = vec!["groups_direct".into()];
                settings.groups[1].1 = vec!["lab/ops".into()];
            },
        ),
        (
            "authentik: groups as objects",
            claims(json!({"groups": [{"name": "ops", "pk": "9"}, {"name": "x"}]})),
            nothing,
        ),
        (
            "Zitadel: roles as keys",
            claims(json!({"groups": null, "urn:zitadel:iam:org:project:roles": {"ops": {"1605": "lab.example"}}})),
            |settings| {
                settings.claims = vec!["urn:zitadel:iam:org:project:roles".into()];
                settings.scopes = vec!["profile".into(), "urn:zitadel:iam:org:project:roles".into()];
            },
        ),
        (
            "LDAP behind Dex: distinguished names in other capitals",
            claims(json!({"groups": ["CN=Ops, OU=Groups, DC=lab"]})),
            |settings| settings.groups[1].1 = vec!["cn=ops,ou=groups,dc=lab".into()],
        ),
        ("a public client", Shape { method: Some("none"), ..Shape::default() }, |settings| settings.secret = None),
        (
            "the secret in the head alone, discovery silent",
            Shape {
                discovery: json!({"token_endpoint_auth_methods_supported": null, "scopes_supported": null}),
                method: Some("client_secret_basic"),
                ..Shape::default()
            },
            nothing,
        ),
        ("clocks that differ by most of a minute", claims(json!({"exp": now() - 20, "iat": now() - 320})), nothing),
        (
            "clocks that differ the other way",
            claims(json!({"exp": now() + 350, "iat": now() + 50, "nbf": now() + 50})),
            nothing,
        ),
        ("no name of a key", Shape { head: json!({"alg": "EdDSA"}), ..Shape::default() }, nothing),
        ("groups in two claims", claims(json!({"groups": ["x"], "roles": "staff ops"})), |settings| {
            settings.claims = vec!["groups".into(), "roles".into()];
        }),
    ]
}

#[tokio::test]
async fn people_of_each_kind_of_provider_come_in_by_settings_alone() {
    for (kind, shape, change) in kinds() {
        let provider = Provider::start(shape).await;
        let mut settings = settings(&provider.issuer);
        change(&mut settings);
        let house = House::with(provider, settings).await;
        let mut browser = house.browser();
        let page = browser.sign_in().await;
        assert_eq!(page.status, StatusCode::OK, "{kind}: {}", page.wrong());
        assert_eq!(browser.role().await, "operator", "{kind}");
    }
}

#[tokio::test]
async fn scopes_are_those_that_the_provider_offers_or_the_settings_name() {
    let offered = [
        (json!({}), "openid profile groups"),
        (json!({"scopes_supported": ["openid", "email", "profile"]}), "openid profile"),
        (json!({"scopes_supported": ["openid", "email"]}), "openid email"),
        (json!({"scopes_supported": ["openid"]}), "openid"),
        (json!({"scopes_supported": null}), "openid profile"),
    ];
    for (patch, wanted) in offered {
        let house = House::new(Provider::start(discovery(patch)).await).await;
        house.browser().sign_in().await;
        assert_eq!(house.provider.asked.lock().unwrap()[0]["scope"], wanted);
    }
    let provider = Provider::start(Shape { scopes: Some(vec!["openid"]), ..Shape::default() }).await;
    let mut set = settings(&provider.issuer);
    set.scopes = vec!["email".into(), "of-its-own".into()];
    let house = House::with(provider, set).await;
    let page = house.browser().sign_in().await;
    let asked = house.provider.asked.lock().unwrap().clone();
    assert_eq!((asked.len(), asked[0]["scope"].as_str()), (1, "openid email of-its-own"));
    assert!(page.wrong().contains("“Invalid scopes: openid email of-its-own”"), "{}", page.wrong());
}

#[tokio::test]
async fn the_way_to_tell_the_secret_that_worked_is_found_when_discovery_is_wrong() {
    let shape = Shape {
        discovery: json!({"token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"]}),
        method: Some("client_secret_post"),
        ..Shape::default()
    };
    let house = House::new(Provider::start(shape).await).await;
    let mut browser = house.browser();
    browser.sign_in().await;
    assert_eq!(browser.role().await, "operator");
    assert_eq!(house.provider.forms.lock().unwrap().len(), 2);
}

fn refusals() -> Vec<(Shape, &'static [&'static str])> {
    let answer = |answer: Value| Shape { answer, ..Shape::default() };
    let head = |head: Value| Shape { head, ..Shape::default() };
    let error = |code, said| Shape { error: Some((code, said)), ..Shape::default() };
    let token = |code, said| Shape { token_error: Some((code, said)), ..Shape::default() };
    vec![
        (claims(json!({"sub": 12345})), &["subject is a number"]),
        (claims(json!({"sub": null})), &["has no subject"]),
        (claims(json!({"exp": now() - 90})), &["has expired", "Compare the clocks"]),
        (claims(json!({"iat": now() + 200, "nbf": now() + 200})), &["seconds ahead", "Compare the clocks"]),
        (claims(json!({"iss": "https://else.example"})), &["names https://else.example"]),
        (claims(json!({"aud": "another"})), &["audience is another"]),
        (claims(json!({"aud": ["binnacle", "another"]})), &["several audiences", "azp"]),
        (claims(json!({"aud": ["binnacle", "another"], "azp": "another"})), &["azp is another"]),
        (claims(json!({"nonce": "another"})), &["of another sign-in"]),
        (claims(json!({"at_hash": "AAAA"})), &["access token is another's"]),
        (claims(json!({"groups": ["/ops", "guests"]})), &["You are known as Ann", "/ops, guests", "oidc_operators"]),
        (
            claims(json!({"groups": null, "realm_access": {"roles": ["ops"]}})),
            &["claim groups, which is not there", "realm_access.roles", "oidc_groups"],
        ),
        (
            claims(
                json!({"groups": null, "_claim_names": {"groups": "src1"}, "_claim_sources": {"src1": {"endpoint": "https://graph.example"}}}),
            ),
            &["more groups than fit", "app roles"],
        ),
        (
            Shape { claims: json!({"groups": null}), userinfo: Value::Null, ..Shape::default() },
            &["userinfo endpoint answers with status 403"],
        ),
        (
            Shape {
                claims: json!({"groups": null}),
                userinfo: json!({"sub": "u2", "groups": ["ops"]}),
                ..Shape::default()
            },
            &["userinfo is of another person"],
        ),
        (head(json!({"alg": "none"})), &["not signed"]),
        (head(json!({"alg": "HS256", "kid": "k1"})), &["HS256, a shared secret"]),
        (head(json!({"alg": "RS256", "kid": "k1"})), &["key that the provider does not publish"]),
        (head(json!({"alg": "ES384", "kid": "k1"})), &["signed by ES384, but discovery names RS256, EdDSA"]),
        (head(json!({"alg": "EdDSA", "crit": ["b64"]})), &["critical extension"]),
        (answer(json!({"id_token": null})), &["no ID token", "scope openid"]),
        (answer(json!({"id_token": "a.b.c.d.e"})), &["is encrypted"]),
        (answer(json!({"id_token": "nothing"})), &["not a signed JSON Web Token"]),
        (discovery(json!("<html>Welcome</html>")), &["is not a JSON object", "oidc_issuer"]),
        (discovery(json!({"issuer": "https://else.example"})), &["it names itself https://else.example"]),
        (discovery(json!({"issuer": "https://login.example/{tenantid}/v2.0"})), &["every tenant", "oidc_issuer"]),
        (discovery(json!({"token_endpoint": null})), &["has no token_endpoint"]),
        (
            discovery(json!({"authorization_endpoint": "file:///etc/passwd"})),
            &["authorization_endpoint is not an address"],
        ),
        (discovery(json!({"id_token_signing_alg_values_supported": ["HS256", "none"]})), &["HS256, none alone"]),
        (discovery(json!({"token_endpoint_auth_methods_supported": ["private_key_jwt"]})), &["private_key_jwt alone"]),
        (discovery(json!({"authorization_response_iss_parameter_supported": true, "issuer": null})), &["no issuer"]),
        (error("access_denied", "User is not assigned"), &["did not let you in", "“User is not assigned”"]),
        (error("server_error", ""), &["error of its own"]),
        (error("temporarily_unavailable", ""), &["overloaded or under maintenance"]),
        (error("unauthorized_client", "No code flow"), &["authorization code flow", "“No code flow”"]),
        (error("<b>odd</b>", "<script>alert(1)</script>"), &["The sign-in provider refused", "<b>odd</b>"]),
        (
            token("invalid_grant", "Code CODE is used up, s3cr&t/+:% of the tests"),
            &["does not accept the code", "Code … is used up, …"],
        ),
        (token("invalid_client", "Unknown client"), &["client id or secret", "“Unknown client”"]),
    ]
}

#[tokio::test]
async fn each_error_of_a_provider_is_told_on_the_page_and_lets_nobody_in() {
    for (shape, fragments) in refusals() {
        let house = House::new(Provider::start(shape).await).await;
        let mut browser = house.browser();
        let page = browser.sign_in().await;
        let wrong = page.wrong();
        assert!(page.status.is_client_error() || page.status.is_server_error(), "{fragments:?}: {}", page.status);
        for fragment in fragments {
            assert!(wrong.contains(fragment), "{fragment} is not in: {wrong}");
        }
        assert!(
            !page.text.contains("<script>alert") && !page.text.contains("code-") && !wrong.contains(SECRET),
            "{wrong}"
        );
        assert_eq!(house.store.sessions(9).await.unwrap(), []);
        assert_eq!(browser.role().await, "303 /sign-in");
    }
}

#[tokio::test]
async fn an_answer_that_names_another_provider_is_not_believed() {
    let promised = discovery(json!({"authorization_response_iss_parameter_supported": true}));
    let house = House::new(Provider::start(promised).await).await;
    for (change, fragment) in
        [(Some("https%3A%2F%2Felse.example"), "names another provider"), (None, "does not name it")]
    {
        let mut browser = house.browser();
        let left = browser.get("/sign-in/oidc").await;
        let back = house.provider.answers(left.location());
        let (before, _) = back.split_once("&iss=").expect("it names itself");
        let back = change.map_or_else(|| before.to_owned(), |other| format!("{before}&iss={other}"));
        let page = browser.get(&back).await;
        assert!(page.wrong().contains(fragment), "{}", page.wrong());
    }
}
