//! The tools: which path of the API each one gets, and what may be said to it.
//!
//! Their input schemas are the parameters of the API's document, so that a tool takes what the API takes.

use std::sync::{Arc, LazyLock};

use rmcp::model::{JsonObject, Tool as Offered, ToolAnnotations};
use serde_json::{Map, Value, json};

use crate::rest;

/// The list of all clusters.
pub(super) const CLUSTERS: &str = "/api/v1/clusters";

/// Bytes of all arguments together.
const LONGEST: usize = 8_000;

/// What can be told where an assistant asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// A cluster as it is.
    Now,
    /// What was recorded of it as well.
    Past,
    /// All that a server keeps: deployments and backups, too.
    Server,
}

/// A tool.
pub(super) struct Tool {
    name: &'static str,
    title: &'static str,
    about: &'static str,
    /// The path that it gets; what stands in braces is an argument.
    path: &'static str,
    /// The operation of the document that has its parameters.
    operation: &'static str,
    /// Arguments for parts of the path that the document has as operations of their own.
    choices: &'static [Choice],
    /// Where it can be answered.
    reach: Reach,
}

/// A word that is a part of a path.
struct Choice {
    name: &'static str,
    about: &'static str,
    words: &'static [&'static str],
    /// When nothing is said; without one the argument is needed.
    usual: Option<&'static str>,
}

/// Parameters that change nothing in a text.
const WITHOUT: [&str; 1] = ["theme"];

/// An argument that cannot be used.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Mistake {
    #[error("this tool has no argument `{0}`: its arguments are {1}")]
    Unknown(String, String),
    #[error("the argument `{0}` is missing")]
    Missing(String),
    #[error("the argument `{0}` is none of {1}")]
    Word(&'static str, String),
    #[error("the argument `{0}` must be a text, a number, true or false, or a list of texts")]
    Shape(String),
    #[error("the argument `{0}` is no name that a path can have")]
    Part(String),
    #[error("the arguments have more than {LONGEST} bytes: ask about less at once")]
    Long,
}

impl Tool {
    const fn plain(name: &'static str, title: &'static str, path: &'static str, about: &'static str) -> Self {
        Self { name, title, about, path, operation: path, choices: &[], reach: Reach::Now }
    }

    const fn kept(self, reach: Reach) -> Self {
        Self { reach, ..self }
    }

    fn needs_cluster(&self) -> bool {
        self.path.contains("{cluster}")
    }

    /// Which cluster is asked about: none, where the tool needs none; one that is named, or not named.
    pub(super) fn cluster(&self, arguments: &JsonObject) -> Result<Option<Option<String>>, Mistake> {
        if !self.needs_cluster() {
            return Ok(None);
        }
        match arguments.get("cluster") {
            None | Some(Value::Null) => Ok(Some(None)),
            Some(Value::String(name)) if name.is_empty() => Ok(Some(None)),
            Some(Value::String(name)) => Ok(Some(Some(name.clone()))),
            Some(_) => Err(Mistake::Shape("cluster".into())),
        }
    }

    /// The path with its query that these arguments ask for.
    pub(super) fn request(&self, arguments: &JsonObject, cluster: &str) -> Result<String, Mistake> {
        let schema = &SCHEMAS[self.place()];
        let known = schema["properties"].as_object();
        if let Some(odd) = arguments.keys().find(|name| known.is_none_or(|known| !known.contains_key(*name))) {
            let names: Vec<String> = known.into_iter().flatten().map(|(name, _)| format!("`{name}`")).collect();
            let names = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
            return Err(Mistake::Unknown(odd.chars().take(60).collect(), names));
        }
        let mut said: Vec<(&str, String)> = Vec::new();
        for (name, value) in arguments {
            said.extend(texts(name, value)?.into_iter().map(|text| (name.as_str(), text)));
        }
        if said.iter().map(|(name, text)| name.len() + text.len()).sum::<usize>() > LONGEST {
            return Err(Mistake::Long);
        }
        let mut path = self.path.to_owned();
        for part in parts(self.path) {
            let value = self.part(part, &said, cluster)?;
            path = path.replace(&format!("{{{part}}}"), &scene::segment(&value));
        }
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(said.iter().filter(|(name, _)| !parts(self.path).any(|part| part == *name)));
        let query = query.finish();
        Ok(if query.is_empty() { path } else { format!("{path}?{query}") })
    }

