//! Facts as bytes: values that describe themselves, in which each text stands once and is a number from then on.

use std::{collections::HashMap, fmt::Display, str};

use serde::{
    Deserialize, Serialize,
    de::{self, DeserializeSeed, IntoDeserializer, Visitor},
    ser,
};

const NULL: u8 = 0x00;
const FALSE: u8 = 0x01;
const TRUE: u8 = 0x02;
const NUMBER: u8 = 0x03;
const NEGATIVE: u8 = 0x04;
const NEW_TEXT: u8 = 0x05;
const TEXT: u8 = 0x06;
const LIST: u8 = 0x07;
const MAP: u8 = 0x08;
/// Numbers up to 47 in one byte.
const SMALL: u8 = 0x10;
/// Lists of up to 15 items.
const SHORT_LIST: u8 = 0x40;
/// Maps of up to 15 entries.
const SHORT_MAP: u8 = 0x50;
/// The first 128 texts.
const EARLY_TEXT: u8 = 0x80;

/// Values nest no deeper than this.
const DEEPEST: u32 = 64;
/// Texts that a number stands for have no more bytes than this, all in all: one byte can stand for a long
/// text, and each reader makes a copy of it.
const MOST_AGAIN: usize = 1 << 30;

/// Why something cannot be written, or bytes cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CodeError {
    /// They end too early.
    #[error("the block ends within a value")]
    Ends,
    /// A byte or a number means nothing there.
    #[error("the block has a byte that means nothing at its place")]
    Odd,
    /// The value is not what was looked for.
    #[error("a fact in the block is none that this version knows: {0}")]
    Unfit(String),
}

impl ser::Error for CodeError {
    fn custom<T: Display>(said: T) -> Self {
        Self::Unfit(said.to_string())
    }
}

impl de::Error for CodeError {
    fn custom<T: Display>(said: T) -> Self {
        Self::Unfit(said.to_string())
    }
}

/// Writes values one after the other.
#[derive(Debug, Default)]
pub(crate) struct Writer {
    pub(crate) bytes: Vec<u8>,
    texts: HashMap<String, u64>,
}

impl Writer {
    pub(crate) fn put<T: Serialize>(&mut self, value: &T) -> Result<(), CodeError> {
        value.serialize(self)
    }

    pub(crate) fn number(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.bytes.push((number & 0x7f) as u8 | 0x80);
            number >>= 7;
        }
        self.bytes.push(number as u8);
    }

    fn text(&mut self, text: &str) {
        match self.texts.get(text).copied() {
            Some(at @ 0..0x80) => self.bytes.push(EARLY_TEXT | at as u8),
            Some(at) => {
                self.bytes.push(TEXT);
                self.number(at);
            }
            None => {
                self.texts.insert(text.to_owned(), self.texts.len() as u64);
                self.bytes.push(NEW_TEXT);
                self.number(text.len() as u64);
                self.bytes.extend_from_slice(text.as_bytes());
            }
        }
    }

    fn many(&mut self, short: u8, long: u8, length: Option<usize>) -> Result<(), CodeError> {
        let length = length.ok_or_else(|| CodeError::Unfit("a list of unknown length".into()))?;
        match length {
            0..16 => self.bytes.push(short | length as u8),
            _ => {
                self.bytes.push(long);
                self.number(length as u64);
            }
        }
        Ok(())
    }

    fn variant(&mut self, name: &str) {
        self.bytes.push(SHORT_MAP | 1);
        self.text(name);
    }
}

/// Numbers of fewer bits are written as those of 64.
macro_rules! widened {
    ($($method:ident $narrow:ty, $wide:ident;)*) => {$(
        fn $method(self, value: $narrow) -> Result<(), CodeError> {
            self.$wide(value.into())
        }
    )*};
}

impl ser::Serializer for &mut Writer {
    type Ok = ();
    type Error = CodeError;
    type SerializeSeq = Self;
    type SerializeTuple = Self;
    type SerializeTupleStruct = Self;
    type SerializeTupleVariant = Self;
    type SerializeMap = Self;
    type SerializeStruct = Self;
    type SerializeStructVariant = Self;

    fn serialize_bool(self, value: bool) -> Result<(), CodeError> {
        self.bytes.push(if value { TRUE } else { FALSE });
        Ok(())
    }

    widened! {
        serialize_i8 i8, serialize_i64;
        serialize_i16 i16, serialize_i64;
        serialize_i32 i32, serialize_i64;
        serialize_u8 u8, serialize_u64;
        serialize_u16 u16, serialize_u64;
        serialize_u32 u32, serialize_u64;
        serialize_f32 f32, serialize_f64;
    }

    fn serialize_i64(self, value: i64) -> Result<(), CodeError> {
        match u64::try_from(value) {
            Ok(value) => self.serialize_u64(value),
            Err(_) => {
                self.bytes.push(NEGATIVE);
                self.number(!value as u64);
                Ok(())
            }
        }
    }

