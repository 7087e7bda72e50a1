//! The loss of hosts and the order of drains, asked by the page, its data, the API and the command line. All four
//! answer the same.

#[path = "rest/house.rs"]
mod house;

use std::process::{Command, Output, Stdio};

use axum::http::{StatusCode, header};
use house::{House, bytes};
use serde_json::{Value, json};

fn run(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_binnacle"));
    command.args(["what-if", "--demo"]).args(args).env_clear().env("HOME", "/nonexistent").stdin(Stdio::null());
    command.output().expect("it runs")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout)
}

fn told(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", said(output)))
}

/// The exit code that a pipeline sees for an outcome.
fn code(outcome: &Value) -> i32 {
    match outcome.as_str() {
        Some("unnoticed") => 0,
        Some("unknown") => 4,
        _ => 1,
    }
}

async fn page(house: &House, path: &str) -> (StatusCode, String) {
    let answer = house.get(path).await;
    (answer.status(), String::from_utf8_lossy(&bytes(answer).await).into_owned())
}

/// The losses, once they are worked out.
async fn losses(house: &House) -> Value {
    for _ in 0..1200 {
        let losses = house.json("/api/v1/clusters/demo/losses").await;
        if losses["known"] == true {
            return losses;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("the losses are not known after a minute");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_and_the_data_of_the_page_answer_in_one_form() {
    let house = House::still().await;
    for query in ["lose=host1", "lose=host4&lose=host5", "drain=host4", "remove=host5&add=host4"] {
        let api = house.json(&format!("/api/v1/clusters/demo/what-if?{query}")).await;
        let data = house.json(&format!("/c/demo/what-if.json?{query}")).await;
        assert_eq!(api, data, "{query}");
        assert!(api["sentence"].as_str().is_some_and(|said| said.starts_with("If ")), "{api}");
        assert!(api["parts"].as_array().is_some_and(|parts| !parts.is_empty()), "{api}");
    }
    let api = house.json("/api/v1/clusters/demo/drain-order").await;
    assert_eq!(api, house.json("/c/demo/what-if.json?order=drain").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_does_not_exist_is_named_with_those_that_do() {
    let house = House::still().await;
    let answer = house.get("/api/v1/clusters/demo/what-if?lose=nohost").await;
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
    assert_eq!(answer.headers()[header::CONTENT_TYPE], "application/problem+json");
    let problem = house::json(answer).await;
    let detail = problem["detail"].as_str().expect("a detail");
    assert!(detail.contains("there is no host nohost") && detail.contains("host1"), "{detail}");
    for path in ["/c/demo/what-if?lose=nohost", "/c/demo/what-if.json?lose=nohost"] {
        let (status, text) = page(&house, path).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{path}");
        assert!(text.contains("there is no host nohost"), "{path}");
    }
    let (status, text) = page(&house, "/c/demo/what-if.json").await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(text.contains("no host is named"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_host_and_every_pair_of_masters_is_told_worst_first() {
    let house = House::still().await;
    let losses = losses(&house).await;
    let (single, pairs) = (losses["items"].as_array().expect("hosts"), losses["pairs"].as_array().expect("pairs"));
    assert_eq!((single.len(), pairs.len()), (5, 3), "{losses}");
    assert!(pairs.iter().all(|pair| pair["hosts"].as_array().is_some_and(|hosts| hosts.len() == 2)), "{losses}");
    // Of three members of etcd two are its quorum.
    assert!(pairs.iter().all(|pair| pair["outcome"] == "damaged"), "{losses}");
    let order = ["damaged", "at-risk", "unknown", "interrupted", "unnoticed"];
    let rank = |loss: &Value| order.iter().position(|word| loss["outcome"] == *word).expect("an outcome");
    assert!(single.is_sorted_by_key(rank), "{losses}");
    let (status, text) = page(&house, "/c/demo/what-if").await;
    assert_eq!(status, StatusCode::OK);
    for words in ["The loss of every single host", "The loss of two masters", "host1 and host2"] {
        assert!(text.contains(words), "{words}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_tells_the_loss_of_a_host_without_a_script() {
    let house = House::still().await;
    let (status, text) = page(&house, "/c/demo/what-if?lose=host5").await;
    assert_eq!(status, StatusCode::OK);
    for words in ["If host5 is lost", "Timeline", "Nothing is changed", "what-if.json?lose=host5", "<svg"] {
        assert!(text.contains(words), "{words}");
    }
    let by_form = house.get("/c/demo/what-if?host=host5&kind=lose").await;
    assert!(by_form.status().is_redirection());
    assert_eq!(by_form.headers()[header::LOCATION], "/c/demo/what-if?lose=host5");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_lists_the_waves_of_the_drain_order() {
    let house = House::still().await;
    let order = house.json("/api/v1/clusters/demo/drain-order").await;
    let (status, text) = page(&house, "/c/demo/what-if?order=drain").await;
    assert_eq!(status, StatusCode::OK);
    assert!(text.contains("Drain order for an upgrade") && text.contains("<ol class=\"waves\">"), "{text}");
    assert!(text.contains(order["sentence"].as_str().expect("a sentence")), "{order}");
    for wave in order["waves"].as_array().expect("waves") {
        let hosts: Vec<&str> =
            wave["hosts"].as_array().expect("hosts").iter().map(|host| host.as_str().expect("text")).collect();
        assert!(text.contains(&format!("<strong>{}<", hosts.join(", "))), "{hosts:?}");
    }
    // Every host is in a wave or is told with a reason.
    let of = |list: &str, count: &dyn Fn(&Value) -> usize| {
        order[list].as_array().expect("a list").iter().map(count).sum::<usize>()
    };
    let drained = of("waves", &|wave| wave["hosts"].as_array().map_or(0, Vec::len));
    let stuck = of("stuck", &|host| usize::from(host["why"].as_array().is_some_and(|why| !why.is_empty())));
    assert_eq!(drained + stuck, 5, "{order}");
    let (_, without) = page(&house, "/c/demo/what-if").await;
    assert!(without.contains("what-if?order=drain") && !without.contains("class=\"waves\""));
}

#[test]
fn a_pipeline_sees_by_the_exit_code_what_a_loss_does() {
    for (host, exit) in [("host1", 0), ("host4", 1), ("host5", 1)] {
        let output = run(&["--lose", host, "--format", "json"]);
        let answer = told(&output);
        assert_eq!((output.status.code(), code(&answer["outcome"])), (Some(exit), exit), "{answer}");
        let text = run(&["--lose", host]);
        assert_eq!(text.status.code(), Some(exit));
        let text = said(&text);
        assert!(text.contains(&format!("If {host} is lost")) && text.contains("Timeline:"), "{text}");
    }
    let both = run(&["--lose", "host1", "--lose", "host2", "--format", "json"]);
    assert_eq!((both.status.code(), &told(&both)["outcome"]), (Some(1), &"damaged".into()));
    assert!(said(&both).contains("loses its quorum"), "{}", said(&both));
}

#[test]
fn a_question_that_cannot_be_answered_exits_with_two() {
    let unknown = run(&["--lose", "nohost"]);
    assert_eq!(unknown.status.code(), Some(2), "{}", said(&unknown));
    assert!(said(&unknown).contains("there is no host nohost: there are host1"), "{}", said(&unknown));
    let twice = run(&["--lose", "host4", "--drain", "host4"]);
    assert_eq!(twice.status.code(), Some(2));
    assert!(said(&twice).contains("host4 is named twice"), "{}", said(&twice));
    assert_eq!(run(&["--drain-order", "--lose", "host4"]).status.code(), Some(2));
}

#[test]
fn without_a_question_every_loss_is_told_as_the_api_has_it() {
    let output = run(&["--format", "json"]);
    let losses = told(&output);
    assert_eq!(losses["items"].as_array().map(Vec::len), Some(5), "{losses}");
    assert_eq!(losses["pairs"].as_array().map(Vec::len), Some(3), "{losses}");
    assert_eq!(output.status.code(), Some(code(&losses["items"][0]["outcome"])), "{losses}");
}

#[test]
fn the_command_line_tells_the_drain_order_and_exits_by_it() {
    let output = run(&["--drain-order", "--format", "json"]);
    let order = told(&output);
    let whole = match order["whole"].as_bool() {
        Some(true) => 0,
        Some(false) => 1,
        None => 4,
    };
    assert_eq!(output.status.code(), Some(whole), "{order}");
    let masters: Vec<&Value> =
        order["waves"].as_array().expect("waves").iter().take(3).map(|wave| &wave["hosts"]).collect();
    assert_eq!(masters, [&json!(["host1"]), &json!(["host2"]), &json!(["host3"])], "one at a time");
    let text = said(&run(&["--drain-order"]));
    for words in ["  1. host1: no pods move", "  3. host3: no pods move", "of 5 hosts can be drained"] {
        assert!(text.contains(words), "{text}");
    }
}
