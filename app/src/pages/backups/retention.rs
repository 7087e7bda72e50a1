//! What retention would do now: the dry run.

use leptos::prelude::*;

use super::{Fate, PlaceFates};
use crate::{base::at, texts::backups as words};

/// The page's content; `rules` is what is configured.
pub fn retention(cluster: &str, rules: &str, places: &[PlaceFates]) -> AnyView {
    let base = at(&format!("/c/{}/backups", scene::segment(cluster)));
    let places = places.iter().map(|place| self::place(&base, place)).collect_view();
    view! {
        <main id="content" tabindex="-1" class="tables shelf">
            <div class="bar heads"><h1>{words::RETENTION}</h1><a href=base.clone()>{words::BACKUPS}</a></div>
            <p>{words::RETENTION_MEANS}</p>
            <dl class="about"><div><dt>{words::RULES}</dt><dd>{rules.to_owned()}</dd></div></dl>
            {places}
        </main>
    }
    .into_any()
}

fn place(base: &str, place: &PlaceFates) -> AnyView {
    let goes = if place.goes.is_empty() {
        view! { <p class="pad">{words::NOTHING_GOES}</p> }.into_any()
    } else {
        let rows = place.goes.iter().map(|fate| row(base, fate)).collect_view();
        let more = (place.more > 0).then(|| view! { <p class="pad hint">{words::not_listed(place.more)}</p> });
        view! {
            <div class="wide" tabindex="0"><table>
                <thead><tr><th scope="col">{words::TAKEN}</th><th scope="col">{words::STATE}</th><th scope="col">{words::WHY}</th></tr></thead>
                <tbody>{rows}</tbody>
            </table></div>{more}
        }
        .into_any()
    };
    let stays = place.stays.iter().map(|(why, count)| view! { <li>{format!("{count}: {why}")}</li> }).collect_view();
    let count = place.stays.iter().map(|(_, count)| count).sum();
    view! {
        <section class="card"><h2>{place.place.clone()}" "<small>{words::stay(count)}</small></h2>{goes}<ul class="pad">{stays}</ul></section>
    }
    .into_any()
}

fn row(base: &str, fate: &Fate) -> AnyView {
    view! {
        <tr><th scope="row"><a href=format!("{base}/{}", fate.id)>{fate.taken.clone()}</a></th>
        <td class="h-warn">{words::GOES}</td><td>{fate.why.clone()}</td></tr>
    }
    .into_any()
}
