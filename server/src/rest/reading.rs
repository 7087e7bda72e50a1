//! Reads bodies and queries into their types, and says in the API's own words what does not fit: no library's text
//! reaches a client.

use std::fmt::{self, Display};

use serde::{
    Deserialize, Deserializer, de,
    de::{
        Error as _, IntoDeserializer, Unexpected,
        value::{MapDeserializer, SeqDeserializer, StrDeserializer},
    },
    forward_to_deserialize_any,
};
use serde_json::Value;

/// What does not fit: which part of the body or the query, and why.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Misfit {
    at: String,
    why: String,
}

/// A body, or an error that names the first part that does not fit.
pub(super) fn body<'a, T: Deserialize<'a>>(body: &'a Value) -> Result<T, Misfit> {
    T::deserialize(Said::Json(body))
}

/// A query's parameters. Each is a text, and a number or `true` and `false` where that is asked for.
pub(super) fn query<'a, T: Deserialize<'a>>(pairs: &'a [(String, String)]) -> Result<T, Misfit> {
    T::deserialize(Said::Query(pairs))
}

/// What somebody said.
#[derive(Clone, Copy)]
enum Said<'a> {
    Json(&'a Value),
    Text(&'a str),
    Query(&'a [(String, String)]),
}

/// A member or an item, which names itself in errors.
struct Within<'a> {
    name: String,
    said: Said<'a>,
}

impl Said<'_> {
    fn text(&self) -> Option<&str> {
        match self {
            Self::Json(Value::String(text)) => Some(text),
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

macro_rules! numbers {
    ($($method:ident)*) => {$(
        fn $method<V: de::Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
            let Self::Text(text) = self else { return self.deserialize_any(visitor) };
            match (text.parse::<u64>(), text.parse::<i64>()) {
                (Ok(number), _) => visitor.visit_u64(number),
                (_, Ok(number)) => visitor.visit_i64(number),
                _ => Err(Misfit::invalid_type(Unexpected::Str(text), &visitor)),
            }
        }
    )*};
}

impl<'de> Deserializer<'de> for Said<'de> {
    type Error = Misfit;

    fn deserialize_any<V: de::Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match self {
            Self::Text(text) => visitor.visit_borrowed_str(text),
            Self::Query(pairs) => {
                let pairs = pairs.iter().map(|(name, text)| (name.as_str(), within(name, Self::Text(text))));
                visitor.visit_map(MapDeserializer::new(pairs))
            }
            Self::Json(Value::Null) => visitor.visit_unit(),
            Self::Json(Value::Bool(truth)) => visitor.visit_bool(*truth),
            Self::Json(Value::String(text)) => visitor.visit_borrowed_str(text),
            Self::Json(Value::Number(number)) => match (number.as_u64(), number.as_i64()) {
                (Some(number), _) => visitor.visit_u64(number),
                (_, Some(number)) => visitor.visit_i64(number),
                _ => visitor.visit_f64(number.as_f64().unwrap_or(f64::NAN)),
            },
            Self::Json(Value::Array(items)) => {
                let items = items.iter().enumerate().map(|(at, item)| within(&format!("[{at}]"), Self::Json(item)));
                visitor.visit_seq(SeqDeserializer::new(items))
            }
            Self::Json(Value::Object(members)) => {
                let members = members.iter().map(|(name, value)| (name.as_str(), within(name, Self::Json(value))));
                visitor.visit_map(MapDeserializer::new(members))
            }
        }
    }

    numbers! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64
    }

    fn deserialize_bool<V: de::Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match self {
            Self::Text("true") => visitor.visit_bool(true),
            Self::Text("false") => visitor.visit_bool(false),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_option<V: de::Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match self {
            Self::Json(Value::Null) => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_enum<V: de::Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        let Some(text) = self.text() else { return self.deserialize_any(visitor) };
        let word: StrDeserializer<'_, Misfit> = text.into_deserializer();
        visitor.visit_enum(word)
    }

    fn deserialize_newtype_struct<V: de::Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        i128 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct identifier
        ignored_any
    }
}

