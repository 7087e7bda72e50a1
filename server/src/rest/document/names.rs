//! Names for generators: types that are used in several places or have variants are told once, by a name, and no two
//! values of enumerations are called the same.

use serde_json::{Value, json};

const SCHEMAS: &str = "#/components/schemas/";

/// Gives names to variants and to values, and replaces copies of a named schema by its name.
pub(super) fn give(document: &mut Value) {
    variants(&mut document["components"]["schemas"]);
    values(&mut document["components"]["schemas"]);
    let named: Vec<(String, Value)> = document["components"]["schemas"]
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(_, schema)| schema.get("properties").is_some())
        .map(|(name, schema)| (name.clone(), schema.clone()))
        .collect();
    for (_, schema) in document["components"]["schemas"].as_object_mut().into_iter().flatten() {
        for (_, inner) in schema.as_object_mut().into_iter().flatten() {
            by_name(inner, &named);
        }
    }
    by_name(&mut document["paths"], &named);
}

fn by_name(schema: &mut Value, named: &[(String, Value)]) {
    if schema.get("properties").is_some()
        && let Some((name, _)) = named.iter().find(|(_, known)| known == schema)
    {
        *schema = json!({ "$ref": format!("{SCHEMAS}{name}") });
        return;
    }
    match schema {
        Value::Object(members) => members.values_mut().for_each(|member| by_name(member, named)),
        Value::Array(items) => items.iter_mut().for_each(|item| by_name(item, named)),
        _ => {}
    }
}

/// Variants that one property tells apart become schemas of their own, as in `EventWhole`.
fn variants(schemas: &mut Value) {
    let mut found = Vec::new();
    for (name, schema) in schemas.as_object_mut().into_iter().flatten() {
        let Some(tag) = ["type", "step"].into_iter().find(|tag| {
            let variants = schema["oneOf"].as_array();
            variants.is_some_and(|all| all.iter().all(|one| one["properties"][tag]["enum"][0].is_string()))
        }) else {
            continue;
        };
        let mut mapping = json!({});
        for variant in schema["oneOf"].as_array_mut().into_iter().flatten() {
            let word = variant["properties"][tag]["enum"][0].as_str().unwrap_or_default().to_owned();
            let own = format!("{name}{}", capitalised(&word));
            mapping[word] = json!(format!("{SCHEMAS}{own}"));
            let reference = json!({ "$ref": format!("{SCHEMAS}{own}") });
            found.push((own, std::mem::replace(variant, reference)));
        }
        schema["discriminator"] = json!({ "propertyName": tag, "mapping": mapping });
    }
    for (name, schema) in found {
        schemas[name] = schema;
    }
}

/// Values of enumerations get names with the enumeration's before them: in some languages they share one space.
fn values(schemas: &mut Value) {
    for (name, schema) in schemas.as_object_mut().into_iter().flatten() {
        let Some(values) = schema["enum"].as_array() else { continue };
        let names = values.iter().map(|value| format!("{name}{}", capitalised(value.as_str().unwrap_or_default())));
        schema["x-enum-varnames"] = json!(names.collect::<Vec<_>>());
    }
}

/// `not-held` as `NotHeld`.
fn capitalised(word: &str) -> String {
    let parts = word.split(|c: char| !c.is_ascii_alphanumeric()).filter(|part| !part.is_empty());
    parts.map(|part| part[..1].to_ascii_uppercase() + &part[1..]).collect()
}
