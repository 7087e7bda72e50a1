//! A client that follows its kubeconfig: when the server no longer takes what it was made of, or its credentials end,
//! the file is looked at again and its credential plugin is run again. Nobody need start Binnacle anew.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use jiff::Timestamp;
use kube::{Client, client::Body};

use super::contexts::{Context, Made};

/// How often the files are looked at while requests fail.
const EVERY: Duration = Duration::from_secs(2);
/// A plugin whose credentials are refused is run again after twice the time, up to this.
const SELDOM: Duration = Duration::from_secs(60);
/// Credentials are renewed this long before they end.
const EARLY: jiff::SignedDuration = jiff::SignedDuration::from_secs(10);
/// A request waits no longer than this for credentials in place of those that have ended.
const WAIT: Duration = Duration::from_secs(5);

struct Held {
    client: Client,
    /// What the files held when it was made.
    mark: u64,
    /// When its credentials end.
    until: Option<Timestamp>,
    plugin: bool,
    looked: Instant,
    /// When the plugin last gave something.
    ran: Instant,
    /// How long a plugin is left alone after it was run.
    pause: Duration,
}

impl Held {
    fn ended(&self) -> bool {
        self.plugin && self.until.is_some_and(|until| Timestamp::now() + EARLY >= until)
    }
}

/// Who renews: one at a time.
type Gate = tokio::sync::Mutex<()>;

/// Wraps a client that was just made of a context whose files hold what `mark` stands for.
pub(super) fn renewing(context: Context, made: Made, mark: u64) -> Client {
    let Made { client, until, plugin, .. } = made;
    let own = client.default_namespace().to_owned();
    let held = Held { client, mark, until, plugin, looked: Instant::now(), ran: Instant::now(), pause: EVERY };
    let (held, gate) = (Arc::new(Mutex::new(held)), Arc::new(Gate::new(())));
    let service = tower::service_fn(move |request: http::Request<Body>| {
        let (held, gate, context) = (held.clone(), gate.clone(), context.clone());
        async move {
            // A task of its own: it goes on when who asked has gone, and is not begun anew by the next.
            let renewed = |refused: bool| {
                let (held, gate, context) = (held.clone(), gate.clone(), context.clone());
                tokio::spawn(async move { renew(&held, &gate, &context, refused).await })
            };
            let ended = lock(&held).ended();
            if ended {
                let _ = tokio::time::timeout(WAIT, renewed(false)).await;
            }
            let client = lock(&held).client.clone();
            let answer = client.send(request).await;
            let refused = answer.as_ref().is_ok_and(|response| response.status() == http::StatusCode::UNAUTHORIZED);
            if refused || answer.is_err() {
                renewed(refused);
            } else {
                lock(&held).pause = EVERY;
            }
            answer
        }
    });
    Client::new(service, own)
}

async fn renew(held: &Mutex<Held>, gate: &Gate, context: &Context, refused: bool) {
    let Ok(_one) = gate.try_lock() else {
        // Somebody is at it: what they get is ours as well.
        let _other = gate.lock().await;
        return;
    };
    let (before, again) = {
        let mut held = lock(held);
        if held.looked.elapsed() < EVERY {
            return;
        }
        held.looked = Instant::now();
        let again = held.plugin && (refused || held.ended()) && held.ran.elapsed() >= held.pause;
        if again {
            // Where nothing that the plugin gives is taken, it is run ever more seldom.
            held.pause = (held.pause * 2).min(SELDOM);
        }
        (held.mark, again)
    };
    // A file that is just being written may be no kubeconfig for a moment: the next failure looks again.
    let Ok(mark) = context.mark() else { return };
    let changed = mark != before;
    if !changed && !again {
        return;
    }
    let made = context.made().await;
    let mut held = lock(held);
    held.ran = Instant::now();
    match made {
        Ok(Made { client, until, plugin, .. }) => {
            if changed {
                let origin = &context.origin;
                tracing::info!(
                    cluster = context.name,
                    "the kubeconfig in {origin} has changed and is used from now on"
                );
            } else {
                tracing::debug!(cluster = context.name, "the credential plugin was run again");
            }
            (held.client, held.mark, held.until, held.plugin) = (client, mark, until, plugin);
        }
        Err(trouble) => tracing::warn!(cluster = context.name, "the credentials cannot be renewed: {trouble}"),
    }
}

fn lock(held: &Mutex<Held>) -> MutexGuard<'_, Held> {
    held.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpListener,
    };
    use tokio_rustls::TlsAcceptor;

    use super::*;
    use crate::cluster::contexts;

    /// Takes the token `two` alone.
    async fn serve(listener: TcpListener) {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let key = rustls::pki_types::PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into());
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let config = builder.unwrap().with_no_client_auth().with_single_cert(vec![made.cert.into()], key);
        let tls = TlsAcceptor::from(Arc::new(config.unwrap()));
        while let Ok((line, _)) = listener.accept().await {
            let Ok(mut line) = tls.accept(line).await else { continue };
            let mut said = Vec::new();
            while !said.ends_with(b"\r\n\r\n") {
                let Ok(byte) = line.read_u8().await else { break };
                said.push(byte);
            }
            let known = String::from_utf8_lossy(&said).to_lowercase().contains("bearer two\r\n");
            let status = if known { "200 OK" } else { "401 Unauthorized" };
            let text = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            let _ = line.write_all(text.as_bytes()).await;
            let _ = line.shutdown().await;
        }
    }

    #[tokio::test]
    async fn a_plugin_whose_token_is_refused_is_run_again() {
        let dir = std::env::temp_dir().join(format!("binnacle-renewal-{}", std::process::id()));
        fs::create_dir_all(&dir).unwrap();
        let (file, token, runs) = (dir.join("config"), dir.join("token"), dir.join("runs"));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = format!("https://{}", listener.local_addr().unwrap());
        let served = tokio::spawn(serve(listener));
        let version = "client.authentication.k8s.io/v1";
        let script = format!(
            r#"echo run >> {}; printf '{{"apiVersion":"{version}","kind":"ExecCredential","status":{{"token":"%s"}}}}' "$(cat {})""#,
            runs.display(),
            token.display()
        );
        let text = serde_json::json!({
            "current-context": "a",
            "clusters": [{ "name": "c", "cluster": { "server": server, "insecure-skip-tls-verify": true } }],
            "users": [{ "name": "u", "user": { "exec": { "apiVersion": version, "command": "sh", "args": ["-c", script] } } }],
            "contexts": [{ "name": "a", "context": { "cluster": "c", "user": "u" } }],
        });
        fs::write(&file, text.to_string()).unwrap();
        fs::write(&token, "one").unwrap();
        let (client, _) = contexts::find(Some(&file)).unwrap()[0].client().await.unwrap();
        fs::write(&token, "two").unwrap();
        let mut taken = false;
        let mut asked = 0;
        for _ in 0..300 {
            asked += 1;
            let request = http::Request::get("/version").body(Vec::new()).unwrap();
            taken = client.request_text(request).await.is_ok();
            if taken {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let ran = fs::read_to_string(&runs).unwrap().lines().count();
        served.abort();
        fs::remove_dir_all(&dir).unwrap();
        assert!(taken);
        assert!(ran == 2 && asked > 2, "{ran} runs for {asked} requests");
    }
}
