//! Two API servers of one cluster that advertise addresses which no node has.

use std::{process::Command, time::Duration};

use kube::api::{Patch, PatchParams};
use scene::Health;
use serde_json::json;
use topology::figure::{Focus, View};

use super::Process;
use crate::{
    conformance::{client, create, pod},
    sources::Stage,
    target, told,
};

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").and_then(|it| it.local_addr()).expect("a port").port()
}

/// Starts a second API server on the same etcd, with an advertised address of its own.
async fn second(advertised: &str) -> Process {
    let dir = told("BINNACLE_TEST_CONTROL_PLANE");
    let script = std::fs::read_to_string(format!("{dir}/apiserver")).expect("how the first was started");
    let port = free_port();
    let changed: Vec<String> = script.split(' ').map(str::to_owned).collect();
    let mut words = changed.clone();
    for at in 1..changed.len() {
        match changed[at - 1].as_str() {
            "--secure-port" => words[at] = port.to_string(),
            "--advertise-address" => words[at] = advertised.into(),
            _ => {}
        }
    }
    let server = Process::start(Command::new("bash").args(["-c", &words.join(" ")]).current_dir(dir));
    let mut config = target().await.config;
    config.cluster_url = format!("https://127.0.0.1:{port}").parse().expect("an address");
    let client = client(&config);
    for _ in 0..600 {
        let ready = http::Request::get("/readyz").body(Vec::new()).expect("a request");
        if client.request_text(ready).await.is_ok_and(|text| text == "ok") {
            return server;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    panic!("the second API server is not ready");
}

#[tokio::test(flavor = "multi_thread")]
async fn api_servers_that_advertise_other_addresses_are_up() {
    let _second = second("10.1.0.51").await;
    for (inside, advertised) in [("192.168.9.50", "10.1.0.50"), ("192.168.9.51", "10.1.0.51")] {
        let stage = Stage::with(json!({ "node-role.kubernetes.io/control-plane": "" })).await;
        let addresses = json!({ "status": { "addresses": [{ "type": "InternalIP", "address": inside }] } });
        stage
            .nodes()
            .patch_status(&stage.name, &PatchParams::default(), &Patch::Merge(&addresses))
            .await
            .expect("an address");
        let name = format!("kube-apiserver-{}", stage.name);
        let mut object = pod(&name, &stage.name);
        object["metadata"]["labels"] = json!({ "component": "kube-apiserver", "tier": "control-plane" });
        object["metadata"]["annotations"] = json!({ "kubernetes.io/config.mirror": "0123" });
        object["spec"]["containers"] = json!([{ "name": "kube-apiserver", "image": "registry.local/it:v1.34.4",
            "command": ["kube-apiserver", format!("--advertise-address={advertised}")] }]);
        create(&stage.pods("kube-system"), object).await;
        stage.set_ready("kube-system", &name, true, 0).await;
        let view = View { focus: Focus::Node(stage.name.as_str().into()), ..View::default() };
        stage.sees(&view, "chip/NODE/kube-apiserver", "up", |mark| mark.health == Some(Health::Ok)).await;
        stage.leave().await;
    }
}