    fn serialize_u64(self, value: u64) -> Result<(), CodeError> {
        match value {
            0..48 => self.bytes.push(SMALL + value as u8),
            _ => {
                self.bytes.push(NUMBER);
                self.number(value);
            }
        }
        Ok(())
    }

    fn serialize_f64(self, _: f64) -> Result<(), CodeError> {
        Err(CodeError::Unfit("no fact has fractions".into()))
    }

    fn serialize_char(self, value: char) -> Result<(), CodeError> {
        self.text(value.encode_utf8(&mut [0; 4]));
        Ok(())
    }

    fn serialize_str(self, value: &str) -> Result<(), CodeError> {
        self.text(value);
        Ok(())
    }

    fn serialize_bytes(self, _: &[u8]) -> Result<(), CodeError> {
        Err(CodeError::Unfit("no fact has bytes".into()))
    }

    fn serialize_none(self) -> Result<(), CodeError> {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), CodeError> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), CodeError> {
        self.bytes.push(NULL);
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), CodeError> {
        self.serialize_unit()
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), CodeError> {
        self.text(variant);
        Ok(())
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<(), CodeError> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), CodeError> {
        self.variant(variant);
        value.serialize(self)
    }

    fn serialize_seq(self, length: Option<usize>) -> Result<Self, CodeError> {
        self.many(SHORT_LIST, LIST, length)?;
        Ok(self)
    }

    fn serialize_tuple(self, length: usize) -> Result<Self, CodeError> {
        self.serialize_seq(Some(length))
    }

    fn serialize_tuple_struct(self, _: &'static str, length: usize) -> Result<Self, CodeError> {
        self.serialize_seq(Some(length))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Self, CodeError> {
        self.variant(variant);
        self.serialize_seq(Some(length))
    }

    fn serialize_map(self, length: Option<usize>) -> Result<Self, CodeError> {
        self.many(SHORT_MAP, MAP, length)?;
        Ok(self)
    }

    fn serialize_struct(self, _: &'static str, length: usize) -> Result<Self, CodeError> {
        self.serialize_map(Some(length))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Self, CodeError> {
        self.variant(variant);
        self.serialize_map(Some(length))
    }
}

macro_rules! items {
    ($($part:ident $method:ident)*) => {$(
        impl ser::$part for &mut Writer {
            type Ok = ();
            type Error = CodeError;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), CodeError> {
                value.serialize(&mut **self)
            }

            fn end(self) -> Result<(), CodeError> {
                Ok(())
            }
        }
    )*};
}

items! {
    SerializeSeq serialize_element
    SerializeTuple serialize_element
    SerializeTupleStruct serialize_field
    SerializeTupleVariant serialize_field
}

macro_rules! fields {
    ($($part:ident)*) => {$(
        impl ser::$part for &mut Writer {
            type Ok = ();
            type Error = CodeError;

            fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), CodeError> {
                self.text(name);
                value.serialize(&mut **self)
            }

            fn end(self) -> Result<(), CodeError> {
                Ok(())
            }
        }
    )*};
}

fields! { SerializeStruct SerializeStructVariant }

impl ser::SerializeMap for &mut Writer {
    type Ok = ();
    type Error = CodeError;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), CodeError> {
        key.serialize(&mut **self)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), CodeError> {
        value.serialize(&mut **self)
    }

    fn end(self) -> Result<(), CodeError> {
        Ok(())
    }
}

/// Reads values one after the other.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
    texts: Vec<&'a str>,
    /// How many bytes of texts were told again so far.
    again: usize,
    depth: u32,
}

impl<'a> Reader<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, texts: Vec::new(), again: 0, depth: 0 }
    }

    pub(crate) fn get<T: Deserialize<'a>>(&mut self) -> Result<T, CodeError> {
        T::deserialize(self)
    }

    pub(crate) const fn is_at_end(&self) -> bool {
        self.bytes.is_empty()
    }

    fn byte(&mut self) -> Result<u8, CodeError> {
        let (first, rest) = self.bytes.split_first().ok_or(CodeError::Ends)?;
        self.bytes = rest;
        Ok(*first)
    }

    pub(crate) fn number(&mut self) -> Result<u64, CodeError> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(CodeError::Odd)
    }

    fn length(&mut self) -> Result<usize, CodeError> {
        let length = usize::try_from(self.number()?).map_err(|_| CodeError::Odd)?;
        // Each item takes a byte at least.
        if length > self.bytes.len() { Err(CodeError::Ends) } else { Ok(length) }
    }

    fn new_text(&mut self) -> Result<&'a str, CodeError> {
        let length = self.length()?;
        let (text, rest) = self.bytes.split_at(length);
        self.bytes = rest;
        let text = str::from_utf8(text).map_err(|_| CodeError::Odd)?;
        self.texts.push(text);
        Ok(text)
    }

    fn known(&mut self, at: u64) -> Result<&'a str, CodeError> {
        let text = usize::try_from(at).ok().and_then(|at| self.texts.get(at)).copied().ok_or(CodeError::Odd)?;
        self.again = self.again.saturating_add(text.len());
        if self.again > MOST_AGAIN { Err(CodeError::Odd) } else { Ok(text) }
    }

    fn text(&mut self, tag: u8) -> Result<&'a str, CodeError> {
        match tag {
            NEW_TEXT => self.new_text(),
            TEXT => {
                let at = self.number()?;
                self.known(at)
            }
            EARLY_TEXT.. => self.known(u64::from(tag & 0x7f)),
            _ => Err(CodeError::Odd),
        }
    }

    fn within<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, CodeError>) -> Result<T, CodeError> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(CodeError::Odd);
        }
        let read = read(self);
        self.depth -= 1;
        read
    }
}

