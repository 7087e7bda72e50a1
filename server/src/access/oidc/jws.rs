//! Signatures of a provider's tokens: the algorithms that its discovery names, checked with its public keys.
//!
//! `none` and the HS family are no algorithms here at all: a public key can never be taken for a shared secret.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use ring::{digest, signature as sig};
use serde_json::Value;

/// An algorithm by which a provider may sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Algorithm {
    Rs256,
    Rs384,
    Rs512,
    Ps256,
    Ps384,
    Ps512,
    Es256,
    Es384,
    Es512,
    EdDsa,
}

impl Algorithm {
    const ALL: [Self; 10] = [
        Self::Rs256,
        Self::Rs384,
        Self::Rs512,
        Self::Ps256,
        Self::Ps384,
        Self::Ps512,
        Self::Es256,
        Self::Es384,
        Self::Es512,
        Self::EdDsa,
    ];

    /// As JOSE writes it; `Ed25519` is the newer name of the one curve that is supported for `EdDSA`.
    pub(super) fn parse(name: &str) -> Option<Self> {
        if name == "Ed25519" {
            return Some(Self::EdDsa);
        }
        Self::ALL.into_iter().find(|algorithm| algorithm.name() == name)
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
            Self::Ps256 => "PS256",
            Self::Ps384 => "PS384",
            Self::Ps512 => "PS512",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::Es512 => "ES512",
            Self::EdDsa => "EdDSA",
        }
    }

    /// The left half of a token's digest, as `at_hash` holds it.
    pub(super) fn half_hash(self, token: &str) -> String {
        let by = match self {
            Self::Rs256 | Self::Ps256 | Self::Es256 => &digest::SHA256,
            Self::Rs384 | Self::Ps384 | Self::Es384 => &digest::SHA384,
            Self::Rs512 | Self::Ps512 | Self::Es512 | Self::EdDsa => &digest::SHA512,
        };
        let whole = digest::digest(by, token.as_bytes());
        BASE64.encode(&whole.as_ref()[..whole.as_ref().len() / 2])
    }

    /// How ring checks an RSA signature of this algorithm.
    fn rsa(self) -> Option<&'static sig::RsaParameters> {
        Some(match self {
            Self::Rs256 => &sig::RSA_PKCS1_2048_8192_SHA256,
            Self::Rs384 => &sig::RSA_PKCS1_2048_8192_SHA384,
            Self::Rs512 => &sig::RSA_PKCS1_2048_8192_SHA512,
            Self::Ps256 => &sig::RSA_PSS_2048_8192_SHA256,
            Self::Ps384 => &sig::RSA_PSS_2048_8192_SHA384,
            Self::Ps512 => &sig::RSA_PSS_2048_8192_SHA512,
            Self::Es256 | Self::Es384 | Self::Es512 | Self::EdDsa => return None,
        })
    }
}

/// Why a signature does not count.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum JwsError {
    #[error("it is not a signed JSON Web Token")]
    NotOne,
    #[error("it is encrypted, which Binnacle does not support; turn encryption of ID tokens off for this client")]
    Encrypted,
    #[error("it is not signed (algorithm none)")]
    Unsigned,
    #[error("it is signed by {0}, a shared secret; have the provider sign this client's tokens by RS256 or ES256")]
    Shared(String),
    #[error("it is signed by {name}, but discovery names {allowed}")]
    NotNamed { name: String, allowed: String },
    #[error("it is signed by {0}, which Binnacle does not support")]
    Unsupported(String),
    #[error("its header has the critical extension {0}, which Binnacle does not know")]
    Critical(String),
    #[error("its signature is by a key that the provider does not publish")]
    UnknownKey,
    #[error("it is signed by an RSA key of less than 2048 bits")]
    Weak,
    #[error("its signature is wrong")]
    Wrong,
}

impl JwsError {
    /// Whether other keys of the provider could make it right: providers change them at any time.
    pub(super) const fn may_be_newer_keys(&self) -> bool {
        matches!(self, Self::UnknownKey | Self::Wrong)
    }
}

enum Material {
    Rsa {
        n: Vec<u8>,
        e: Vec<u8>,
    },
    /// An uncompressed point.
    P256(Vec<u8>),
    P384(Vec<u8>),
    P521(Vec<u8>),
    Ed25519(Vec<u8>),
}

