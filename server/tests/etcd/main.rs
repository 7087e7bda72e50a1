//! etcd as it is, on real ones of today and of 3.4: who its members are, and backups of them.
//! `end2end/with-etcd` names the programs, `end2end/with-s3` starts the store that some need.

mod certificates;
mod cluster;
mod clusters;
mod deliveries;
mod fake;
mod faults;
mod figure;
mod hosts;
#[path = "../rest/house.rs"]
mod house;
mod keeping;
mod kills;
mod looks;
mod pages;
#[path = "../served/mod.rs"]
mod served;
mod taking;
mod trust;
mod way_back;
mod way_back_pages;
