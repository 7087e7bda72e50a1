//! The two networks' lines from their boxes to the cards of every machine.

use scene::{Id, Mark, Point, Tone};

use super::{
    super::drawing::Board,
    beside::{MGMT_BOX, NET_BOX},
    card,
    comb::{Teeth, comb},
    geometry::{self, BESIDE, LINES, MGMT_X, NET_X, OUT},
};

/// Both lines.
pub fn draw(board: &Board) -> Vec<Mark> {
    let planned = board.inventory.planned().map(|planned| planned.cards().len()).filter(|count| *count > 0);
    let cards = planned.unwrap_or(2);
    let rows = geometry::frame_rows(board.plan);
    let band = geometry::fold_band(board.plan);
    let teeth = |slot: usize, below: i32, enter: i32| -> Vec<Teeth> {
        let row = |(bottom, places): &(i32, Vec<scene::Place>)| Teeth {
            y: bottom + below,
            ends: places
                .iter()
                .filter_map(|at| {
                    let card = *card::places(cards, at.w).get(slot)?;
                    Some((at.x + card.x + card.w / 2, bottom + OUT))
                })
                .collect(),
        };
        let folded = band.map(|band| Teeth { y: band.y + enter, ends: vec![(band.x, band.y + enter)] });
        rows.iter().map(row).chain(folded).collect()
    };
    let mgmt = trunk("mgmt", Tone::Mgmt, MGMT_X, MGMT_BOX.0 + MGMT_BOX.1 / 2, &teeth(0, LINES.0, 26));
    // With one card alone there is no second line.
    let net = if cards > 1 { teeth(cards - 1, LINES.1, 40) } else { Vec::new() };
    let net = trunk("net", Tone::Net, NET_X, NET_BOX.0 + NET_BOX.1 / 2, &net);
    mgmt.into_iter().chain(net).chain(band.map(around)).collect()
}

fn trunk(name: &str, tone: Tone, x: i32, y: i32, teeth: &[Teeth]) -> Option<Mark> {
    let mut mark = comb(Id::new(format!("wire/{name}")), tone, (x, y), teeth)?;
    mark.path.insert(0, Point { x: BESIDE.0 + BESIDE.1, y });
    mark.title = match tone {
        Tone::Mgmt => "The install and management network reaches the first NIC of every machine.".into(),
        _ => "The container service network carries the pods' traffic, and leads outside.".into(),
    };
    Some(mark)
}

fn around(at: scene::Place) -> Mark {
    let mut band = Mark::new(Id::new("machines"), scene::Kind::Band, at);
    band.title = "Machines, each on both networks.".into();
    band
}
