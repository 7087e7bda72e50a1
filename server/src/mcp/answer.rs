//! Answers of the API as texts that a model can take: bounded, and honest about what was left out.

use axum::http::StatusCode;
use serde_json::{Map, Value, json};

/// Bytes of an answer: about what assistants take from one call. A figure for Mermaid always fits.
const MOST: usize = 60_000;
/// Characters that a text keeps when there is nothing else to shorten.
const KEPT: usize = 1_000;
/// Lists are shortened so often at most.
const ROUNDS: usize = 64;

/// An answer as it is, or shortened with a word on what is missing.
pub(super) fn bounded(media: &str, text: String) -> String {
    if text.len() <= MOST {
        return text;
    }
    match serde_json::from_str(&text) {
        Ok(value) if media == "application/json" => shortened(value),
        _ => beginning(media, &text),
    }
}

/// Why the API did not answer what was asked, in sentences.
pub(super) fn refused(status: StatusCode, body: &str) -> String {
    let problem: Value = serde_json::from_str(body).unwrap_or_default();
    let text = |name: &str| problem[name].as_str().unwrap_or_default();
    let detail = match text("detail") {
        "" => status.to_string(),
        detail => detail.to_owned(),
    };
    match text("todo") {
        "" => detail,
        todo => format!("{}. {todo}", detail.trim_end_matches('.')),
    }
}

/// The first lines of a text.
fn beginning(media: &str, text: &str) -> String {
    let mark = if media == "text/vnd.mermaid" { "%%" } else { "//" };
    let mut kept = 0;
    let lines = text.split_inclusive('\n').take_while(|line| {
        kept += line.len();
        kept <= MOST
    });
    let (mut out, mut count) = (String::new(), 0);
    for line in lines {
        out += line;
        count += 1;
    }
    let all = text.lines().count();
    format!("{out}{mark} cut: {count} of {all} lines are here. Narrow the figure down with `at` or `ns`.\n")
}

/// JSON with its longest lists shortened until it fits.
fn shortened(mut value: Value) -> String {
    let (mut cut, room) = (Map::new(), MOST - 2_000);
    for _ in 0..ROUNDS {
        let size = value.to_string().len();
        if size <= room {
            break;
        }
        let Some((path, length)) = longest(&value) else {
            texts(&mut value);
            break;
        };
        let Some(Value::Array(items)) = value.pointer_mut(&path) else { break };
        let before = cut.get(&path).and_then(|cut| cut["of"].as_u64()).unwrap_or(length as u64);
        items.truncate((length * room / size).clamp(1, length - 1));
        let kept = items.len();
        cut.insert(path, json!({ "shown": kept, "of": before }));
    }
    let pages = value.get("next").is_some();
    if let Some(next) = value.get_mut("next") {
        // It would lead on behind what was left out.
        *next = Value::Null;
    }
    let how = match pages {
        true => "Ask again with a smaller `limit`, then go on with `next`; or narrow it down.",
        false => "Narrow it down with the arguments of the tool.",
    };
    if let Value::Object(members) = &mut value {
        members.insert("cut".into(), json!({ "lists": cut, "how": how }));
    }
    match value.to_string() {
        text if text.len() <= MOST => text,
        text => beginning("", &text.chars().take(MOST / 4).collect::<String>()),
    }
}

/// The list that takes most room and has more than one item, by its pointer, and its length.
fn longest(value: &Value) -> Option<(String, usize)> {
    let mut found: Option<(usize, String, usize)> = None;
    let mut open = vec![(String::new(), value)];
    while let Some((path, value)) = open.pop() {
        match value {
            Value::Array(items) => {
                let size = value.to_string().len();
                if items.len() > 1 && found.as_ref().is_none_or(|(most, ..)| size > *most) {
                    found = Some((size, path.clone(), items.len()));
                }
                // Of a short list what is in it is long.
                if items.len() == 1 {
                    open.extend(items.iter().map(|item| (format!("{path}/0"), item)));
                }
            }
            Value::Object(members) => {
                open.extend(members.iter().map(|(name, value)| {
                    let name = name.replace('~', "~0").replace('/', "~1");
                    (format!("{path}/{name}"), value)
                }));
            }
            _ => {}
        }
    }
    found.map(|(_, path, length)| (path, length))
}

