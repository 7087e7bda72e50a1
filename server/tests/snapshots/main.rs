//! Snapshots of real etcds, of today and of 3.4: proved, held to what etcd's own tools tell, rehearsed.
//! `end2end/with-etcd` names the programs.

mod commands;
mod differences;
mod flips;
mod rehearsals;
mod started;
mod told;
