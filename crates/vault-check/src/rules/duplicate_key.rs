//! `duplicate-key`: a file has a key more than once.

use std::collections::BTreeMap;

use envfile::Entry;
use report::{Finding, Level, Rule};

use crate::rules::at;
use crate::scope::Scope;

pub(crate) const RULE: Rule = Rule {
    id: "duplicate-key",
    level: Level::Error,
    summary: "A file has the same key more than once",
    why: "Every reader takes the last one and says nothing, so an edit to the first changes nothing.",
    mend: "Remove the lines that do not count.",
};

/// Looks at every key of every file.
pub(crate) fn check(scope: &Scope<'_>, findings: &mut Vec<Finding>) {
    for &(file, env) in &scope.unlike {
        if are_different(env.entries()) {
            continue;
        }
        let mut first_lines: BTreeMap<&str, usize> = BTreeMap::new();
        for entry in env.entries() {
            let Some(first) = first_lines.get(entry.key.as_str()) else {
                first_lines.insert(&entry.key, entry.line);
                continue;
            };
            let finding =
                Finding::error(RULE.id, format!("the key stands on line {first} already"))
                    .path(scope.vault.shown(&file.path))
                    .key(entry.key.clone())
                    .hint("readers take the last one; remove the others");
            findings.push(at(finding, entry.line, entry.column));
        }
    }
}

/// Whether a look at all pairs, where they are few, finds no two alike.
fn are_different(entries: &[Entry]) -> bool {
    let is_new = |(index, entry): (usize, &Entry)| {
        entries[..index].iter().all(|earlier| earlier.key != entry.key)
    };
    entries.len() <= FEW && entries.iter().enumerate().all(is_new)
}

/// Entries of which a look at all pairs is quicker than a map.
const FEW: usize = 16;
