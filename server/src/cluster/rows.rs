//! Objects of any kind in rows, with the columns that the API server itself gives them.

use std::time::Duration;

use kube::Client;
use serde::Deserialize;
use serde_json::Value;
use transcript::redacted;

use super::{
    bounded::{Refused, in_time, json_as},
    kinds::Kind,
    lenient::{each, lenient},
};

/// The server's own table; where it has none for a kind, the objects.
const TABLE: &str = "application/json;as=Table;v=v1;g=meta.k8s.io,\
     application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json";
/// Rows of one answer.
const PAGE: &str = "250";
/// Answers that a search reads.
const PAGES: usize = 40;
/// Rows that are shown.
pub const MOST: usize = 500;
/// All answers of a search come within this.
const PATIENCE: Duration = Duration::from_secs(8);

/// What of a kind is wanted.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Empty for all.
    pub namespace: String,
    /// Only rows with this text in a cell, in small letters or capitals.
    pub text: String,
    /// Where the page before ended.
    pub next: String,
}

/// Objects of one kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rows {
    /// Names of the columns that are shown where there is little room.
    pub columns: Vec<String>,
    /// An object each.
    pub rows: Vec<Row>,
    /// Where the next page begins; empty after the last.
    pub next: String,
    /// Whether there are more rows than these, and no next page.
    pub cut: bool,
}

