//! Changes of one block by what they alter: a fact is written against the last one of the same thing, or of a thing of
//! the same owner, field by field.
//!
//! ```text
//! WHOLE value                the change as it is
//! DELTA thing patch          the thing's last fact, patched; it is that thing's now
//! LIKE thing patch           the same, and the outcome is a new thing
//! GONE thing                 a pod that is gone
//! patch: how many fields, then for each: its place, whether it is patched or replaced, and that
//! ```
//! Things are numbered as they appear. Each block stands for itself: what lies before it may be lost. A few bytes can
//! stand for a large fact, so a block says only so much against what it said before; the rest is written whole.

use std::collections::HashMap;

use serde::{Deserialize, de::IgnoredAny};
use topology::{
    Change,
    inventory::{Fact, Key, Source},
};

use crate::{
    CodeError,
    code::{Reader, Writer},
    value::Value,
};

const WHOLE: u64 = 0;
const DELTA: u64 = 1;
const LIKE: u64 = 2;
const GONE: u64 = 3;

/// Values nest no deeper than this.
const DEEPEST: u32 = 64;

/// Facts that are read again for what is written against them have no more parts than this in a block, all in all.
const MOST_AGAIN: usize = 1 << 22;

/// Facts of this block.
#[derive(Default)]
struct Things {
    /// By the number of their thing.
    facts: Vec<Value>,
    /// How many parts were read again so far.
    again: usize,
}

impl Things {
    /// Whether something may be written against this one's fact; if so, it counts.
    fn serves_again(&mut self, thing: usize) -> bool {
        let Some(fact) = self.facts.get(thing) else { return false };
        let again = self.again.saturating_add(fact.parts());
        let serves = again <= MOST_AGAIN;
        if serves {
            self.again = again;
        }
        serves
    }

    /// Keeps a new thing's fact; answers its number.
    fn add(&mut self, fact: Value) -> usize {
        self.facts.push(fact);
        self.facts.len() - 1
    }
}

/// Writes changes.
#[derive(Default)]
pub(crate) struct Deltas {
    things: Things,
    /// Things by their names.
    named: HashMap<String, usize>,
    /// The last thing of each owner.
    owned: HashMap<String, usize>,
}

impl Deltas {
    pub(crate) fn put(&mut self, to: &mut Writer, change: &Change) -> Result<(), CodeError> {
        if let Change::Gone(Source::Pods, key) = change
            && let Some(thing) = self.named.get(&pod_name(key)).copied()
            && self.things.serves_again(thing)
        {
            to.number(GONE);
            to.number(thing as u64);
            return Ok(());
        }
        let Change::Put(fact) = change else {
            to.number(WHOLE);
            return to.put(change);
        };
        let value = value_of(change)?;
        let (name, owner) = names(fact, &value);
        let same = name.as_ref().and_then(|name| self.named.get(name)).copied();
        let alike = owner.as_ref().and_then(|owner| self.owned.get(owner)).copied();
        let thing = match same.or(alike).filter(|model| self.things.serves_again(*model)) {
            Some(model) => {
                to.number(if same.is_some() { DELTA } else { LIKE });
                to.number(model as u64);
                patch(to, &self.things.facts[model], &value)?;
                if same.is_some() {
                    self.things.facts[model] = value;
                    model
                } else {
                    self.things.add(value)
                }
            }
            None => {
                to.number(WHOLE);
                to.put(&value)?;
                self.things.add(value)
            }
        };
        self.named.extend(name.map(|name| (name, thing)));
        self.owned.extend(owner.map(|owner| (owner, thing)));
        Ok(())
    }
}

/// Reads what [`Deltas`] wrote.
#[derive(Default)]
pub(crate) struct Undeltas(Things);

impl Undeltas {
    pub(crate) fn get(&mut self, from: &mut Reader<'_>) -> Result<Change, CodeError> {
        let tag = from.number()?;
        if tag == WHOLE {
            let value: Value = from.get()?;
            let change = change_of(&value)?;
            if matches!(change, Change::Put(_)) {
                self.0.add(value);
            }
            return Ok(change);
        }
        let thing = usize::try_from(from.number()?).map_err(|_| CodeError::Odd)?;
        if !self.0.serves_again(thing) {
            return Err(CodeError::Odd);
        }
        let known = self.0.facts.get_mut(thing).ok_or(CodeError::Odd)?;
        match tag {
            DELTA => {
                patched(from, known, 0)?;
                change_of(known)
            }
            LIKE => {
                let mut value = known.clone();
                patched(from, &mut value, 0)?;
                let change = change_of(&value)?;
                self.0.add(value);
                Ok(change)
            }
            GONE => match change_of(known)? {
                Change::Put(Fact::Pod(pod)) => Ok(Change::Gone(Source::Pods, pod.key)),
                _ => Err(CodeError::Odd),
            },
            _ => Err(CodeError::Odd),
        }
    }
}

/// Goes past a change without making it.
pub(crate) fn pass(from: &mut Reader<'_>) -> Result<(), CodeError> {
    match from.number()? {
        WHOLE => from.get().map(|IgnoredAny| ()),
        DELTA | LIKE => {
            from.number()?;
            pass_patch(from, 0)
        }
        GONE => from.number().map(|_| ()),
        _ => Err(CodeError::Odd),
    }
}

fn pass_patch(from: &mut Reader<'_>, depth: u32) -> Result<(), CodeError> {
    if depth > DEEPEST {
        return Err(CodeError::Odd);
    }
    let Some(count) = from.number()?.checked_sub(1) else {
        from.number()?;
        return from.get().map(|IgnoredAny| ());
    };
    for _ in 0..count {
        if from.number()? & 1 == 1 { pass_patch(from, depth + 1)? } else { from.get().map(|IgnoredAny| ())? }
    }
    Ok(())
}

