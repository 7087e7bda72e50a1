//! Finding things by a part of their names.

mod fixture;

use fixture::{THREE_AND_TWO, inventory};
use topology::find::{Found, find};

const TEXT: &str = "
    node web
    node other
    pod web-1 in shop on web ready
    pod web-2 in shop on other ready
    pod my-web in test on other ready
    service web 1/1
";

fn found(text: &str) -> Found {
    find(&inventory(TEXT), text, 10)
}

fn opens(found: &Found) -> Vec<String> {
    found.hits.iter().map(topology::find::Hit::opens).collect()
}

#[test]
fn exact_names_come_before_beginnings_and_parts() {
    let found = found("Web");
    let want = ["node/web", "service/default/web", "pod/shop/web-1", "pod/shop/web-2", "pod/test/my-web"];
    assert_eq!(opens(&found), want);
    assert_eq!((found.nodes, found.services, found.pods, found.total()), (1, 1, 3, 5));
}

#[test]
fn a_kind_or_a_namespace_narrows_the_search_down() {
    assert_eq!(opens(&found("pod/web")), ["pod/shop/web-1", "pod/shop/web-2", "pod/test/my-web"]);
    assert_eq!(opens(&found("shop/web")), ["pod/shop/web-1", "pod/shop/web-2"]);
    assert_eq!(opens(&found("pod/test/web")), ["pod/test/my-web"]);
}

#[test]
fn all_are_counted_and_the_best_are_told() {
    let found = find(&inventory(TEXT), "web", 2);
    assert_eq!(opens(&found), ["node/web", "service/default/web"]);
    assert_eq!(found.total(), 5);
}

#[test]
fn an_empty_text_finds_nothing() {
    for text in ["", "  ", "pod/", "node/"] {
        assert_eq!(found(text), Found::default(), "{text:?}");
    }
}

#[test]
fn a_component_is_found_by_the_name_of_its_pod() {
    let found = find(&inventory(THREE_AND_TWO), "kube-scheduler", 10);
    assert!(found.pods > 0, "{found:?}");
}

#[test]
fn letters_in_their_order_find_a_name_that_holds_the_text_nowhere() {
    use topology::find::fits;
    assert_eq!(fits("kube-flannel-ds-x7k2p", "kflan"), Some(3 + 4));
    assert_eq!(fits("host4", "host4"), Some(0));
    assert!(fits("nginx-ingress", "ngress") < fits("nginx-ingress", "nging"));
    assert_eq!(fits("kube-kflan", "kfn"), Some(3 + 2), "the start with the fewest letters between counts");
    assert_eq!(fits("web", "bew"), None);
    assert_eq!(fits("web", "wb"), None, "two letters are in nearly every name");
}
