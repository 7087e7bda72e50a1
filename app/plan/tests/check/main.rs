//! What a check says of a plan in which one thing is wrong, family by family; and nothing of one that is right.

mod addresses;
mod expansion;
mod fixture;
mod identity;
mod links;
mod pools;
mod power;
mod required;
mod roles;
mod scale;
mod values;
mod vips;

use fixture::{OF_EVERY_BARE_METAL, bare_metal, kubernetes, open_stack};
use plan::{Plan, check};

#[test]
fn a_plan_that_is_right_has_no_finding() {
    for case in [kubernetes(), bare_metal(), open_stack()] {
        case.finds(&[]);
    }
}

#[test]
fn half_a_plan_is_checked_as_far_as_it_goes() {
    let Plan { dha, network } = kubernetes().plan();
    assert_eq!(check(&Plan { dha, network: None }), []);
    assert_eq!(check(&Plan { dha: None, network }), []);
    assert_eq!(check(&Plan::default()), []);
}

#[test]
fn findings_come_in_the_order_of_the_files() {
    let case = kubernetes().dha("host5", "Host5").dha("TYPE: virtual", "TYPE: cloud").network("", "10.1.0.1\"", "x\"");
    let found = check(&case.plan());
    let places: Vec<_> = found.iter().map(|one| (one.file, one.place)).collect();
    assert!(places.is_sorted() && places.len() == 3, "{found:#?}");
}

#[test]
fn a_finding_points_at_the_value() {
    let found = check(&kubernetes().network("", "ip: 10.1.0.222", "ip: 10.1.0.60").plan());
    assert_eq!(found.iter().map(|one| one.place.column).collect::<Vec<_>>(), [7]);
}

#[test]
fn what_is_said_of_bare_metal_is_not_said_of_a_plan_without() {
    assert!(check(&bare_metal().plan()).iter().any(|one| one.what == OF_EVERY_BARE_METAL));
    assert!(check(&kubernetes().plan()).is_empty());
}
