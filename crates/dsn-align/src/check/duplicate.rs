//! A key that its file sets twice.

use report::Finding;

use crate::check::at_value;
use crate::place::{Content, Held, Value};

/// Reports each key of a place that is set more than once; most readers take the last.
pub(super) fn check(held: &Held<'_>, findings: &mut Vec<Finding>) {
    match &held.content {
        Content::Whole(value) => findings.extend(duplicate(held, value)),
        Content::Split(fields) => findings
            .extend(fields.values().filter_map(|(_, value)| duplicate(held, value.as_ref()?))),
        Content::Missing(_) | Content::Unseen => {}
    }
}

fn duplicate(held: &Held<'_>, value: &Value) -> Option<Finding> {
    let first = value.first_line?;
    let message = format!(
        "{}: {} is set on line {first} too, and some readers take the first value",
        held.place.name, value.key
    );
    let finding = Finding::warning("duplicate-key", message);
    Some(at_value(held, value, finding.hint(format!("take line {first} away"))))
}