fn value_of(change: &Change) -> Result<Value, CodeError> {
    let mut plain = Writer::default();
    plain.put(change)?;
    Reader::new(&plain.bytes).get()
}

fn change_of(value: &Value) -> Result<Change, CodeError> {
    Change::deserialize(value)
}

fn pod_name(key: &Key) -> String {
    format!("pod {key}")
}

/// The name of a fact's thing, and the name of a group whose things are alike. A fact with neither is written whole.
fn names(fact: &Fact, value: &Value) -> (Option<String>, Option<String>) {
    match fact {
        Fact::Pod(pod) => {
            let owner = pod.owner.as_ref().map(|owner| format!("{} {owner:?}", pod.key.namespace));
            (Some(pod_name(&pod.key)), owner)
        }
        Fact::Owner(one) => (Some(format!("{} {}", one.kind.word(), one.key)), None),
        Fact::Node(node) => (Some(format!("node {}", node.name)), Some("node".into())),
        Fact::Lease(lease) => (Some(format!("lease {}", lease.key)), Some("lease".into())),
        // Things of other kinds are in no group. A change of one is encoded as {"put": {its kind: {its fields}}}.
        _ => {
            let encoded = value.only().and_then(|(_, put)| put.only());
            (encoded.and_then(|(kind, fields)| named(kind, fields)), None)
        }
    }
}

/// The name of a thing by the field that its kind has for it.
fn named(kind: &str, fields: &Value) -> Option<String> {
    let name = fields.get("key").or_else(|| fields.get("name"))?;
    Some(format!("{kind} {name:?}"))
}

/// Writes what turns one value into another of its shape; one of another shape is written whole.
fn patch(to: &mut Writer, before: &Value, after: &Value) -> Result<(), CodeError> {
    let Some(fields) = differing(before, after) else {
        to.number(0);
        to.number(1);
        return to.put(after);
    };
    to.number(fields.len() as u64 + 1);
    let mut last = 0;
    for (place, was, is) in fields {
        let nests = differing(was, is).is_some();
        // The distance from the field before, and whether it is patched itself.
        to.number(((place - last) as u64) << 1 | u64::from(nests));
        last = place;
        if nests { patch(to, was, is)? } else { to.put(is)? }
    }
    Ok(())
}

/// Fields that differ, by their places, where both values have the same fields.
fn differing<'a>(before: &'a Value, after: &'a Value) -> Option<Vec<(usize, &'a Value, &'a Value)>> {
    match (before, after) {
        (Value::Map(was), Value::Map(is)) => {
            let same = was.len() == is.len() && was.iter().zip(is).all(|(was, is)| was.0 == is.0);
            let pairs = || was.iter().zip(is).enumerate().map(|(n, (was, is))| (n, &was.1, &is.1));
            same.then(|| pairs().filter(|(_, was, is)| was != is).collect())
        }
        (Value::List(was), Value::List(is)) if was.len() == is.len() => {
            let pairs = was.iter().zip(is).enumerate().map(|(n, (was, is))| (n, was, is));
            Some(pairs.filter(|(_, was, is)| was != is).collect())
        }
        _ => None,
    }
}

fn patched(from: &mut Reader<'_>, value: &mut Value, depth: u32) -> Result<(), CodeError> {
    if depth > DEEPEST {
        return Err(CodeError::Odd);
    }
    let Some(count) = from.number()?.checked_sub(1) else {
        if from.number()? != 1 {
            return Err(CodeError::Odd);
        }
        *value = from.get()?;
        return Ok(());
    };
    let mut place = 0_usize;
    for _ in 0..count {
        let step = from.number()?;
        place = usize::try_from(step >> 1).ok().and_then(|by| place.checked_add(by)).ok_or(CodeError::Odd)?;
        let field = match value {
            Value::Map(entries) => entries.get_mut(place).map(|(_, field)| field),
            Value::List(items) => items.get_mut(place),
            _ => None,
        };
        let field = field.ok_or(CodeError::Odd)?;
        if step & 1 == 1 { patched(from, field, depth + 1)? } else { *field = from.get()? }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::open;

    #[test]
    fn a_block_that_repeats_a_large_fact_without_end_is_refused() {
        let (_, records) = open(include_bytes!("../tests/blocks/format-1.block")).expect("a block");
        let pod = records.into_iter().find(|record| matches!(record.change, Change::Put(Fact::Pod(_)))).expect("a pod");
        let mut value = value_of(&pod.change).expect("a value");
        let Value::Map(put) = &mut value else { panic!("no variant") };
        let Value::Map(kind) = &mut put[0].1 else { panic!("no kind") };
        let Value::Map(fields) = &mut kind[0].1 else { panic!("no fields") };
        fields.push((Value::Text("later".into()), Value::List(vec![Value::Null; MOST_AGAIN / 16])));
        let mut to = Writer::default();
        to.number(WHOLE);
        to.put(&value).expect("it is written");
        for _ in 0..16 {
            // The same again, in three bytes.
            [DELTA, 0, 1].into_iter().for_each(|number| to.number(number));
        }
        let (mut from, mut changes) = (Reader::new(&to.bytes), Undeltas::default());
        assert_eq!(changes.get(&mut from), Ok(pod.change));
        let refused = (0..16).map(|_| changes.get(&mut from)).find(Result::is_err);
        assert_eq!(refused, Some(Err(CodeError::Odd)));
    }
}
