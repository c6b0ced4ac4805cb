//! `empty-value`: a key is there and says nothing.

use report::{Finding, Level, Rule};
use vault::Fault;

use crate::scope::Scope;

pub(crate) const RULE: Rule = Rule {
    id: "empty-value",
    level: Level::Error,
    summary: "A declared key has an empty value, or only white space",
    why: "Programs take an empty variable for a set one and fail with an error about something else.",
    mend: "Fill in the value.",
};

/// Looks at every declared value.
pub(crate) fn check(scope: &Scope<'_>, findings: &mut Vec<Finding>) {
    for value in &scope.values {
        if let Some(fault @ (Fault::Empty | Fault::Blank)) = value.fault {
            findings.push(
                value
                    .place(scope.vault, Finding::error(RULE.id, fault.to_string()))
                    .hint("fill in the value"),
            );
        }
    }
}
