//! Split places: every declared key is there, and holds the plain value.

use std::collections::BTreeMap;

use dsn::{Dsn, has_escape};
use opsfile::SplitField;
use report::Finding;
use secret::Secret;

use crate::check::{at, at_value};
use crate::place::{Held, Value};

type Fields = BTreeMap<SplitField, (String, Option<Value>)>;

/// Reports each key that is not there or empty, and the neighbour that may have been meant for it.
pub(super) fn complete(held: &Held<'_>, fields: &Fields, findings: &mut Vec<Finding>) {
    let name = &held.place.name;
    for (field, (key, value)) in fields {
        let field = field.as_str();
        let finding = match value {
            None => Finding::error(
                "split-incomplete",
                format!("{name}: the key for {field} is not there"),
            ),
            Some(value) if value.text.is_empty() => {
                Finding::error("split-incomplete", format!("{name}: the key for {field} is empty"))
            }
            Some(_) => continue,
        };
        let near = held
            .neighbours()
            .filter(|near| looks_like(near, key))
            .min_by_key(|near| strsim::osa_distance(near, key));
        let finding = match near {
            Some(near) => finding.hint(format!("rename {near} to {key}")),
            None => {
                finding.hint(format!("set {key}, or take `{field}` out of the place's `split`"))
            }
        };
        findings.push(at(held, finding.key(key)));
    }
}

/// Reports a password that is percent-encoded, though nobody decodes a split key.
pub(super) fn encoded(
    held: &Held<'_>,
    fields: &Fields,
    canonical: Option<&Dsn>,
    findings: &mut Vec<Finding>,
) {
    for field in [SplitField::User, SplitField::Password, SplitField::Dbname] {
        let Some((_, Some(value))) = fields.get(&field) else { continue };
        // Compared with what the canonical place decodes to; nothing of it is shown.
        let text = value.text.expose();
        if !has_escape(text) {
            continue;
        }
        let meant = canonical.and_then(|dsn| dsn.fields().secret(field.as_str()));
        if meant.is_some_and(|meant| meant.same_as(&value.text)) {
            continue;
        }
        let decoded =
            dsn::decode_strict(text, 0).map(|decoded| Secret::new(decoded.into_owned())).ok();
        let is_certain = match (meant, &decoded) {
            (Some(meant), Some(decoded)) => meant.same_as(decoded),
            _ => false,
        };
        let field = field.as_str();
        let message = if is_certain {
            format!(
                "{}: the {field} is percent-encoded, and nobody decodes a split key",
                held.place.name
            )
        } else {
            format!(
                "{}: the {field} looks percent-encoded, and nobody decodes a split key",
                held.place.name
            )
        };
        let hint = format!("write the plain {field}; percent-encoding belongs into URLs alone");
        let finding = Finding::error("encoded-twice", message).hint(hint);
        findings.push(at_value(held, value, finding));
    }
}

/// Whether a key could be a misspelling of another: near it, or one the beginning of the other.
fn looks_like(key: &str, wanted: &str) -> bool {
    let common = key.bytes().zip(wanted.bytes()).take_while(|(a, b)| a == b).count();
    key.starts_with(wanted)
        || wanted.starts_with(key) && common > wanted.rfind('_').unwrap_or(0)
        || strsim::osa_distance(key, wanted) <= 2
}