/// One object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Empty for what lies in none, and where it is the wanted one.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// A cell a column.
    pub cells: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Table {
    #[serde(deserialize_with = "lenient")]
    metadata: ListMeta,
    #[serde(deserialize_with = "each")]
    column_definitions: Vec<Column>,
    #[serde(deserialize_with = "each")]
    rows: Vec<TableRow>,
    /// Of a server that has no table for the kind.
    #[serde(deserialize_with = "each")]
    items: Vec<Object>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ListMeta {
    #[serde(rename = "continue", deserialize_with = "lenient")]
    next: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Column {
    #[serde(deserialize_with = "lenient")]
    name: String,
    #[serde(deserialize_with = "lenient")]
    format: String,
    #[serde(deserialize_with = "lenient")]
    priority: u32,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct TableRow {
    #[serde(deserialize_with = "each")]
    cells: Vec<Value>,
    #[serde(deserialize_with = "lenient")]
    object: Object,
}

/// Nothing of an object but where it is.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Object {
    #[serde(deserialize_with = "lenient")]
    metadata: Metadata,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Metadata {
    #[serde(deserialize_with = "lenient")]
    name: String,
    #[serde(deserialize_with = "lenient")]
    namespace: String,
    #[serde(deserialize_with = "lenient")]
    creation_timestamp: String,
}

/// Objects of a kind. Of Secrets no object is asked for, only the server's cells: these hold names and types.
///
/// # Errors
/// [`Refused`] with the reason.
pub async fn rows(client: &Client, kind: &Kind, wanted: &Wanted) -> Result<Rows, Refused> {
    let asked = every_row(client, kind, wanted);
    in_time(PATIENCE, &format!("list {}", kind.resource()), asked).await
}

async fn every_row(client: &Client, kind: &Kind, wanted: &Wanted) -> kube::Result<Rows> {
    let path = kind.path(&wanted.namespace);
    // Without its object a row does not tell its namespace; where that is known, the answer is a fraction.
    let bare = kind.is_secret() || !kind.namespaced || !wanted.namespace.is_empty();
    let text = wanted.text.trim().to_lowercase();
    let mut found = Rows { next: wanted.next.clone(), ..Rows::default() };
    for _ in 0..if text.is_empty() { 1 } else { PAGES } {
        let mut query = vec![("limit", PAGE), ("includeObject", if bare { "None" } else { "Metadata" })];
        if !found.next.is_empty() {
            query.push(("continue", &found.next));
        }
        let page = json_as::<Table>(client, &path, &query, TABLE).await?;
        let next = take(page, kind, &text, &mut found);
        found.next = next;
        if found.next.is_empty() || found.rows.len() >= MOST {
            break;
        }
    }
    // Some servers pass over the limit and give all at once.
    found.cut = found.rows.len() > MOST || (!text.is_empty() && !found.next.is_empty());
    if found.cut {
        found.next.clear();
    }
    found.rows.truncate(MOST);
    Ok(found)
}

/// Takes a page's rows; gives where the next one begins.
fn take(page: Table, kind: &Kind, text: &str, found: &mut Rows) -> String {
    let shown: Vec<usize> = page
        .column_definitions
        .iter()
        .enumerate()
        // Wide columns are kubectl's `-o wide`; of Secrets only names, types, counts and ages are cells at all.
        .filter(|(_, column)| column.priority == 0)
        .map(|(place, _)| place)
        .collect();
    let named = page.column_definitions.iter().position(|column| column.format == "name");
    let named = named.or_else(|| page.column_definitions.iter().position(|column| column.name == "Name"));
    if !page.column_definitions.is_empty() {
        found.columns = shown.iter().map(|place| page.column_definitions[*place].name.clone()).collect();
    } else if !page.items.is_empty() {
        found.columns = vec!["Name".into(), "Created".into()];
    }
    let of_table = page.rows.into_iter().map(|row| {
        let Metadata { name, namespace, .. } = row.object.metadata;
        let told = |place: usize| row.cells.get(place).map(cell).unwrap_or_default();
        Row {
            namespace,
            name: if name.is_empty() { named.map(told).unwrap_or_default() } else { name },
            cells: shown.iter().map(|place| told(*place)).collect(),
        }
    });
    let of_list = page.items.into_iter().map(|object| {
        let Metadata { name, namespace, creation_timestamp } = object.metadata;
        Row { namespace, cells: vec![name.clone(), creation_timestamp], name }
    });
    // Whoever serves a list of Secrets as objects serves more than is to be known here.
    let rows = of_table.chain(of_list.filter(|_| !kind.is_secret()));
    let fits = |row: &Row| {
        let told = row.cells.iter().chain([&row.namespace, &row.name]);
        text.is_empty() || told.into_iter().any(|cell| cell.to_lowercase().contains(text))
    };
    // Sought once more without its secrets: what is hidden cannot be found out by a search.
    found.rows.extend(rows.filter(fits).map(without_secrets).filter(fits));
    page.metadata.next
}

/// A row as it is shown. Its name is no secret, whatever it looks like.
fn without_secrets(row: Row) -> Row {
    let Row { namespace, name, cells } = row;
    let cells = cells.into_iter().map(|cell| if cell == name { cell } else { redacted(&cell) }).collect();
    Row { namespace, name, cells }
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cluster::bounded::tests::server;

    fn kind(group: &str, plural: &str, namespaced: bool) -> Kind {
        let (group, plural) = (group.to_owned(), plural.to_owned());
        Kind { group, version: "v1".into(), plural, kind: String::new(), namespaced, listed: true }
    }

    #[tokio::test]
    async fn rows_have_the_columns_that_the_server_gives() {
        let client = server(|path, query| {
            assert_eq!((path, query), ("/apis/example.org/v1/ships", "limit=250&includeObject=Metadata"));
            let table = json!({ "metadata": { "continue": "more" },
                "columnDefinitions": [{ "name": "Name", "format": "name" }, { "name": "Masts" }, { "name": "Port", "priority": 1 }],
                "rows": [{ "cells": ["elbe", 3, "Hamburg"], "object": { "metadata": { "name": "elbe", "namespace": "sea" } } }, 5] });
            (200, table.to_string().into())
        });
        let found = rows(&client, &kind("example.org", "ships", true), &Wanted::default()).await.unwrap();
        assert_eq!(found.columns, ["Name", "Masts"]);
        let row = Row { namespace: "sea".into(), name: "elbe".into(), cells: vec!["elbe".into(), "3".into()] };
        assert_eq!((found.rows, found.next.as_str()), (vec![row], "more"));
    }

    #[tokio::test]
    async fn a_search_reads_on_until_the_end() {
        let client = server(|_, query| {
            let last = query.contains("continue=2");
            let names = if last { json!([{ "cells": ["wanted"] }]) } else { json!([{ "cells": ["other"] }]) };
            let next = if last { "" } else { "2" };
            let table = json!({ "metadata": { "continue": next }, "columnDefinitions": [{ "name": "Name", "format": "name" }], "rows": names });
            (200, table.to_string().into())
        });
        let wanted = Wanted { text: "WANT".into(), ..Wanted::default() };
        let found = rows(&client, &kind("", "nodes", false), &wanted).await.unwrap();
        assert_eq!(found.rows.iter().map(|row| row.name.as_str()).collect::<Vec<_>>(), ["wanted"]);
        assert!(!found.cut && found.next.is_empty());
    }

    #[tokio::test]
    async fn a_search_does_not_find_what_a_cell_hides() {
        let client = server(|_, _| {
            let table = json!({ "columnDefinitions": [{ "name": "Name", "format": "name" }, { "name": "Command" }],
                "rows": [{ "cells": ["a", "run --token=abc123def"] }] });
            (200, table.to_string().into())
        });
        for (text, hits) in [("run", 1), ("abc123def", 0)] {
            let wanted = Wanted { text: text.into(), ..Wanted::default() };
            let found = rows(&client, &kind("", "nodes", false), &wanted).await.unwrap();
            assert_eq!(found.rows.len(), hits, "{text}: {:?}", found.rows);
        }
    }

    #[tokio::test]
    async fn rows_beyond_the_bound_are_told_of() {
        let client = server(|_, _| {
            let items: Vec<_> = (0..=MOST).map(|n| json!({ "metadata": { "name": format!("n{n}") } })).collect();
            (200, json!({ "items": items }).to_string().into())
        });
        let found = rows(&client, &kind("", "nodes", false), &Wanted::default()).await.unwrap();
        assert_eq!((found.rows.len(), found.cut), (MOST, true));
    }

    #[tokio::test]
    async fn of_secrets_no_object_is_asked_for_nor_taken() {
        let client = server(|_, query| {
            assert!(query.contains("includeObject=None"), "{query}");
            let list = json!({ "items": [{ "metadata": { "name": "s" }, "data": { "p": "c2VjcmV0" } }] });
            (200, list.to_string().into())
        });
        let found = rows(&client, &kind("", "secrets", true), &Wanted::default()).await.unwrap();
        assert_eq!(found.rows, []);
    }
}
