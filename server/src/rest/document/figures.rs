//! An operation for each figure and kind of file: a generated client needs to know what it gets.

use serde_json::{Value, json};

/// The operation whose answer depends on what is asked for.
const ANY: &str = "/api/v1/clusters/{cluster}/diagrams/{file}";

/// Endings, media types, what they are, and whether they have colours.
const KINDS: [(&str, &str, &str, bool); 5] = [
    ("svg", "image/svg+xml", "as a picture in SVG", true),
    ("png", "image/png", "as pixels in PNG", true),
    ("json", "application/json", "as marks with places", false),
    ("dot", "text/vnd.graphviz", "for Graphviz", false),
    ("mmd", "text/vnd.mermaid", "for Mermaid", false),
];

/// Adds the operations. They are answered by the one that they are made of.
pub(super) fn add(document: &mut Value) {
    let any = document["paths"][ANY]["get"].clone();
    for figure in ["architecture", "networking"] {
        for (ending, media, about, coloured) in KINDS {
            let mut operation = any.clone();
            let is_left_out =
                |parameter: &Value| parameter["name"] == "file" || (!coloured && parameter["name"] == "theme");
            if let Some(parameters) = operation["parameters"].as_array_mut() {
                parameters.retain(|parameter| !is_left_out(parameter));
            }
            operation["summary"] = json!(format!("The {figure} figure as it is now, {about}."));
            let answer = &mut operation["responses"]["200"];
            let schema = answer["content"][media]["schema"].clone();
            answer["content"] = json!({ media: { "schema": schema } });
            let path = ANY.replace("{file}", &format!("{figure}.{ending}"));
            document["paths"][path] = json!({ "get": operation });
        }
    }
}

/// The path of the table of routes that answers an operation.
pub(in super::super) fn answering(path: &str) -> &str {
    let folder = ANY.trim_end_matches("{file}");
    if path.starts_with(folder) { ANY } else { path }
}