impl<'de> de::Deserializer<'de> for &mut Reader<'de> {
    type Error = CodeError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CodeError> {
        match self.byte()? {
            NULL => visitor.visit_unit(),
            FALSE => visitor.visit_bool(false),
            TRUE => visitor.visit_bool(true),
            NUMBER => visitor.visit_u64(self.number()?),
            NEGATIVE => visitor.visit_i64(!(self.number()? as i64)),
            LIST => {
                let left = self.length()?;
                self.within(|reader| visitor.visit_seq(Items { reader, left }))
            }
            MAP => {
                let left = self.length()?;
                self.within(|reader| visitor.visit_map(Items { reader, left }))
            }
            small @ SMALL..SHORT_LIST => visitor.visit_u64(u64::from(small - SMALL)),
            short @ SHORT_LIST..SHORT_MAP => {
                let left = usize::from(short - SHORT_LIST);
                self.within(|reader| visitor.visit_seq(Items { reader, left }))
            }
            short @ SHORT_MAP..0x60 => {
                let left = usize::from(short - SHORT_MAP);
                self.within(|reader| visitor.visit_map(Items { reader, left }))
            }
            tag => visitor.visit_borrowed_str(self.text(tag)?),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CodeError> {
        if self.bytes.first() == Some(&NULL) {
            self.bytes = &self.bytes[1..];
            return visitor.visit_none();
        }
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, CodeError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, CodeError> {
        match self.byte()? {
            tag if tag == SHORT_MAP | 1 => self.within(|reader| visitor.visit_enum(Variant { reader })),
            tag => visitor.visit_enum(self.text(tag)?.into_deserializer()),
        }
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map struct identifier ignored_any
    }
}

struct Items<'r, 'a> {
    reader: &'r mut Reader<'a>,
    left: usize,
}

impl<'de> de::SeqAccess<'de> for Items<'_, 'de> {
    type Error = CodeError;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, CodeError> {
        let Some(left) = self.left.checked_sub(1) else { return Ok(None) };
        self.left = left;
        seed.deserialize(&mut *self.reader).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.left)
    }
}

impl<'de> de::MapAccess<'de> for Items<'_, 'de> {
    type Error = CodeError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, CodeError> {
        let Some(left) = self.left.checked_sub(1) else { return Ok(None) };
        self.left = left;
        seed.deserialize(&mut *self.reader).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, CodeError> {
        seed.deserialize(&mut *self.reader)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.left)
    }
}

struct Variant<'r, 'a> {
    reader: &'r mut Reader<'a>,
}

impl<'de> de::EnumAccess<'de> for Variant<'_, 'de> {
    type Error = CodeError;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), CodeError> {
        let name = seed.deserialize(&mut *self.reader)?;
        Ok((name, self))
    }
}

impl<'de> de::VariantAccess<'de> for Variant<'_, 'de> {
    type Error = CodeError;

    fn unit_variant(self) -> Result<(), CodeError> {
        Err(CodeError::Odd)
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, CodeError> {
        seed.deserialize(self.reader)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, CodeError> {
        de::Deserializer::deserialize_any(self.reader, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], visitor: V) -> Result<V::Value, CodeError> {
        de::Deserializer::deserialize_any(self.reader, visitor)
    }
}

#[cfg(test)]
mod tests {
    use serde::de::IgnoredAny;

    use super::*;

    #[test]
    fn a_long_text_is_not_told_again_without_end() {
        let text = "x".repeat(1 << 20);
        for (times, refused) in [(MOST_AGAIN >> 20, false), ((MOST_AGAIN >> 20) + 2, true)] {
            let mut to = Writer::default();
            to.put(&vec![text.as_str(); times]).expect("it is written");
            let read = Reader::new(&to.bytes).get::<IgnoredAny>();
            assert_eq!(read.err(), refused.then_some(CodeError::Odd), "{times} times");
        }
    }
}