    /// What stands at a place of the path.
    fn part(&self, part: &str, said: &[(&str, String)], cluster: &str) -> Result<String, Mistake> {
        let value = said.iter().find(|(name, text)| *name == part && !text.is_empty()).map(|(_, text)| text.clone());
        if let Some(choice) = self.choices.iter().find(|choice| choice.name == part) {
            let value = value.as_deref().or(choice.usual).ok_or_else(|| Mistake::Missing(part.to_owned()))?;
            let is_known = choice.words.contains(&value);
            return is_known.then(|| value.to_owned()).ok_or_else(|| Mistake::Word(choice.name, words(choice.words)));
        }
        let value = value.or_else(|| (part == "cluster").then(|| cluster.to_owned()));
        let value = value.ok_or_else(|| Mistake::Missing(part.to_owned()))?;
        if scene::is_addressable(&value) { Ok(value) } else { Err(Mistake::Part(part.to_owned())) }
    }

    fn place(&self) -> usize {
        TOOLS.iter().position(|tool| tool.name == self.name).unwrap_or_default()
    }

    /// What its arguments are, by the API's document.
    fn schema(&self, document: &Value) -> Value {
        let mut properties = Map::new();
        let mut required = Vec::new();
        if self.needs_cluster() {
            let about = "The cluster's name, as the tool `clusters` lists it. Needed where there are several.";
            properties.insert("cluster".into(), json!({ "type": "string", "description": about }));
        }
        for choice in self.choices {
            let mut told = json!({ "type": "string", "enum": choice.words, "description": choice.about });
            match choice.usual {
                Some(usual) => told["default"] = json!(usual),
                None => required.push(json!(choice.name)),
            }
            properties.insert(choice.name.into(), told);
        }
        for parameter in document["paths"][self.operation]["get"]["parameters"].as_array().into_iter().flatten() {
            let name = parameter["name"].as_str().unwrap_or_default();
            let place = parameter["in"].as_str().unwrap_or_default();
            if !matches!(place, "path" | "query") || properties.contains_key(name) || WITHOUT.contains(&name) {
                continue;
            }
            // Patterns and formats are the API's to judge: it says what does not fit.
            let mut schema = parameter["schema"].clone();
            for word in ["format", "pattern"] {
                schema.as_object_mut().and_then(|members| members.remove(word));
            }
            let about = parameter["description"].as_str().unwrap_or_default().replace('\n', " ");
            schema["description"] = json!(about);
            properties.insert(name.to_owned(), schema);
            if parameter["required"] == true {
                required.push(json!(name));
            }
        }
        json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
    }
}

/// The names in braces.
fn parts(path: &str) -> impl Iterator<Item = &str> {
    path.split('{').skip(1).filter_map(|part| part.split_once('}').map(|(name, _)| name))
}

/// An argument as the texts of a query.
fn texts(name: &str, value: &Value) -> Result<Vec<String>, Mistake> {
    let one = |value: &Value| match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        Value::Bool(truth) => Ok(truth.to_string()),
        _ => Err(Mistake::Shape(name.to_owned())),
    };
    match value {
        Value::Null => Ok(Vec::new()),
        Value::Array(values) => values.iter().map(one).collect(),
        value => Ok(vec![one(value)?]),
    }
}

