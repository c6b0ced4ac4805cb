//! Whether a value stands at a place of a JSON text, which is read once and not kept, however long it is.

use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

/// The steps of a pointer by RFC 6901, which is empty or begins with `/`.
pub(super) fn steps(pointer: &str) -> Vec<String> {
    let steps = pointer.split('/').skip(1);
    steps.map(|step| step.replace("~1", "/").replace("~0", "~")).collect()
}

/// A place, and what has to stand there; anything where none is wanted. Answers whether it does.
#[derive(Clone, Copy)]
pub(super) struct At<'a> {
    pub(super) steps: &'a [String],
    pub(super) wanted: Option<&'a Value>,
}

impl<'de> DeserializeSeed<'de> for At<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<bool, D::Error> {
        match (self.steps, self.wanted) {
            ([], None) => IgnoredAny::deserialize(reader).map(|_| true),
            ([], Some(wanted)) => Value::deserialize(reader).map(|found| is_same(&found, wanted)),
            _ => reader.deserialize_any(self),
        }
    }
}

/// Whether two values are equal as RFC 6902, section 4.6 has it: numbers by what they are, not how they are written.
fn is_same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) if one.is_f64() != other.is_f64() => {
            one.as_f64() == other.as_f64()
        }
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len()
                && one.iter().zip(other).all(|(one, other)| is_same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            let has = |(name, one): (&String, &Value)| {
                other.get(name).is_some_and(|other| is_same(one, other))
            };
            one.len() == other.len() && one.iter().all(has)
        }
        _ => one == other,
    }
}

/// What has no members holds nothing further down.
macro_rules! holds_nothing {
    ($($visit:ident: $kind:ty),*) => {
        $(fn $visit<E: Error>(self, _: $kind) -> Result<bool, E> {
            Ok(false)
        })*
    };
}

impl<'de> Visitor<'de> for At<'_> {
    type Value = bool;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("JSON")
    }

    holds_nothing!(visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_f64: f64, visit_str: &str);

    fn visit_unit<E: Error>(self) -> Result<bool, E> {
        Ok(false)
    }

    /// Of members with one name the last counts.
    fn visit_map<M: MapAccess<'de>>(self, mut members: M) -> Result<bool, M::Error> {
        let Some((step, steps)) = self.steps.split_first() else { return Ok(false) };
        let mut holds = false;
        while let Some(name) = members.next_key::<String>()? {
            if name == *step {
                holds = members.next_value_seed(At { steps, ..self })?;
            } else {
                members.next_value::<IgnoredAny>()?;
            }
        }
        Ok(holds)
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut items: S) -> Result<bool, S::Error> {
        let Some((step, steps)) = self.steps.split_first() else { return Ok(false) };
        // RFC 6901 knows no leading zeros and no sign.
        let is_index = step == "0" || (!step.starts_with(['0', '+']) && !step.is_empty());
        let wanted = step.parse::<usize>().ok().filter(|_| is_index);
        let (mut holds, mut at) = (false, 0_usize);
        loop {
            if wanted == Some(at) {
                match items.next_element_seed(At { steps, ..self })? {
                    Some(found) => holds = found,
                    None => return Ok(holds),
                }
            } else if items.next_element::<IgnoredAny>()?.is_none() {
                return Ok(holds);
            }
            at += 1;
        }
    }
}
