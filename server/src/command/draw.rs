//! `binnacle draw`.

use std::{path::PathBuf, time::Duration};

use clap::{Args, ValueEnum};
use topology::figure::Drawing;

use super::{Exit, Failure};
use crate::{
    cluster::{
        Cluster, Trouble,
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
    /// Draw the built-in cluster.
    #[arg(long)]
    demo: bool,
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
    let context = context(&args)?;
    let (client, address) = context.client().await.map_err(|trouble| failed(&trouble))?;
    let cluster = Cluster::start(&context.name, client, &address);
    let heard = tokio::time::timeout(PATIENCE, cluster.heard_everything()).await;
    if let Ok(Err(trouble)) = heard {
        return Err(failed(&trouble));
    }
    let view = app::source::View { at: args.at, namespace: args.namespace, ..app::source::View::default() };
    let mut view = crate::pages::figure_view(&view);
    view.figure = match args.figure {
        Figure::Architecture => topology::figure::Figure::Architecture,
        Figure::Networking => topology::figure::Figure::Networking,
    };
    let now = cluster.now();
    let scene = cluster.read(|inventory| Drawing::draw(inventory, &view, now).scene());
    let text = match args.format {
        Format::Svg => scene::document(&scene),
        Format::Json => serde_json::to_string_pretty(&scene).map_err(|error| (Exit::Failed, error.to_string()))? + "\n",
    };
    write(args.output, &text)
}

fn context(args: &DrawArgs) -> Result<Context, Failure> {
    if args.demo {
        return Ok(demo::still());
    }
    let found = contexts::find(args.kubeconfig.as_deref()).map_err(|trouble| (Exit::Usage, said(&trouble)))?;
    let wanted = |context: &Context| args.context.as_ref().is_none_or(|name| context.name == *name);
    found.into_iter().find(wanted).ok_or_else(|| {
        let why = match &args.context {
            Some(name) => format!("no kubeconfig has a context {name}"),
            None => {
                "no kubeconfig was found: name one with --kubeconfig, or draw the built-in cluster with --demo".into()
            }
        };
        (Exit::Usage, why)
    })
}

fn failed(trouble: &Trouble) -> Failure {
    let exit = if matches!(trouble, Trouble::Kubeconfig { .. }) { Exit::Usage } else { Exit::Unreachable };
    (exit, said(trouble))
}

fn said(trouble: &Trouble) -> String {
    format!("{trouble}. {}", trouble.todo())
}

fn write(output: Option<PathBuf>, text: &str) -> Result<(), Failure> {
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