fn words(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

static SCHEMAS: LazyLock<Vec<Value>> = LazyLock::new(|| {
    let document = rest::document();
    TOOLS.iter().map(|tool| tool.schema(&document)).collect()
});

static OFFERED: LazyLock<Vec<Offered>> = LazyLock::new(|| {
    let offered = |(tool, schema): (&Tool, &Value)| {
        let schema = schema.as_object().cloned().unwrap_or_default();
        let annotations = ToolAnnotations::with_title(tool.title)
            .read_only(true)
            .destructive(false)
            .idempotent(true)
            .open_world(false);
        Offered::new(tool.name, tool.about, Arc::new(schema)).with_title(tool.title).with_annotations(annotations)
    };
    TOOLS.iter().zip(&*SCHEMAS).map(offered).collect()
});

/// What is offered to an assistant that reaches so far.
pub(super) fn offered(reach: Reach) -> Vec<Offered> {
    let all = TOOLS.iter().zip(&*OFFERED).filter(|(tool, _)| tool.reach <= reach);
    all.map(|(_, offered)| offered.clone()).collect()
}

/// The tool of this name.
pub(super) fn find(name: &str, reach: Reach) -> Option<&'static Tool> {
    TOOLS.iter().find(|tool| tool.name == name && tool.reach <= reach)
}

const FIGURE: Choice = Choice {
    name: "figure",
    about: "`architecture`: masters and nodes with their components and pods; `networking`: which network carries what.",
    words: &["architecture", "networking"],
    usual: Some("architecture"),
};

const FORMAT: Choice = Choice {
    name: "format",
    about: "`mmd` for Mermaid, `dot` for Graphviz.",
    words: &["mmd", "dot"],
    usual: Some("mmd"),
};

const KIND: Choice = Choice {
    name: "kind",
    about: "What is listed.",
    words: &["nodes", "components", "pods", "services", "endpoints"],
    usual: None,
};