struct Key {
    id: Option<String>,
    algorithm: Option<String>,
    material: Material,
}

/// A provider's public keys, without those that cannot check a signature here.
#[derive(Default)]
pub(super) struct Keys {
    keys: Vec<Key>,
    /// What was left out, in words.
    pub(super) skipped: Vec<String>,
}

impl Keys {
    /// From a JWK set. A key of an unknown kind leaves the others as they are.
    pub(super) fn of(set: &Value) -> Option<Self> {
        let mut found = Self::default();
        for key in set.get("keys")?.as_array()? {
            let text = |name: &str| key.get(name).and_then(Value::as_str);
            let id = text("kid").map(str::to_owned);
            let named = id.clone().unwrap_or_else(|| "without a name".to_owned());
            if text("use") == Some("enc") {
                found.skipped.push(format!("{named}: for encryption"));
                continue;
            }
            match material(&text) {
                Some(material) => {
                    found.keys.push(Key { id, algorithm: text("alg").map(str::to_owned), material });
                }
                None => {
                    let kind = [text("kty"), text("crv"), text("alg")].into_iter().flatten().collect::<Vec<_>>();
                    found.skipped.push(format!("{named}: {}", kind.join(" ")));
                }
            }
        }
        Some(found)
    }

    /// Each key in words, for the dry run.
    pub(super) fn words(&self) -> Vec<String> {
        let word = |key: &Key| {
            let kind = match &key.material {
                Material::Rsa { n, .. } => format!("RSA {}", n.len() * 8),
                Material::P256(_) => "P-256".into(),
                Material::P384(_) => "P-384".into(),
                Material::P521(_) => "P-521".into(),
                Material::Ed25519(_) => "Ed25519".into(),
            };
            format!("{} ({kind})", key.id.as_deref().unwrap_or("without a name"))
        };
        self.keys.iter().map(word).collect()
    }
}

fn material<'a>(text: &impl Fn(&str) -> Option<&'a str>) -> Option<Material> {
    let bytes = |name: &str| BASE64.decode(text(name)?.trim_end_matches('=')).ok();
    let trimmed = |bytes: Vec<u8>| bytes.iter().copied().skip_while(|byte| *byte == 0).collect::<Vec<u8>>();
    // A coordinate that begins with zeros is sometimes written without them.
    let point = |length: usize| {
        let mut point = vec![4];
        for name in ["x", "y"] {
            let coordinate = trimmed(bytes(name)?);
            point.extend(std::iter::repeat_n(0, length.checked_sub(coordinate.len())?));
            point.extend(coordinate);
        }
        Some(point)
    };
    match (text("kty")?, text("crv")) {
        ("RSA", _) => Some(Material::Rsa { n: trimmed(bytes("n")?), e: trimmed(bytes("e")?) }),
        ("EC", Some("P-256")) => point(32).map(Material::P256),
        ("EC", Some("P-384")) => point(48).map(Material::P384),
        ("EC", Some("P-521")) => point(66).map(Material::P521),
        ("OKP", Some("Ed25519")) => bytes("x").filter(|x| x.len() == 32).map(Material::Ed25519),
        _ => None,
    }
}

/// What a signed token says, once its signature was found right.
pub(super) struct Signed {
    pub(super) algorithm: Algorithm,
    pub(super) claims: Value,
}

/// Checks a compact JWS.
pub(super) fn verified(token: &str, keys: &Keys, allowed: &[Algorithm]) -> Result<Signed, JwsError> {
    let parts: Vec<&str> = token.split('.').collect();
    let [head, body, signature] = match parts.as_slice() {
        [head, body, signature] => [*head, *body, *signature],
        [_, _, _, _, _] => return Err(JwsError::Encrypted),
        _ => return Err(JwsError::NotOne),
    };
    let json = |part: &str| BASE64.decode(part).ok().and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
    let header = json(head).filter(Value::is_object).ok_or(JwsError::NotOne)?;
    if let Some(critical) = header.get("crit") {
        return Err(JwsError::Critical(critical.to_string().chars().take(60).collect()));
    }
    let name = header.get("alg").and_then(Value::as_str).ok_or(JwsError::NotOne)?;
    let algorithm = accepted(name, allowed)?;
    let id = header.get("kid").and_then(Value::as_str);
    let signature = BASE64.decode(signature).map_err(|_| JwsError::NotOne)?;
    let signed = &token.as_bytes()[..head.len() + 1 + body.len()];
    let fits = |key: &&Key| {
        let named = id.is_none() || key.id.is_none() || key.id.as_deref() == id;
        let told = key.algorithm.as_deref().and_then(Algorithm::parse);
        let meant = key.algorithm.is_none() || told == Some(algorithm);
        named && meant && is_for(&key.material, algorithm)
    };
    let mut candidates = keys.keys.iter().filter(fits).peekable();
    if candidates.peek().is_none() {
        return Err(JwsError::UnknownKey);
    }
    let mut why = JwsError::Wrong;
    for key in candidates {
        match check(&key.material, algorithm, signed, &signature) {
            Ok(()) => {
                let claims = json(body).filter(Value::is_object).ok_or(JwsError::NotOne)?;
                return Ok(Signed { algorithm, claims });
            }
            Err(wrong) => why = wrong,
        }
    }
    Err(why)
}

