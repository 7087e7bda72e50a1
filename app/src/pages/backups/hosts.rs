//! What kubespray left on the hosts, below the list of backups.

use leptos::prelude::*;

use crate::texts::backups as words;

/// A host that was asked.
#[derive(Clone, Debug, Default)]
pub struct HostLine {
    /// How it is reached.
    pub host: String,
    /// When it was asked, as in `2 minutes ago`.
    pub asked: String,
    /// Why it is not known what lies there.
    pub wrong: Option<String>,
    /// Newest first.
    pub files: Vec<HostFile>,
}

/// A snapshot on a host.
#[derive(Clone, Debug, Default)]
pub struct HostFile {
    /// Where.
    pub path: String,
    /// When it was written.
    pub written: String,
    /// How long ago.
    pub ago: String,
    /// As in `20.5 kB`.
    pub size: String,
    /// Whether its length is that of a database with its digest.
    pub fits: bool,
}

/// Nothing where no host is named.
pub(super) fn hosts(hosts: &[HostLine]) -> Option<AnyView> {
    if hosts.is_empty() {
        return None;
    }
    let each = hosts.iter().map(host).collect_view();
    let section = view! {
        <section class="card plain on-hosts" aria-labelledby="on-hosts">
            <h2 id="on-hosts">{words::ON_HOSTS}</h2>
            <p class="hint">{words::ON_HOSTS_MEANS}</p>
            {each}
        </section>
    };
    Some(section.into_any())
}

fn host(host: &HostLine) -> AnyView {
    let content = match &host.wrong {
        Some(wrong) => view! { <p class="h-warn">{words::not_known(wrong)}</p> }.into_any(),
        None if host.files.is_empty() => view! { <p class="hint">{words::NONE_ON_HOST}</p> }.into_any(),
        None => {
            let files = host.files.iter().map(file).collect_view();
            view! { <ul>{files}</ul> }.into_any()
        }
    };
    view! { <h3>{host.host.clone()}" "<small class="hint">{words::asked(&host.asked)}</small></h3>{content} }.into_any()
}

fn file(file: &HostFile) -> AnyView {
    let (class, says) =
        if file.fits { ("badge h-unknown", words::NOT_PROVED) } else { ("badge h-bad", words::NOT_WHOLE) };
    view! {
        <li><code>{file.path.clone()}</code>" "<span>{format!("{} · {} · {}", file.written, file.ago, file.size)}</span>" "
            <span class=class>{says}</span></li>
    }
    .into_any()
}
