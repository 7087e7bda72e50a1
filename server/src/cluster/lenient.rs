//! Reading fields that may be odd: one of another type than expected reads as not there, and spoils
//! nothing beside it.
//!
//! Every field of an object is read through here, so that an error never stops in the middle of a
//! value: one odd pod must not cost the list that it stands in.

use std::{collections::BTreeMap, fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{Error, IgnoredAny, IntoDeserializer, MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer},
};

/// A value, or its default where there is none or an odd one.
pub(crate) fn lenient<'de, D, T>(from: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(maybe(from)?.unwrap_or_default())
}

/// A value, where there is one and none that is odd.
pub(crate) fn maybe<'de, D, T>(from: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    from.deserialize_any(One(PhantomData))
}

/// Those entries of a list that are not odd.
pub(crate) fn each<'de, D, T>(from: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Ok(lenient::<D, Vec<Item<T>>>(from)?.into_iter().filter_map(|item| item.0).collect())
}

/// Those entries of a map that are texts.
pub(crate) fn texts<'de, D: Deserializer<'de>>(from: D) -> Result<BTreeMap<String, String>, D::Error> {
    let texts: BTreeMap<String, Item<String>> = lenient(from)?;
    Ok(texts.into_iter().filter_map(|(name, text)| Some((name, text.0?))).collect())
}

/// Something that may be odd.
pub(crate) struct Item<T>(pub(crate) Option<T>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Item<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        maybe(from).map(Self)
    }
}

struct One<T>(PhantomData<T>);

/// Reads a scalar that stands by itself, without error.
fn scalar<'de, T: Deserialize<'de>>(from: impl IntoDeserializer<'de, serde::de::value::Error>) -> Option<T> {
    T::deserialize(from.into_deserializer()).ok()
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for One<T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Self::Value, E> {
        Ok(scalar(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Self::Value, E> {
        Ok(scalar(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Self::Value, E> {
        Ok(scalar(value))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Self::Value, E> {
        Ok(scalar(value))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Self::Value, E> {
        Ok(scalar(value.to_owned()))
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Self::Value, E> {
        Ok(scalar(value))
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_none<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_some<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        from.deserialize_any(self)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let found = T::deserialize(MapAccessDeserializer::new(&mut map)).ok();
        // Who wanted no map has read nothing of it.
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(found)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let found = T::deserialize(List(&mut list)).ok();
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(found)
    }
}

/// A list that is read as a list, and not as the fields of a struct by their places.
struct List<A>(A);

impl<'de, A: SeqAccess<'de>> Deserializer<'de> for List<A> {
    type Error = A::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_seq(self.0)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        _: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Self::Error> {
        Err(A::Error::custom(format_args!("{name} is a list")))
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit
        unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(default)]
    struct Thing {
        #[serde(deserialize_with = "lenient")]
        name: String,
        #[serde(deserialize_with = "maybe")]
        port: Option<u16>,
        #[serde(deserialize_with = "each")]
        words: Vec<String>,
        #[serde(deserialize_with = "texts")]
        labels: BTreeMap<String, String>,
        #[serde(deserialize_with = "each")]
        parts: Vec<Thing>,
    }

    fn read(text: &str) -> Thing {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn an_odd_field_is_not_there_and_its_neighbours_are() {
        for odd in ["null", "true", "-1", "70000", "1.5", "\"x\"", "[[1],{\"a\":[2]}]", "{\"a\":{\"b\":[1,{}]}}"] {
            let thing = read(&format!(r#"{{"port":{odd},"name":"after","unknown":{odd}}}"#));
            assert_eq!((thing.port, thing.name.as_str()), (None, "after"), "{odd}");
        }
        for odd in ["null", "false", "7", "[1,[2]]", "{\"a\":{}}"] {
            assert_eq!(read(&format!(r#"{{"name":{odd},"port":80}}"#)).port, Some(80), "{odd}");
        }
    }

    #[test]
    fn odd_entries_are_left_out_of_lists_and_maps() {
        let thing = read(
            r#"{"words":["a",1,{"x":[1]},null,["y"],"b"],"labels":{"a":"b","c":{"d":1},"e":null,"f":[1]},
                "parts":[5,"x",{"name":"in","port":{}},null,{"port":1}]}"#,
        );
        assert_eq!(thing.words, ["a", "b"]);
        assert_eq!(thing.labels, BTreeMap::from([("a".into(), "b".into())]));
        let parts: Vec<_> = thing.parts.iter().map(|part| (part.name.as_str(), part.port)).collect();
        assert_eq!(parts, [("in", None), ("", Some(1))]);
        assert_eq!(read(r#"{"parts":[["name"]]}"#), Thing::default());
        assert_eq!(read(r#"{"words":{"a":1},"labels":["x"],"parts":"none"}"#), Thing::default());
    }
}