fn accepted(name: &str, allowed: &[Algorithm]) -> Result<Algorithm, JwsError> {
    if name.eq_ignore_ascii_case("none") {
        return Err(JwsError::Unsigned);
    }
    if name.starts_with("HS") {
        return Err(JwsError::Shared(name.chars().take(20).collect()));
    }
    let algorithm = Algorithm::parse(name).ok_or_else(|| JwsError::Unsupported(name.chars().take(20).collect()))?;
    if !allowed.contains(&algorithm) {
        let names: Vec<&str> = allowed.iter().map(|one| one.name()).collect();
        return Err(JwsError::NotNamed { name: name.to_owned(), allowed: names.join(", ") });
    }
    Ok(algorithm)
}

const fn is_for(material: &Material, algorithm: Algorithm) -> bool {
    use Algorithm as A;
    match material {
        Material::Rsa { .. } => {
            matches!(algorithm, A::Rs256 | A::Rs384 | A::Rs512 | A::Ps256 | A::Ps384 | A::Ps512)
        }
        Material::P256(_) => matches!(algorithm, A::Es256),
        Material::P384(_) => matches!(algorithm, A::Es384),
        Material::P521(_) => matches!(algorithm, A::Es512),
        Material::Ed25519(_) => matches!(algorithm, A::EdDsa),
    }
}

