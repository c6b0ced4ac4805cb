//! `reused`: one value under two names.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

use opsfile::Shape;
use report::{Finding, Level, Rule};

use crate::rules::{Given, values};
use crate::scope::Scope;

pub(crate) const RULE: Rule = Rule {
    id: "reused",
    level: Level::Warning,
    summary: "One value stands under two names, or in two environments",
    why: "A production key that was put into the staging file works there, on production's data; and a second copy is the one that is forgotten when the first is rotated.",
    mend: "Issue a credential of its own for each environment; keep one name for each credential.",
};

/// Shorter values are alike by chance.
const SHORTEST: usize = 12;

/// Compares all values with each other, by a keyed hash first and then byte for byte.
pub(crate) fn check(scope: &Scope<'_>, findings: &mut Vec<Finding>) {
    let values = values(scope);
    // The key of this hash lives as long as the comparison, so that nothing of a value outlives it.
    let hasher = RandomState::new();
    let mut seen: HashMap<u64, Vec<usize>> = HashMap::new();
    for (index, value) in values.iter().enumerate().filter(|(_, value)| is_comparable(value)) {
        let alike = seen.entry(hasher.hash_one(value.value.expose())).or_default();
        let first = alike
            .iter()
            .map(|other| &values[*other])
            .find(|other| other.value.same_as(value.value));
        if let Some(first) = first {
            findings.push(value.place(scope, finding(scope, first, value)));
        } else {
            alike.push(index);
        }
    }
}

fn is_comparable(value: &Given<'_>) -> bool {
    let is_public = matches!(
        value.shape,
        Shape::Bool
            | Shape::Port
            | Shape::Integer
            | Shape::Hostname
            | Shape::Email
            | Shape::HttpsUrl
            | Shape::Url
    );
    !is_public && value.value.len() >= SHORTEST && value.fault().is_none()
}

fn finding(scope: &Scope<'_>, first: &Given<'_>, second: &Given<'_>) -> Finding {
    let name = match first.entry {
        Some(entry) => format!("{}:{}", scope.vault.shown(&first.file.path), entry.key),
        None => scope.vault.shown(&first.file.path),
    };
    let (one, other) = (first.file.environment(), second.file.environment());
    if one == other {
        Finding::warning(RULE.id, format!("the value is that of {name} too"))
            .hint("keep it under one name, and let whoever needs it read that")
    } else {
        Finding::error(RULE.id, format!("the value of `{other}` is that of `{one}` too, in {name}"))
            .hint("issue a credential of its own for each environment")
    }
}