/// Shortens every text.
fn texts(value: &mut Value) {
    match value {
        Value::String(text) if text.chars().count() > KEPT => {
            *text = text.chars().take(KEPT).chain("…".chars()).collect();
        }
        Value::Array(items) => items.iter_mut().for_each(texts),
        Value::Object(members) => members.values_mut().for_each(texts),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const JSON: &str = "application/json";

    fn read(text: &str) -> Value {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn an_answer_that_fits_is_told_as_it_came() {
        let text = r#"{"b":[1,2],"a":"x"}"#;
        assert_eq!(bounded(JSON, text.into()), text);
    }

    #[test]
    fn a_long_list_is_shortened_and_says_how_to_get_the_rest() {
        let items: Vec<Value> = (0..3_000).map(|n| json!({ "name": format!("pod-{n}"), "words": "running" })).collect();
        let whole = json!({ "items": items, "next": "a/b", "total": 9_000, "missing": ["Only ims can be seen."] });
        let text = bounded(JSON, whole.to_string());
        assert!(text.len() <= MOST, "{}", text.len());
        let told = read(&text);
        let shown = told["items"].as_array().unwrap().len();
        assert!((500..3_000).contains(&shown), "{shown}");
        assert_eq!(told["cut"]["lists"]["/items"], json!({ "shown": shown, "of": 3_000 }));
        assert_eq!((&told["next"], &told["total"]), (&Value::Null, &json!(9_000)));
        assert!(told["cut"]["how"].as_str().unwrap().contains("limit"));
        assert_eq!(told["missing"], whole["missing"], "what is unknown stays");
    }

    #[test]
    fn several_lists_and_one_within_a_lonely_item_are_shortened() {
        let hosts: Vec<String> = (0..20_000).map(|n| format!("host{n}")).collect();
        let whole = json!({ "parts": [{ "name": "a/b", "refusals": [{ "hosts": hosts }] }], "course": hosts });
        let text = bounded(JSON, whole.to_string());
        assert!(text.len() <= MOST);
        let lists = read(&text)["cut"]["lists"].clone();
        assert_eq!(lists["/course"]["of"], 20_000);
        assert_eq!(lists["/parts/0/refusals/0/hosts"]["of"], 20_000);
    }

    #[test]
    fn hostile_shapes_are_bounded_as_well() {
        let deep = (0..100).fold(json!("x".repeat(200_000)), |inner, _| json!({ "a/~b": [inner] }));
        let many: Value = (0..30_000).map(|n| (format!("k{n}"), json!(n))).collect::<Map<_, _>>().into();
        for value in [json!("é".repeat(100_000)), deep, many, json!([["x".repeat(90_000)], [1]])] {
            let text = bounded(JSON, value.to_string());
            assert!(text.len() <= MOST + 200, "{}", text.len());
        }
        assert!(bounded(JSON, "{".repeat(100_000)).len() <= MOST + 200, "no JSON at all");
    }

    #[test]
    fn a_figure_is_cut_between_two_lines() {
        let figure: String = (0..10_000).map(|n| format!("  a{n} --> b{n}\n")).collect();
        let text = bounded("text/vnd.mermaid", figure);
        assert!(text.len() <= MOST + 200);
        let last = text.lines().last().unwrap();
        assert!(last.starts_with("%% cut: ") && last.contains(" of 10000 lines"), "{last}");
        assert!(text.lines().rev().nth(1).unwrap().contains(" --> b"));
    }

    #[test]
    fn a_refusal_says_what_to_do() {
        let body = json!({ "detail": "Nothing of the past is kept here.", "todo": "Start it with history." });
        let told = refused(StatusCode::UNPROCESSABLE_ENTITY, &body.to_string());
        assert_eq!(told, "Nothing of the past is kept here. Start it with history.");
        let token = json!({ "detail": "This token is not known. Ask an admin for another." }).to_string();
        assert!(refused(StatusCode::UNAUTHORIZED, &token).ends_with("Ask an admin for another."));
        assert_eq!(refused(StatusCode::BAD_GATEWAY, "<html>"), "502 Bad Gateway");
    }
}
