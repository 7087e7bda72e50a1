//! Who is told that a deployment has ended: a program, and an address that can check who tells it.

use std::{path::PathBuf, process::Stdio, time::Duration};

use serde_json::json;
use transcript::Judgement;

use crate::{running::environment, store::RunRow, webhook};

/// How long a program may take.
const PATIENCE: Duration = Duration::from_secs(20);
/// How often an address is tried.
const TRIES: u32 = 4;

/// Who is told.
#[derive(Clone, Debug, Default)]
pub struct Finish {
    /// An address that takes the news as JSON by POST.
    pub webhook: Option<String>,
    /// What its body is signed with.
    pub secret: Option<String>,
    /// A program that gets the same on its standard input.
    pub program: Option<PathBuf>,
}

impl Finish {
    /// Tells all of them; a failure is logged, and changes nothing of the run.
    pub(super) async fn tell(&self, run: &RunRow, judgement: &Judgement) {
        let news = json!({
            "id": run.id, "cluster": run.cluster, "kind": run.kind, "state": run.state, "who": run.who,
            "headline": judgement.headline, "started": run.started, "ended": run.ended,
        });
        let body = news.to_string();
        if let Some(program) = &self.program
            && let Err(error) = execute(program, &body).await
        {
            tracing::warn!("the program {} was not told of {}: {error}", program.display(), run.id);
        }
        if let Some(address) = self.webhook.clone() {
            let signature = self.secret.as_ref().and_then(|secret| webhook::signature(secret, &body));
            let id = run.id.clone();
            // An address that is away for a while must not hold the jump host.
            tokio::spawn(async move {
                if let Err(error) = webhook::post(&address, &body, signature.as_deref(), TRIES).await {
                    tracing::warn!("the webhook was not told of {id}: {error}");
                }
            });
        }
    }
}

async fn execute(program: &PathBuf, body: &str) -> std::io::Result<()> {
    use tokio::io::AsyncWriteExt;
    let mut child = environment::bare(program, &[]).stdin(Stdio::piped()).kill_on_drop(true).spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        let _ = stdin.write_all(body.as_bytes()).await;
    }
    let status = tokio::time::timeout(PATIENCE, child.wait()).await.map_err(|_| std::io::Error::other("no end"))??;
    if status.success() { Ok(()) } else { Err(std::io::Error::other(format!("it ended with {status}"))) }
}