const TOOLS: &[Tool] = &[
    Tool::plain("clusters", "Clusters", CLUSTERS, "Lists the clusters that can be asked about."),
    Tool::plain(
        "state",
        "State of a cluster",
        "/api/v1/clusters/{cluster}",
        "Says in one sentence how a cluster fares (masters, leaders, etcd, pods), and lists what needs attention, worst \
         first. Also tells its version, its size, and which sources of facts are live, stale or forbidden. With `t` as \
         it was at a past moment.",
    ),
    Tool {
        choices: &[FIGURE, FORMAT],
        path: "/api/v1/clusters/{cluster}/diagrams/{figure}.{format}",
        operation: "/api/v1/clusters/{cluster}/diagrams/architecture.mmd",
        ..Tool::plain(
            "figure",
            "Figure of a cluster",
            "",
            "Draws a cluster as text: machines with their components and pods, and what talks to what. With `t` as it was \
             at a past moment. Large clusters are counted machine by machine; name one with `at`.",
        )
    },
    Tool {
        choices: &[KIND],
        path: "/api/v1/clusters/{cluster}/{kind}",
        operation: "/api/v1/clusters/{cluster}/pods",
        ..Tool::plain(
            "inventory",
            "Inventory of a cluster",
            "",
            "Lists nodes, components, pods, services or endpoints with their health and why, in pages. `missing` says what \
             could not be read or is old: a list with something missing is not complete.",
        )
    },
    Tool::plain(
        "follow",
        "Way of traffic",
        "/api/v1/clusters/{cluster}/follow",
        "Follows traffic to a service, a pod, a node port, an address or a host name: from outside by the entry, the \
         service and its endpoints to pods, machines, cards and networks. Says where it does not get through, and which \
         machine is the only way.",
    ),
    Tool::plain(
        "events",
        "Events of a cluster",
        "/api/v1/clusters/{cluster}/events",
        "Lists the events that Kubernetes tells, newest first, as for a pod that does not start.",
    ),
    Tool::plain(
        "drift",
        "Drift from the plan",
        "/api/v1/clusters/{cluster}/drift",
        "Says where a cluster has left the plan that it was deployed from, and what to do about it. `planned` is false \
         where no plan is known, and `unknown` names what could not be compared.",
    ),
    Tool::plain(
        "what_if",
        "What if hosts are lost",
        "/api/v1/clusters/{cluster}/what-if",
        "Says what happens when hosts are lost, removed, drained, cordoned or added, without doing it: etcd's quorum, the \
         control plane, services, pods and where they may go, minute by minute. Name at least one host. Each verdict is \
         certain, impossible, depends (on the order) or unknown.",
    ),
    Tool::plain(
        "losses",
        "Loss of each host",
        "/api/v1/clusters/{cluster}/losses",
        "Ranks the loss of every single host and of every pair of masters by what it does, worst first, and names single \
         points of failure. Where `known` is false, ask again in a moment.",
    ),
    Tool::plain(
        "drain_order",
        "Order of drains",
        "/api/v1/clusters/{cluster}/drain-order",
        "Says in which order all hosts can be drained for an upgrade, in waves, and why some cannot.",
    ),
    Tool::plain(
        "difference",
        "Difference of two moments",
        "/api/v1/clusters/{cluster}/differences",
        "Lists what was different in a cluster between two moments, or between one and now: hosts, control plane, \
         workloads, services. `untold` names what one of the moments does not tell.",
    )
    .kept(Reach::Past),
    Tool::plain(
        "history",
        "History of one thing",
        "/api/v1/clusters/{cluster}/history",
        "Tells what became of one node, pod, service or workload over time. `gaps` are times in which nothing was \
         recorded: nothing is known of them.",
    )
    .kept(Reach::Past),
    Tool::plain(
        "incidents",
        "Incidents of a cluster",
        "/api/v1/clusters/{cluster}/incidents",
        "Lists what broke, the latest first: when it began and ended, and what it touched.",
    )
    .kept(Reach::Past),
    Tool::plain(
        "incident",
        "One incident",
        "/api/v1/clusters/{cluster}/incidents/{id}",
        "Tells of one incident, and what had changed in the ten minutes before it.",
    )
    .kept(Reach::Past),
    Tool::plain(
        "runs",
        "Deployments of a cluster",
        "/api/v1/clusters/{cluster}/deployments",
        "Lists deployments by Compass4nfv, newest first: how each went, and what that rests on.",
    )
    .kept(Reach::Server),
    Tool::plain(
        "run",
        "One deployment",
        "/api/v1/clusters/{cluster}/deployments/{id}",
        "Tells of one deployment: its phases, its first failure, its hosts and the versions that were found.",
    )
    .kept(Reach::Server),
    Tool::plain(
        "backups",
        "Backups of etcd",
        "/api/v1/clusters/{cluster}/backups",
        "Lists the backups of a cluster's etcd, newest first: how far each is proved, and where it is stored. `warnings` \
         says what to worry about.",
    )
    .kept(Reach::Server),
    Tool::plain(
        "backup",
        "One backup of etcd",
        "/api/v1/clusters/{cluster}/backups/{id}",
        "Tells of one backup: its proof step by step, its rehearsal and its copies.",
    )
    .kept(Reach::Server),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::{Acts, Needs, Role};

    fn asked(tool: &str, arguments: &Value) -> Result<String, Mistake> {
        let tool = find(tool, Reach::Server).expect("a tool");
        tool.request(arguments.as_object().expect("an object"), "lab")
    }

    #[test]
    fn every_tool_only_tells_what_a_viewer_may_see() {
        let filled = |tool: &Tool| {
            let choices: Vec<Vec<&str>> = tool.choices.iter().map(|choice| choice.words.to_vec()).collect();
            match (tool.choices, choices.as_slice()) {
                ([], _) => vec![tool.path.to_owned()],
                ([one], [words]) => {
                    words.iter().map(|word| tool.path.replace(&format!("{{{}}}", one.name), word)).collect()
                }
                _ => vec![tool.path.replace("{figure}.{format}", "{file}")],
            }
        };
        for tool in TOOLS {
            for path in filled(tool) {
                let row = rest::ROUTES.iter().find(|row| row.path == path && row.method == "GET");
                let row = row.unwrap_or_else(|| panic!("{path} of {} is no route that is got", tool.name));
                assert_eq!((row.needs, row.acts), (Needs::Role(Role::Viewer), Acts::No), "{path}");
            }
        }
    }

    #[test]
    fn every_tool_has_a_name_a_sentence_and_a_schema_with_described_arguments() {
        let offered = offered(Reach::Server);
        assert_eq!(offered.len(), TOOLS.len());
        for tool in &offered {
            let about = tool.description.clone().unwrap_or_default();
            assert!(about.ends_with('.') && tool.title.is_some(), "{}", tool.name);
            assert!(tool.name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{}", tool.name);
            let told = tool.annotations.as_ref().expect("annotations");
            assert_eq!((told.read_only_hint, told.destructive_hint), (Some(true), Some(false)), "{}", tool.name);
            let properties = tool.input_schema["properties"].as_object().expect("properties");
            for (name, schema) in properties {
                assert!(schema["description"].as_str().is_some_and(|text| !text.is_empty()), "{} {name}", tool.name);
                assert!(schema["type"].is_string(), "{} {name}: {schema}", tool.name);
            }
            for part in parts(find(&tool.name, Reach::Server).expect("a tool").path) {
                assert!(properties.contains_key(part), "{} {part}", tool.name);
            }
        }
        let mut names: Vec<&str> = offered.iter().map(|tool| &*tool.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), offered.len(), "each name once");
    }

    #[test]
    fn what_is_not_kept_is_not_offered() {
        let names = |reach| offered(reach).into_iter().map(|tool| tool.name.into_owned()).collect::<Vec<_>>();
        assert!(!names(Reach::Now).iter().any(|name| ["difference", "runs", "backups"].contains(&name.as_str())));
        assert!(names(Reach::Past).contains(&"difference".into()) && !names(Reach::Past).contains(&"runs".into()));
        assert!(find("runs", Reach::Past).is_none() && find("runs", Reach::Server).is_some());
    }

    #[test]
    fn arguments_become_a_path_and_stay_in_their_places() {
        let path = asked("inventory", &json!({ "kind": "pods", "namespace": "ims", "limit": 5 }));
        assert_eq!(path.as_deref(), Ok("/api/v1/clusters/lab/pods?limit=5&namespace=ims"));
        let path = asked("what_if", &json!({ "cluster": "a/b", "lose": ["host4", "host5"], "drain": null }));
        assert_eq!(path.as_deref(), Ok("/api/v1/clusters/a%2Fb/what-if?lose=host4&lose=host5"));
        assert_eq!(asked("figure", &json!({})).as_deref(), Ok("/api/v1/clusters/lab/diagrams/architecture.mmd"));
        let path = asked("follow", &json!({ "of": "x&t=1#?/../" }));
        assert_eq!(path.as_deref(), Ok("/api/v1/clusters/lab/follow?of=x%26t%3D1%23%3F%2F..%2F"));
    }

    #[test]
    fn arguments_that_cannot_be_used_are_refused_with_what_to_do() {
        for (tool, arguments, wanted) in [
            ("state", json!({ "clutser": "lab" }), "no argument `clutser`: its arguments are `cluster`, `t`"),
            ("clusters", json!({ "a": 1 }), "its arguments are none"),
            ("inventory", json!({}), "`kind` is missing"),
            ("inventory", json!({ "kind": "tokens" }), "`kind` is none of `nodes`"),
            ("inventory", json!({ "kind": "../tokens" }), "`kind` is none of"),
            ("run", json!({}), "`id` is missing"),
            ("run", json!({ "id": ".." }), "`id` is no name"),
            ("run", json!({ "id": "a\u{0}b" }), "`id` is no name"),
            ("state", json!({ "cluster": ".." }), "`cluster` is no name"),
            ("state", json!({ "t": { "a": 1 } }), "`t` must be a text"),
            ("what_if", json!({ "lose": [["host1"]] }), "`lose` must be a text"),
            ("what_if", json!({ "lose": "h".repeat(9_000) }), "more than 8000 bytes"),
            ("what_if", json!({ "lose": vec!["host1"; 1_000] }), "more than 8000 bytes"),
            ("figure", json!({ "theme": "dark" }), "no argument `theme`"),
        ] {
            let told = asked(tool, &arguments).expect_err("a mistake").to_string();
            assert!(told.contains(wanted), "{tool} {arguments}: {told}");
        }
    }
}