fn check(material: &Material, algorithm: Algorithm, signed: &[u8], signature: &[u8]) -> Result<(), JwsError> {
    let by = |how: &'static dyn sig::VerificationAlgorithm, key: &[u8]| {
        sig::UnparsedPublicKey::new(how, key).verify(signed, signature).map_err(|_| JwsError::Wrong)
    };
    match material {
        Material::Rsa { n, .. } if n.len() < 256 => Err(JwsError::Weak),
        Material::Rsa { n, e } => {
            let how = algorithm.rsa().ok_or(JwsError::UnknownKey)?;
            sig::RsaPublicKeyComponents { n, e }.verify(how, signed, signature).map_err(|_| JwsError::Wrong)
        }
        Material::P256(point) => by(&sig::ECDSA_P256_SHA256_FIXED, point),
        Material::P384(point) => by(&sig::ECDSA_P384_SHA384_FIXED, point),
        Material::Ed25519(key) => by(&sig::ED25519, key),
        Material::P521(point) => {
            // ring has no P-521.
            use p521::ecdsa::{Signature, VerifyingKey, signature::Verifier};
            let key = VerifyingKey::from_sec1_bytes(point).map_err(|_| JwsError::Wrong)?;
            let signature = Signature::from_slice(signature).map_err(|_| JwsError::Wrong)?;
            key.verify(signed, &signature).map_err(|_| JwsError::Wrong)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Public keys and tokens of each algorithm, made by another library; the private keys are gone.
    const VECTORS: &str = include_str!("vectors.json");

    fn vectors() -> (Value, Keys) {
        let vectors: Value = serde_json::from_str(VECTORS).unwrap();
        let keys = Keys::of(&vectors).unwrap();
        (vectors, keys)
    }

    fn why(token: &str, keys: &Keys, allowed: &[Algorithm]) -> JwsError {
        verified(token, keys, allowed).err().unwrap()
    }

    #[test]
    fn each_algorithm_is_known_by_signatures_of_another_library() {
        let (vectors, keys) = vectors();
        for (name, token) in vectors["tokens"].as_object().unwrap() {
            let (token, algorithm) = (token.as_str().unwrap(), Algorithm::parse(name).unwrap());
            let signed = verified(token, &keys, &[algorithm]).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!((signed.algorithm, &signed.claims["sub"]), (algorithm, &Value::from("u1")));
            let forged = token.replacen("eyJzdWIiOiJ1MSJ9", &BASE64.encode("{\"sub\":\"u2\"}"), 1);
            assert_ne!(forged, token, "{name}");
            assert_eq!(why(&forged, &keys, &[algorithm]), JwsError::Wrong, "{name}");
            let others: Vec<Algorithm> = Algorithm::ALL.into_iter().filter(|other| *other != algorithm).collect();
            assert!(matches!(why(token, &keys, &others), JwsError::NotNamed { .. }), "{name}");
        }
        assert_eq!(vectors["tokens"].as_object().unwrap().len(), Algorithm::ALL.len());
    }

    #[test]
    fn what_is_not_signed_or_signed_by_a_shared_secret_is_never_taken() {
        let (vectors, keys) = vectors();
        let token = vectors["tokens"]["RS256"].as_str().unwrap();
        let (_, rest) = token.split_once('.').unwrap();
        let headed = |header: &str| why(&format!("{}.{rest}", BASE64.encode(header)), &keys, &Algorithm::ALL);
        for none in ["none", "None", "NONE"] {
            assert_eq!(headed(&format!("{{\"alg\":\"{none}\"}}")), JwsError::Unsigned);
        }
        assert_eq!(headed("{\"alg\":\"HS256\",\"kid\":\"rsa\"}"), JwsError::Shared("HS256".into()));
        assert_eq!(headed("{\"alg\":\"ES256K\"}"), JwsError::Unsupported("ES256K".into()));
        assert_eq!(headed("{\"alg\":\"ES256\",\"kid\":\"rsa\"}"), JwsError::UnknownKey);
        assert_eq!(headed("{\"alg\":\"RS256\",\"kid\":\"gone\"}"), JwsError::UnknownKey);
        assert_eq!(headed("{}"), JwsError::NotOne);
        assert_eq!(why("a.b", &keys, &Algorithm::ALL), JwsError::NotOne);
        assert_eq!(why("a.b.c.d.e", &keys, &Algorithm::ALL), JwsError::Encrypted);
        assert_eq!(why(vectors["weak"].as_str().unwrap(), &keys, &Algorithm::ALL), JwsError::Weak);
        let critical = vectors["critical"].as_str().unwrap();
        assert!(matches!(why(critical, &keys, &Algorithm::ALL), JwsError::Critical(_)));
        assert!(verified(vectors["without_kid"].as_str().unwrap(), &keys, &Algorithm::ALL).is_ok());
    }

    #[test]
    fn keys_of_unknown_kinds_leave_the_others_as_they_are() {
        let (mut vectors, _) = vectors();
        let odd = [
            serde_json::json!({"kty": "EC", "crv": "secp256k1", "kid": "k", "x": "AA", "y": "AA"}),
            serde_json::json!({"kty": "AKP", "kid": "pq", "alg": "ML-DSA-44", "pub": "AA"}),
            serde_json::json!({"kty": "oct", "kid": "shared", "k": "AAAA"}),
            serde_json::json!({"kty": "RSA", "use": "enc", "kid": "enc", "n": "AQAB", "e": "AQAB"}),
            serde_json::json!({"kty": "RSA", "kid": "broken", "n": "!", "e": "AQAB"}),
            serde_json::json!({}),
        ];
        vectors["keys"].as_array_mut().unwrap().extend(odd);
        let keys = Keys::of(&vectors).unwrap();
        assert_eq!((keys.words().len(), keys.skipped.len()), (6, 6), "{:?}", keys.skipped);
        assert!(verified(vectors["tokens"]["EdDSA"].as_str().unwrap(), &keys, &Algorithm::ALL).is_ok());
        assert!(Keys::of(&serde_json::json!({"keys": 7})).is_none());
    }

    #[test]
    fn the_hash_of_an_access_token_is_half_of_its_digest() {
        // The example of OpenID Connect Core, A.3.
        assert_eq!(Algorithm::Rs256.half_hash("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"), "77QmUPtjPfzWtF2AnpK9RQ");
        assert_eq!(Algorithm::EdDsa.half_hash("x").len(), 43);
    }
}
