//! `binnacle draw`.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use clap::{Args, ValueEnum};
use simulator::Distribution;
use topology::{Change, Inventory, Stamp, figure::Drawing, planned::Planned};

use super::{Exit, Failure};
use crate::{
    cluster::{
        Cluster, Pace, Trouble,
        contexts::{self, Context},
    },
    demo,
};

/// First lists that take longer than this are drawn as far as they came.
const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Args)]
pub(super) struct DrawArgs {
    /// Which figure.
    figure: Figure,
    /// Kubeconfig; else KUBECONFIG, ~/.kube/config, the pod's service account.
    #[arg(long, value_name = "FILE", conflicts_with = "demo")]
    kubeconfig: Option<PathBuf>,
    /// The context to draw; else the current one.
    #[arg(long, value_name = "NAME")]
    context: Option<String>,
    /// Draw the built-in cluster, or a distribution's, as in --demo=k3s.
    #[arg(long, value_name = "PROFILE", num_args = 0..=1, require_equals = true, default_missing_value = demo::NAME)]
    demo: Option<String>,
    /// DHA file: draw what was planned; alone, or beside a cluster that is named.
    #[arg(long, value_name = "FILE")]
    dha: Option<PathBuf>,
    /// network.yml that belongs to it.
    #[arg(long, value_name = "FILE")]
    network: Option<PathBuf>,
    /// What to write.
    #[arg(long, value_enum, default_value_t = Format::Svg)]
    format: Format,
    /// Where to write; else to standard output.
    #[arg(short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// What fills the figure: node/NAME or group/KEY; else the whole cluster.
    #[arg(long, value_name = "WHAT", default_value = "")]
    at: String,
    /// Fade all but this namespace.
    #[arg(long, value_name = "NAME", default_value = "")]
    namespace: String,
    /// Draw it as it was at this moment (RFC 3339), from the server's database; --context names the cluster.
    #[arg(long, value_name = "MOMENT", requires = "context", conflicts_with_all = ["kubeconfig", "demo", "dha"])]
    at_time: Option<jiff::Timestamp>,
    #[command(flatten)]
    database: super::user::DatabaseArgs,
}

#[derive(Clone, Copy, ValueEnum)]
enum Figure {
    /// Masters and nodes with their components and pods.
    Architecture,
    /// Which network carries what.
    Networking,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    /// A picture.
    Svg,
    /// The figure as data: marks with places and ids.
    Json,
}

pub(super) async fn run(args: DrawArgs) -> Result<(), Failure> {
    let planned = crate::plan::planned(args.dha.as_deref(), args.network.as_deref())
        .map_err(|error| (Exit::Usage, error.to_string()))?
        .map(Arc::new);
    let view = app::source::View { at: args.at, namespace: args.namespace, ..app::source::View::default() };
    let mut view = crate::pages::figure_view(&view);
    view.figure = match args.figure {
        Figure::Architecture => topology::figure::Figure::Architecture,
        Figure::Networking => topology::figure::Figure::Networking,
    };
    let named = args.demo.is_some() || args.kubeconfig.is_some() || args.context.is_some();
    let scene = match (args.at_time, planned) {
        (Some(at), _) => {
            let name = args.context.unwrap_or_default();
            let store = args.database.open().await?;
            let cluster = super::history::then(&store, &name, at).await?;
            let now = cluster.now();
            let scene = cluster.read(|inventory| Drawing::draw(inventory, &view, now).scene());
            scene::standing_alone(&scene, &crate::pages::of(&name, now))
        }
        (None, Some(planned)) if !named => {
            let mut inventory = Inventory::default();
            inventory.apply(Change::Planned(Some(planned)));
            Drawing::draw(&inventory, &view, Stamp::default()).scene()
        }
        (None, planned) => {
            let context = context(args.demo.as_deref(), args.kubeconfig.as_deref(), args.context.as_deref())?;
            let planned = planned.or_else(|| context.planned.clone());
            let cluster = heard(&context, planned).await?;
            let now = cluster.now();
            let scene = cluster.read(|inventory| Drawing::draw(inventory, &view, now).scene());
            // A made-up cluster at rest has no time of its own, and its figure comes out the same each time.
            let of = if context.demo { context.name.clone() } else { crate::pages::of(&context.name, now) };
            scene::standing_alone(&scene, &of)
        }
    };
    let text = match args.format {
        Format::Svg => scene::document(&scene),
        Format::Json => serde_json::to_string_pretty(&scene).map_err(|error| (Exit::Failed, error.to_string()))? + "\n",
    };
    write(args.output, &text)
}

/// The cluster of a context, once every source has spoken or has taken too long.
pub(super) async fn heard(context: &Context, planned: Option<Arc<Planned>>) -> Result<Cluster, Failure> {
    let (client, address) = context.client().await.map_err(|trouble| failed(&trouble, ""))?;
    let cluster = Cluster::start_in(Pace::default(), &context.name, client, &address, &context.namespaces);
    if let Some(planned) = planned {
        cluster.plan(planned);
    }
    let heard = tokio::time::timeout(PATIENCE, cluster.heard_everything()).await;
    match heard {
        Ok(Err(trouble)) => Err(failed(&trouble, &context.origin)),
        _ => Ok(cluster),
    }
}

/// The context that flags name, as kubectl finds it.
pub(super) fn context(demo: Option<&str>, kubeconfig: Option<&Path>, name: Option<&str>) -> Result<Context, Failure> {
    if demo == Some(demo::NAME) {
        return Ok(demo::still());
    }
    if let Some(name) = demo {
        let missing = || format!("there is no built-in cluster {name}: {} are there", demo::names().join(", "));
        return Distribution::named(name).map(demo::still_of).ok_or_else(|| (Exit::Usage, missing()));
    }
    let refused = |trouble: Trouble| (Exit::Usage, failed(&trouble, "").1);
    let Some(name) = name else {
        return contexts::current(kubeconfig).map_err(refused)?.ok_or_else(|| {
            let why = "no kubeconfig was found: name one with --kubeconfig, or draw the built-in cluster with --demo";
            (Exit::Usage, why.into())
        });
    };
    let found = contexts::find(kubeconfig).map_err(refused)?;
    let near = contexts::nearest(name, &found);
    found
        .into_iter()
        .find(|context| context.name == name)
        .ok_or_else(|| (Exit::Usage, format!("no kubeconfig has a context {name}{near}")))
}

fn failed(trouble: &Trouble, origin: &str) -> Failure {
    let exit = if matches!(trouble, Trouble::Kubeconfig { .. }) { Exit::Usage } else { Exit::Unreachable };
    (exit, format!("{trouble}. {}", trouble.todo_in(origin)))
}

pub(super) fn write(output: Option<PathBuf>, text: &str) -> Result<(), Failure> {
    use std::io::Write;
    let Some(path) = output else {
        return match std::io::stdout().lock().write_all(text.as_bytes()) {
            // Whoever reads has seen enough.
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
            other => other.map_err(|error| (Exit::Failed, format!("cannot write to standard output: {error}"))),
        };
    };
    std::fs::write(&path, text).map_err(|error| (Exit::Failed, format!("cannot write {}: {error}", path.display())))
}
