//! A cluster in small tells what its figure tells.

mod fixture;

use fixture::{NOW, THREE_AND_TWO, inventory};
use scene::Health;
use topology::figure::{Drawing, View, small};

#[test]
fn masters_come_first_and_the_sentence_is_the_figures() {
    let inventory = inventory(THREE_AND_TWO);
    let small = small(&inventory, NOW);
    let figure = Drawing::draw(&inventory, &View::default(), NOW);
    assert_eq!(small.sentence, figure.sentence());
    let masters: Vec<bool> = small.hosts.iter().map(|host| host.master).collect();
    assert_eq!(masters, [true, true, true, false, false]);
}

#[test]
fn a_lost_host_is_bad_and_a_planned_one_is_there() {
    let inventory = inventory(
        "
        node m1 master
        node n1 lost
        pod web-1 on n2 of Deployment/web ready
    ",
    );
    let hosts = small(&inventory, NOW).hosts;
    let names: Vec<&str> = hosts.iter().map(|host| &*host.name).collect();
    assert_eq!(names, ["m1", "n1", "n2"], "a host that pods name is shown");
    assert_ne!(hosts[1].health, Health::Ok);
    assert_ne!(hosts[2].health, Health::Ok, "nobody told of it");
}
