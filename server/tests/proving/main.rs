//! Backups of real etcds, proved further: restored for trial, read again, put into a real S3 server, reached through a
//! real sshd. `end2end/with-s3` and `end2end/with-etcd` together name what is needed.

#[path = "../etcd/certificates.rs"]
mod certificates;
#[expect(dead_code, reason = "other tests need more of it")]
#[path = "../etcd/cluster.rs"]
mod cluster;
#[path = "../served/mod.rs"]
mod served;
#[expect(dead_code, reason = "other tests need more of it")]
#[path = "../deploy/sshd.rs"]
mod sshd;
#[expect(dead_code, reason = "other tests need more of it")]
#[path = "../wire/mod.rs"]
mod wire;

mod afar;
mod companions;
mod house;
mod left;
mod on_hosts;
mod rehearsals;
mod rereads;
mod through;
