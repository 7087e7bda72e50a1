//! Looks now and then at the certificates that API servers and members of etcd present.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures::future::join_all;
use incident::{Certificate, Server};

use crate::cluster::contexts::Context;

/// What was presented last, by cluster. Cheap to clone.
#[derive(Clone, Default)]
pub struct Certificates(Arc<Mutex<HashMap<String, Vec<Certificate>>>>);

/// How often they are looked at. To each pause comes up to a tenth of it, so that servers do not ask at once.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// The longest time until the first look.
    pub first: Duration,
    /// The time between two.
    pub every: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self { first: Duration::from_secs(30), every: Duration::from_secs(3_600) }
    }
}

impl Certificates {
    /// Those of a cluster; none before the first look.
    pub fn of(&self, cluster: &str) -> Vec<Certificate> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(cluster).cloned().unwrap_or_default()
    }

    /// Looks at those of each cluster, until it is dropped.
    pub async fn follow(self, contexts: Vec<Context>, pace: Pace) {
        join_all(contexts.iter().map(|context| self.follow_one(context, pace))).await;
    }

    async fn follow_one(&self, context: &Context, pace: Pace) {
        tokio::time::sleep(pace.first.mul_f64(fastrand::f64())).await;
        loop {
            let seen = look(context).await;
            self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(context.name.clone(), seen);
            tokio::time::sleep(pace.every.mul_f64(1.0 + fastrand::f64() / 10.0)).await;
        }
    }
}

/// One connection to each server, which ends when TLS is agreed on.
async fn look(context: &Context) -> Vec<Certificate> {
    let api = async {
        context.certificate().await.unwrap_or_else(|trouble| {
            tracing::debug!(cluster = context.name, "the certificate of the API server is unknown: {trouble}");
            None
        })
    };
    let etcd = async {
        match &context.etcd {
            Some(access) => access.certificates().await,
            None => Vec::new(),
        }
    };
    let (api, etcd) = tokio::join!(api, etcd);
    let one = |server| move |(address, holds)| Certificate { server, address, holds };
    api.into_iter().map(one(Server::Api)).chain(etcd.into_iter().map(one(Server::Etcd))).collect()
}
