//! Plans: which there are, and what is wrong with one.

use app::source::{PlanAsked, PlanText, Source as _};
use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{ApiError, Here, asked::Sent, figure};

/// The files of the configured folder.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlanList {
    /// Their names, as a check takes them.
    pub items: Vec<String>,
}

/// A plan that is to be checked: both files or one of them, each as its text or as a name of the list.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanCheck {
    /// The text of the DHA file.
    dha: Option<String>,
    /// The text of network.yml.
    network: Option<String>,
    /// The DHA file's name in the list; the text beats it.
    dha_file: Option<String>,
    /// The name of network.yml in the list; the text beats it.
    network_file: Option<String>,
}

/// What is to be said of a plan.
#[derive(Debug, Serialize, ToSchema)]
pub struct CheckedPlan {
    /// What it is and its state, in a sentence.
    pub headline: String,
    /// How many findings are errors.
    pub errors: usize,
    /// What was found, in the files' order. No secret stands in it.
    pub findings: Vec<Finding>,
    /// What would be built; null when nothing can be told.
    pub figure: Option<figure::Scene>,
    /// The same as an SVG file.
    pub svg: Option<String>,
}

/// Something that was found.
#[derive(Debug, Serialize, ToSchema)]
pub struct Finding {
    /// In which file.
    pub file: PlanFile,
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1.
    pub column: u32,
    /// How much it matters.
    pub severity: Severity,
    /// What is wrong.
    pub what: String,
    /// Why it matters.
    pub why: String,
    /// What to do.
    pub todo: String,
}

/// A file of a plan.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PlanFile {
    /// Hosts and their roles.
    Dha,
    /// Networks.
    Network,
}

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Worth knowing.
    Note,
    /// The deployment goes on, but perhaps not as meant.
    Warning,
    /// The deployment fails, or makes something else than was meant.
    Error,
}

/// The plans that can be named in a check: files of the configured folder.
#[utoipa::path(get, path = "/api/v1/plans", tag = "plans",
    responses((status = 200, description = "Their names", body = PlanList)))]
pub(super) async fn list(State(here): State<Here>) -> Json<PlanList> {
    Json(PlanList { items: here.asked.plans() })
}

/// Checks a plan. Nothing of it is kept.
#[utoipa::path(post, path = "/api/v1/plans/check", tag = "plans", request_body = PlanCheck,
    responses((status = 200, description = "What was found", body = CheckedPlan)))]
pub(super) async fn check(
    State(here): State<Here>,
    Sent(sent): Sent<PlanCheck>,
) -> Result<Json<CheckedPlan>, ApiError> {
    let text =
        |text: Option<String>, file: Option<String>| text.map(PlanText::Pasted).or_else(|| file.map(PlanText::File));
    let asked = PlanAsked { dha: text(sent.dha, sent.dha_file), network: text(sent.network, sent.network_file) };
    let page = here.asked.plan(&asked).await?;
    let findings: Vec<Finding> = page.findings.into_iter().map(finding).collect();
    Ok(Json(CheckedPlan {
        headline: page.headline,
        errors: findings.iter().filter(|finding| finding.severity == Severity::Error).count(),
        findings,
        figure: page.scene.as_ref().map(Into::into),
        svg: page.scene.as_ref().map(scene::document),
    }))
}

fn finding(line: app::source::FindingLine) -> Finding {
    Finding {
        file: if line.file == "dha" { PlanFile::Dha } else { PlanFile::Network },
        line: line.line,
        column: line.column,
        severity: match line.health {
            scene::Health::Bad => Severity::Error,
            scene::Health::Warn => Severity::Warning,
            _ => Severity::Note,
        },
        what: line.what,
        why: line.why,
        todo: line.todo,
    }
}
