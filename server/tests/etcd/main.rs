//! etcd as it is, on real ones of today and of 3.4: who its members are, and backups of them.
//! `end2end/with-etcd` names the programs.

mod certificates;
mod cluster;
mod fake;
mod faults;
mod figure;
mod hosts;
mod keeping;
mod kills;
mod looks;
#[path = "../served/mod.rs"]
mod served;
mod taking;
mod trust;
mod way_back;
mod way_back_pages;