fn within<'a>(name: &str, said: Said<'a>) -> Within<'a> {
    Within { name: name.to_owned(), said }
}

impl<'de> IntoDeserializer<'de, Misfit> for Within<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

macro_rules! named {
    ($($method:ident)*) => {$(
        fn $method<V: de::Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
            let name = self.name;
            self.said.$method(visitor).map_err(|misfit| misfit.inside(&name))
        }
    )*};
}

impl<'de> Deserializer<'de> for Within<'de> {
    type Error = Misfit;

    named! {
        deserialize_any deserialize_bool deserialize_option
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64
    }

    fn deserialize_enum<V: de::Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        self.said.deserialize_enum(name, variants, visitor).map_err(|misfit| misfit.inside(&self.name))
    }

    fn deserialize_newtype_struct<V: de::Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        self.said.deserialize_newtype_struct(name, visitor).map_err(|misfit| misfit.inside(&self.name))
    }

    forward_to_deserialize_any! {
        i128 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct identifier
        ignored_any
    }
}

impl Misfit {
    fn inside(mut self, name: &str) -> Self {
        let dot = if self.at.is_empty() || self.at.starts_with('[') { "" } else { "." };
        self.at = format!("{name}{dot}{}", self.at);
        self
    }
}

impl Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.at.is_empty() { write!(f, "{}", self.why) } else { write!(f, "`{}`: {}", self.at, self.why) }
    }
}

impl std::error::Error for Misfit {}

fn why(why: String) -> Misfit {
    Misfit { at: String::new(), why }
}

impl de::Error for Misfit {
    fn custom<T: Display>(text: T) -> Self {
        why(text.to_string())
    }

    fn invalid_type(found: Unexpected<'_>, wanted: &dyn de::Expected) -> Self {
        why(format!("{} is no {}", shown(found), wanted_of(wanted)))
    }

    fn invalid_value(found: Unexpected<'_>, wanted: &dyn de::Expected) -> Self {
        Self::invalid_type(found, wanted)
    }

    fn unknown_variant(found: &str, known: &'static [&'static str]) -> Self {
        why(format!("{} is none of {}", shown(Unexpected::Str(found)), listed(known)))
    }

    fn unknown_field(found: &str, known: &'static [&'static str]) -> Self {
        let known = if known.is_empty() { "nothing".to_owned() } else { listed(known) };
        why(format!("{} is not known; known are {known}", shown(Unexpected::Str(found))))
    }

    fn missing_field(name: &'static str) -> Self {
        why(format!("`{name}` is missing"))
    }

    fn duplicate_field(name: &'static str) -> Self {
        why(format!("`{name}` is there more than once"))
    }
}

fn listed(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

/// What came, short and on one line.
fn shown(found: Unexpected<'_>) -> String {
    const LONGEST: usize = 60;
    match found {
        Unexpected::Str(text) => {
            let plain: String = text.chars().take(LONGEST).map(|c| if c.is_control() { '?' } else { c }).collect();
            format!("`{plain}`")
        }
        Unexpected::Unsigned(number) => format!("`{number}`"),
        Unexpected::Signed(number) => format!("`{number}`"),
        Unexpected::Float(number) => format!("`{number}`"),
        Unexpected::Bool(truth) => format!("`{truth}`"),
        Unexpected::Unit | Unexpected::Option => "`null`".into(),
        Unexpected::Seq => "a list".into(),
        Unexpected::Map => "an object".into(),
        _ => "this".into(),
    }
}

/// What types expect, in words that need no Rust.
fn wanted_of(wanted: &dyn de::Expected) -> String {
    let wanted = wanted.to_string();
    match wanted.as_str() {
        "u8" => "whole number from 0 to 255".into(),
        "u16" => "whole number from 0 to 65535".into(),
        "u32" => "whole number from 0 to 4294967295".into(),
        "u64" | "usize" => "whole number from 0 on".into(),
        "i8" | "i16" | "i32" | "i64" | "isize" => "whole number".into(),
        "a string" | "string" => "text".into(),
        "a boolean" => "`true` or `false`".into(),
        "a sequence" => "list".into(),
        "a map" => "object".into(),
        other if other.starts_with("struct ") => "object".into(),
        _ => "word that is known here".into(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "kebab-case")]
    enum Colour {
        Red,
        DarkBlue,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Wanted {
        name: String,
        days: Option<u16>,
        behind: Option<i64>,
        colour: Option<Colour>,
        follow: Option<bool>,
        #[serde(default)]
        parts: Vec<Part>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct Part {
        size: u64,
    }

    #[test]
    fn a_body_is_read_or_the_part_that_does_not_fit_is_named() {
        let given = json!({ "name": "a", "days": 3, "behind": -1, "colour": "dark-blue", "parts": [{ "size": 1 }] });
        let read: Wanted = body(&given).unwrap();
        assert_eq!((read.days, read.behind, read.colour), (Some(3), Some(-1), Some(Colour::DarkBlue)));
        assert_eq!(read.parts, [Part { size: 1 }]);
        for (given, told) in [
            (json!({}), "`name` is missing"),
            (json!({ "name": 7 }), "`name`: `7` is no text"),
            (json!({ "name": "a", "days": 70_000 }), "`days`: `70000` is no whole number from 0 to 65535"),
            (json!({ "name": "a", "days": "3" }), "`days`: `3` is no whole number from 0 to 65535"),
            (json!({ "name": "a", "days": 1.5 }), "`days`: `1.5` is no whole number from 0 to 65535"),
            (json!({ "name": "a", "colour": "green" }), "`colour`: `green` is none of `red`, `dark-blue`"),
            (json!({ "name": "a", "follow": 1 }), "`follow`: `1` is no `true` or `false`"),
            (json!({ "name": "a", "parts": [{ "size": 1 }, {}] }), "`parts[1]`: `size` is missing"),
            (json!({ "name": "a", "parts": [{ "size": [] }] }), "`parts[0].size`: a list is no whole number from 0 on"),
            (json!([1]), "`[0]`: `1` is no text"),
            (json!("x"), "`x` is no object"),
        ] {
            assert_eq!(body::<Wanted>(&given).unwrap_err().to_string(), told, "{given}");
        }
        let odd = body::<Wanted>(&json!({ "name": "a", "nmae": 1 })).unwrap_err().to_string();
        assert!(odd.starts_with("`nmae` is not known; known are `name`, `days`"), "{odd}");
    }

    #[test]
    fn a_query_is_read_or_the_parameter_that_does_not_fit_is_named() {
        let pairs =
            |text: &str| -> Vec<(String, String)> { form_urlencoded::parse(text.as_bytes()).into_owned().collect() };
        let given = pairs("name=a+b&days=3&behind=-4&colour=red&follow=true");
        let read: Wanted = query(&given).unwrap();
        assert_eq!((read.name.as_str(), read.days, read.behind), ("a b", Some(3), Some(-4)));
        assert_eq!((read.colour, read.follow), (Some(Colour::Red), Some(true)));
        for (given, told) in [
            ("", "`name` is missing"),
            ("name=a&name=b", "`name` is there more than once"),
            ("name=a&days=x%0a", "`days`: `x?` is no whole number from 0 to 65535"),
            ("name=a&follow=yes", "`follow`: `yes` is no `true` or `false`"),
            ("name=a&colour=", "`colour`: `` is none of `red`, `dark-blue`"),
        ] {
            assert_eq!(query::<Wanted>(&pairs(given)).unwrap_err().to_string(), told, "{given}");
        }
    }
}
